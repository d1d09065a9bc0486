# protects: later runs from what an earlier one left: this one leaves a mark wherever it can
# pair: before fs-persist-b.py
# expect: status=ok exit=0
# stdout: left

import ctypes
import os
import socket
import time

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
    try:
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{NAME}", "w") as file:
            file.write("an earlier run was here")
    except OSError:
        continue
# What lives in the kernel and not in a folder. Each may be refused.
KEY = 0x0DA2C001
libc.shmget(KEY, ctypes.c_size_t(4096), 0o1666)
libc.semget(KEY, 1, 0o1666)
libc.msgget(KEY, 0o1666)
libc.syscall({"x86_64": 240, "aarch64": 180}[os.uname().machine], NAME.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
libc.syscall({"x86_64": 248, "aarch64": 217}[os.uname().machine], b"user", NAME.encode(), b"mark", 4, -4)
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    left.bind(f"\0{NAME}")
except OSError:
    pass
for change in (
    lambda: os.utime("/dev/null", (1, 1)),
    lambda: socket.sethostname(NAME),
    lambda: os.utime("/usr", (1, 1)),
):
    try:
        change()
    except OSError:
        pass
# And a process that would like to stay.
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 512)
        time.sleep(30)
    os._exit(0)
os.wait()
print("left")
