# protects: the machine's processes: forking meets the run's limit, and everything is gone soon after
# expect: status=ok exit=0
# stdout: holds
# within: 10

import errno
import os
import time

MOST = 1000
count = 0
try:
    while count < MOST:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        count += 1
    raise SystemExit(f"{count} processes and no limit")
except OSError as error:
    assert error.errno == errno.EAGAIN, error
# The limit is 128 with the first process and this one.
assert 64 < count < 128, count
print("holds")
