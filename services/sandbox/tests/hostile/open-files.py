# protects: the kernel's table of open files: 512 per process, whatever number they are given
# expect: status=ok exit=0
# stdout: holds

import errno
import fcntl
import os
import resource

CAP = 512
files = []
try:
    while len(files) < 10_000:
        files.append(os.open("/dev/null", os.O_RDONLY))
    raise SystemExit("10000 files and no cap")
except OSError as error:
    assert error.errno == errno.EMFILE, error
assert max(files) == CAP - 1, max(files)
os.close(files.pop())
for number in (CAP, 4096, 1 << 20):
    try:
        os.dup2(files[0], number)
        raise SystemExit(f"dup2 to {number}")
    except OSError as error:
        assert error.errno == errno.EBADF, error
try:
    fcntl.fcntl(files[0], fcntl.F_DUPFD, CAP)
    raise SystemExit("dup above the cap")
except OSError as error:
    assert error.errno == errno.EINVAL, error
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    raise SystemExit("raised the limit")
except (ValueError, OSError):
    pass
print("holds")
