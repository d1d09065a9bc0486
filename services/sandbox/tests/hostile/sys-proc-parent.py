# protects: the first process of the room and the machine's processes: nothing of them can be read
# expect: status=ok exit=0
# stdout: holds

import errno
import os

own = {str(os.getpid())}
seen = {name for name in os.listdir("/proc") if name.isdigit()}
assert seen - own <= {"1"}, seen
REFUSED = (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ESRCH, errno.EROFS)
# The first process, and numbers that only the machine itself may know.
for pid in (1, os.getppid(), 300, 1000, 4242):
    if pid != 1 and str(pid) in own | {"1"}:
        continue
    for name in ("environ", "mem", "maps", "auxv", "stack", "syscall", "pagemap", "io"):
        for mode in ("rb", "r+b"):
            try:
                read = open(f"/proc/{pid}/{name}", mode).read(1)
                raise SystemExit(f"/proc/{pid}/{name} opened for {mode}: {read!r}")
            except OSError as error:
                assert error.errno in (*REFUSED, errno.EIO), (pid, name, error)
    for name in ("root", "cwd", "exe", "ns/user", "ns/net", "ns/mnt"):
        try:
            raise SystemExit(f"/proc/{pid}/{name} is {os.readlink(f'/proc/{pid}/{name}')}")
        except OSError as error:
            assert error.errno in REFUSED, (pid, name, error)
    for name in ("fd", "map_files", "root"):
        try:
            raise SystemExit(f"/proc/{pid}/{name} holds {os.listdir(f'/proc/{pid}/{name}')}")
        except OSError as error:
            assert error.errno in REFUSED, (pid, name, error)
print("holds")
