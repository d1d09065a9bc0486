#!/bin/sh
# A Docker daemon of its own, apart from whatever the machine runs: own data, own socket, own networks. Needs root.
# usage: daemon.sh start     starts it where it does not run, and prints the value for DOCKER_HOST
#        daemon.sh stop      ends it and all its containers; its images are kept
#        daemon.sh forget    ends it and removes everything it has kept
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
kept=$root/target/airgap/docker
# Sockets have short paths.
run=/run/darkroom-airgap-$(printf %s "$kept" | cksum | cut -d ' ' -f 1)
socket=$run/docker.sock

answers() {
    docker --host "unix://$socket" version >/dev/null 2>&1
}

runs() {
    [ -f "$run/pid" ] && grep -qs "^dockerd$" "/proc/$(cat "$run/pid")/comm"
}

start() {
    if ! runs; then
        for program in dockerd docker runc; do
            command -v "$program" >/dev/null || { echo "There is no $program. Debian: apt-get install docker.io" >&2; exit 1; }
        done
        [ "$(id -u)" = 0 ] || { echo "dockerd needs root." >&2; exit 1; }
        mkdir -p "$kept" "$run"
        rm -f "$run/pid"
        # What it will change of the machine's network, to be put back at the end.
        if ! pgrep -x dockerd >/dev/null; then
            iptables-save > "$run/iptables" 2>/dev/null || rm -f "$run/iptables"
            ip6tables-save > "$run/ip6tables" 2>/dev/null || rm -f "$run/ip6tables"
            cat /proc/sys/net/ipv4/ip_forward > "$run/ip_forward"
        fi
        # Addresses of its own, so that it stands beside another daemon. No default bridge: compose makes its networks.
        # With mounts of its own, none of its are left behind.
        setsid unshare --mount --propagation private -- dockerd --bridge none \
            --default-address-pool "base=${AIRGAP_NETWORKS:-10.213.0.0/16},size=24" \
            --data-root "$kept" --exec-root "$run/exec" --pidfile "$run/pid" --host "unix://$socket" \
            </dev/null >"$kept/../dockerd.log" 2>&1 &
        tries=0
        until answers; do
            tries=$((tries + 1))
            [ "$tries" -lt 300 ] || { tail -n 20 "$kept/../dockerd.log" >&2; echo "dockerd does not come up here." >&2; exit 1; }
            sleep 0.2
        done
    fi
    echo "unix://$socket"
}

stop() {
    if runs; then
        export DOCKER_HOST="unix://$socket"
        docker ps --all --quiet | xargs --no-run-if-empty docker rm --force >/dev/null
        docker network prune --force >/dev/null
        pid=$(cat "$run/pid")
        kill "$pid"
        while [ -d "/proc/$pid" ]; do sleep 0.1; done
        if [ -e "$run/ip_forward" ] && ! pgrep -x dockerd >/dev/null; then
            [ ! -s "$run/iptables" ] || iptables-restore < "$run/iptables"
            [ ! -s "$run/ip6tables" ] || ip6tables-restore < "$run/ip6tables"
            cat "$run/ip_forward" > /proc/sys/net/ipv4/ip_forward
        fi
    fi
    rm -rf "$run"
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    forget)
        stop
        rm -rf "$kept"
        ;;
    *)
        echo "usage: daemon.sh start | stop | forget" >&2
        exit 2
        ;;
esac
