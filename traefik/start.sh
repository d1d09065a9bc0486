#!/bin/sh
# Starts Traefik from the environment; README.md beside this file lists the variables.
#
# Traefik takes its static configuration (ports, resolvers, logs) from one source only, and only flags can come from the
# environment without a file to write: so this script turns variables into flags and becomes Traefik. What may change
# while it runs (routes, certificates) stands in dynamic/, which Traefik fills in from the same environment.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"

die() {
    echo "start.sh: $*" >&2
    exit 64
}

# A file at one of these places would silently be read instead of the flags below.
for place in /etc/traefik "${XDG_CONFIG_HOME:-/nowhere}" "${HOME:-/nowhere}/.config" .; do
    for kind in yml yaml toml; do
        [ ! -e "$place/traefik.$kind" ] || die "Traefik would read $place/traefik.$kind instead; remove it."
    done
done

for service in GATEWAY FILES JOBS AGENT CRITIC SANDBOX; do
    eval "urls=\${${service}_URLS:-}"
    [ -n "$urls" ] || die "${service}_URLS is not set: base URLs with commas between them, such as http://host:8080."
done

: "${HTTP_ADDRESS:=:80}" "${HTTPS_ADDRESS:=:443}"
# Where Traefik asks itself who a caller is, and where health and metrics are told. Never published.
: "${AUTH_ADDRESS:=127.0.0.1:8081}" "${OPS_ADDRESS:=127.0.0.1:8082}"
: "${HEALTH_INTERVAL:=5s}" "${REQUEST_TIMEOUT:=300s}" "${TRAEFIK_LOG_LEVEL:=INFO}"
: "${DOMAIN:=}" "${ACME_EMAIL:=}" "${ACME_STORAGE:=$here/certs/acme.json}" "${CERT_FILE:=}" "${KEY_FILE:=}"
: "${DASHBOARD_USERS:=}" "${DASHBOARD_USERS_FILE:=}"
if [ -z "$CERT_FILE$KEY_FILE$ACME_EMAIL" ]; then
    CERT_FILE=$here/certs/server.pem KEY_FILE=$here/certs/server.key
fi
if [ -n "$CERT_FILE$KEY_FILE" ]; then
    [ -r "$CERT_FILE" ] && [ -r "$KEY_FILE" ] ||
        die "there is no certificate at '$CERT_FILE' with its key at '$KEY_FILE'; 'make certs' makes one."
fi
# A browser that has seen the header refuses plain HTTP for every port of that name: not for localhost.
: "${HSTS_SECONDS:=$([ -z "$DOMAIN" ] && echo 0 || echo 31536000)}"
export AUTH_ADDRESS HEALTH_INTERVAL CERT_FILE KEY_FILE HSTS_SECONDS DASHBOARD_USERS DASHBOARD_USERS_FILE

set -- \
    --global.checknewversion=false --global.sendanonymoususage=false \
    --providers.file.directory="$here/dynamic" \
    --log.level="$TRAEFIK_LOG_LEVEL" --log.format=json

for entry in web websecure auth ops; do
    # 'X_Darkroom_Identity' is no spelling of the header that services trust. An encoded slash or NUL in a path is
    # never meant well; the other encoded characters occur in the names of outputs.
    set -- "$@" \
        --entrypoints.$entry.http.aliasheadersstrategy=delete \
        --entrypoints.$entry.http.encodedcharacters.allowencodedslash=false \
        --entrypoints.$entry.http.encodedcharacters.allowencodednullcharacter=false
done

# Plain HTTP only sends people to HTTPS. Where the port that people see is another one, it has to be said.
set -- "$@" \
    --entrypoints.web.address="$HTTP_ADDRESS" \
    --entrypoints.web.http.redirections.entrypoint.to="${HTTPS_PUBLIC_PORT:+:}${HTTPS_PUBLIC_PORT:-websecure}" \
    --entrypoints.web.http.redirections.entrypoint.scheme=https

# The read timeout spans a whole request with its body, so it is what an upload may take; answers that stream on are not
# cut by it (tried over HTTP/1.1 and 2, for GET and POST). Writing an answer has no limit, nor has waiting for one: event
# streams last half an hour, and how long a run or a model may take is the services' to say.
# Forwarded headers are believed from nobody, unless another proxy in front is named.
set -- "$@" \
    --entrypoints.websecure.address="$HTTPS_ADDRESS" \
    --entrypoints.websecure.http.tls=true \
    --entrypoints.websecure.http.maxheaderbytes=65536 \
    --entrypoints.websecure.transport.respondingtimeouts.readtimeout="$REQUEST_TIMEOUT" \
    --entrypoints.websecure.transport.respondingtimeouts.writetimeout=0 \
    --serverstransport.forwardingtimeouts.dialtimeout=3s
