# protects: the run's limits: no control group can be seen, changed, mounted or left
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import re

for line in open("/proc/self/mountinfo"):
    assert " - cgroup" not in line, line
for base in ("/sys/fs/cgroup", "/cgroup", "/proc/self/root/sys/fs/cgroup", "/dev/cgroup"):
    assert not os.path.exists(base), base
assert not os.path.exists("/proc/cgroups")
MOUNT = {"x86_64": 165, "aarch64": 40}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("/tmp/groups", exist_ok=True)
for kind, options in (
    (b"cgroup", b"memory"),
    (b"cgroup", b"devices"),
    (b"cgroup", b"none,name=escape"),
    (b"cgroup2", None),
):
    assert libc.syscall(MOUNT, kind, b"/tmp/groups", kind, 0, options) == -1, kind
    assert ctypes.get_errno() == errno.EPERM, (kind, ctypes.get_errno())
# Paths of other groups must not lead upwards, or name what is outside.
for line in open("/proc/self/cgroup"):
    assert not re.search(r"/\.\.", line), line
CONTROL = {"release_agent", "notify_on_release", "cgroup.procs", "tasks", "devices.allow", "memory.max", "pids.max"}
for folder in ("/", "/dev", "/tmp", "/tmp/groups", "/opt", "/proc/self"):
    assert not CONTROL & set(os.listdir(folder)), folder
print("holds")
