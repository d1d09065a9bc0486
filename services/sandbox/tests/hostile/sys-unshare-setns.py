# protects: against fresh namespaces, in which code would be root over parts of the kernel
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import subprocess

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


UNSHARE, SETNS, PIDFD_OPEN = (272, 97)[COLUMN], (308, 268)[COLUMN], 434
FLAGS = [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x7E020080]
for flags in FLAGS:
    assert call(UNSHARE, flags) == errno.EPERM, f"unshare {flags:#x}"
    # The user namespace is the key to the others.
    assert call(UNSHARE, flags | 0x10000000) == errno.EPERM, f"unshare user and {flags:#x}"
for name in sorted(os.listdir("/proc/self/ns")):
    file = os.open(f"/proc/self/ns/{name}", os.O_RDONLY)
    assert call(SETNS, file, 0) == errno.EPERM, f"setns {name}"
    os.close(file)
for pid in (os.getpid(), os.getppid(), 1):
    result = libc.syscall(PIDFD_OPEN, pid, 0)
    if result >= 0:
        assert call(SETNS, result, 0x7E020000) == errno.EPERM, f"setns by the handle of {pid}"
for tool in ("unshare", "nsenter"):
    try:
        done = subprocess.run([tool, "--user", "--map-root-user", "true"], capture_output=True, timeout=10)
    except FileNotFoundError:
        continue
    assert done.returncode != 0, tool
print("holds")
