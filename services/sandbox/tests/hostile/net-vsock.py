# protects: no socket to a hypervisor or a neighbour machine, which network namespaces do not confine
# expect: status=ok exit=0
# stdout: holds

import errno
import socket

AF_VSOCK = 40
# Only made, never connected: should the wall fail, nothing reaches the hypervisor.
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for flags in (0, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK):
        try:
            socket.socket(AF_VSOCK, kind | flags)
            raise SystemExit(f"made a vsock socket of kind {kind}")
        except OSError as error:
            assert error.errno == errno.EPERM, error
print("holds")
