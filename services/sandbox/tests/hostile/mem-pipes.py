# protects: the kernel's memory from full pipes: open files, pipe memory of a user and the run's memory all have ends
# expect: status=ok exit=0 | status=out_of_memory signal=9
# stdout~: ^(holds)?$
# limits: memory=192
# within: 20

import errno
import fcntl
import os

F_SETPIPE_SZ = 1031
block = b"x" * (1 << 20)


def fill(most):
    """Fills as many pipes as can be made; gives the bytes in them."""
    held = 0
    for _ in range(most):
        try:
            reader, writer = os.pipe()
        except OSError as error:
            assert error.errno in (errno.EMFILE, errno.ENFILE), error
            return held
        try:
            fcntl.fcntl(writer, F_SETPIPE_SZ, 1 << 20)
        except OSError as error:
            assert error.errno in (errno.EPERM, errno.EBUSY, errno.ENOMEM), error
        os.set_blocking(writer, False)
        try:
            held += os.write(writer, block)
        except BlockingIOError:
            pass
    raise SystemExit(f"{most} pipes and no limit")


held = fill(2000)
# Children have open files of their own; the user and the run stay the same.
for _ in range(20):
    if os.fork() == 0:
        os.closerange(3, 512)
        fill(2000)
        os._exit(0)
    _, status = os.wait()
    assert status == 0, status
print("holds")
