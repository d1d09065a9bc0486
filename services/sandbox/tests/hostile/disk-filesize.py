# protects: whoever handles a run's files: none is larger than 256 MiB, sparse or not, and the limit stays
# expect: status=ok exit=0
# stdout: holds
# outputs: 0

import errno
import os
import resource

CAP = 256 << 20
for size in (CAP + 1, 1 << 40, 1 << 50, (1 << 63) - 1):
    try:
        os.truncate(os.open("/tmp/large", os.O_CREAT | os.O_RDWR), size)
        raise SystemExit(f"a file of {size} bytes")
    except OSError as error:
        assert error.errno in (errno.EFBIG, errno.EINVAL), (size, error)
file = os.open("/tmp/large", os.O_RDWR)
os.truncate(file, CAP)
for call in (lambda: os.pwrite(file, b"x", CAP), lambda: os.posix_fallocate(file, 0, CAP + 1)):
    try:
        call()
        raise SystemExit("grew past the cap")
    except OSError as error:
        assert error.errno in (errno.EFBIG, errno.ENOSPC, errno.EPERM), error
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CAP, 2 * CAP))
    raise SystemExit("raised the limit")
except (ValueError, OSError):
    pass
print("holds")
