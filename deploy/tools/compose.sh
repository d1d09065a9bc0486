#!/bin/sh
# Runs Docker Compose v2: the one that is installed, or else Debian's, fetched once below target/ without touching
# what the system has. Where bookworm itself has only version 1, trixie's package has a static program that runs there.
# usage: compose.sh ARGUMENTS...      as 'docker compose ARGUMENTS...'
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

if docker compose version >/dev/null 2>&1; then
    exec docker compose "$@"
fi

folder=$root/target/compose
program=$folder/usr/libexec/docker/cli-plugins/docker-compose
if [ ! -x "$program" ]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        echo "Docker Compose v2 is missing. See https://docs.docker.com/compose/install/" >&2
        exit 1
    fi
    echo "Fetching Docker Compose (once) ..." >&2
    # A list of sources, a cache and lists of its own; signatures are checked as always.
    draft=$(mktemp -d)
    trap 'rm -rf "$draft"' EXIT
    mkdir -p "$draft/lists/partial" "$draft/archives/partial"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$keys] ${MIRROR:-http://deb.debian.org/debian} trixie main" > "$draft/sources.list"
    own="-o Dir::Etc::SourceList=$draft/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$draft/lists
        -o Dir::Cache=$draft -o Acquire::Languages=none -o APT::Sandbox::User=root"
    # shellcheck disable=SC2086 # options, none of which has a space
    (cd "$draft" && apt-get $own update -qq && apt-get $own download -qq docker-compose) >&2
    mkdir -p "$folder"
    dpkg-deb -x "$draft"/docker-compose_*.deb "$folder"
    rm -rf "$draft"
    trap - EXIT
fi
exec "$program" "$@"
