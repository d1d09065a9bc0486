# protects: honest helpers, and the walls around them: a started program is as confined as its parent
# expect: status=ok exit=0
# stdout: holds

import subprocess
import sys

PROBE = """
import errno, os, socket
try:
    socket.socket()
    print('socket')
except OSError as error:
    assert error.errno == errno.EPERM
try:
    open('/opt/probe', 'w')
    print('written')
except OSError:
    pass
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
print(os.getuid(), status['Seccomp'].strip(), status['NoNewPrivs'].strip(), int(status['CapEff'], 16))
print([n for n in range(3, 512) if os.path.exists(f'/proc/self/fd/{n}')])
"""
done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
assert done.stdout == "1000 2 1 0\n[]\n", done
done = subprocess.run(["/usr/bin/id", "-u"], capture_output=True, text=True, check=False)
assert done.stdout == "1000\n", done
done = subprocess.run("exec /usr/bin/id -u", shell=True, capture_output=True, text=True, check=False)
assert done.stdout == "1000\n", done
print("holds")
