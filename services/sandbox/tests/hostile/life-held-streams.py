# protects: the answer from a child that keeps the streams open when the code has ended
# expect: status=ok exit=0
# stdout: ended
# within: 5

import os
import subprocess

subprocess.Popen(["/usr/bin/sleep", "30"])
if os.fork() == 0:
    os.setsid()
    os.execv("/usr/bin/sleep", ["sleep", "30"])
print("ended")
