# protects: the verdict from closed streams: a run ends when its code ends, not when it falls silent
# expect: status=error exit=6
# stdout: last words

import os
import time

os.write(1, b"last words\n")
os.closerange(0, 512)
time.sleep(1)
os._exit(6)
