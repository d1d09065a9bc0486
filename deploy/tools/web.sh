#!/bin/sh
# Builds the web app, frontend/dist, where it is missing or older than what it is made of. The gateway takes it into the
# program. Without Node.js it is left out, with a word about it; where CI decides about a change that is an error.
# 'web.sh judges' fetches instead what tests need besides: Lighthouse, which judges the pages, and the scripts that Clerk
# serves to browsers, target/{lighthouse,clerk}. Without one of them its tests are skipped, with a word about it.
set -eu
cd "$(dirname "$0")/../../frontend" 2>/dev/null || { echo "There is no frontend/ here, so the server is built without the web app." >&2; exit 0; }

without() {
    echo "The web app is not built: $1. The server is built without it and says so at its front door." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

command -v node >/dev/null && command -v npm >/dev/null ||
    without "Node.js 20.19 or newer and npm are needed and are not on the PATH (https://nodejs.org, or 'apt-get install nodejs npm')"
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    without "Node.js is $(node --version), and 20.19 or newer is needed"

lighthouse() {
    lock=$(sha256sum ../deploy/tools/lighthouse/package-lock.json | cut -c1-64)
    [ "$(cat ../target/lighthouse/.installed 2>/dev/null)" != "$lock" ] || return 0
    echo "Installing what judges the pages (Lighthouse, 190 MB)"
    mkdir -p ../target/lighthouse
    cp ../deploy/tools/lighthouse/package.json ../deploy/tools/lighthouse/package-lock.json ../target/lighthouse/
    # The lock file names the packages without those that are asked for by peers alone; none of them is used.
    npm ci --prefix ../target/lighthouse --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error &&
        echo "$lock" >../target/lighthouse/.installed
}

# One package as it is published, without those that it names: browsers are served its 'dist' alone.
unpacked() {
    folder=../target/clerk/$1
    [ "$(cat "$folder/.sha256" 2>/dev/null)" != "$3" ] || return 0
    rm -rf "$folder" && mkdir -p "$folder"
    archive=$(npm pack "@clerk/$1@$2" --pack-destination "$folder" --silent) &&
        echo "$3  $folder/$archive" | sha256sum --check --quiet &&
        tar -xzf "$folder/$archive" -C "$folder" --strip-components 1 &&
        rm "$folder/$archive" && echo "$3" >"$folder/.sha256"
}

if [ "${1:-}" = judges ]; then
    if ! { lighthouse && unpacked clerk-js 6.40.0 c93977b205b8b46725fa1a120ffb4ae97ba200449d09ad7748ab65c287edb6b6 && unpacked ui 1.36.0 3e489d0798bf8b7fd6edc54e4d92cb52080b95235894803be1513c2a06643f77; }; then
        echo "What tests need besides cannot be fetched, see above; the tests that need it are skipped." >&2
        [ -z "${CI:-}" ] || exit 1
    fi
    exit 0
fi

# Packages of another lock file are installed anew; 'npm ci' takes exactly what the lock file names, by its hashes.
lock=$(sha256sum package-lock.json | cut -c1-64)
if [ "$(cat node_modules/.installed 2>/dev/null)" != "$lock" ]; then
    echo "Installing the web app's packages (about a minute)"
    npm ci --no-audit --no-fund --loglevel=error || without "'npm ci' failed, see above"
    echo "$lock" >node_modules/.installed
fi
[ "${1:-}" != packages ] || exit 0

# Folders count too: they change when a file is taken away.
sources=$(find . -maxdepth 1 -type f ! -name '*.md' -print)
# shellcheck disable=SC2086 # a list
if [ ! -f dist/.built ] || [ -n "$(find src public $sources -newer dist/.built -print -quit)" ]; then
    npm run --silent build -- --logLevel warn || { echo "The web app cannot be built, see above." >&2; exit 1; }
    touch dist/.built
fi
