# protects: the machine: its modules, kernel, power, swap, clocks and names
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


# Arguments are wrong on purpose: should a wall fail, the kernel answers "invalid" and nothing happens.
CALLS = {
    "init_module": ((175, 105)[COLUMN], 0, 0, 0),
    "finit_module": ((313, 273)[COLUMN], -1, 0, 0),
    "delete_module": ((176, 106)[COLUMN], 0, 0),
    "kexec_load": ((246, 104)[COLUMN], 0, 99, 0, -1),
    "kexec_file_load": ((320, 294)[COLUMN], -1, -1, 0, 0, -1),
    "reboot": ((169, 142)[COLUMN], 0, 0, 0, 0),
    "swapon": ((167, 224)[COLUMN], 0, -1),
    "swapoff": ((168, 225)[COLUMN], 0),
    "acct": ((163, 89)[COLUMN], -1),
    "quotactl": ((179, 60)[COLUMN], -1, 0, 0, 0),
    "syslog read": ((103, 116)[COLUMN], 3, 0, 0),
    "syslog size": ((103, 116)[COLUMN], 10, 0, 0),
    "settimeofday": ((164, 170)[COLUMN], -1, -1),
    "clock_settime": ((227, 112)[COLUMN], 0, -1),
    "sethostname": ((170, 161)[COLUMN], -1, -1),
    "setdomainname": ((171, 162)[COLUMN], -1, -1),
    "vhangup": ((153, 58)[COLUMN],),
}
if COLUMN == 0:
    CALLS |= {"iopl": (172, 3), "ioperm": (173, 0, 1, 1), "modify_ldt": (154, 0, 0, 0), "uselib": (134, 0)}
for name, (number, *arguments) in CALLS.items():
    result = call(number, *arguments)
    assert result == errno.EPERM, (name, errno.errorcode.get(result, "allowed"))
print("holds")
