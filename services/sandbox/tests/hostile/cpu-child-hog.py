# protects: the machine after a run: children that compute on end with their parent
# expect: status=ok exit=0
# stdout: gone
# within: 5

import os
import time

end = time.monotonic() + 30
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        while time.monotonic() < end:
            pass
        os._exit(0)
print("gone")
