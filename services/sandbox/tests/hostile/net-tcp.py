# protects: no TCP connection leaves the room, not even to the machine itself, and the refusal is quick
# expect: status=ok exit=0
# stdout: holds

import errno
import socket
import time

# The test puts the port of a listener of its own here; else the discard port, where nobody listens.
PORT = "CANARY_PORT"
port = int(PORT) if PORT.isdigit() else 9

quickest = 60.0
for _ in range(5):
    begin = time.monotonic()
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2)
        raise SystemExit("connected")
    except OSError as error:
        assert error.errno == errno.EPERM, error
    quickest = min(quickest, time.monotonic() - begin)
assert quickest < 0.05, f"refused after {quickest:.3f} s"

# A half of a pair is a socket too, which must not become another kind of socket.
left, right = socket.socketpair()
borrowed = socket.socket(fileno=left.detach(), family=socket.AF_INET, type=socket.SOCK_STREAM)
try:
    borrowed.connect(("127.0.0.1", port))
    raise SystemExit("connected by a pair")
except OSError as error:
    assert error.errno in (errno.EPERM, errno.EINVAL, errno.EISCONN, errno.EAFNOSUPPORT), error
print("holds")
