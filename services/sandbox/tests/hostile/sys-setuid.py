# protects: against becoming another user, joining a group, or taking a capability
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


REFUSED = (errno.EPERM, errno.EINVAL)
for name, change in {
    "setuid": lambda: os.setuid(0),
    "setgid": lambda: os.setgid(0),
    "setresuid": lambda: os.setresuid(0, 0, 0),
    "setresgid": lambda: os.setresgid(0, 0, 0),
    "setreuid": lambda: os.setreuid(65533, 65533),
    "setuid other": lambda: os.setuid(1001),
    "setgroups": lambda: os.setgroups([0]),
    "setgroups none": lambda: os.setgroups([]),
    "initgroups": lambda: os.initgroups("root", 0),
}.items():
    try:
        change()
        raise SystemExit(f"{name} worked")
    except OSError as error:
        assert error.errno in REFUSED, (name, error)
CAPSET, SETFSUID = (126, 91)[COLUMN], (122, 151)[COLUMN]
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
assert call(CAPSET, ctypes.addressof(header), ctypes.addressof(everything)) == errno.EPERM, "capset"
# Answers with the id before and says nothing of failure.
libc.syscall(ctypes.c_long(SETFSUID), ctypes.c_long(0))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert status["Uid"].split() == ["1000"] * 4 and status["Gid"].split() == ["1000"] * 4, status
for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    assert int(status[kind], 16) == 0, (kind, status[kind])
# Raising an ambient capability, and making capabilities stay over a change of user.
PR_CAP_AMBIENT, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 47, 28, 38
assert libc.prctl(PR_CAP_AMBIENT, 2, 21, 0, 0) == -1
assert libc.prctl(PR_SET_SECUREBITS, 0x2F, 0, 0, 0) == -1
assert libc.prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == -1, "took back no_new_privs"
print("holds")
