#!/usr/bin/env python3
"""Writes the root of the sandbox's container image as a tar archive to standard output.

usage: tree.py PYTHON_ENVIRONMENT

Takes the Python environment that python-env.sh made, the interpreter behind it, the shared libraries
both need and a few plain commands, all from this machine, and nothing else. Needs no rights, no network
and no registry. The same files give the same archive: owners, times and order are fixed.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

# What scripts like to call. Whatever is missing here is missing there.
COMMANDS = """
    sh env true false test echo printf cat cp mv rm ls ln mkdir rmdir touch chmod pwd basename dirname readlink
    realpath head tail sort uniq wc cut tr tee seq sleep date id uname nproc stat du df grep sed find xargs
    sha256sum md5sum base64 gzip tar timeout
""".split()
# Of an interpreter, what no program run here needs.
LEFT_OUT_OF_LIBRARY = {"test", "idlelib", "turtledemo", "ensurepip", "tkinter", "lib2to3", "site-packages", "dist-packages"}
# Of an environment, what the lock file does not name.
LEFT_OUT_OF_PACKAGES = re.compile(r"^(pip|setuptools|wheel|pkg_resources|_distutils_hack)(-.*)?$|^distutils-precedence.pth$")
# Tests of packages that nothing else of theirs imports.
TESTS_OF_PACKAGES = re.compile(r"^(matplotlib|mpl_toolkits|pandas|scipy|skimage|seaborn|bandit)/(.*/)?tests(/|$)")
FOLDERS = ["box", "dev", "etc", "opt/darkroom/fonts", "opt/darkroom/python", "proc", "run", "sys", "tmp"]
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:1000:1000:box:/tmp:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nbox:x:1000:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


class Tree:
    """The archive while it is put together: places inside it, and what stands there."""

    def __init__(self):
        self.entries = {}

    def folder(self, inside, mode=0o755):
        """A folder and those above it."""
        parent = os.path.dirname(inside)
        if parent and parent not in self.entries:
            self.folder(parent)
        self.entries[inside] = ("folder", mode)

    def place_for(self, inside):
        """The real place of a path: links among the folders above it are followed within the archive."""
        parts = inside.strip("/").split("/")
        place = ""
        for part in parts[:-1]:
            place = f"{place}/{part}".lstrip("/")
            entry = self.entries.get(place)
            if entry and entry[0] == "link":
                place = os.path.normpath(os.path.join(os.path.dirname(place), entry[1])).lstrip("/")
        place = f"{place}/{parts[-1]}".lstrip("/")
        parent = os.path.dirname(place)
        if parent and parent not in self.entries:
            self.folder(parent)
        return place

    def file(self, source, inside):
        """A regular file of this machine, followed through links."""
        self.entries[self.place_for(inside)] = ("file", os.path.realpath(source))

    def text(self, inside, content):
        self.entries[self.place_for(inside)] = ("text", content)

    def link(self, inside, target):
        self.entries[self.place_for(inside)] = ("link", target)

    def copy(self, source, inside, wanted):
        """A folder with all below it for which `wanted(path below source)` holds; links stay links."""
        for folder, names, files in os.walk(source):
            below = os.path.relpath(folder, source)
            below = "" if below == "." else below + "/"
            names[:] = sorted(name for name in names if wanted(below + name))
            for name in sorted(files) + [name for name in names if os.path.islink(os.path.join(folder, name))]:
                path = os.path.join(folder, name)
                if not wanted(below + name):
                    continue
                if os.path.islink(path):
                    self.link(f"{inside}/{below}{name}", os.readlink(path))
                elif os.path.isfile(path):
                    self.file(path, f"{inside}/{below}{name}")

    def files(self):
        return [source for kind, source in self.entries.values() if kind == "file"]

    def write(self, stream):
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for inside in sorted(self.entries):
                kind, what = self.entries[inside]
                entry = tarfile.TarInfo(inside)
                entry.mode = 0o755
                if kind == "folder":
                    entry.type, entry.mode = tarfile.DIRTYPE, what
                    archive.addfile(entry)
                elif kind == "link":
                    entry.type, entry.linkname = tarfile.SYMTYPE, what
                    archive.addfile(entry)
                elif kind == "text":
                    content = what.encode()
                    entry.size, entry.mode = len(content), 0o644
                    archive.addfile(entry, io.BytesIO(content))
                else:
                    status = os.stat(what)
                    # No file gives anybody more rights than they have.
                    entry.size, entry.mode = status.st_size, status.st_mode & 0o755 | 0o444
                    # Compiled Python names the time of its source.
                    entry.mtime = int(status.st_mtime)
                    with open(what, "rb") as content:
                        archive.addfile(entry, content)


def is_program(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(programs):
    """Shared libraries that the programs need, as the loader of this machine finds them."""
    found = set()
    for start in range(0, len(programs), 50):
        run = subprocess.run(["ldd", *programs[start : start + 50]], capture_output=True, text=True)
        for line in run.stdout.splitlines():
            match = re.match(r"\s+(?:\S+ => )?(/\S+) \(0x", line)
            if match:
                found.add(match[1])
    return sorted(found)


def font_list(python):
    """matplotlib's list of its own fonts; building it takes longer than most plots."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MPLCONFIGDIR": folder, "MPLBACKEND": "Agg"}
        subprocess.run([python, "-c", "import matplotlib.font_manager"], env=environment, check=True)
        for name in sorted(os.listdir(folder)):
            if name.startswith("fontlist"):
                with open(os.path.join(folder, name)) as file:
                    fonts = json.load(file)
                for kind in ("afmlist", "ttflist"):
                    # The machine's own fonts, with their full path, are not in the image.
                    fonts[kind] = [font for font in fonts[kind] if not font["fname"].startswith("/")]
                return name, json.dumps(fonts)
    return None


