# protects: the collector and the clean-up from folders deeper than any stack or path
# expect: status=ok exit=0
# stdout: holds
# outputs: 1
# rejected: too_deep=2
# within: 10

import os

os.makedirs("1/2/3/4/5/6/7")
open("1/2/3/4/5/6/7/eighth", "w").write("the deepest that is delivered")
os.makedirs("1/2/3/4/5/6/7/8")
open("1/2/3/4/5/6/7/8/ninth", "w").write("too deep")
for name, depth in (("a", 10_000), ("n" * 255, 2_000)):
    os.chdir("/box/out")
    for _ in range(depth):
        os.mkdir(name)
        os.chdir(name)
    open("bottom", "w").write("never delivered")
print("holds")
