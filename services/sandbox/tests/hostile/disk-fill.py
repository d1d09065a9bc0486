# protects: the machine's disk and memory from output without end, and the answer from carrying it
# expect: status=ok exit=0
# stdout: holds
# outputs: 0
# rejected: too_large=1

import errno

written = 0
file = open("fill.bin", "wb", buffering=0)
try:
    while written < 10 << 30:
        written += file.write(b"x" * (1 << 20))
    raise SystemExit("10 GiB and no wall")
except OSError as error:
    assert error.errno in (errno.ENOSPC, errno.EFBIG), error
assert written <= 128 << 20, written
print("holds")
