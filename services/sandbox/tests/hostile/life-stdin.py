# protects: runs from waiting for a person who is not there: standard input is empty
# expect: status=ok exit=0
# stdout: holds

import os
import select
import sys

assert sys.stdin.read() == ""
assert os.read(0, 10) == b""
assert select.select([0], [], [], 5)[0] == [0]
assert not os.isatty(0)
try:
    input()
    raise SystemExit("somebody answered")
except EOFError:
    pass
print("holds")
