# protects: two runs at a time cannot meet at an abstract socket name
# pair: with net-abstract-a.py
# expect: status=ok exit=0
# stdout: holds

import errno
import socket
import time

NAME = "\0darkroom-hostile-meeting"

left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
end = time.monotonic() + 3
while time.monotonic() < end:
    for say in (lambda: left.sendto(b"hello from another run", NAME), lambda: right.connect(NAME)):
        try:
            say()
            raise SystemExit("reached the name of another run")
        except OSError as error:
            assert error.errno in (errno.EPERM, errno.ECONNREFUSED, errno.EISCONN), error
    time.sleep(0.01)
print("holds")
