# protects: devices, kernel debugging and control groups: their file systems are not in the room
# expect: status=ok exit=0
# stdout: holds

import os

ABSENT = [
    "/sys",
    "/sys/kernel/debug",
    "/sys/kernel/tracing",
    "/sys/fs/bpf",
    "/sys/fs/cgroup",
    "/dev/pts",
    "/dev/mqueue",
]
ABSENT += ["/dev/hugepages", "/cgroup", "/proc/sys/fs/binfmt_misc", "/run", "/var", "/mnt", "/host", "/boot"]
for path in ABSENT:
    assert not os.path.lexists(path), f"{path} is there"
FORBIDDEN = """sysfs debugfs tracefs bpf cgroup cgroup2 securityfs devpts mqueue configfs binfmt_misc fusectl hugetlbfs
    pstore efivarfs selinuxfs nsfs rpc_pipefs nfs nfs4 cifs 9p virtiofs""".split()
for line in open("/proc/self/mountinfo"):
    place, source = line.split(" - ")
    assert source.split()[0] not in FORBIDDEN, line
print("holds")
