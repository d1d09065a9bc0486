# protects: keys of the kernel, which no namespace of ours confines
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


KEYCTL, ADD, REQUEST = (250, 219)[COLUMN], (248, 217)[COLUMN], (249, 218)[COLUMN]
kind, name = ctypes.create_string_buffer(b"user"), ctypes.create_string_buffer(b"darkroom-hostile")
for special in (-1, -2, -3, -4, -5):
    assert call(ADD, ctypes.addressof(kind), ctypes.addressof(name), ctypes.addressof(name), 4, special) == errno.EPERM
    assert call(REQUEST, ctypes.addressof(kind), ctypes.addressof(name), 0, special) == errno.EPERM
for operation in range(40):
    assert call(KEYCTL, operation, 0, 0, 0, 0) == errno.EPERM, operation
print("holds")
