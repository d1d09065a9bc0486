# protects: what a run does from being watched by another: which libraries it loads, and when
# pair: with covert-inotify-b.py
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os
import sysconfig
import time

libc = ctypes.CDLL(None, use_errno=True)
watcher = libc.inotify_init()
if watcher == -1:
    # Refused altogether: the files are the same for all runs, so there is no other way to part them.
    assert ctypes.get_errno() in (errno.EPERM, errno.ENOSYS), ctypes.get_errno()
else:
    os.set_blocking(watcher, False)
    IN_OPEN = 0x20
    for path in (os.path.dirname(os.__file__), sysconfig.get_path("purelib") + "/numpy"):
        libc.inotify_add_watch(watcher, path.encode(), IN_OPEN)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            raise SystemExit(f"saw another run: {os.read(watcher, 4096)[:200]!r}")
        except BlockingIOError:
            time.sleep(0.02)
print("holds")
