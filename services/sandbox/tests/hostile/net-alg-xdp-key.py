# protects: no socket of any family at all, so no rarely tested protocol of the kernel can be reached
# expect: status=ok exit=0
# stdout: holds

import errno
import socket

# AF_ALG 38, AF_XDP 44, AF_KEY 15, AF_TIPC 30, AF_BLUETOOTH 31 are among them; 46 and more do not exist yet.
for family in [*range(64), 255, 65535]:
    for kind in (1, 2, 3, 4, 5, 10):
        try:
            socket.socket(family, kind)
            raise SystemExit(f"made a socket: family {family} kind {kind}")
        except OSError as error:
            assert error.errno == errno.EPERM, (family, kind, error)
print("holds")
