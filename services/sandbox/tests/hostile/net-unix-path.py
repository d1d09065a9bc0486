# protects: no service of the machine can be reached by a socket file: none is visible, and none can be called
# expect: status=ok exit=0
# stdout: holds

import errno
import os
import socket

KNOWN = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/systemd/private",
    "/dev/log",
]
MOST_ENTRIES = 400_000


def special_files(top):
    """Socket files below a folder, without following links."""
    folders, seen = [top], 0
    while folders and seen < MOST_ENTRIES:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        seen += len(entries)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.path != "/proc":
                    folders.append(entry.path)
            elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                if os.lstat(entry.path).st_mode & 0o170000 == 0o140000:
                    yield entry.path


found = list(special_files("/"))
assert not found, f"visible sockets: {found}"
for path in KNOWN:
    assert not os.path.exists(path), path
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(path)
        raise SystemExit(f"connected to {path}")
    except OSError as error:
        assert error.errno == errno.EPERM, error
    # A datagram pair may be pointed elsewhere without socket(); then the name must not exist.
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        left.sendto(b"out", path)
        raise SystemExit(f"sent to {path}")
    except OSError as error:
        assert error.errno in (errno.EPERM, errno.ENOENT, errno.EISCONN, errno.EACCES), (path, error)
print("holds")
