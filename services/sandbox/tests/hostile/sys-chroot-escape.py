# protects: the room's root: no way up and no handle from before leads out of it
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import stat

root = os.stat("/")
for path in (
    "/..",
    "/../../../..",
    "/proc/self/root",
    "/proc/self/root/..",
    "/proc/self/cwd/../..",
    "/proc/thread-self/root",
):
    seen = os.stat(path)
    assert (seen.st_dev, seen.st_ino) == (root.st_dev, root.st_ino), path
for path in ("/etc/shadow", "/proc/self/root/etc/shadow", "/../etc/shadow", "/root/.ssh", "/var/log", "/home"):
    assert not os.path.lexists(path), path
# No folder is open from before the room was closed.
for number in range(1024):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    assert not stat.S_ISDIR(kind), number
# The old way: a second root below, while standing outside of it.
os.makedirs("/tmp/inner")
up = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
try:
    os.chroot("/tmp/inner")
    raise SystemExit("changed the root")
except OSError as error:
    assert error.errno == errno.EPERM, error
os.fchdir(up)
for _ in range(50):
    os.chdir("..")
seen = os.stat(".")
assert (seen.st_dev, seen.st_ino) == (root.st_dev, root.st_ino)
assert not os.path.exists("etc/shadow")
print("holds")
