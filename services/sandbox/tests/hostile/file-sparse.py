# protects: the collector's memory from files that are large only in name
# expect: status=ok exit=0
# stdout: holds
# outputs: 2
# rejected: too_large=60 total_too_large=8
# within: 10

import errno
import os

for size in (1 << 50, 64 << 40):
    file = os.open("huge", os.O_CREAT | os.O_RDWR)
    try:
        os.truncate(file, size)
        raise SystemExit(f"a file of {size} bytes")
    except OSError as error:
        assert error.errno in (errno.EFBIG, errno.EINVAL), error
    os.close(file)
    os.unlink("huge")
for number in range(60):
    open(f"large{number}", "wb").truncate(256 << 20)
# As large as one may be, and together more than is delivered.
for number in range(10):
    open(f"a{number}", "wb").truncate(32 << 20)
print("holds")
