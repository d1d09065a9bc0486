# protects: the process that runs are forked from, from orders of a run: there is no way to speak to it
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import signal
import socket
import stat
import struct

# Handles: none that could carry a message or wait for one.
for number in range(4096):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    assert number <= 2 and not stat.S_ISSOCK(kind), number
    link = os.readlink(f"/proc/self/fd/{number}")
    assert not link.startswith(("socket:", "anon_inode:", "/memfd:")), link
# Memory: no ring, no mapping that another process reads.
for line in open("/proc/self/maps"):
    fields = line.split()
    assert not fields[1].endswith("s") or fields[1].startswith("r--"), line
# Names: orders in the form a fork server might take, to every name that is likely.
orders = [struct.pack("<IB", 5, ord(kind)) + b"\0" * 60 for kind in "FXGD"]
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for name in ("control", "zygote", "boxd", "boxsup", "darkroom", "supervisor", "fork"):
    for address in (
        f"\0{name}",
        f"/run/{name}.sock",
        f"/tmp/{name}.sock",
        f"/box/{name}",
        f"/opt/darkroom/{name}.sock",
    ):
        for order in orders:
            try:
                left.sendto(order, address)
                raise SystemExit(f"somebody listens at {address!r}")
            except OSError as error:
                assert error.errno in (errno.ECONNREFUSED, errno.ENOENT, errno.EPERM, errno.ENOTSOCK), (address, error)
# Signals: what a fork server may take as an order, to whoever is above.
for pid in {1, os.getppid()}:
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM):
        try:
            os.kill(pid, number)
        except (PermissionError, ProcessLookupError):
            continue
print("holds")
