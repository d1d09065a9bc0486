# protects: the list of allowed calls from its twin: the numbers of the x32 table end the process
# expect: status=error signal=31
# stdout: trying
# arch: x86_64

import ctypes

X32 = 0x40000000
GETPID = 39
print("trying")
# Harmless by itself; what matters is that no door of this table opens at all.
result = ctypes.CDLL(None).syscall(ctypes.c_long(X32 | GETPID))
raise SystemExit(f"came back with {result}")
