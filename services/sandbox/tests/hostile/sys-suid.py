# protects: against gaining another user's rights by programs that carry them
# expect: status=ok exit=0
# stdout: holds
# limits: timeout=40

import os
import shutil
import stat
import subprocess

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert status["NoNewPrivs"].strip() == "1"
found = []
for folder in ("/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/libexec", "/usr/lib/openssh"):
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            path = f"{folder}/{name}"
            try:
                mode = os.stat(path).st_mode
            except OSError:
                continue
            if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                found.append(path)
# Also one of our own making.
shutil.copy("/usr/bin/true", "/tmp/own")
os.chmod("/tmp/own", 0o6755)
found.append("/tmp/own")
for path in found:
    assert os.statvfs(path).f_flag & os.ST_NOSUID, f"{path} is on a mount that honours it"
    # The loader tells with which rights it was started, and says nothing in a program that gained some.
    try:
        done = subprocess.run([path, "--version"], env={"LD_SHOW_AUXV": "1"}, capture_output=True, timeout=1, stdin=0)
    except (PermissionError, subprocess.TimeoutExpired):
        continue
    told = dict(line.split(b":", 1) for line in done.stdout.splitlines() if line.startswith(b"AT_"))
    if told:
        assert int(told[b"AT_EUID"]) == os.getuid() and int(told[b"AT_SECURE"]) == 0, (path, told)
assert os.getresuid() == (1000, 1000, 1000)
print("holds")
