# protects: everybody's time from an end that never ends, and what was printed before it
# expect: status=timeout signal=9
# stdout: body
# limits: timeout=2
# within: 6

import atexit
import time


def spin():
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pass


atexit.register(spin)
print("body")
