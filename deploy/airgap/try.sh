#!/bin/sh
# Tries docker-compose.yml as a whole, without an image registry: makes all images, starts everything with a copy of
# .env.example, waits until all is healthy, develops a picture through Traefik's HTTPS port, looks at what the sandbox
# can reach and at what everybody takes of memory, and takes everything away again. Exit code 0: all of that went well.
# usage: try.sh      Needs root, curl and the programs in target/release. HTTPS_PORT and HTTP_PORT choose other ports.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
PORT=${HTTPS_PORT:-8443}
export HTTPS_PORT="$PORT" HTTP_PORT="${HTTP_PORT:-8000}"

own_daemon=no
if [ -z "${DOCKER_HOST:-}" ]; then
    DOCKER_HOST=$("$here/daemon.sh" start)
    own_daemon=yes
fi
export DOCKER_HOST

folder=$(mktemp -d)
# Beside an installation that may be there: its own name, its own volumes.
project=darkroom-try
cp .env.example "$folder/env"
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || echo SANDBOX_CGROUPS=v2 >> "$folder/env"
LOCAL_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export LOCAL_TOKEN
compose() {
    "$root/deploy/tools/compose.sh" --project-name "$project" --env-file "$folder/env" "$@"
}

end() {
    code=$?
    trap - EXIT INT TERM
    if [ "$code" != 0 ]; then
        echo "---- what they said" >&2
        compose ps --all >&2 || true
        compose logs --no-color --tail 20 >&2 || true
    fi
    compose down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1 || true
    "$here/sweep.sh"
    [ "$own_daemon" = no ] || "$here/daemon.sh" stop
    rm -rf "$folder"
    exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

"$here/build.sh"

begin=$(date +%s)
compose up --detach --wait --wait-timeout "${PATIENCE:-300}" >/dev/null 2>"$folder/up" || { cat "$folder/up" >&2; fail "it does not come up"; }
echo "All healthy after $(($(date +%s) - begin)) s."

docker cp "$(compose ps --quiet traefik):/etc/darkroom/certs/ca.pem" "$folder/ca.pem" >/dev/null
ask() {
    path=$1
    shift
    curl --silent --show-error --max-time 60 --cacert "$folder/ca.pem" --header @"$folder/caller" "$@" "https://localhost:$PORT$path"
}
printf 'Authorization: Bearer %s\n' "$LOCAL_TOKEN" > "$folder/caller"
# field NAME: a field of the JSON object on standard input
field() {
    python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1"
}

status=$(curl --silent --max-time 10 --cacert "$folder/ca.pem" --output /dev/null --write-out '%{http_code}' \
    "https://localhost:$PORT/api/v1/jobs")
[ "$status" = 401 ] || fail "without a token the answer is $status"
status=$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code} %{redirect_url}' "http://localhost:$HTTP_PORT/docs")
[ "$status" = "308 https://localhost:$PORT/docs" ] || [ "$status" = "301 https://localhost:$PORT/docs" ] ||
    fail "plain HTTP answers $status"
answer=$(ask /api/v1/executions --json '{"code": "print(6 * 7)"}')
[ "$(printf %s "$answer" | field stdout)" = 42 ] || fail "a run answers $answer"
answer=$(ask /api/v1/reviews --json '{"code": "import os\nos.system(\"id\")"}')
[ "$(printf %s "$answer" | field verdict)" = block ] || fail "a review answers $answer"

file=$(ask /api/v1/files --form file=@services/darkroom/samples/bar_chart.png | field id)
[ -n "$file" ] || fail "no picture was taken"
job=$(ask /api/v1/jobs --json "{\"file_ids\": [\"$file\"]}" | field id)
[ -n "$job" ] || fail "no job was made"
tries=0
while :; do
    answer=$(ask "/api/v1/jobs/$job")
    state=$(printf %s "$answer" | field state)
    case $state in
        succeeded) break ;;
        queued | running) ;;
        *) fail "the job answers $answer" ;;
    esac
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || fail "the job is $state after two minutes"
    sleep 1
done
ask "/api/v1/jobs/$job/results" > "$folder/results"
grep -q values.csv "$folder/results" || fail "the results are $(cat "$folder/results")"
echo "A picture was developed: $(printf %s "$answer" | field summary)"

# What the sandbox can reach, tried from inside it.
reach() {
    compose exec -T sandbox /opt/python/bin/python3 -I -c 'import socket, sys
socket.setdefaulttimeout(3)
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2]))).close()
except OSError:
    sys.exit(1)' "$@" </dev/null
}
reach rabbitmq 5672 || fail "the sandbox does not reach the bus"
reach minio 9000 || fail "the sandbox does not reach the store"
# By their addresses too: a name that is not known proves little.
for service in postgres redis jobs files agent; do
    case $service in postgres) port=5432 ;; redis) port=6379 ;; *) port=8080 ;; esac
    for place in "$service" $(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$(compose ps --quiet "$service")"); do
        ! reach "$place" "$port" || fail "the sandbox reaches $service"
    done
done
! reach 1.1.1.1 443 || fail "the sandbox reaches the world"
echo "The sandbox reaches the bus and the store, and none of the others."

# RabbitMQ has read the file that is mounted for it.
pause=$(compose exec -T rabbitmq rabbitmqctl --quiet eval \
    'application:get_env(rabbit, dead_letter_worker_publisher_confirm_timeout).' </dev/null)
[ "$pause" = '{ok,10000}' ] || fail "RabbitMQ's advanced.config is not in force: $pause"

# At rest, after one picture.
# shellcheck disable=SC2046 # a list
docker stats --no-stream --format '{{.MemUsage}} {{.Name}}' $(compose ps --quiet) | sed "s/$project-//; s/-1\$//" | sort -k 4
