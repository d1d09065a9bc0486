# protects: long runs with many helpers: orphans are reaped, and the dead count as processes until they are
# expect: status=ok exit=0
# stdout: holds
# limits: timeout=40

import errno
import os

# Ten times as many orphans as there may be processes: they fit only if somebody reaps them.
for _ in range(1280):
    for _attempt in range(1000):
        try:
            child = os.fork()
            break
        except OSError as error:
            assert error.errno == errno.EAGAIN, error
    else:
        raise SystemExit("orphans are not reaped")
    if child == 0:
        try:
            os.fork()
        except OSError:
            pass
        os._exit(0)
    os.waitpid(child, 0)
dead = 0
try:
    while dead < 1000:
        if os.fork() == 0:
            os._exit(0)
        dead += 1
    raise SystemExit("1000 dead processes and no limit")
except OSError as error:
    assert error.errno == errno.EAGAIN, error
assert 64 < dead < 128, dead
for _ in range(dead):
    os.wait()
print("holds")
