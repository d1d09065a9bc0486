# protects: against handles given or taken through something inherited: no inherited handle is a socket
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import socket
import stat

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(100)
for number in range(1024):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    assert not stat.S_ISSOCK(kind), number
    try:
        socket.socket(fileno=number)
        raise SystemExit(f"handle {number} is a socket")
    except OSError as error:
        assert error.errno in (errno.ENOTSOCK, errno.EPERM), error
    for name in ("send", "recv"):
        assert libc[name](number, buffer, 1, socket.MSG_DONTWAIT) == -1, f"{name} on handle {number}"
        assert ctypes.get_errno() in (errno.ENOTSOCK, errno.EPERM), (name, ctypes.get_errno())
print("holds")
