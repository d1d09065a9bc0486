# protects: the machine from many processes that all compute: they share the run's CPUs and end with it
# expect: status=timeout signal=9
# limits: timeout=2
# within: 7

import os
import time

end = time.monotonic() + 20
for _ in range(16):
    if os.fork() == 0:
        break
while time.monotonic() < end:
    pass
os._exit(1)
