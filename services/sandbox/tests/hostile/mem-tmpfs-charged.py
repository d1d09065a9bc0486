# protects: the run's memory limit from being passed by files in memory: they count as memory
# expect: status=out_of_memory signal=9
# limits: memory=192

import os

block = b"x" * (1 << 20)
file = os.open("/tmp/fill", os.O_CREAT | os.O_WRONLY)
for _ in range(250):
    os.write(file, block)
raise SystemExit("250 MiB of files beside a limit of 192 MiB")
