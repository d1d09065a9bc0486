#!/bin/sh
# The one use that docker-compose.yml makes of MinIO's client.
# usage: mc ready local
set -eu
[ "$*" = 'ready local' ] || { echo "usage: mc ready local" >&2; exit 2; }
exec socat -u OPEN:/dev/null TCP:127.0.0.1:9001,connect-timeout=3
