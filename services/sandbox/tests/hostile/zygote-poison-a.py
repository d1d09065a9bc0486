# protects: the process that runs are forked from: nothing a run writes to its memory is seen by the next
# pair: before zygote-poison-b.py
# expect: status=ok exit=0
# stdout: poisoned

import ctypes
import mmap
import os

import numpy

libc = ctypes.CDLL(None, use_errno=True)
print("poisoned")
# Every page that is shared with whoever else has it, and could be written through.
for line in open("/proc/self/maps"):
    addresses, rights, *rest = line.split()
    if rights.startswith("rw") and rights.endswith("s"):
        first, last = (int(number, 16) for number in addresses.split("-"))
        ctypes.memset(first, 0x58, last - first)
# Libraries: their files cannot be opened for writing, their private pages can be made writable.
for path in (numpy.__file__, os.__file__):
    try:
        mmap.mmap(os.open(path, os.O_RDWR), 0)
    except OSError:
        continue
numpy.set_printoptions(precision=1)
numpy.seterr(all="raise")
numpy.pi = 3.0
numpy.add = numpy.subtract
code = ctypes.cast(libc.labs, ctypes.c_void_p).value & -4096
PROT_ALL = 7
if libc.mprotect(ctypes.c_void_p(code), 8192, PROT_ALL) == 0:
    # labs() answers wrongly from now on, in every process that shares the page.
    ctypes.memset(ctypes.cast(libc.labs, ctypes.c_void_p).value, 0xC3, 1)
ctypes.c_uint32.from_address(id(5) + 24).value = 6
os._exit(0)
