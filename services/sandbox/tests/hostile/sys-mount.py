# protects: the room's walls from being moved: nothing can be mounted, unmounted or made the root
# expect: status=ok exit=0
# stdout: holds

import ctypes
import errno
import os

COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def call(number, *arguments):
    """Makes a system call by its number; gives 0, or the error it ended with."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return ctypes.get_errno() if result == -1 else 0


def text(value):
    """A name for the kernel; kept alive by the list."""
    KEPT.append(ctypes.create_string_buffer(value))
    return ctypes.addressof(KEPT[-1])


KEPT = []
MOUNT, UMOUNT, PIVOT, CHROOT = (165, 40)[COLUMN], (166, 39)[COLUMN], (155, 41)[COLUMN], (161, 51)[COLUMN]
MS_REMOUNT, MS_BIND, MS_REC = 32, 4096, 16384
tmp, proc, root, tmpfs = text(b"/tmp"), text(b"proc"), text(b"/"), text(b"tmpfs")
CALLS = {
    "mount tmpfs": (MOUNT, tmpfs, tmp, tmpfs, 0, 0),
    "mount proc": (MOUNT, proc, tmp, proc, 0, 0),
    "mount sysfs": (MOUNT, text(b"sysfs"), tmp, text(b"sysfs"), 0, 0),
    "mount cgroup2": (MOUNT, text(b"cgroup2"), tmp, text(b"cgroup2"), 0, 0),
    "bind": (MOUNT, root, tmp, 0, MS_BIND | MS_REC, 0),
    "remount": (MOUNT, 0, root, 0, MS_REMOUNT | MS_BIND, 0),
    "remount box": (MOUNT, 0, text(b"/box"), 0, MS_REMOUNT | MS_BIND, 0),
    "remount proc": (MOUNT, 0, text(b"/proc"), 0, MS_REMOUNT, 0),
    "make private": (MOUNT, 0, root, 0, 1 << 18, 0),
    "umount": (UMOUNT, tmp, 0),
    "umount lazily": (UMOUNT, tmp, 2),
    "umount proc": (UMOUNT, text(b"/proc"), 2),
    "pivot_root": (PIVOT, tmp, tmp),
    "chroot": (CHROOT, tmp),
    "fsopen": (430, tmpfs, 0),
    "fsconfig": (431, 0, 6, 0, 0, 0),
    "fsmount": (432, 0, 0, 0),
    "fspick": (433, -100, root, 0),
    "open_tree": (428, -100, root, 0),
    "open_tree clone": (428, -100, root, 1),
    "move_mount": (429, -100, tmp, -100, tmp, 0),
    "mount_setattr": (442, -100, root, 0, tmp, 32),
    "quotactl": ((179, 60)[COLUMN], 0, root, 0, 0),
}
for name, (number, *arguments) in CALLS.items():
    result = call(number, *arguments)
    assert result == errno.EPERM, (name, errno.errorcode.get(result, "allowed"))
print("holds")
