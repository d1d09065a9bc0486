# protects: no new namespace by clone, with whatever flags beside it, and clone3, whose flags no filter sees, is absent
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import signal

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
CLONE, CLONE3 = (56, 220)[COLUMN], 435
NEW = {
    "NEWNS": 0x20000,
    "NEWCGROUP": 0x2000000,
    "NEWUTS": 0x4000000,
    "NEWIPC": 0x8000000,
    "NEWUSER": 0x10000000,
    "NEWPID": 0x20000000,
    "NEWNET": 0x40000000,
}
# Nothing, VM with VFORK, FS, UNTRACED, and bits above the 32 that the kernel reads.
BESIDE = [0, 0x4100, 0x200, 0x800000, 0x100000000, 0xFFFFFFFF00000000]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

for name, flag in NEW.items():
    for beside in BESIDE:
        flags = flag | beside | signal.SIGCHLD
        result = libc.syscall(ctypes.c_long(CLONE), ctypes.c_ulong(flags), *[ctypes.c_long(0)] * 4)
        if result == 0:
            os._exit(0)
        assert result == -1 and ctypes.get_errno() == errno.EPERM, (name, hex(beside), result, ctypes.get_errno())

arguments = (ctypes.c_uint64 * 11)(NEW["NEWUSER"], 0, 0, 0, signal.SIGCHLD)
for pointer, size in ((ctypes.addressof(arguments), 88), (ctypes.addressof(arguments), 64), (0, 0)):
    result = libc.syscall(ctypes.c_long(CLONE3), ctypes.c_void_p(pointer), ctypes.c_long(size))
    if result == 0:
        os._exit(0)
    assert result == -1 and ctypes.get_errno() == errno.ENOSYS, (size, result, ctypes.get_errno())
print("holds")
