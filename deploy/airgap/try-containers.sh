#!/bin/sh
# Tries everything that runs in containers, without an image registry: docker-compose.yml as a whole (try.sh), then the
# scenarios of services/darkroom/tests on it (tests/containers there), one after another. One daemon for both, and at the
# end nothing is left of it but images. Exit code 0: all of it passed.
# usage: try-containers.sh [SCENARIO]      SCENARIO: only those whose name has this in it. Needs what try.sh needs, and cargo.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
# As the scenarios call it (tests/containers/harness/project.rs).
project=darkroom-scenarios
settings=$root/target/airgap/scenarios

own_daemon=no
if [ -z "${DOCKER_HOST:-}" ]; then
    DOCKER_HOST=$("$here/daemon.sh" start)
    own_daemon=yes
fi
export DOCKER_HOST

end() {
    code=$?
    trap - EXIT INT TERM
    if [ -e "$settings/env" ]; then
        [ "$code" = 0 ] || deploy/tools/compose.sh --project-name "$project" --env-file "$settings/env" ps --all >&2 || true
        deploy/tools/compose.sh --project-name "$project" --env-file "$settings/env" down --volumes --remove-orphans \
            --timeout 20 >/dev/null 2>&1 || true
        rm -rf "$settings"
    fi
    "$here/sweep.sh"
    [ "$own_daemon" = no ] || "$here/daemon.sh" stop
    exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM

"$here/try.sh"
# The whole workspace, as a selection of packages would compile what they share with other features.
cargo test --release --locked --workspace --test containers -- --test-threads=1 "$@"
