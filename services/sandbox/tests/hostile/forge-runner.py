# protects: trust in results from code that rewrites what is around it: it changes at most its own end
# expect: status=error exit=5
# stdout: holds

import builtins
import gc
import io
import json
import os
import socket
import sys

# What a runner may have left within reach: open handles, sockets, and words of the service.
for thing in gc.get_objects():
    try:
        kind = type(thing)
        if issubclass(kind, io.FileIO | socket.socket):
            number = thing.fileno()
            assert number <= 2, f"a handle of somebody: {thing!r}"
    except (ValueError, OSError, ReferenceError, AttributeError):
        continue
frame = sys._getframe()
while frame is not None:
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        assert not any(word in name.lower() for word in ("secret", "token", "password")), f"{name} of {frame.f_code}"
        if isinstance(value, int) and not isinstance(value, bool) and 2 < value < 512 and "control" in name.lower():
            raise SystemExit(f"a handle by its number: {name}")
    frame = frame.f_back

leave = os._exit
for module, name in (
    (builtins, "exec"),
    (builtins, "compile"),
    (json, "dumps"),
    (os, "_exit"),
    (os, "wait"),
    (os, "fork"),
):
    setattr(module, name, lambda *_, **__: 0)
sys.exit = lambda *_: leave(0)
sys.modules["signal"] = sys.modules["_signal"] = None
sys.meta_path.clear()
print("holds")
raise SystemExit(5)
