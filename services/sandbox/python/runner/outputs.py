"""The outputs of a run in a container, told over the frames of container.py once every other process is dead."""

import os
import stat

OUT = b"/box/out"
PIECE = 65_536
MAX_DEPTH = 8
MAX_ENTRIES = 20_000
LINE_FILE = "/box/out/.stopped-at"  # see program.py


def line_is_told():
    """Whether the code's Python has said at which line it is."""
    try:
        return os.lstat(LINE_FILE).st_size > 0
    except OSError:
        return False


def take_line():
    """The line at which the code was when it was stopped, or 0. The file that says so is no output."""
    try:
        file = os.open(LINE_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0
    try:
        text = os.read(file, 10)
        os.unlink(LINE_FILE)
    except OSError:
        return 0  # then it is delivered, which harms nobody
    finally:
        os.close(file)
    return int(text) if text.isdigit() and int(text) < 1 << 32 else 0


class Outputs:
    """What the code left in /box/out, told in a fixed order; nothing is followed, nothing changes any more."""

    def __init__(self, send):
        self.send = send
        self.entries = []  # (path below out, size or None, letter when it is no plain file)
        self.seen = set()  # inodes with several names
        self.walk(b"", 1)
        self.entries.sort(key=lambda entry: entry[0])

    def walk(self, prefix, depth):
        folder = os.path.join(OUT, prefix)
        try:
            os.chmod(folder, 0o700)
            names = sorted(os.listdir(folder))
        except OSError:
            return
        for name in names:
            if len(self.entries) >= MAX_ENTRIES:
                return
            path = prefix + name
            status = os.lstat(os.path.join(OUT, path))
            kind = stat.S_IFMT(status.st_mode)
            if kind == stat.S_IFDIR:
                if depth >= MAX_DEPTH:
                    self.entries.append((path, None, b"d"))
                else:
                    self.walk(path + b"/", depth + 1)
            elif kind == stat.S_IFLNK:
                self.entries.append((path, None, b"l"))
            elif kind != stat.S_IFREG or (status.st_nlink > 1 and status.st_ino in self.seen):
                self.entries.append((path, None, b"s"))
            else:
                self.seen.add(status.st_ino)
                self.entries.append((path, status.st_size, b""))

    def tell(self):
        """One frame for each entry, and one that says these were all."""
        for path, size, letter in self.entries:
            if letter:
                self.send(b"X", letter, path)
            else:
                self.send(b"F", size.to_bytes(8, "big"), path)
        self.send(b"Z")

    def deliver(self, number):
        """The content of one entry, and whether that was all of it."""
        path, size, letter = self.entries[number]
        sent = 0
        try:
            place = os.path.join(OUT, path)
            os.chmod(place, 0o600)
            file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            while piece := os.read(file, PIECE):
                self.send(b"B", piece)
                sent += len(piece)
            os.close(file)
        except OSError:
            pass
        self.send(b"N", b"y" if not letter and sent == size else b"n")
