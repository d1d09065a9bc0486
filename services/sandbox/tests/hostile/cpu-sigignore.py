# protects: everybody's time from code that ignores and blocks every signal it can
# expect: status=timeout signal=9
# stdout: deaf
# limits: timeout=2
# within: 6

import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        continue
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
print("deaf")
end = time.monotonic() + 30
while time.monotonic() < end:
    pass
