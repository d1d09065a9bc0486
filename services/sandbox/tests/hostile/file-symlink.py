# protects: the host's files from links planted as output: none is followed, all are told
# expect: status=ok exit=0
# outputs: 1
# rejected: symlink=60

import os

TARGETS = {
    "passwd": "/etc/passwd",
    "shadow": "/etc/shadow",
    "environ": "/proc/1/environ",
    "own-environ": "/proc/self/environ",
    "own-root": "/proc/self/root/etc/passwd",
    "up": "../../../../../../etc/passwd",
    "self": "self",
    "dangling": "/nowhere/at/all",
    "empty-parts": "//etc//passwd",
    "stdin": "/dev/stdin",
    "zero": "/dev/zero",
}
for name, target in TARGETS.items():
    os.symlink(target, name)
os.symlink("/etc/passwd", "chain0")
for number in range(50):
    os.symlink(f"chain{number}", f"chain{number + 1}")
open("real.txt", "w").write("delivered")
# A link to a delivered file is no second copy.
os.symlink("real.txt", "again.txt")
