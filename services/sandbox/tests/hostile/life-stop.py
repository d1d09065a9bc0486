# protects: everybody's time from code that stops itself and is neither dead nor running
# expect: status=timeout signal=9
# stdout: stopping
# limits: timeout=2
# within: 6

import os
import signal
import time

# Its own end, should nobody stop it for good.
if os.fork() == 0:
    time.sleep(20)
    os.kill(os.getppid(), signal.SIGCONT)
    os._exit(0)
print("stopping")
os.kill(os.getpid(), signal.SIGSTOP)
raise SystemExit("was woken")
