# protects: the verdict from children: how they end says nothing about the code
# expect: status=ok exit=0
# stdout: end

import os
import signal

for work in (lambda: os._exit(9), lambda: os.kill(os.getpid(), signal.SIGSEGV), os.abort):
    if os.fork() == 0:
        work()
    os.wait()
# And one that raises its way out through everything that is above the code.
if os.fork() == 0:
    raise SystemExit(8)
os.wait()
print("end")
