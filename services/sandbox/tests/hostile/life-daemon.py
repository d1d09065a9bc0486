# protects: the machine after a run: a process that cut every tie to its parent ends all the same
# expect: status=ok exit=0
# stdout: gone
# within: 5

import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    if os.fork() == 0:
        os.closerange(0, 512)
        os.chdir("/")
        time.sleep(30)
    os._exit(0)
os.wait()
print("gone")
