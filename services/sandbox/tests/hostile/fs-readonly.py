# protects: everything that outlives a run: only three folders can be written, and they end with it
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import re

WRITABLE = {"/box/out", "/tmp", "/dev/shm"}
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)


def writable(folder):
    """True when a file can be made there."""
    try:
        os.close(os.open(f"{folder}/darkroom-probe", os.O_CREAT | os.O_WRONLY | os.O_EXCL))
    except OSError as error:
        assert error.errno in (*REFUSED, errno.ENOENT), (folder, error)
        return False
    os.unlink(f"{folder}/darkroom-probe")
    return True


folders, options = {"/"}, {}
for line in open("/proc/self/mountinfo"):
    fields = line.split()
    place = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), fields[4])
    options[place] = fields[5].split(",")
    folders.add(place)
for folder in list(folders):
    if os.path.isdir(folder) and not os.path.islink(folder):
        # Also the folders around and in each mount.
        folders.update(os.path.join(folder, name) for name in os.listdir(folder)[:50])
        folders.add(os.path.dirname(folder))
found = {folder for folder in folders if os.path.isdir(folder) and not os.path.islink(folder) and writable(folder)}
assert found == WRITABLE, found
for folder in WRITABLE:
    assert {"nosuid", "nodev", "noexec"} <= set(options[folder]), (folder, options[folder])
for path in ("/box/main.py", "/etc/passwd", "/usr/bin/env", os.__file__):
    for change in (
        lambda path=path: os.open(path, os.O_WRONLY),
        lambda path=path: os.chmod(path, 0o777),
        lambda path=path: os.utime(path),
        lambda path=path: os.rename(path, path + ".old"),
        lambda path=path: os.unlink(path),
        lambda path=path: os.truncate(path, 0),
        lambda path=path: os.setxattr(path, "user.mark", b"x"),
    ):
        try:
            change()
            raise SystemExit(f"changed {path}")
        except OSError as error:
            assert error.errno in (*REFUSED, errno.EXDEV, errno.EBUSY, errno.ENOTSUP), (path, error)
print("holds")
