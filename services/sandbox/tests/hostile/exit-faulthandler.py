# protects: people who debug: the traceback of a crash in C arrives whole
# expect: status=error signal=11
# stderr~: ^Fatal Python error: Segmentation fault[\s\S]*main\.py

import ctypes
import faulthandler

faulthandler.enable()
ctypes.string_at(1)
