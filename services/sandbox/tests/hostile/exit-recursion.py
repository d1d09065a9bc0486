# protects: the verdict from a recursion without end, with Python's own limit taken away
# expect: status=error exit=1 | status=error signal=11 | status=out_of_memory signal=9
# stdout: before
# limits: memory=192
# within: 20

import sys

print("before")
sys.setrecursionlimit(10**9)


def deeper(depth):
    return deeper(depth + 1) if depth < 30_000_000 else depth


print(deeper(0))
