# protects: keys and accounts from code that was talked into looking for them: there are none in the room
# expect: status=ok exit=0
# stdout: holds

import os
import re
import sys

NAMES = re.compile(r"key|token|secret|passw|credential|auth|session|cookie|dsn|amqp|redis|postgres|database|_url", re.I)
assert not [name for name in os.environ if NAMES.search(name)]
VALUES = re.compile(
    rb"sk-[A-Za-z0-9_-]{16}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30}|Bearer [A-Za-z0-9]|://[^/\s]+:[^/\s]+@"
)
for value in os.environ.values():
    assert not VALUES.search(value.encode()), value

HIDDEN = {
    ".aws",
    ".ssh",
    ".git",
    ".env",
    ".netrc",
    ".docker",
    ".kube",
    ".config",
    ".gnupg",
    ".git-credentials",
    ".pypirc",
}
HIDDEN |= {
    ".npmrc",
    ".cargo",
    ".bash_history",
    ".python_history",
    "id_rsa",
    "id_ed25519",
    "credentials",
    "shadow",
    "master.key",
}
PLACES = [
    "/var/run/secrets/kubernetes.io",
    "/run/secrets",
    "/home",
    "/etc/ssl/private",
    "/etc/shadow",
    "/etc/hosts",
    "/etc/hostname",
]
PLACES += ["/etc/machine-id", "/etc/resolv.conf", "/.dockerenv", "/workspace", "/srv", "/var/lib"]
for place in PLACES:
    assert not os.path.lexists(place), place
seen, folders = 0, ["/"]
while folders and seen < 200_000:
    folder = folders.pop()
    try:
        entries = list(os.scandir(folder))
    except OSError:
        continue
    for entry in entries:
        seen += 1
        # Libraries have folders of such names; theirs are public.
        if entry.name in HIDDEN and not folder.startswith((sys.prefix, sys.base_prefix)):
            raise SystemExit(f"found {entry.path}")
        if entry.is_dir(follow_symlinks=False) and entry.path not in ("/proc", "/usr"):
            folders.append(entry.path)
assert os.listdir("/box/in") == []
print("holds")
