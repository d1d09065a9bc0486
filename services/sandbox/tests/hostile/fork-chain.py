# protects: a chain of processes, each gone before it can be found, ends with the run
# expect: status=timeout signal=9
# limits: timeout=2
# within: 7

import os
import time

end = time.monotonic() + 20
if os.fork() == 0:
    os.setsid()
    while time.monotonic() < end:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            time.sleep(0.01)
    os._exit(0)
time.sleep(20)
raise SystemExit("nobody stopped it")
