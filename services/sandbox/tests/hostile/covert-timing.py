# protects: neighbours from being counted and measured: the machine's own figures are not in the room
# expect: status=ok exit=0
# stdout: holds

import os

FIGURES = """stat loadavg uptime meminfo vmstat diskstats interrupts softirqs schedstat sched_debug buddyinfo zoneinfo
    pagetypeinfo slabinfo locks pressure/cpu net/dev net/tcp net/unix partitions swaps cgroups"""
for name in FIGURES.split():
    assert not os.path.exists(f"/proc/{name}"), f"/proc/{name}"
# Counters of the writable folders are the run's own: nearly nothing is used yet.
for folder in ("/tmp", "/box/out", "/dev/shm"):
    used = os.statvfs(folder)
    assert used.f_files - used.f_ffree < 50, (folder, used)
    assert used.f_blocks - used.f_bfree < 4096, (folder, used)
print("holds")
