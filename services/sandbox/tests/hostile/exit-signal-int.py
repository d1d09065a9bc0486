# protects: the meaning of signals: code ended by signal 2 is told so, as outside
# expect: status=error signal=2
# stdout: before

import os
import signal

print("before")
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGINT)
