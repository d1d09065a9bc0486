# protects: the machine's memory and the collector's time from empty files, folders and links without number
# expect: status=ok exit=0
# stdout: holds
# outputs: 64
# rejected: too_many=90
# within: 10

import errno
import os

CAP = 16_384


def fill(folder):
    """Makes entries until the folder's file system refuses; gives their number."""
    for number in range(3 * CAP):
        try:
            path = f"{folder}/{'abc'[number % 3]}{number}"
            if number % 3 == 0:
                os.close(os.open(path, os.O_CREAT))
            elif number % 3 == 1:
                os.mkdir(path)
            else:
                os.symlink("/etc/passwd", path)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
            return number
    raise SystemExit(f"{folder}: {3 * CAP} entries and no cap")


assert fill("/dev/shm") <= 1024
assert fill("/tmp") <= CAP
assert CAP - 100 < fill("/box/out") <= CAP
print("holds")
