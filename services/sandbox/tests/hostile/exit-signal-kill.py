# protects: the meaning of signals: code ended by signal 9 is told so, as outside
# expect: status=error signal=9
# stdout: before

import os
import signal

print("before")
os.kill(os.getpid(), signal.SIGKILL)
