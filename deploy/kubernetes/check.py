"""Checks the manifests of a folder against the rest of the repository: names of variables and images, what pods may do,
that each service is given the secrets that its program asks for and no others (in docker-compose.yml too), and that what
refers to something refers to something that is there. Whether the objects are Kubernetes objects at all is validate.sh's
to ask. Prints one line for each finding; exit code 1 when there is one.

usage: check.py REPOSITORY FILE...      FILE: manifests, which together are the whole
"""

import re
import sys
from pathlib import Path

import yaml

SERVICES = {"gateway", "files", "jobs", "agent", "critic", "sandbox"}
# Of METRICS_LISTEN.
METRICS = 9464
SUFFIXES = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
# Of the service and the Pythons that it keeps ready, as in docker-compose.yml.
SANDBOX_OWN = 2 << 30

# Secrets, by how a program asks for them in services/*/src/program.rs.
SECRETS = {
    "LOCAL_TOKEN": r"\.local_token\b",
    "DATABASE_URL": r"\bhost\.database_url\(",
    "SHARED_URL": r"\bhost\.(shared(_if_there)?|allowances)\(",
    "BUS_URL": r"\bhost\.bus\(",
    "BLOB_URL": r"\bhost\.blob\(",
    "CLERK_SECRET_KEY": r"\.clerk_secret_key\b",
    "OIDC_CLIENT_SECRET": r"\.oidc_client_secret\b",
    "VISION_MODEL_KEY": r"\.vision_model_key\b",
    "REASONING_MODEL_KEY": r"\.reasoning_model_key\b",
    "CODE_MODEL_KEY": r"\.code_model_key\b",
}
# Of telemetry: the first are asked for where every program starts (crates/runtime); Langfuse's by those that tell it anything,
# here or through the models' crate. The sandbox has no way to Sentry.
TELEMETRY = {"OTEL_EXPORTER_OTLP_HEADERS", "METRICS_TOKEN", "SENTRY_DSN", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"}
TRAEFIK = {"OTEL_EXPORTER_OTLP_HEADERS"}


def size(text):
    """Bytes of a quantity such as 512Mi."""
    return int(text[:-2]) * SUFFIXES[text[-2:]]


def variables(root):
    """Names that programs know, by what reads them."""
    settings = set(re.findall(r"^#?([A-Z_]+)=", (root / ".env.example").read_text().split("# ---- docker")[0], re.M))
    table = [line for line in (root / "traefik/README.md").read_text().splitlines() if line.startswith("| `")]
    traefik = {name for line in table for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])}
    return settings, traefik


