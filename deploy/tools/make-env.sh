#!/bin/sh
# Makes a .env for docker compose from .env.example: with random passwords, and what this machine is. Never overwrites.
# usage: make-env.sh [FILE]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-$root/.env}
[ ! -e "$file" ] || { echo "$file is there already; it is left alone." >&2; exit 1; }

groups=v1
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || groups=v2
umask 077
draft=$(mktemp "$file.XXXXXX")
trap 'rm -f "$draft"' EXIT
while IFS= read -r line; do
    case $line in
        [A-Z]*_PASSWORD=*) printf '%s=%s\n' "${line%%=*}" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
        '#SANDBOX_CGROUPS='*) echo "SANDBOX_CGROUPS=$groups" ;;
        *) printf '%s\n' "$line" ;;
    esac
done < "$root/.env.example" > "$draft"
mv "$draft" "$file"
trap - EXIT
echo "Made $file, readable for you alone." >&2
