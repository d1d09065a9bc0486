# protects: the machine's memory from files: each writable folder meets its own cap, deleted files included
# expect: status=ok exit=0
# stdout: holds
# limits: timeout=30 memory=1024
# outputs: 0

import errno
import os

CAPS = {"/tmp": 256 << 20, "/box/out": 128 << 20, "/dev/shm": 64 << 20}
block = b"x" * (1 << 20)
kept = []
for folder, cap in CAPS.items():
    written = 0
    try:
        while written < 2 * cap:
            # Deleted at once: nameless, but held open and still to be counted.
            path = f"{folder}/fill{len(kept)}"
            file = os.open(path, os.O_CREAT | os.O_WRONLY)
            os.unlink(path)
            kept.append(file)
            for _ in range(32):
                written += os.write(file, block)
        raise SystemExit(f"{folder}: {written} bytes and no cap")
    except OSError as error:
        assert error.errno == errno.ENOSPC, (folder, error)
    assert cap - (2 << 20) < written <= cap, (folder, written)
for file in kept:
    os.close(file)
print("holds")
