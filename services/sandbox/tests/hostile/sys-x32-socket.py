# protects: the wall before sockets from the x32 table's number of the same call
# expect: status=error signal=31
# stdout: trying
# arch: x86_64

import ctypes

X32 = 0x40000000
SOCKET, AF_UNIX, STREAM = 41, 1, 1
print("trying")
result = ctypes.CDLL(None).syscall(ctypes.c_long(X32 | SOCKET), AF_UNIX, STREAM, 0)
raise SystemExit(f"came back with {result}")
