# protects: the verdict from brothers: a process that makes its parent's children cannot end the run or colour its end
# expect: status=error exit=3
# stdout: holds

import ctypes
import os
import signal
import time

CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
CLONE_PARENT = 0x8000
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
for _ in range(20):
    result = libc.syscall(ctypes.c_long(CLONE), ctypes.c_ulong(CLONE_PARENT | signal.SIGCHLD), *[ctypes.c_long(0)] * 4)
    if result == 0:
        os._exit(0)
time.sleep(0.3)
print("holds")
raise SystemExit(3)
