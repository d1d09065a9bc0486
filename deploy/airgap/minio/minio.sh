#!/bin/sh
# usage: minio server FOLDER
# The store listens on the loopback address until its standard input ends, and then removes its folder: it is made for
# tests. Here it is reached through socat, its input never ends, and the folder it knows is a link.
set -eu
[ "${1:-}" = server ] && [ -d "${2:-}" ] || { echo "usage: minio server FOLDER" >&2; exit 2; }
ln -sfn "$2" /tmp/store
rm -f /tmp/open
mkfifo -m 600 /tmp/open
s3-server /tmp/store 9001 "${MINIO_ROOT_USER:?}" "${MINIO_ROOT_PASSWORD:?}" <>/tmp/open &
store=$!
socat TCP-LISTEN:9000,fork,reuseaddr,keepalive TCP:127.0.0.1:9001 &
front=$!
trap 'kill "$front" "$store" 2>/dev/null || true' EXIT
trap 'exit 0' TERM INT
# Whichever ends first ends the other.
while kill -0 "$store" 2>/dev/null && kill -0 "$front" 2>/dev/null; do
    sleep 1 &
    wait $! || true
done
exit 1
