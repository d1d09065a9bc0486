# protects: what code does at its end: it is done, and what it prints there is kept
# expect: status=error exit=3
# stdout: body
# stderr~: ^late$
# outputs: 1

import atexit
import sys

atexit.register(print, "late", file=sys.stderr)
atexit.register(lambda: open("late.txt", "w").write("late"))
print("body")
raise SystemExit(3)