def describe(python):
    """Where the interpreter behind an environment is installed, and its version as (prefix, '3.11', '3.11.7')."""
    ask = (
        "import json, platform, sys; short = '%d.%d' % sys.version_info[:2]; "
        "print(json.dumps([sys.base_prefix, short, platform.python_version()]))"
    )
    return json.loads(subprocess.check_output([python, "-I", "-c", ask], text=True))


def add_system(tree):
    """The folders and links that every Linux has."""
    for folder in FOLDERS:
        tree.folder(folder, 0o1777 if folder == "tmp" else 0o755)
    for folder in ("usr/bin", "usr/lib", "usr/sbin"):
        tree.folder(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        tree.folder("usr/" + name)
        tree.link(name, "usr/" + name)
    for inside, content in TEXTS.items():
        tree.text(inside, content)


def add_interpreter(tree, python, prefix, version):
    """The interpreter with its standard library."""
    tree.file(os.path.realpath(python), f"{prefix}/bin/python{version}")
    tree.link(f"{prefix}/bin/python3", f"python{version}")
    tree.copy(
        f"{prefix}/lib/python{version}",
        f"{prefix}/lib/python{version}",
        lambda path: (
            path.split("/")[0] not in LEFT_OUT_OF_LIBRARY
            and not path.startswith(("config-", "lib-dynload/_tkinter", "lib-dynload/_test"))
        ),
    )


def add_environment(tree, environment, inside, wanted=lambda path: True):
    """The packages of an environment, as an environment at another place."""
    prefix, version, full = describe(os.path.join(environment, "bin", "python3"))
    packages = f"lib/python{version}/site-packages"
    tree.copy(
        f"{environment}/{packages}",
        f"{inside}/{packages}",
        lambda path: (
            not LEFT_OUT_OF_PACKAGES.match(path.split("/")[0]) and not TESTS_OF_PACKAGES.match(path) and wanted(path)
        ),
    )
    described = f"home = {prefix}/bin\ninclude-system-site-packages = false\nversion = {full}\n"
    tree.text(f"{inside}/pyvenv.cfg", described)
    tree.link(f"{inside}/bin/python", "python3")
    tree.link(f"{inside}/bin/python{version}", "python3")
    tree.link(f"{inside}/bin/python3", f"{prefix}/bin/python{version}")


def add_commands(tree):
    """Commands that scripts like to call."""
    for command in COMMANDS:
        path = shutil.which(command, path="/usr/bin:/bin")
        if path and is_program(path):
            tree.file(path, f"usr/bin/{command}")


def add_libraries(tree):
    """What all programs that stand in the tree need."""
    standing = set(tree.files())
    for library in libraries(sorted(path for path in standing if is_program(path))):
        if os.path.realpath(library) not in standing:
            tree.file(library, library)


def add_runs(tree, environment):
    """Everything that code in the sandbox may use."""
    python = os.path.join(environment, "bin", "python3")
    prefix, version, _ = describe(python)
    add_interpreter(tree, python, prefix, version)
    add_environment(tree, environment, "opt/python")
    fonts = font_list(python)
    if fonts:
        tree.text(f"opt/darkroom/fonts/{fonts[0]}", fonts[1])
    add_commands(tree)


def main(environment):
    tree = Tree()
    add_system(tree)
    add_runs(tree, os.path.abspath(environment))
    add_libraries(tree)
    tree.write(sys.stdout.buffer)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tree.py PYTHON_ENVIRONMENT > ROOT.tar")
    main(sys.argv[1])
