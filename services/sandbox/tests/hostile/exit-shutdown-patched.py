# protects: the verdict from code that replaces what Python does at its end
# expect: status=error exit=5
# stdout: body

import os
import sys
import threading

threading._shutdown = lambda: (_ for _ in ()).throw(SystemExit(0))
sys.excepthook = lambda *_: None
sys.unraisablehook = lambda *_: None
sys.exit = lambda *_: None
print("body")
os.register_at_fork(after_in_child=lambda: os._exit(0))
raise SystemExit(5)
