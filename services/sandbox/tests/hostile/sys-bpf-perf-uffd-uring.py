# protects: the kernel's young and wide parts, where most of its holes were found
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


CALLS = {
    "bpf": ((321, 280)[COLUMN], 0, 0, 0),
    "bpf load": ((321, 280)[COLUMN], 5, 0, 120),
    "perf_event_open": ((298, 241)[COLUMN], 0, 0, -1, -1, 0),
    "userfaultfd": ((323, 282)[COLUMN], 0),
    "userfaultfd user mode only": ((323, 282)[COLUMN], 1),
    "io_uring_setup": (425, 1, 0),
    "io_uring_enter": (426, 0, 0, 0, 0, 0),
    "io_uring_register": (427, 0, 0, 0, 0),
    "fanotify_init": ((300, 262)[COLUMN], 0, 0),
    "fanotify_init by fid": ((300, 262)[COLUMN], 0x200, 0),
    "process_madvise": (440, 0, 0, 0, 0, 0),
    "lookup_dcookie": ((212, 18)[COLUMN], 0, 0, 0),
}
for name, (number, *arguments) in CALLS.items():
    result = call(number, *arguments)
    assert result == errno.EPERM, (name, errno.errorcode.get(result, "allowed"))
assert not os.path.exists("/dev/userfaultfd")
print("holds")
