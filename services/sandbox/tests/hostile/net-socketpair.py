# protects: pairs stay for talking between own processes, and are of the local family only
# expect: status=ok exit=0
# stdout: holds

import errno
import socket

# Any other answer than "not permitted" comes out of the code of the family, maybe loaded just for the call.
for family in range(64):
    if family == socket.AF_UNIX:
        continue
    for kind in (1, 2, 3, 4, 5):
        try:
            socket.socketpair(family, kind)
            raise SystemExit(f"made a pair of family {family} kind {kind}")
        except OSError as error:
            assert error.errno == errno.EPERM, (family, kind, error)
left, right = socket.socketpair()
left.send(b"own")
assert right.recv(10) == b"own"
print("holds")
