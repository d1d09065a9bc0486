# protects: the machine's memory from address space promised first and touched later
# expect: status=out_of_memory signal=9
# limits: memory=192
# within: 10

import mmap

MAP_NORESERVE = 0x4000
try:
    region = mmap.mmap(-1, 100 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
except OSError:
    # A machine that promises less is asked for less.
    region = mmap.mmap(-1, 3 << 30)
for offset in range(0, 3 << 30, 4096):
    region[offset] = 1
raise SystemExit("3 GiB and no wall")
