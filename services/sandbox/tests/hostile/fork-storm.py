# protects: the machine from a bomb whose every process forks: it is stopped in time and leaves nothing
# expect: status=timeout signal=9
# limits: timeout=2
# within: 7

import os
import time

end = time.monotonic() + 20
while time.monotonic() < end:
    try:
        os.fork()
    except OSError:
        pass
os._exit(1)
