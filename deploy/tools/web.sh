#!/bin/sh
# Builds the web app, frontend/dist, where it is missing or older than what it is made of. The gateway takes it into the
# program. Without Node.js it is left out, with a word about it; where CI decides about a change that is an error.
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
