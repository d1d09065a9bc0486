# protects: the meaning of signals: code ended by signal 15 is told so, as outside
# expect: status=error signal=15
# stdout: before

import os
import signal

print("before")
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGTERM)
