# protects: the machine's memory from System V shared memory, which outlives the process that made it
# expect: status=ok exit=0 | status=out_of_memory signal=9
# stdout~: ^(holds)?$
# limits: memory=192

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
for _ in range(48):
    identity = libc.shmget(0, ctypes.c_size_t(64 << 20), 0o1600)
    if identity == -1:
        # Refused altogether, or the small cap of a fresh set.
        assert ctypes.get_errno() in (errno.EPERM, errno.ENOSYS, errno.ENOSPC, errno.ENOMEM), ctypes.get_errno()
        print("holds")
        raise SystemExit(0)
    ctypes.memset(libc.shmat(identity, None, 0), 120, 64 << 20)
raise SystemExit("3 GiB and no wall")
