# protects: the host's folders from a link to one: it is not entered
# expect: status=ok exit=0
# outputs: 1
# rejected: symlink=4
# within: 10

import os

os.symlink("/", "root")
os.symlink("/etc", "etc")
os.makedirs("inner")
os.symlink("..", "inner/up")
os.symlink("/box/out/inner", "inner/loop")
open("inner/real.txt", "w").write("delivered")
