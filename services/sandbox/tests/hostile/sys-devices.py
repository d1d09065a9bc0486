# protects: the machine's devices: the room has the five harmless ones, and they can be nothing else
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import stat

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
OTHERS = {"shm", "fd", "stdin", "stdout", "stderr"}
found = set(os.listdir("/dev"))
assert set(DEVICES) <= found <= set(DEVICES) | OTHERS, found
for name, number in DEVICES.items():
    entry = os.lstat(f"/dev/{name}")
    assert stat.S_ISCHR(entry.st_mode), name
    assert (os.major(entry.st_rdev), os.minor(entry.st_rdev)) == number, name
REFUSED = (errno.EROFS, errno.EPERM, errno.EACCES, errno.EBUSY)
CHANGES = {
    "removed a device": lambda: os.unlink("/dev/null"),
    "renamed a device": lambda: os.rename("/dev/zero", "/dev/null"),
    "opened a device to all": lambda: os.chmod("/dev/urandom", 0o777),
    "took a device": lambda: os.chown("/dev/null", 1000, 1000),
    # The machine's own device behind it would keep the time, for every other run to read.
    "changed the time of a device": lambda: os.utime("/dev/null"),
    "made a link": lambda: os.symlink("/tmp", "/dev/log"),
    "made a device": lambda: os.mknod("/dev/sda", 0o666 | stat.S_IFBLK, os.makedev(8, 0)),
}
for name, change in CHANGES.items():
    try:
        change()
        raise SystemExit(name)
    except OSError as error:
        assert error.errno in REFUSED, (name, error)
try:
    open("/dev/tty", "r+b")
    raise SystemExit("a terminal")
except OSError as error:
    assert error.errno in (errno.ENOENT, errno.ENXIO), error
print("holds")
