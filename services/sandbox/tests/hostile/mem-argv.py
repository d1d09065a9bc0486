# protects: the kernel's memory from huge arguments and environments of new programs
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import sys

BIG = "x" * (1 << 20)
MANY = ["x" * 100_000] * 100
for arguments, environment in (
    ([sys.executable, "-c", "pass", BIG], {}),
    ([sys.executable, "-c", "pass", *MANY], {}),
    ([sys.executable, "-c", "pass"], {"A": BIG}),
    ([sys.executable, "-c", "pass"], {f"A{n}": text for n, text in enumerate(MANY)}),
):
    try:
        os.waitpid(os.posix_spawn(sys.executable, arguments, environment), 0)
        raise SystemExit("started with more than 1 MiB of arguments")
    except OSError as error:
        assert error.errno == errno.E2BIG, error
print("holds")
