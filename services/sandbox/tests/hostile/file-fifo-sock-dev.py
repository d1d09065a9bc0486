# protects: the collector from what blocks or acts when opened: pipes, sockets, devices
# expect: status=ok exit=0
# stdout: holds
# outputs: 1
# rejected: special_file=2
# within: 5

import errno
import os
import socket
import stat

os.mkfifo("fifo")
os.mknod("socket", 0o666 | stat.S_IFSOCK)
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    left.bind("/box/out/bound")
except OSError as error:
    assert error.errno == errno.EPERM, error
for name, kind, device in (
    ("memory", stat.S_IFCHR, os.makedev(1, 1)),
    ("full", stat.S_IFCHR, os.makedev(1, 7)),
    ("disk", stat.S_IFBLK, os.makedev(254, 0)),
    # What overlays use as their mark of a deleted file; any user may make it where there is no wall.
    ("whiteout", stat.S_IFCHR, os.makedev(0, 0)),
):
    try:
        os.mknod(name, 0o666 | kind, device)
    except OSError as error:
        assert error.errno == errno.EPERM, (name, error)
    else:
        assert name == "whiteout", f"made a device: {name}"
# A pipe that somebody holds open must not be read either.
holder = os.open("fifo", os.O_RDWR)
os.write(holder, b"x" * 4096)
open("real.txt", "w").write("delivered")
print("holds")
