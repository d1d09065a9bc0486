# protects: the memory limit as one of all processes together: each is small, the sum is not
# expect: status=out_of_memory signal=9
# limits: memory=192
# within: 10

import os
import time

for _ in range(8):
    if os.fork() == 0:
        kept = []
        for _ in range(6):
            kept.append(bytearray(b"x") * (60 << 20))
            time.sleep(0.2)
        time.sleep(20)
        os._exit(0)
for _ in range(8):
    _, status = os.wait()
    if status:
        # Were only a child killed, the code could go on: the verdict has to come from the kernel's word, and all end.
        time.sleep(4)
        raise SystemExit(1)
raise SystemExit("2.8 GiB and no wall")
