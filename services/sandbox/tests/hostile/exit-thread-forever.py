# protects: everybody's time from a thread that keeps a finished program alive
# expect: status=timeout signal=9
# stdout: body
# limits: timeout=2
# within: 6

import threading
import time

threading.Thread(target=time.sleep, args=(30,)).start()
print("body")
