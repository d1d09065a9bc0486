# protects: against programs brought along: what a run writes can be data and Python, not a program
# expect: status=ok exit=0
# stdout: holds

import errno
import mmap
import os
import shutil
import subprocess
import sys

for folder in ("/tmp", "/box/out", "/dev/shm"):
    for source, name in (("/usr/bin/true", "program"), (None, "script")):
        path = f"{folder}/{name}"
        if source:
            shutil.copy(source, path)
        else:
            open(path, "w").write("#!/bin/sh\nexit 0\n")
        os.chmod(path, 0o755)
        try:
            subprocess.run([path], check=False)
            raise SystemExit(f"ran {path}")
        except OSError as error:
            assert error.errno == errno.EACCES, error
    # A library is a program too.
    with open(f"{folder}/program", "rb") as file:
        try:
            mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
            raise SystemExit(f"mapped {folder}/program to run it")
        except OSError as error:
            assert error.errno == errno.EPERM, error
    os.unlink(f"{folder}/program")
    os.unlink(f"{folder}/script")
# By hand of the loader it is a library again.
loader = next((p for p in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1") if os.path.exists(p)), None)
if loader:
    shutil.copy("/usr/bin/true", "/tmp/program")
    assert subprocess.run([loader, "/tmp/program"], capture_output=True, check=False).returncode != 0, (
        "ran by the loader"
    )
# A nameless file has no mount that could say no: run or refused, it stays as confined as all.
try:
    file = os.memfd_create("program")
    os.write(file, open(sys.executable, "rb").read())
    probe = "import socket\ntry: socket.socket(); print('open')\nexcept PermissionError: print('confined')"
    done = subprocess.run([f"/proc/self/fd/{file}", "-c", probe], pass_fds=[file], capture_output=True, check=False)
    assert done.stdout in (b"confined\n", b""), done
except OSError as error:
    assert error.errno in (errno.EACCES, errno.EPERM, errno.ENOSYS), error
print("holds")
