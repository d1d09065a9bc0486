# protects: secrets of the service and code of earlier runs: neither is anywhere in the memory of a run
# pair: after secret-memory-a.py
# expect: status=ok exit=0
# stdout: holds
# limits: timeout=60

import mmap
import os
import re

# Written so that it does not find itself. A test may plant more such words in the service's environment.
WORD = re.compile(b"[d]arkroom-canary-[0-9a-f]{8}")
# A search that finds nothing proves nothing: this one has to be found.
own = b"".join([b"darkroom", b"-canary-", b"%08x" % os.getpid()])


def readable():
    """The readable parts of the own memory, by their addresses."""
    for line in open("/proc/self/maps").read().splitlines():
        addresses, rights = line.split()[:2]
        if "r" in rights and "[v" not in line:
            first, last = (int(number, 16) for number in addresses.split("-"))
            yield from ((start, min(STEP + 64, last - start)) for start in range(first, last, STEP))


STEP = 16 << 20
# Fresh pages come empty, whoever had them before.
fresh = mmap.mmap(-1, 64 << 20)
for _ in range(64):
    assert fresh.read(1 << 20) == bytes(1 << 20), "somebody's memory"
fresh.close()
memory = open("/proc/self/mem", "rb", buffering=0)
found = set()
for start, size in readable():
    try:
        memory.seek(start)
        # A little more than a step, so that no word is cut by its end.
        found.update(WORD.findall(memory.read(size)))
    except OSError:
        continue
assert found == {own}, found
print("holds")
