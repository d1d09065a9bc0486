# protects: the meaning of signals: code ended by signal 13 is told so, as outside
# expect: status=error signal=13
# stdout: before

import os
import signal

print("before")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGPIPE)
