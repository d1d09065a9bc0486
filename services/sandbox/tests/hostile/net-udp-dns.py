# protects: no datagram leaves the room, and looking up a name fails at once
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import socket
import time

PORT = "CANARY_PORT"
port = int(PORT) if PORT.isdigit() else 9

try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("127.0.0.1", port))
    raise SystemExit("sent a datagram")
except OSError as error:
    assert error.errno == errno.EPERM, error

# Only when no name server is known: a failed wall must not send the question to a real one.
assert not os.path.exists("/etc/resolv.conf"), "a name server is known"
begin = time.monotonic()
try:
    socket.getaddrinfo("darkroom.invalid", 80)
    raise SystemExit("resolved a name")
except socket.gaierror:
    pass
assert time.monotonic() - begin < 2, "the lookup waited"
print("holds")
