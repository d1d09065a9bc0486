# protects: processes from each other's debuggers, and the first process of the room from everybody
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import signal
import time

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


PTRACE, READ, WRITE = (101, 117)[COLUMN], (310, 270)[COLUMN], (311, 271)[COLUMN]
TRACEME, ATTACH, SEIZE = 0, 16, 0x4206
child = os.fork()
if child == 0:
    time.sleep(20)
    os._exit(0)
local = ctypes.create_string_buffer(b"poison", 8)
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(local), 8)
address = ctypes.addressof(vector)
for pid in (1, os.getppid(), child, os.getpid()):
    for name, result in (
        ("attach", call(PTRACE, ATTACH, pid)),
        ("seize", call(PTRACE, SEIZE, pid)),
        ("read", call(READ, pid, address, 1, address, 1, 0)),
        ("write", call(WRITE, pid, address, 1, address, 1, 0)),
    ):
        assert result == errno.EPERM, (name, pid, result)
assert call(PTRACE, TRACEME) == errno.EPERM
os.kill(child, signal.SIGKILL)
print("holds")
