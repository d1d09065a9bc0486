#!/bin/sh
# Makes the base images from Debian's packages, under the names that Debian's own images have, where they are missing.
# usage: base.sh SUITE...      needs root and debootstrap
set -eu
[ "$(id -u)" = 0 ] || { echo "debootstrap needs root." >&2; exit 1; }

for suite in "$@"; do
    image=debian:$suite-slim
    if docker image inspect "$image" >/dev/null 2>&1; then
        continue
    fi
    command -v debootstrap >/dev/null || { echo "debootstrap is missing. Debian: apt-get install debootstrap" >&2; exit 1; }
    echo "Making $image (about half a minute) ..." >&2
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    mirror=${MIRROR:-http://deb.debian.org/debian}
    debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$tree.log" 2>&1 || { tail -n 20 "$tree.log" >&2; exit 1; }
    rm -f "$tree.log"
    {
        echo "deb $mirror $suite main"
        echo "deb $mirror $suite-updates main"
        echo "deb ${SECURITY_MIRROR:-http://deb.debian.org/debian-security} $suite-security main"
    } > "$tree/etc/apt/sources.list"
    # As Debian's slim images: neither now nor with later packages.
    cat > "$tree/etc/dpkg/dpkg.cfg.d/slim" <<END
path-exclude /usr/share/doc/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
path-include /usr/share/locale/locale.alias
END
    # No daemon is started while its package is installed.
    printf '#!/bin/sh\nexit 101\n' > "$tree/usr/sbin/policy-rc.d"
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    rm -rf "$tree"/usr/share/doc/* "$tree"/usr/share/info/* "$tree"/usr/share/locale/* "$tree"/usr/share/man/* \
        "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/var/cache/debconf/*-old "$tree"/var/lib/dpkg/*-old \
        "$tree"/var/log/* "$tree/etc/resolv.conf" "$tree/etc/machine-id"
    tar -C "$tree" --one-file-system --numeric-owner --sort=name -c . |
        docker import --change 'CMD ["bash"]' - "$image" >/dev/null
    rm -rf "$tree"
    trap - EXIT
done
