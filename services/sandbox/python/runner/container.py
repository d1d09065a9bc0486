"""First process of a container: takes code and inputs, runs the code, tells what came of it.

It is given to Python as text (`python3 -c`) and speaks frames: a letter, a length of four bytes, so many
bytes. What comes over standard input:

    P path     a file begins; its place as text       B bytes   more of that file
    L limits   text: processes, seconds           W         that is all: get ready
    G          run the code                           S asks    stop it now; asks: '?' where it is, or nothing
    T numbers  which outputs are wanted, four bytes each, counted as told below

What goes over standard output:

    R          ready                                  O bytes, E bytes   the code printed
    D text     it ended: wait status or '-', CPU microseconds, most memory, ends by lack of memory, line or 0
    F size path   an output, eight bytes and a name   X letter path      an entry that is no plain file
    Z          those were all                         B bytes   content of a wanted output
    N letter   that was it: 'y' whole, 'n' not readable

The code runs in a forked child that has neither of the two streams. It has this process's user id but
cannot look into it (it is not dumpable) and cannot end it (it is the first of its pid namespace). Nothing
here is secret, and whoever reads the frames trusts none of them: code that broke in here could only lie
about its own run.
"""

import _signal
import ctypes
import fcntl
import os
import select
import sys
import time

SCRIPTS = "/opt/darkroom/python"
PIECE = 65_536
LINE_SIGNAL = 60  # see program.py
LINE_PATIENCE = 0.03  # how long the code has to say where it is, in seconds
LOOK_EVERY = 0.05  # how often it is looked whether memory has run out, in seconds
PR_SET_DUMPABLE = 4


def send(kind, *parts):
    """Writes one frame whole."""
    length = sum(map(len, parts))
    left = memoryview(b"".join((kind, length.to_bytes(4, "big"), *parts)))
    while left:
        left = left[os.write(1, left) :]


def receive_exactly(count):
    """So many bytes of standard input; ends this process, and so everything, when nobody is there."""
    parts = []
    while count:
        part = os.read(0, min(count, PIECE))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive():
    head = receive_exactly(5)
    return head[:1], receive_exactly(int.from_bytes(head[1:], "big"))


def take_bundle():
    """Writes code, inputs and our own scripts; all of it without the right to write."""
    limits, file, folders = {}, None, []
    while True:
        kind, content = receive()
        if kind == b"P":
            path = content.decode()
            missing = []
            folder = os.path.dirname(path)
            while not os.path.isdir(folder):
                missing.append(folder)
                folder = os.path.dirname(folder)
            for folder in reversed(missing):
                os.mkdir(folder)
                folders.append(folder)
            if file is not None:
                os.close(file)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        elif kind == b"B":
            left = memoryview(content)
            while left:
                left = left[os.write(file, left) :]
        elif kind == b"L":
            processes, seconds = content.split()
            limits = {"processes": int(processes), "seconds": int(seconds)}
        elif kind == b"W":
            if file is not None:
                os.close(file)
            for folder in (*folders, SCRIPTS, "/box/in", "/box"):
                os.chmod(folder, 0o555)
            return limits


def read_text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def number_after(word, text):
    for line in text.splitlines():
        name, _, number = line.partition(" ")
        if name == word and number.isdigit():
            return int(number)
    return None


class Usage:
    """What the container's own control group counted; where it cannot be seen, what the kernel says of the children."""

    def __init__(self):
        self.cpu_at_start = self.cpu_of_group()
        self.cpu_of_children = 0
        self.memory_of_children = 0
        self.next_look = 0.0

    def cpu_of_group(self):
        used = number_after("usage_usec", read_text("/sys/fs/cgroup/cpu.stat"))
        if used is None:
            nanoseconds = read_text("/sys/fs/cgroup/cpuacct/cpuacct.usage").strip()
            used = int(nanoseconds) // 1000 if nanoseconds.isdigit() else None
        return used

    def add(self, usage):
        self.cpu_of_children += int((usage.ru_utime + usage.ru_stime) * 1e6)
        self.memory_of_children = max(self.memory_of_children, usage.ru_maxrss * 1024)

    def killed_by_kernel(self):
        """Processes of the group that the kernel ended for lack of memory, or None where that cannot be seen."""
        killed = number_after("oom_kill", read_text("/sys/fs/cgroup/memory.events"))
        if killed is None:
            killed = number_after("oom_kill", read_text("/sys/fs/cgroup/memory/memory.oom_control"))
        return killed

    def memory_ran_out(self):
        """Whether the kernel has ended one of the processes: the others then go with it, as in the jail."""
        now = time.monotonic()
        if now < self.next_look:
            return False
        self.next_look = now + LOOK_EVERY
        return bool(self.killed_by_kernel())

    def told(self):
        cpu = self.cpu_of_group()
        cpu = self.cpu_of_children if cpu is None or self.cpu_at_start is None else cpu - self.cpu_at_start
        peak = read_text("/sys/fs/cgroup/memory.peak") or read_text(
            "/sys/fs/cgroup/memory/memory.max_usage_in_bytes"
        )
        peak = int(peak) if peak.strip().isdigit() else self.memory_of_children
        return cpu, peak, self.killed_by_kernel() or 0


