# protects: delivered files from changing while they are read: everything is dead before
# expect: status=ok exit=0
# outputs: 1
# within: 10

import os
import time

file = os.open("moving.bin", os.O_CREAT | os.O_RDWR)
os.write(file, b"first")
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            os.ftruncate(file, 1)
            os.pwrite(file, b"x" * (1 << 20), 0)
            os.rename("moving.bin", "moving.bin")
        os._exit(0)
time.sleep(0.3)
