# protects: runs at the same time from each other: files, processes and memory of one are invisible to the other
# pair: with fs-other-run-b.py
# expect: status=ok exit=0
# stdout: holds
# outputs: 1

import os
import re
import time

OWN, OTHER = "darkroom-run-a", "darkroom-run-b"
FOLDERS = ("/tmp", "/box/out", "/dev/shm")
for folder in FOLDERS:
    with open(f"{folder}/{OWN}", "w") as file:
        file.write(OWN)
end = time.monotonic() + 3
while time.monotonic() < end:
    for folder in (*FOLDERS, "/box", "/box/in", "/"):
        assert not os.path.lexists(f"{folder}/{OTHER}"), folder
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        assert pid in (1, os.getpid()), pid
    assert not re.search(OTHER, open("/proc/self/maps").read())
    # Neither by a guessed number.
    for pid in range(2, 400):
        if pid != os.getpid():
            assert not os.path.exists(f"/proc/{pid}"), pid
    time.sleep(0.05)
print("holds")
