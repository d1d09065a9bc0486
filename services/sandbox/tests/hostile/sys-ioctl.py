# protects: whoever started the service from input pushed into their terminal, and devices from stray commands
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


IOCTL = (16, 29)[COLUMN]
TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD = 0x5412, 0x541C, 0x541D, 0x5423
letter = ctypes.create_string_buffer(b"x")
for handle in (0, 1, 2):
    for name, command in (("TIOCSTI", TIOCSTI), ("TIOCLINUX", TIOCLINUX)):
        # The upper half is not read by the kernel and must not be by the filter.
        for noise in (0, 1 << 32, -1 << 32):
            result = call(IOCTL, handle, command | noise, ctypes.addressof(letter))
            assert result == errno.EPERM, (name, handle, noise, result)
    for command in (TIOCCONS, TIOCSETD):
        assert call(IOCTL, handle, command, 0) in (errno.EPERM, errno.ENOTTY), command
    assert not os.isatty(handle)
print("holds")
