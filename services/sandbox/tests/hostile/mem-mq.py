# protects: the kernel's memory from message queues
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os

MQ_OPEN = {"x86_64": 240, "aarch64": 180}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
attributes = (ctypes.c_long * 8)(0, 10, 8192)
count = 0
while count < 10_000:
    name = f"fill{count}".encode()
    flags = os.O_CREAT | os.O_RDWR | os.O_EXCL
    if libc.syscall(ctypes.c_long(MQ_OPEN), name, flags, 0o600, attributes) == -1:
        break
    count += 1
else:
    raise SystemExit("10000 queues and no wall")
REFUSED = (errno.EPERM, errno.ENOSYS, errno.EMFILE, errno.ENOSPC, errno.ENOMEM, errno.EACCES)
assert ctypes.get_errno() in REFUSED, errno.errorcode[ctypes.get_errno()]
# 800 kB of queues is what one user may have; with 81 kB each, about ten.
assert count < 300, count
print("holds")
