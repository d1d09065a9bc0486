# protects: the service's settings and keys: the environment is a fixed list
# expect: status=ok exit=0
# stdout: holds

import ctypes
import os
import sys

ALLOWED = set(
    """PATH HOME TMPDIR USER LANG PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED PYTHONNOUSERSITE MPLBACKEND MPLCONFIGDIR
    OMP_NUM_THREADS OPENBLAS_NUM_THREADS OPENBLAS_THREAD_TIMEOUT MKL_NUM_THREADS NUMEXPR_NUM_THREADS""".split()
)
assert set(os.environ) == ALLOWED, sorted(set(os.environ) ^ ALLOWED)
# What the kernel was told at the start of the process, which may be more than Python shows.
for process in [name for name in os.listdir("/proc") if name.isdigit() or name == "self"]:
    try:
        start = open(f"/proc/{process}/environ", "rb").read()
    except OSError:
        continue
    names = {entry.split(b"=")[0].decode() for entry in start.split(b"\0") if b"=" in entry}
    assert names <= ALLOWED, (process, names - ALLOWED)
    try:
        arguments = open(f"/proc/{process}/cmdline", "rb").read().split(b"\0")
    except OSError:
        continue
    assert all(a[:1] in (b"", b"/", b"-") for a in arguments if process in ("self", str(os.getpid()))), arguments
libc = ctypes.CDLL(None)
pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
index = 0
while pointer[index]:
    assert pointer[index].split(b"=")[0].decode() in ALLOWED, pointer[index]
    index += 1
assert sys.argv == ["/box/main.py"], sys.argv
print("holds")
