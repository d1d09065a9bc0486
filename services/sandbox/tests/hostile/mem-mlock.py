# protects: the machine's memory from being pinned, and its huge pages from being taken
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import mmap
import os

MAP_LOCKED, MAP_HUGETLB, SHM_HUGETLB = 0x2000, 0x40000, 0o4000
libc = ctypes.CDLL(None, use_errno=True)
block = mmap.mmap(-1, 1 << 20)
address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(block)))
MLOCK2 = {"x86_64": 325, "aarch64": 284}[os.uname().machine]

REFUSED = (errno.EPERM, errno.ENOMEM, errno.EAGAIN)
for name, locked in (
    ("mlockall", lambda: libc.mlockall(3)),
    ("mlockall later", lambda: libc.mlockall(2)),
    ("mlock", lambda: libc.mlock(address, ctypes.c_size_t(1 << 20))),
    ("mlock2", lambda: libc.syscall(MLOCK2, address, ctypes.c_size_t(1 << 20), 1)),
):
    assert locked() == -1, f"{name} pinned memory"
    assert ctypes.get_errno() in REFUSED, (name, ctypes.get_errno())
for name, flags in (("MAP_LOCKED", MAP_LOCKED), ("MAP_HUGETLB", MAP_HUGETLB)):
    try:
        mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | flags)[0]
        raise SystemExit(f"{name} gave memory")
    except OSError as error:
        assert error.errno in REFUSED, (name, error)
assert libc.shmget(0, ctypes.c_size_t(2 << 20), 0o1600 | SHM_HUGETLB) == -1, "shmget gave huge pages"
try:
    # May be made, but there is no page behind it.
    file = os.memfd_create("huge", os.MFD_HUGETLB)
    os.ftruncate(file, 2 << 20)
    mmap.mmap(file, 2 << 20)[0] = 1
    raise SystemExit("memfd gave huge pages")
except OSError as error:
    assert error.errno in (*REFUSED, errno.EINVAL, errno.ENOSYS), error
print("holds")
