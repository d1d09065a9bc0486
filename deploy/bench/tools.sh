#!/bin/sh
# Installs what draws pictures of the measuring set and no lock file can bring, where Debian's packages may be installed.
# Nothing depends on it: the pictures of a program that cannot be had are left out, and the measurement says so.
set -eu

# What each is known by, and the package it comes in. The fonts are those that pages and figures ask for by name.
missing() {
    command -v gnuplot >/dev/null || printf 'gnuplot-nox '
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
        printf 'chromium '
    for font in fonts-liberation:liberation/LiberationSans-Regular fonts-dejavu-core:dejavu/DejaVuSans \
        fonts-dejavu-extra:dejavu/DejaVuSans-Oblique fonts-lato:lato/Lato-Regular fonts-crosextra-carlito:crosextra/Carlito-Regular; do
        [ -f "/usr/share/fonts/truetype/${font#*:}.ttf" ] || printf '%s ' "${font%%:*}"
    done
}

[ -n "$(missing)" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    timeout 300 apt-get update -qq >&2 || true
    for package in $(missing); do
        echo "Installing $package" >&2
        timeout 300 apt-get install -y -qq --no-install-recommends "$package" >&2 || true
    done
fi
[ -z "$(missing)" ] || echo "WARNING: still missing: $(missing)- what these draw is left out, or drawn in another font." >&2
