# protects: the process that runs are forked from: nothing a run writes to its memory is seen by the next
# pair: after zygote-poison-a.py
# expect: status=ok exit=0
# stdout: holds

import ctypes

import numpy

assert numpy.add(2, 3) == 5 and str(2 + 3) == "5"
assert abs(numpy.pi - 3.141592653589793) < 1e-15
assert numpy.geterr()["divide"] == "warn" and numpy.get_printoptions()["precision"] == 8
libc = ctypes.CDLL(None)
libc.labs.argtypes, libc.labs.restype = [ctypes.c_long], ctypes.c_long
assert libc.labs(-7) == 7
# No page is both writable and shared with another process.
for line in open("/proc/self/maps"):
    rights = line.split()[1]
    assert not (rights.startswith("rw") and rights.endswith("s")), line
print("holds")
