# protects: the machine's memory from one single call that fills 3 GiB inside the kernel
# expect: status=out_of_memory signal=9 | status=error exit=1
# stderr~: ^$|Cannot allocate memory
# limits: memory=192
# within: 10

import mmap

region = mmap.mmap(-1, 3 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
raise SystemExit("3 GiB and no wall")
