# protects: the truth of a verdict: a run that met its memory limit says so, even when its main process hides it
# expect: status=out_of_memory signal=9
# limits: memory=192
# within: 10

import os
import time

if os.fork() == 0:
    kept = []
    for _ in range(48):
        kept.append(bytearray(b"x") * (64 << 20))
    os._exit(0)
os.wait()
time.sleep(1)
print("went on as if nothing had happened")
