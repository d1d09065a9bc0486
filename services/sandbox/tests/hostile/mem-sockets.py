# protects: the kernel's memory from full socket pairs, and from files held only by messages nobody reads
# expect: status=ok exit=0 | status=out_of_memory signal=9
# stdout~: ^(holds)?$
# limits: timeout=40 memory=192
# within: 40

import array
import errno
import socket

block = b"x" * (1 << 16)
# Too many handles, or no memory for one more message.
WALLS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
pairs = []
try:
    while len(pairs) < 2000:
        left, right = socket.socketpair()
        pairs.append((left, right))
        left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 20)
        left.setblocking(False)
        try:
            for _ in range(1024):
                left.send(block)
        except BlockingIOError:
            pass
    raise SystemExit("2000 pairs and no limit")
except OSError as error:
    assert error.errno in WALLS, error
for left, right in pairs:
    left.close()
    right.close()

# Files in flight: sent through each other and closed, so that only the messages hold them.
left, right = socket.socketpair()
sent = 0
try:
    while sent < 20_000:
        one, two = socket.socketpair()
        rights = array.array("i", [two.fileno(), one.fileno()])
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        one.close()
        two.close()
        sent += 2
except OSError as error:
    assert error.errno in (*WALLS, errno.ETOOMANYREFS, errno.EPERM), error
print("holds")