def set_dumpable(value):
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def become_the_code(limits, out, err):
    """The child's side: everything as a program started alone would find it."""
    nothing = os.open("/dev/null", os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(ours, theirs)
    os.closerange(3, 512)
    _signal.set_wakeup_fd(-1)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    if limits["processes"]:
        import resource

        resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"], limits["processes"]))
    # When memory runs out it is the code that is ended, not the process that tells about it.
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        pass  # some kernels do not have it
    set_dumpable(1)
    os.environ.pop("HOSTNAME", None)  # the runtime's addition
    os.chdir("/box/out")
    # Imported by nobody yet, as far as the code can tell.
    for name in ("outputs", "ctypes", "ctypes._endian"):
        sys.modules.pop(name, None)


def run(limits):
    """Runs the code and relays what it prints; returns True in the child only."""
    out, out_of_code = os.pipe()
    err, err_of_code = os.pipe()
    wide(out_of_code)
    wide(err_of_code)
    wake, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    _signal.signal(_signal.SIGCHLD, lambda *_: None)
    _signal.set_wakeup_fd(wake_writer)
    usage = Usage()
    child = os.fork()
    if child == 0:
        become_the_code(limits, out_of_code, err_of_code)
        return True
    os.close(out_of_code)
    os.close(err_of_code)

    deadline = time.monotonic() + limits["seconds"]
    streams = {out: b"O", err: b"E"}
    ready = select.poll()
    for source in (0, wake, out, err):
        ready.register(source, select.POLLIN)

    def relay(source):
        piece = os.read(source, PIECE)
        if piece:
            send(streams[source], piece)
        else:
            ready.unregister(source)
            del streams[source]

    status = None
    while status is None:
        for source, _ in ready.poll(LOOK_EVERY * 1000):
            if source in streams:
                relay(source)
            elif source == 0:
                kind, asks = receive()  # nobody there any more ends everything
                if kind == b"S" and status is None:
                    status = "-"
                    if asks:
                        ask_for_line(child)
            else:
                os.read(wake, 4096)
                status = reap(child, usage) if status is None else status
        if status is None and usage.memory_ran_out():
            status = "-"
        if time.monotonic() > deadline:
            os._exit(0)  # whoever should have stopped it is gone
    if usage.killed_by_kernel():
        status = "-"  # however the code itself took the loss of a process
    end_all(usage)
    ready.unregister(0)
    ready.unregister(wake)
    while streams:  # everybody who could write is dead, so these end
        for source, _ in ready.poll():
            relay(source)
    send(b"D", ("{} {} {} {} {}".format(status, *usage.told(), outputs.take_line())).encode())
    return False


def wide(pipe):
    """Gives a pipe more room, so that code which prints a lot waits less for this process."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
    except OSError:
        pass  # it is as wide as may be


def ask_for_line(child):
    """Has the code's Python say at which line it is, if it still can."""
    try:
        os.kill(child, LINE_SIGNAL)
    except ProcessLookupError:
        return
    patience = time.monotonic() + LINE_PATIENCE
    while time.monotonic() < patience and not outputs.line_is_told():
        time.sleep(0.002)


def reap(child, usage):
    """Takes in every process that has ended, orphans too; the wait status of the code if it is among them."""
    found = None
    while True:
        try:
            ended, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended == 0:
            return found
        usage.add(used)
        if ended == child:
            found = status


def end_all(usage):
    """Returns when this is the only process left."""
    while True:
        try:
            os.kill(-1, _signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            return
        usage.add(used)


def main():
    """Returns only in the child that is to run the code."""
    set_dumpable(0)
    limits = take_bundle()
    sys.path[0] = SCRIPTS + "/runner"
    # Now, and not when it is needed: until the code runs, the file is surely the one that came.
    global outputs
    import outputs

    send(b"R")
    kind, _ = receive()
    if kind != b"G":
        os._exit(0)
    if run(limits):
        return
    harvest = outputs.Outputs(send)
    harvest.tell()
    kind, numbers = receive()
    while kind == b"S":  # said while the code was ending by itself
        kind, numbers = receive()
    if kind == b"T":
        for start in range(0, len(numbers), 4):
            harvest.deliver(int.from_bytes(numbers[start : start + 4], "big"))
    os._exit(0)


main()

# Only the child gets here.
import plots
import program

sys.meta_path.insert(0, plots.Finder)
program.run()
