# protects: what the service has open: code starts with its three streams and no other handle
# expect: status=ok exit=0
# stdout: holds

import os
import stat

opened = {}
for number in range(4096):
    try:
        opened[number] = os.fstat(number)
    except OSError:
        continue
links = {number: os.readlink(f"/proc/self/fd/{number}") for number in opened}
assert sorted(opened) == [0, 1, 2], links
assert links[0] == "/dev/null", links
for number in (1, 2):
    assert stat.S_ISFIFO(opened[number].st_mode), links
    # The other end must not be within reach: opening it for reading would steal what was printed.
    assert links[number].startswith("pipe:"), links
assert os.getcwd() == "/box/out"
print("holds")
