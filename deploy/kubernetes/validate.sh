#!/bin/sh
# Checks everything in this folder without a cluster: each object against Kubernetes' own schemas, strictly and for
# several versions; names of variables and images against .env.example, traefik/ and docker-compose.yml; and, where there
# is a kubectl, what kustomize makes of base/ and of the example. A few seconds; the first time it fetches a package.
# usage: validate.sh      Exit code 0 also when it is SKIPPED; then it says so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# hostUsers with procMount is there, and on by default, from the first of these on.
VERSIONS=${VERSIONS:-1.33.0 1.34.0 1.35.0 1.36.0 1.37.0}
python=$root/target/kubernetes/bin/python3

if ! "$root/deploy/tools/python-env.sh" "$root/target/kubernetes" "$here/requirements.lock"; then
    echo "SKIPPED: kubernetes-validate cannot be had, so NOTHING in deploy/kubernetes was checked." >&2
    exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# against NAME FILE...: every object of these files, strictly, in each version.
against() {
    name=$1
    shift
    for version in $VERSIONS; do
        "$python" -m kubernetes_validate --strict --quiet -k "$version" "$@" >"$folder/said" 2>&1 ||
            { cat "$folder/said" >&2; echo "FAILED: $name is not valid in Kubernetes $version" >&2; exit 1; }
    done
    # What validates is counted here: a validator that was given nothing is content too.
    echo "$name: $(cat "$@" | grep -c '^kind: ') objects, valid in $VERSIONS"
}

# Patches are parts of objects; all else is whole.
cd "$here"
plain=$(find base overlays -name '*.yaml' ! -name kustomization.yaml ! -path overlays/example/settings.yaml ! -path overlays/example/traefik.yaml | sort)
# shellcheck disable=SC2086 # names without spaces
against "plain files" $plain
# shellcheck disable=SC2046
"$python" "$here/check.py" "$root" $(find base -name '*.yaml' ! -name kustomization.yaml)
echo "names of variables, images and pods: as elsewhere in the repository"
"$python" -c 'import sys, yaml; [yaml.safe_load(open(name)) for name in sys.argv[1:]]' "$root"/deploy/observability/*.yml
echo "deploy/observability: YAML that can be read"

if ! command -v kubectl >/dev/null 2>&1; then
    echo "SKIPPED: there is no kubectl, so what kustomize makes of base and overlays was not looked at." >&2
    exit 0
fi
# In a copy, so that the example has the secrets it asks for.
mkdir -p "$folder/deploy"
cp -R "$here" "$folder/deploy/kubernetes"
cp -R "$root/traefik" "$folder/traefik"
for name in secrets sandbox; do
    cp "$here/overlays/example/$name.env.example" "$folder/deploy/kubernetes/overlays/example/$name.env"
done
for part in base overlays/example; do
    kubectl kustomize "$folder/deploy/kubernetes/$part" >"$folder/made.yaml"
    against "what kustomize makes of $part" "$folder/made.yaml"
done
