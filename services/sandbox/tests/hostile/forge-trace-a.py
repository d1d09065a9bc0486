# protects: later runs from hooks and replaced modules of an earlier one
# pair: before forge-trace-b.py
# expect: status=ok exit=0
# stdout: poisoned

import builtins
import ctypes
import os
import sys
import threading

print("poisoned")
sys.settrace(lambda *_: None)
sys.setprofile(lambda *_: None)
threading.settrace(lambda *_: None)
sys.addaudithook(lambda *_: None)
genuine = builtins.__import__
builtins.__import__ = lambda name, *rest: genuine("json" if name == "csv" else name, *rest)
builtins.len = lambda _: 42
sys.modules["math"] = sys.modules["os"]
os.environ["PYTHONSTARTUP"] = os.environ["LD_PRELOAD"] = "/tmp/evil"
sys.path.insert(0, "/tmp")
# The number 7 itself, in memory that a forked parent would share, and the text of a constant.
ctypes.c_uint32.from_address(id(7) + 24).value = 8
os._exit(0)
