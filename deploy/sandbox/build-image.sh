#!/bin/sh
# Makes the sandbox's container image without a registry.
# usage: build-image.sh [NAME]                    from this machine's files: the Python environment and what it needs
#        build-image.sh --debian [NAME]           from Debian's packages, with debootstrap (as root; a few minutes)
# NAME is 'darkroom-sandbox' if not given. The daemon is the one that 'docker' talks to (DOCKER_HOST).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
lock=$root/services/sandbox/python/requirements.lock
docker=${DOCKER:-docker}

from=machine
if [ "${1:-}" = --debian ]; then
    from=debian
    shift
fi
name=${1:-darkroom-sandbox}
command -v "$docker" >/dev/null || { echo "The docker command is missing. Debian: apt-get install docker.io" >&2; exit 1; }
"$docker" version >/dev/null || { echo "No Docker daemon answers. Start dockerd, or set DOCKER_HOST." >&2; exit 1; }

sha256=$(sha256sum < "$lock" | cut -d ' ' -f 1)

# import VERSION: reads the root as a tar archive
import() {
    "$docker" import --change "LABEL darkroom.requirements.sha256=$sha256" --change "LABEL darkroom.python=$1" - "$name"
}

if [ "$from" = machine ]; then
    environment=${PYTHON_ENV:-$root/target/python}
    "$root/deploy/tools/python-env.sh" "$environment" "$lock"
    version=$("$environment/bin/python3" -I -c 'import platform; print(platform.python_version())')
    "$environment/bin/python3" -I "$here/tree.py" "$environment" | import "$version"
    exit
fi

[ "$(id -u)" = 0 ] || { echo "debootstrap needs root." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing. Debian: apt-get install debootstrap" >&2; exit 1; }
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "${SUITE:-bookworm}" "$tree" ${MIRROR:-} >&2
# The name server, the certificates and pip's settings of this machine, for the time of the build.
cp /etc/resolv.conf "$tree/etc/resolv.conf"
mkdir -p "$tree/etc/ssl/certs" "$tree/build"
cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
cp "$lock" "$tree/build/requirements.lock"
cp "$here/fill.sh" "$tree/build/fill.sh"
chroot "$tree" /bin/sh /build/fill.sh >&2
version=$(chroot "$tree" /opt/python/bin/python3 -I -c 'import platform; print(platform.python_version())')
rm -rf "$tree/build" "$tree/etc/resolv.conf"
tar -C "$tree" --one-file-system --numeric-owner -c . | import "$version"
