#!/bin/sh
# Runs cargo-deny, the pinned version, installing it below target/ the first time.
set -eu
version=0.20.2
root=target/cargo-tools
if ! "$root/bin/cargo-deny" --version 2>/dev/null | grep -qF " $version"; then
    echo "Installing cargo-deny $version (once; a few minutes) ..." >&2
    cargo install --quiet --locked --root "$root" --version "$version" cargo-deny
fi
exec "$root/bin/cargo-deny" --config deploy/deny.toml "$@"
