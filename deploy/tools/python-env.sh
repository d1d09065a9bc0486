#!/bin/sh
# Makes a Python environment with exactly the packages of a lock file, or leaves a fresh one alone.
# usage: python-env.sh FOLDER LOCK_FILE
set -eu
folder=$1
lock=$2

find_python() {
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    echo "Python 3.11 or newer is needed. Install it (Debian: apt-get install python3 python3-venv) and try again." >&2
    return 1
}

python=$(find_python)
want="$("$python" -V) $(cksum < "$lock")"
if [ -x "$folder/bin/python3" ] && [ "$(cat "$folder/.made-from" 2>/dev/null)" = "$want" ]; then
    exit 0
fi

echo "Setting up $folder (once; about a minute) ..." >&2
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
    rm -rf "$folder"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv >&2
    else
        echo "This Python cannot make environments. Install its venv package (Debian: apt-get install python3-venv) and try again." >&2
        exit 1
    fi
    "$python" -m venv "$folder"
fi
# Hashes are required, so what is installed is what was tried. Dependencies are all in the lock file.
"$folder/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
printf '%s' "$want" > "$folder/.made-from"
