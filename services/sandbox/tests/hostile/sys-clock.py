# protects: the machine's clock from being turned or tuned
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import time

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


ADJTIMEX, CLOCK_ADJTIME = (159, 171)[COLUMN], (305, 266)[COLUMN]
# A frequency change of nothing: harmless where it works.
change = (ctypes.c_uint64 * 32)(0)
pointer = ctypes.addressof(change)
for modes in (0, 0x0002):
    change[0] = modes
    assert call(ADJTIMEX, pointer) == errno.EPERM, f"adjtimex {modes}"
    assert call(CLOCK_ADJTIME, 0, pointer) == errno.EPERM, f"clock_adjtime {modes}"
now = time.clock_gettime(time.CLOCK_REALTIME)
try:
    time.clock_settime(time.CLOCK_REALTIME, now)
    raise SystemExit("set the clock")
except PermissionError as error:
    assert error.errno == errno.EPERM, error
print("holds")
