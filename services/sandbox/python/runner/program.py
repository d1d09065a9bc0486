"""Runs the code as `__main__` and ends the process as Python would, in a fresh process and in a zygote's child alike.

Python's own end tears down every module, which takes longer than most programs run and touches all the
memory that a child shares with its zygote. `finish` does what a program can notice of it, in the same order:
waits for threads, runs atexit functions, clears the program's own names, collects, flushes what is open.
"""

import atexit
import gc
import io
import os
import signal
import sys
import threading

CODE = "/box/main.py"
LINE_SIGNAL = 60  # the supervisor sends it before it stops a run
LINE_FILE = "/box/out/.stopped-at"  # the supervisor takes it away
FLUSH_FAILED = 120  # what Python exits with when standard output cannot be written

# The code may replace any function of any module; what ends the process must not be among them.
collect = gc.collect
every_object = gc.get_objects
kill = os.kill
leave = os._exit
process_id = os.getpid
restore = signal.signal
run_exit_functions = atexit._run_exitfuncs
wait_for_threads = threading._shutdown


def rehearse():
    """Does what every run does, so that a child of a zygote has its own copy of that memory before it has code."""
    main = main_module("rehearsal")
    execute(main.__dict__, os.devnull)
    exec(compile("import io\nprint(1, file=io.StringIO())", CODE, "exec", dont_inherit=True), main.__dict__)
    print(end="")
    exit_code(0)
    clear_names(main.__dict__)
    flush_all()


def run():
    """Runs the code and ends the process. Never returns."""
    main = main_module("__main__")
    sys.modules["__main__"] = main
    sys.argv[:] = [CODE]
    sys.path[0] = "/box"
    finish(execute(main.__dict__, CODE))


def main_module(name):
    """A module as the one a script runs in, and the answer to the question at which line it is."""
    main = type(sys)(name)
    main.__file__ = CODE
    main.__builtins__ = __builtins__
    main.__annotations__ = {}
    signal.signal(LINE_SIGNAL, tell_line)
    return main


def tell_line(_signal, frame):
    """Says at which of its own lines the code is. A line from an earlier time is replaced."""
    while frame is not None and frame.f_code.co_filename != CODE:
        frame = frame.f_back
    if frame is None:
        return
    try:
        file = os.open(LINE_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    except OSError:
        return  # no room left to say it
    os.write(file, b"%d" % frame.f_lineno)
    os.close(file)


def execute(names, path):
    """Runs the code that stands at a path with these names; answers the exit code."""
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), CODE, "exec", dont_inherit=True)
        exec(code, names)
    except SystemExit as end:
        return exit_code(end.code)
    except BaseException as error:
        # Without the frame of this function, the traceback reads as if the code had been started alone.
        error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def exit_code(value):
    """The exit code of `sys.exit(value)`."""
    if value is None:
        return 0
    if isinstance(value, int):
        return int(value) & 0xFF
    flush(sys.stdout)
    print(value, file=sys.stderr)
    return 1


def finish(code):
    """Ends the process with an exit code, or for a negative one by that signal."""
    try:
        wait_for_threads()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    run_exit_functions()
    clear_names(getattr(sys.modules.get("__main__"), "__dict__", {}))
    if not flush_all() and code == 0:
        code = FLUSH_FAILED
    if code < 0:
        restore(-code, signal.SIG_DFL)
        kill(process_id(), -code)
    leave(code)


def clear_names(names):
    """Lets go of everything the program holds, so that what it left to destructors happens."""
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
    # As Python does: names with one underscore first, then all others.
    for private_first in (True, False):
        for name in list(names):
            is_private = isinstance(name, str) and name[:1] == "_" and name[1:2] != "_"
            if name != "__builtins__" and is_private is private_first:
                names[name] = None
    collect()


def flush(stream):
    """Flushes a stream; False when that failed."""
    try:
        if stream is not None and not stream.closed:
            stream.flush()
    except Exception:
        return False
    return True


def flush_all():
    """Flushes files that are still open and the standard streams; False when the latter failed."""
    texts, buffers = [], []
    for thing in every_object():
        kind = type(thing)
        if kind is io.TextIOWrapper:
            texts.append(thing)
        elif kind is io.BufferedWriter or kind is io.BufferedRandom:
            buffers.append(thing)
    for stream in texts + buffers:
        flush(stream)
    return flush(sys.stdout) & flush(sys.stderr)
