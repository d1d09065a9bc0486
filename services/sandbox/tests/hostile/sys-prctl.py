# protects: the kernel and the neighbours from what prctl can switch for a process
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


PRCTL = (157, 167)[COLUMN]
# Values that change nothing where they are allowed.
CALLS = {
    "SET_MM": (35, 1, 0, 0, 0),
    "SET_TSC": (26, 1),
    "SET_SPECULATION_CTRL": (53, 0, 1 << 1),
    "SCHED_CORE": (62, 1, 0, 1, 0),
    "SET_PTRACER any": (0x59616D61, -1),
    "SET_PTRACER": (0x59616D61, 1),
    "SET_SECUREBITS": (28, 1),
    "CAP_AMBIENT raise": (47, 2, 21),
    "MCE_KILL": (33, 1, 1),
    "SET_UNALIGN": (6, 1),
    "SET_MEMORY_MERGE": (67, 1),
    "SET_SYSCALL_USER_DISPATCH": (59, 0, 0, 0, 0),
    "SET_IO_FLUSHER": (57, 1),
    "MPX": (43,),
    "unknown": (0x7FFFFFF,),
}
for name, arguments in CALLS.items():
    result = call(PRCTL, *arguments)
    # What this kernel does not know is "invalid" to it.
    assert result in (errno.EPERM, errno.EINVAL), (name, errno.errorcode.get(result, "allowed"))
print("holds")