[ -z "${TRUSTED_PROXIES:-}" ] ||
    set -- "$@" --entrypoints.websecure.forwardedheaders.trustedips="$TRUSTED_PROXIES" \
        --entrypoints.web.forwardedheaders.trustedips="$TRUSTED_PROXIES"

# Only Traefik itself comes here: what it says about the original request is believed.
set -- "$@" \
    --entrypoints.auth.address="$AUTH_ADDRESS" \
    --entrypoints.auth.forwardedheaders.trustedips=127.0.0.1/32,::1/128 \
    --entrypoints.auth.forwardedheaders.notappendxforwardedfor=true \
    --entrypoints.auth.observability.accesslogs=false \
    --entrypoints.auth.observability.metrics=false

set -- "$@" \
    --entrypoints.ops.address="$OPS_ADDRESS" \
    --entrypoints.ops.observability.accesslogs=false \
    --ping.entrypoint=ops \
    --metrics.prometheus.entrypoint=ops --metrics.prometheus.addrouterslabels=true

# Its own spans, where a collector is named: with them one trace begins at the edge. Query strings are redacted by Traefik
# itself, heads are not captured.
if [ -n "${OTEL_EXPORTER_OTLP_ENDPOINT:-}" ]; then
    set -- "$@" \
        --tracing=true --tracing.servicename=darkroom-traefik --tracing.addinternals=false \
        --tracing.samplerate="${OTEL_TRACES_SAMPLER_ARG:-1}" \
        --tracing.otlp.http=true --tracing.otlp.http.endpoint="${OTEL_EXPORTER_OTLP_ENDPOINT%/}/v1/traces" \
        --entrypoints.ops.observability.tracing=false
    # name=value,name=value; of the percent-encoded characters those that headers are written with.
    rest=${OTEL_EXPORTER_OTLP_HEADERS:-}
    while [ -n "$rest" ]; do
        head=${rest%%,*}
        case $rest in *,*) rest=${rest#*,} ;; *) rest= ;; esac
        [ -n "$head" ] || continue
        value=$(printf '%s' "${head#*=}" | sed 's/%20/ /g; s/%2[Bb]/+/g; s/%2[Ff]/\//g; s/%3[Dd]/=/g; s/%3[Aa]/:/g; s/%2[Cc]/,/g; s/%25/%/g')
        set -- "$@" --tracing.otlp.http.headers."${head%%=*}"="$value"
    done
fi

# Query strings carry secrets ('/signin?code=…'), and so do headers: neither is logged.
set -- "$@" \
    --accesslog.format=json \
    --accesslog.fields.queryparameters.defaultmode=drop \
    --accesslog.fields.headers.defaultmode=drop \
    --accesslog.fields.names.ClientUsername=drop
[ -z "${ACCESS_LOG_FILE:-}" ] || set -- "$@" --accesslog.filepath="$ACCESS_LOG_FILE"

if [ -n "$ACME_EMAIL" ]; then
    [ -n "$DOMAIN" ] || die "ACME_EMAIL is set, but not the DOMAIN to get a certificate for."
    set -- "$@" \
        --certificatesresolvers.acme.acme.email="$ACME_EMAIL" \
        --certificatesresolvers.acme.acme.storage="$ACME_STORAGE" \
        --certificatesresolvers.acme.acme.keytype=EC256 \
        --certificatesresolvers.acme.acme.httpchallenge.entrypoint=web \
        --entrypoints.websecure.http.tls.certresolver=acme \
        --entrypoints.websecure.http.tls.domains[0].main="$DOMAIN"
    [ -z "${ACME_SERVER:-}" ] || set -- "$@" --certificatesresolvers.acme.acme.caserver="$ACME_SERVER"
fi

# Off unless somebody may see it; on the inner port even then.
[ -z "$DASHBOARD_USERS$DASHBOARD_USERS_FILE" ] ||
    set -- "$@" --api.dashboard=true --api.basepath=/traefik --api.disabledashboardad=true

exec "${TRAEFIK:-traefik}" "$@"
