# protects: the first process of the room, and with it the verdict, from signals of the code
# expect: status=error exit=4
# stdout: holds

import os
import signal
import time

for number in range(1, 65):
    for pid in {1, os.getppid()}:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
child = os.fork()
if child == 0:
    time.sleep(30)
    os._exit(0)
# Everybody that may be reached, but for the sender.
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSTOP, signal.SIGKILL):
    os.kill(-1, number)
assert os.waitpid(child, 0)[1] in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
time.sleep(0.3)
print("holds")
raise SystemExit(4)
