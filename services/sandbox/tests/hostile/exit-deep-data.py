# protects: code that reads data nested without end: an error it can catch, and not the end of the process
# expect: status=ok exit=0
# stdout: holds

import ast
import json
import pickle

DEEP = 100_000
for name, work in {
    "json": lambda: json.loads("[" * DEEP + "]" * DEEP),
    "source": lambda: ast.parse("(" * DEEP + ")" * DEEP),
    "operators": lambda: compile("-" * DEEP + "1", "deep", "eval"),
}.items():
    try:
        work()
        raise SystemExit(f"{name}: no error")
    except (RecursionError, MemoryError, SyntaxError):
        pass
nested = []
for _ in range(DEEP):
    nested = [nested]
for name, work in {
    "pickle": lambda: pickle.dumps(nested),
    "dump": lambda: json.dumps(nested),
    "text": lambda: repr(nested),
}.items():
    try:
        work()
        raise SystemExit(f"{name}: no error")
    except RecursionError:
        pass
print("holds")
