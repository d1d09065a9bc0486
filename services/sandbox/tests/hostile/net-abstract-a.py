# protects: two runs at a time cannot meet at an abstract socket name
# pair: with net-abstract-b.py
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import socket
import time

NAME = "\0darkroom-hostile-meeting"

try:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(NAME)
    raise SystemExit("made a socket")
except OSError as error:
    assert error.errno == errno.EPERM, error

# What socket() refuses, a half of a datagram pair may still do: leave its partner, take a name, listen to anybody.
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
nobody = ctypes.create_string_buffer(2)
libc = ctypes.CDLL(None, use_errno=True)
try:
    if libc.connect(left.fileno(), nobody, 2) == -1:
        raise OSError(ctypes.get_errno(), "connect")
    left.bind(NAME)
except OSError as error:
    assert error.errno == errno.EPERM, error
else:
    # The way is open inside the run, or hearing nobody from outside would prove nothing.
    if os.fork() == 0:
        right.sendto(b"own child", NAME)
        os._exit(0)
    os.wait()
    assert left.recv(100) == b"own child"
    left.setblocking(False)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            raise SystemExit(f"heard {left.recv(100)!r}")
        except BlockingIOError:
            time.sleep(0.01)
print("holds")
