#!/bin/sh
# Installs Docker and gVisor from Debian's packages where they are missing and may be installed. Nothing depends on it:
# where they cannot be had it says so, and the tests of containers say that they are skipped.
set -eu

missing() {
    for program in dockerd docker runc runsc; do
        command -v "$program" >/dev/null || printf '%s ' "$program"
    done
}

[ -n "$(missing)" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing what containers need: $(missing)" >&2
    export DEBIAN_FRONTEND=noninteractive
    # Nothing is started: the tests start a daemon of their own.
    export RUNLEVEL=1
    timeout 300 sh -c '
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends docker.io
        # A package of its own in newer releases.
        command -v docker || apt-get install -y -qq --no-install-recommends docker-cli
        apt-get install -y -qq --no-install-recommends runsc
    ' >&2 || true
fi
[ -z "$(missing)" ] || echo "WARNING: still missing: $(missing)- containers will not be tried with what needs them." >&2
