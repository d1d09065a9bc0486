# protects: later runs from hooks and replaced modules of an earlier one
# pair: after forge-trace-a.py
# expect: status=ok exit=0
# stdout: holds

import builtins
import csv
import math
import os
import sys

assert sys.gettrace() is None and sys.getprofile() is None
assert builtins.__import__.__class__.__name__ == "builtin_function_or_method"
assert len("abc") == 3 and csv.reader and math.pi > 3
assert "LD_PRELOAD" not in os.environ and "PYTHONSTARTUP" not in os.environ
assert "/tmp" not in sys.path, sys.path
assert sum([3, 4]) == len("seven!!") and str(3 + 4) == "7"
print("holds")
