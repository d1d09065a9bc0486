# protects: the kernel's settings and the process's own privileges from being written through /proc
# expect: status=ok exit=0
# stdout: holds

import errno
import os

ABSENT = """sysrq-trigger kcore kallsyms kmsg keys key-users kpagecount kpageflags iomem ioports modules interrupts
    timer_list sched_debug slabinfo vmallocinfo config.gz cmdline version cpuinfo meminfo sys sys/kernel/core_pattern
    sys/kernel/modprobe sys/vm/drop_caches sys/fs/binfmt_misc/register bus fs scsi acpi irq driver tty sysvipc"""
for name in ABSENT.split():
    assert not os.path.lexists(f"/proc/{name}"), f"/proc/{name} is there"

before = open("/proc/self/oom_score_adj").read()
WRITES = {
    "mem": "x",
    "oom_score_adj": "-1000",
    "oom_adj": "-17",
    "attr/current": "unconfined",
    "attr/exec": "unconfined",
    "timerslack_ns": "1",
    "coredump_filter": "0x7f",
    "comm": "forged",
    "clear_refs": "1",
    "autogroup": "-20",
    "setgroups": "allow",
    "uid_map": "0 0 1",
    "gid_map": "0 0 1",
    "projid_map": "0 0 1",
    "timens_offsets": "monotonic 100 0",
    "sched": "0",
    "loginuid": "0",
    "make-it-fail": "1",
}
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)
for name, text in WRITES.items():
    for base in ("/proc/self", "/proc/thread-self", f"/proc/{os.getpid()}"):
        try:
            file = os.open(f"{base}/{name}", os.O_WRONLY)
            os.write(file, text.encode())
            raise SystemExit(f"wrote {base}/{name}")
        except OSError as error:
            assert error.errno in REFUSED, (name, error)
assert open("/proc/self/oom_score_adj").read() == before
print("holds")
