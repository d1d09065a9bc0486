# protects: the meaning of signals, and the outputs from core files
# expect: status=error signal=6
# stdout: before
# outputs: 0

import os
import resource

print("before")
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    print("cores are allowed")
except (ValueError, OSError):
    pass
os.abort()
