# protects: the meaning of signals: code ended by signal 10 is told so, as outside
# expect: status=error signal=10
# stdout: before

import os
import signal

print("before")
signal.signal(signal.SIGUSR1, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGUSR1)
