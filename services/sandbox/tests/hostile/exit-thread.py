# protects: the meaning of exit codes: an exit in a thread ends the thread only
# expect: status=ok exit=0
# stdout: end

import sys
import threading

thread = threading.Thread(target=lambda: sys.exit(9))
thread.start()
thread.join()
print("end")
