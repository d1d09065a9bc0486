# protects: files outside from being delivered by a second name, and outputs from being delivered twice
# expect: status=ok exit=0
# stdout: holds
# outputs: 1
# rejected: special_file=2

import ctypes
import errno
import os

AT_FDCWD, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW = -100, 0x1000, 0x400
libc = ctypes.CDLL(None, use_errno=True)
for source in ("/usr/bin/env", os.__file__, "/box/main.py", "/etc/passwd", "/proc/self/maps"):
    try:
        os.link(source, "outside")
        raise SystemExit(f"linked {source}")
    except OSError as error:
        assert error.errno in (errno.EXDEV, errno.EPERM), (source, error)
    file = os.open(source, os.O_RDONLY)
    for folder, path, flags in (
        (file, b"", AT_EMPTY_PATH),
        (AT_FDCWD, f"/proc/self/fd/{file}".encode(), AT_SYMLINK_FOLLOW),
    ):
        assert libc.linkat(folder, path, AT_FDCWD, b"outside", flags) == -1, f"linked {source} by its handle"
        assert ctypes.get_errno() in (errno.EXDEV, errno.EPERM, errno.ENOENT), (source, ctypes.get_errno())
open("real.txt", "w").write("delivered once")
os.link("real.txt", "second.txt")
os.link("real.txt", "third.txt")
print("holds")
