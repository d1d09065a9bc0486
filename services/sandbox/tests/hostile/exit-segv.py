# protects: the meaning of signals: a wild pointer is told as such, with what was printed before
# expect: status=error signal=11
# stdout: before
# outputs: 0

import ctypes

print("before")
ctypes.string_at(1)
