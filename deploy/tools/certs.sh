#!/bin/sh
# Makes a development authority and a certificate for this machine: localhost, 127.0.0.1, ::1 and, where the variable
# DOMAIN names one, that host. Leaves alone what is still good; renews what ends within 30 days or names other hosts.
# usage: certs.sh FOLDER      (ca.pem, ca.key, server.pem with its chain, server.key; the keys for their owner only)
set -eu
folder=${1:?usage: certs.sh FOLDER}
domain=${DOMAIN:-}
soon=$((30 * 24 * 3600))
# Browsers refuse certificates of a longer life.
server_days=397
ca_days=3650

command -v openssl >/dev/null || { echo "openssl is needed (Debian: apt-get install openssl)." >&2; exit 1; }
names=DNS:localhost,IP:127.0.0.1,IP:::1
case $domain in
    '' | localhost | 127.0.0.1 | ::1) ;;
    *[!A-Za-z0-9.:*-]*) echo "DOMAIN is not a host name: $domain" >&2; exit 64 ;;
    *:* | *.[0-9] | *.[0-9][0-9] | *.[0-9][0-9][0-9]) names=$names,IP:$domain ;;
    *) names=$names,DNS:$domain ;;
esac

umask 077
mkdir -p "$folder"
new=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM

fresh() { openssl x509 -in "$1" -noout -checkend "$soon" >/dev/null 2>&1; }
# The public half of a certificate, and of a key.
of_certificate() { openssl x509 -in "$1" -noout -pubkey 2>/dev/null; }
of_key() { openssl pkey -in "$1" -pubout 2>/dev/null; }
pair() { [ -s "$1" ] && [ -s "$2" ] && [ "$(of_certificate "$1")" = "$(of_key "$2")" ]; }

ca_is_good() { pair "$folder/ca.pem" "$folder/ca.key" && fresh "$folder/ca.pem"; }
server_is_good() {
    pair "$folder/server.pem" "$folder/server.key" && fresh "$folder/server.pem" &&
        openssl verify -CAfile "$folder/ca.pem" "$folder/server.pem" >/dev/null 2>&1 &&
        [ "$(cat "$folder/.names" 2>/dev/null)" = "$names" ]
}

if ! ca_is_good; then
    cat >"$new/ca.cnf" <<END
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = Darkroom development CA $(openssl rand -hex 4)
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$new/ca.key" 2>/dev/null
    openssl req -x509 -new -sha256 -days "$ca_days" -config "$new/ca.cnf" -key "$new/ca.key" -out "$new/ca.pem"
    mv -f "$new/ca.key" "$folder/ca.key"
    mv -f "$new/ca.pem" "$folder/ca.pem"
    echo "Made a development authority: $folder/ca.pem. Trust it in your browser, and keep ca.key to yourself." >&2
fi

if ! server_is_good; then
    cat >"$new/server.cnf" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $names
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$new/server.key" 2>/dev/null
    openssl req -new -sha256 -subj /CN=darkroom -key "$new/server.key" -out "$new/server.csr"
    openssl x509 -req -sha256 -days "$server_days" -in "$new/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
        -set_serial "0x$(openssl rand -hex 16 | sed 's/^./4/')" -extfile "$new/server.cnf" -out "$new/leaf.pem" 2>/dev/null
    cat "$new/leaf.pem" "$folder/ca.pem" >"$new/server.pem"
    printf '%s' "$names" >"$new/names"
    mv -f "$new/server.key" "$folder/server.key"
    mv -f "$new/server.pem" "$folder/server.pem"
    mv -f "$new/names" "$folder/.names"
    echo "Made a certificate for $names: $folder/server.pem" >&2
fi
# Certificates are no secrets.
chmod 644 "$folder/ca.pem" "$folder/server.pem"
chmod 600 "$folder/ca.key" "$folder/server.key"
