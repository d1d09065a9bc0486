# protects: the verdict from a stack that runs over in C, where nobody can be told
# expect: status=error signal=11
# stdout: before
# within: 15

import ctypes
import sys

print("before")
sys.setrecursionlimit(10**9)
libc = ctypes.CDLL(None)
Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
pair = (ctypes.c_int * 2)(2, 1)


@Compare
def deeper(left, right):
    """Sorts by sorting: each step is a frame of C below a frame of Python."""
    libc.qsort(pair, 2, 4, deeper)
    return 0


libc.qsort(pair, 2, 4, deeper)
print("came back")
