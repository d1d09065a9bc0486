# protects: everybody's time from Python code that never ends
# expect: status=timeout signal=9
# stdout: started
# limits: timeout=2
# within: 6

import time

print("started")
end = time.monotonic() + 30
while time.monotonic() < end:
    pass
