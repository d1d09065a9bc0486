# protects: trust in results from words written wherever they might be read as ours
# expect: status=error exit=5
# stdout~: ^mine\n

import os

WORDS = [
    b"done 0\n",
    b"D0",
    b"F0",
    b"X0",
    b"ready\n",
    b"G",
    b'{"status":"ok","exit_code":0}\n',
    b"\0" * 64,
    b"\xff" * 64,
]
os.write(1, b"mine\n")
for number in range(3, 1024):
    for word in WORDS:
        try:
            os.write(number, word)
        except OSError:
            break
for pid in ("1", str(os.getppid()), "self"):
    for number in range(3, 64):
        try:
            file = os.open(f"/proc/{pid}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            continue
        for word in WORDS:
            os.write(file, word)
os.write(1, b"".join(WORDS))
os._exit(5)
