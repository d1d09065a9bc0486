# protects: the machine's memory from nameless files in memory, which no folder's cap counts
# expect: status=out_of_memory signal=9
# limits: memory=192

import os

block = b"x" * (1 << 20)
for number in range(48):
    file = os.memfd_create(f"fill{number}")
    # Below the largest size of a file, so that this wall is met and not that one.
    for _ in range(64):
        os.write(file, block)
raise SystemExit("3 GiB and no wall")
