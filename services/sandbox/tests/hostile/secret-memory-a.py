# protects: later runs from reading what an earlier one had in memory: this one leaves a word in much of it
# pair: before secret-memory-b.py
# expect: status=ok exit=0
# stdout: planted

import mmap

# The only place in the suite where this word stands whole.
WORD = b"darkroom-canary-5eed5eed"
heap = [WORD + str(number).encode() for number in range(100_000)]
block = mmap.mmap(-1, 64 << 20)
block.write(WORD * ((64 << 20) // len(WORD)))
shared = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
shared.write(WORD * ((8 << 20) // len(WORD)))
for path in ("/tmp/word", "/dev/shm/word"):
    with open(path, "wb") as file:
        file.write(WORD * 100_000)
print("planted")
