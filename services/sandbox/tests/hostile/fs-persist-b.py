# protects: later runs from what an earlier one left: this one looks for its marks
# pair: after fs-persist-a.py
# expect: status=ok exit=0
# stdout: holds

import ctypes
import os
import socket

NAME = "darkroom-hostile-mark"
libc = ctypes.CDLL(None, use_errno=True)
home = os.path.expanduser("~")
for folder in (
    "/tmp",
    "/box",
    "/box/in",
    "/box/out",
    "/dev/shm",
    "/",
    "/opt",
    "/usr",
    home,
    f"{home}/.config/matplotlib",
):
    assert not os.path.lexists(f"{folder}/{NAME}"), folder
for folder in ("/box/out", "/dev/shm", "/box/in"):
    assert os.listdir(folder) == [], (folder, os.listdir(folder))
KEY = 0x0DA2C001
assert libc.shmget(KEY, ctypes.c_size_t(0), 0) == -1, "shared memory"
assert libc.semget(KEY, 0, 0) == -1, "semaphores"
assert libc.msgget(KEY, 0) == -1, "messages"
mq_open = {"x86_64": 240, "aarch64": 180}[os.uname().machine]
assert libc.syscall(mq_open, NAME.encode(), os.O_RDWR, 0, None) == -1, "a message queue"
request_key = {"x86_64": 249, "aarch64": 218}[os.uname().machine]
assert libc.syscall(request_key, b"user", NAME.encode(), None, 0) == -1, "a key"
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    left.sendto(b"x", f"\0{NAME}")
    raise SystemExit("a socket name")
except OSError:
    pass
assert os.uname().nodename != NAME, "a host name"
assert os.stat("/dev/null").st_mtime != 1, "the time of /dev/null"
pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
assert pids <= {1, os.getpid()}, pids
print("holds")
