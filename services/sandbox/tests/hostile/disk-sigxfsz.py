# protects: the meaning of a verdict: passing the largest file size ends code by its own signal, as outside
# expect: status=error signal=25
# outputs: 0

import os
import signal

# Python ignores the signal and gets an error instead; a program in C would not.
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
os.truncate(os.open("/tmp/large", os.O_CREAT | os.O_RDWR), 257 << 20)
print("a file of 257 MiB")
