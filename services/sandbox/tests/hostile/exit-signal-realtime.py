# protects: the meaning of signals: code ended by signal 34 is told so, as outside
# expect: status=error signal=34
# stdout: before

import os
import signal

print("before")
signal.signal(34, signal.SIG_DFL)
os.kill(os.getpid(), 34)
