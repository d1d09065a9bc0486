# protects: the limit on printing as one of both streams and all processes together
# expect: status=output_limit signal=9
# truncated: yes
# within: 15

import os

block = b"x" * 65536
for _ in range(3):
    if os.fork() == 0:
        break
for number in range(1024):
    os.write(1 + number % 2, block)
os._exit(1)
