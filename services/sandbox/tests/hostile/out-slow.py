# protects: what a run printed so far from being lost when its time is up
# expect: status=timeout signal=9
# stdout~: ^x{20,200}$
# limits: timeout=2
# within: 7

import os
import time

for _ in range(2000):
    os.write(1, b"x")
    time.sleep(0.01)
