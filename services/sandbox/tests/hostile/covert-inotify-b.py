# protects: what a run does from being watched by another: which libraries it loads, and when
# pair: with covert-inotify-a.py
# expect: status=ok exit=0
# stdout: 6

import os
import time

import numpy

# Where libraries are loaded already, an import opens nothing: so open files as one would.
for _ in range(20):
    for path in (os.__file__, numpy.__file__):
        open(path, "rb").close()
    time.sleep(0.1)
print(numpy.arange(4).sum())
