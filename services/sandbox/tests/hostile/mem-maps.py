# protects: the kernel's memory from very many mappings of one process
# expect: status=ok exit=0
# stdout: holds

import errno
import mmap

MOST = 400_000
kept = []
try:
    while len(kept) < MOST:
        # Neighbours of other rights cannot be merged.
        rights = mmap.PROT_READ if len(kept) % 2 else mmap.PROT_READ | mmap.PROT_WRITE
        kept.append(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=rights))
    raise SystemExit(f"{MOST} mappings and no limit")
except OSError as error:
    assert error.errno == errno.ENOMEM, error
kept.clear()
print("holds")
