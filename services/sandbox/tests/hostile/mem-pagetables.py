# protects: the kernel's memory from page tables: touching little of much is charged to the run
# expect: status=out_of_memory signal=9
# limits: memory=192
# within: 20

import mmap

MAP_NORESERVE = 0x4000
STEP = 2 << 20
TABLES = 900_000
# Only read, so each touch costs one page of tables and nothing else.
region = mmap.mmap(-1, TABLES * STEP, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE, prot=mmap.PROT_READ)
try:
    region.madvise(mmap.MADV_NOHUGEPAGE)
except OSError:
    pass  # a kernel without huge pages
for touch in range(TABLES):
    region[touch * STEP]
raise SystemExit("3.4 GiB of page tables and no wall")
