# protects: the list of allowed calls from filters of the code's own: they can only take, never give
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import signal
import socket
import struct
import time

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


PRCTL, SECCOMP = (157, 167)[COLUMN], (317, 277)[COLUMN]
ALLOW, USER_NOTIFY = 0x7FFF0000, 0x7FC00000
PR_SET_SECCOMP, STRICT, FILTER, NEW_LISTENER = 22, 1, 2, 8


def program(answer):
    """A filter that gives one answer to every call; gives its address and what keeps it alive."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, answer))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
    return ctypes.addressof(head), (code, head)


def confined():
    """True when sockets are still refused."""
    try:
        socket.socket()
    except OSError as error:
        return error.errno == errno.EPERM
    return False


def in_child(work):
    """Runs something in a child that is given a second; gives its wait status."""
    child = os.fork()
    if child == 0:
        os._exit(work())
    for _ in range(100):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def allow_all():
    pointer, kept = program(ALLOW)
    first, second = call(PRCTL, PR_SET_SECCOMP, FILTER, pointer), call(SECCOMP, 1, 0, pointer)
    assert {first, second} <= {0, errno.EPERM}, (first, second)
    return 0 if confined() and kept else 1


def listener():
    pointer, kept = program(ALLOW)
    made = libc.syscall(ctypes.c_long(SECCOMP), ctypes.c_long(1), ctypes.c_long(NEW_LISTENER), ctypes.c_long(pointer))
    assert made >= 0 or ctypes.get_errno() in (errno.EPERM, errno.EBUSY), ctypes.get_errno()
    return 0 if confined() and kept else 1


def strict():
    refused = call(PRCTL, PR_SET_SECCOMP, STRICT)
    # In strict mode this line is already death; otherwise the refusal must be plain.
    return 0 if refused in (errno.EPERM, errno.EINVAL) and confined() else 1


assert in_child(allow_all) == 0, "an allowing filter"
assert in_child(listener) == 0, "a listener"
# 9 is what strict mode does to the next call.
assert in_child(strict) in (0, 9), "strict mode"
assert call(PRCTL, PR_SET_SECCOMP, 0) in (errno.EPERM, errno.EINVAL), "switched off"
assert confined()
print("holds")
