# protects: against turning off the process's own defences, which an attack on a library would want first
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


PERSONALITY = (135, 92)[COLUMN]
for name, value in {
    "no random addresses": 0x40000,
    "readable is executable": 0x400000,
    "old page 0": 0x100000,
    "32 bit": 8,
}.items():
    assert call(PERSONALITY, value) == errno.EPERM, name
print("holds")
