# protects: no IPv6, raw or packet socket can be made
# expect: status=ok exit=0
# stdout: holds

import errno
import socket

KINDS = [
    (socket.AF_INET6, socket.SOCK_STREAM, 0),
    (socket.AF_INET6, socket.SOCK_DGRAM, 0),
    (socket.AF_INET6, socket.SOCK_RAW, 58),
    (socket.AF_INET, socket.SOCK_RAW, 1),
    (socket.AF_INET, socket.SOCK_RAW, 255),
    # Ping sockets need no capability where the kernel allows the group.
    (socket.AF_INET, socket.SOCK_DGRAM, 1),
    (socket.AF_PACKET, socket.SOCK_RAW, 0x0300),
    (socket.AF_PACKET, socket.SOCK_DGRAM, 0x0300),
]
for family, kind, protocol in KINDS:
    try:
        socket.socket(family, kind, protocol)
        raise SystemExit(f"made a socket: {family} {kind} {protocol}")
    except OSError as error:
        assert error.errno == errno.EPERM, (family, kind, protocol, error)
print("holds")
