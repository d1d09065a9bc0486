# protects: the machine's memory from files in shared memory: they meet the cap of /dev/shm
# expect: status=ok exit=0
# stdout: holds

import errno
import os
from multiprocessing.shared_memory import SharedMemory

CAP = 64 << 20
block = b"x" * (1 << 20)
written = 0
file = os.open("/dev/shm/fill", os.O_CREAT | os.O_WRONLY)
try:
    while written < 4 * CAP:
        written += os.write(file, block)
    raise SystemExit(f"{written} bytes and no cap")
except OSError as error:
    assert error.errno == errno.ENOSPC, error
assert CAP - (1 << 20) <= written <= CAP, written
os.close(file)
os.unlink("/dev/shm/fill")

shared = SharedMemory(create=True, size=1 << 20)
shared.buf[:4] = b"room"
shared.close()
shared.unlink()
print("holds")
