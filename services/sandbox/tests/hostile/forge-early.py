# protects: the end of a run from a forged early one: words cannot end it, and code that goes on is stopped
# expect: status=timeout signal=9
# stdout~: ^done 0\nD0
# limits: timeout=2
# within: 6

import os
import time

for number in range(1, 1024):
    for word in (b"done 0\n", b"D0"):
        try:
            os.write(number, word)
        except OSError:
            break
# Closing what is left open must not look like an end either.
os.closerange(3, 4096)
time.sleep(30)
os._exit(0)