def images(root):
    """Images that docker-compose.yml names, with the tags it has by default."""
    text = (root / "docker-compose.yml").read_text()
    return {re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", name) for name in re.findall(r"^\s+image: (\S+)", text, re.M)}


def secrets(root, service):
    """Names of the secrets that the service's program asks for."""
    text = (root / "services" / service / "src/program.rs").read_text()
    asked_for = {name for name, asked in SECRETS.items() if re.search(asked, text)} | {"OTEL_EXPORTER_OTLP_HEADERS", "METRICS_TOKEN"}
    sources = (root / "services" / service / "src").rglob("*.rs")
    if any("langfuse" in path.read_text() for path in sources):
        asked_for |= {"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"}
    return asked_for if service == "sandbox" else asked_for | {"SENTRY_DSN"}


def key(thing):
    meta = thing["metadata"]
    return thing["kind"], meta.get("namespace"), meta["name"]


class Check:
    def __init__(self, root, objects):
        self.root, self.findings = root, []
        self.objects = {key(one): one for one in objects}
        if len(self.objects) != len(objects):
            self.find("two objects have the same kind and name")
        self.settings, self.traefik = variables(root)
        self.images = images(root)
        self.pods = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in objects if one["kind"] == "Deployment"}

    def find(self, text):
        self.findings.append(text)

    def run(self):
        expected = {("darkroom-sandbox" if name == "sandbox" else "darkroom", name) for name in SERVICES | {"traefik"}}
        if set(self.pods) != expected:
            self.find(f"these Deployments are expected: {sorted(expected)}, found {sorted(self.pods)}")
        for (namespace, name), deployment in self.pods.items():
            self.pod(f"{namespace}/{name}", name, deployment)
            for kind in ("Service", "PodDisruptionBudget"):
                if (kind, namespace, name) not in self.objects:
                    self.find(f"{namespace}/{name} has no {kind}")
        for (kind, namespace, name), one in self.objects.items():
            where = f"{kind} {namespace}/{name}"
            if kind == "HorizontalPodAutoscaler" and "replicas" in self.pods[namespace, one["spec"]["scaleTargetRef"]["name"]]["spec"]:
                self.find(f"{where}: its Deployment says how many replicas there are too")
            if kind == "NetworkPolicy":
                self.policy(where, namespace, one["spec"])
            if kind == "Service" and any(port["targetPort"] != "http" for port in one["spec"]["ports"]) and name != "traefik":
                self.find(f"{where}: leads elsewhere than to the API")
            if kind == "ConfigMap" and name.endswith("-settings"):
                for unknown in set(one["data"]) - self.settings:
                    self.find(f"{where}: {unknown} is not in .env.example")
        for namespace in ("darkroom", "darkroom-sandbox"):
            closed = self.objects.get(("NetworkPolicy", namespace, "nothing"), {}).get("spec", {})
            if closed != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}:
                self.find(f"{namespace}: nothing closes what no policy opens")
        for name, service in yaml.safe_load((self.root / "docker-compose.yml").read_text())["services"].items():
            self.given("docker-compose.yml", name, service.get("environment", {}))
        self.sandbox()
        return self.findings

    def pod(self, where, name, deployment):
        spec = deployment["spec"]["template"]["spec"]
        if deployment["spec"]["selector"]["matchLabels"].items() - deployment["spec"]["template"]["metadata"]["labels"].items():
            self.find(f"{where}: its selector is not for its own pods")
        if deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
            self.find(f"{where}: an old one goes before a new one is ready")
        if spec.get("automountServiceAccountToken", True) or spec.get("hostNetwork") or spec.get("hostPID"):
            self.find(f"{where}: it gets more of the cluster than it needs")
        if any("hostPath" in volume for volume in spec["volumes"]):
            self.find(f"{where}: a folder of the node")
        if not spec["securityContext"]["runAsNonRoot"] or spec["terminationGracePeriodSeconds"] < 30:
            self.find(f"{where}: runs as root, or is given less than the 30 seconds that a stop may take")
        known = self.traefik if name == "traefik" else self.settings
        for container in spec["containers"]:
            # An overlay's registry and tag are its own; the rest of the name stays.
            if container["image"] not in self.images:
                self.find(f"{where}: docker-compose.yml has no image {container['image']}")
            if any("secretRef" in source for source in container.get("envFrom", [])):
                self.find(f"{where}: is given all of a Secret")
            self.given(where, name, [variable["name"] for variable in container.get("env", [])])
            for variable in container.get("env", []):
                if variable["name"] not in known:
                    self.find(f"{where}: nothing reads {variable['name']}")
                self.reference(where, variable)
            context = container["securityContext"]
            if context != context | {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}:
                self.find(f"{where}: may do more than it needs")
            profile = context.get("seccompProfile", spec["securityContext"].get("seccompProfile", {})).get("type")
            if profile != ("Localhost" if name == "sandbox" else "RuntimeDefault"):
                self.find(f"{where}: its list of system calls is {profile}")
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    self.find(f"{where}: no {probe}")
            if "memory" not in container["resources"]["limits"] or "memory" not in container["resources"]["requests"]:
                self.find(f"{where}: memory is not bounded")

    def given(self, where, service, names):
        """Whoever has a secret may lose it: nobody has one that it does not use."""
        needed = secrets(self.root, service) if service in SERVICES else TRAEFIK if service == "traefik" else set()
        for name in sorted(set(names) & (set(SECRETS) | TELEMETRY) - needed):
            self.find(f"{where}: {service} is given {name}, and does not use it")
        for name in sorted(needed - set(names)):
            self.find(f"{where}: {service} is not given {name}")

    def reference(self, where, variable):
        wanted = variable.get("valueFrom", {}).get("secretKeyRef")
        if wanted is None:
            return
        example = {"darkroom": "secrets.env.example", "darkroom-sandbox": "sandbox.env.example"}[wanted["name"]]
        text = (self.root / "deploy/kubernetes/overlays/example" / example).read_text()
        if not re.search(rf"^{wanted['key']}=", text, re.M):
            self.find(f"{where}: {example} does not name {wanted['key']}")

    def policy(self, where, namespace, spec):
        """Selectors of our own pods name pods that are there, and only scrapers come to where metrics are."""
        for rule in spec.get("ingress", []):
            ports = {port.get("port") for port in rule.get("ports", [{}])}
            scrapers = [peer.get("podSelector", {}).get("matchLabels", {}).get("darkroom/scraper") for peer in rule.get("from", [{}])]
            if ports & {None, METRICS, "metrics"} and set(scrapers) != {"true"}:
                self.find(f"{where}: others than scrapers may read metrics")
        peers = [peer for rule in spec.get("ingress", []) for peer in rule.get("from", [])]
        peers += [peer for rule in spec.get("egress", []) for peer in rule.get("to", [])]
        for peer in [{"podSelector": spec["podSelector"]}, *peers]:
            home = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", namespace)
            selector = peer.get("podSelector", {})
            names = [one for many in selector.get("matchExpressions", []) for one in many["values"]]
            names += [one for label, one in selector.get("matchLabels", {}).items() if label == "app.kubernetes.io/name"]
            for name in names:
                if (home, name) not in self.pods:
                    self.find(f"{where}: there is no {home}/{name}")

    def sandbox(self):
        spec = self.pods["darkroom-sandbox", "sandbox"]["spec"]["template"]["spec"]
        settings = self.objects["ConfigMap", "darkroom-sandbox", "sandbox-settings"]["data"]
        runs = int(settings["SANDBOX_SLOTS"]) * int(settings["SANDBOX_MEMORY_MIB"]) << 20
        folders = sum(size(volume["emptyDir"]["sizeLimit"]) for volume in spec["volumes"])
        needed = SANDBOX_OWN + folders + runs
        resources = spec["containers"][0]["resources"]
        if size(resources["limits"]["memory"]) < needed or resources["requests"]["memory"] != resources["limits"]["memory"]:
            self.find(f"the sandbox needs {needed >> 20} MiB of memory, as limit and as request")
        if spec.get("hostUsers", True) and spec["containers"][0]["securityContext"].get("procMount") == "Unmasked":
            self.find("procMount Unmasked is allowed in a user namespace only")
        named = yaml.safe_load((self.root / "traefik/kustomization.yaml").read_text())["configMapGenerator"][0]["files"]
        standing = ["start.sh"] + [f"dynamic/{path.name}" for path in (self.root / "traefik/dynamic").iterdir()]
        volumes = self.pods["darkroom", "traefik"]["spec"]["template"]["spec"]["volumes"]
        mounted = [item["path"] for volume in volumes for item in volume.get("configMap", {}).get("items", [])]
        if sorted(named) != sorted(standing) or sorted(mounted) != sorted(standing):
            self.find(f"Traefik's files are {sorted(standing)}; named {sorted(named)}, mounted {sorted(mounted)}")


def main():
    root, files = Path(sys.argv[1]), sys.argv[2:]
    objects = [one for name in files for one in yaml.safe_load_all(Path(name).read_text()) if one]
    findings = Check(root, [one for one in objects if one["kind"] != "Kustomization"]).run()
    print("\n".join(findings), file=sys.stderr, end="\n" if findings else "")
    return 1 if findings or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
