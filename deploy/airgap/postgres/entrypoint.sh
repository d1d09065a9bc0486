#!/bin/sh
# Makes the cluster at the first start, with one user that has a password and one database, then becomes the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=${POSTGRES_USER:-postgres}}"
    : "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set}"
    # Made beside its place and moved there whole: a start that is interrupted begins anew.
    draft=$(dirname "$PGDATA")/.draft
    rm -rf "$draft"
    (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" > /tmp/password)
    initdb --pgdata="$draft" --username="$POSTGRES_USER" --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8 \
        --auth=scram-sha-256 >/dev/null
    rm -f /tmp/password
    echo 'host all all all scram-sha-256' >> "$draft/pg_hba.conf"
    if [ "$POSTGRES_DB" != postgres ]; then
        printf 'CREATE DATABASE "%s";\n' "$POSTGRES_DB" |
            postgres --single -j -D "$draft" -c log_min_messages=warning postgres >/dev/null
    fi
    rm -rf "$PGDATA"
    mv "$draft" "$PGDATA"
fi
exec "$@" -c listen_addresses='*'
