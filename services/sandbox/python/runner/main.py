"""First process of the jail: waits for the word to go, runs the code in a child, tells how it ended.

The code runs in a forked child and not in this process, because the first process of a pid namespace
is special: signals it sends itself are ignored and `abort()` shows as something else. As a child it
ends exactly as it would outside.

Standard input is a socket to the sandbox service. One word comes back over it when this process is
ready, one when the code has ended; the code itself never has it. Nothing here is secret: code that
broke into this process could only lie about its own exit status.
"""

import _signal
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CODE = "/box/main.py"


def wait_and_report():
    """Runs in the first process; returns only in the child that is to run the code."""
    control = os.dup(0)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.write(control, b"ready\n")
    if os.read(control, 1) != b"G":
        os._exit(0)  # the service is gone, and nobody wants the code to run
    # The first process ignores what has no handler; an interrupt sent by the code must not end it.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(control)
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        return
    while True:
        ended, status = os.wait()  # orphans of the code end here too
        if ended == child:
            break
    os.write(control, b"done %d\n" % status)
    # Ending the first process ends everything the code left running.
    os._exit(0)


class Plots:
    """Prepares matplotlib when, and only when, the code imports it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "matplotlib":
            figures().seed_font_cache()
        elif name == "matplotlib.pyplot":
            sys.meta_path.remove(Plots)
            return figures().spec_of_pyplot(name)
        return None


def figures():
    """The other half of the runner, loaded late since plain code does not need it."""
    import importlib.util

    module = sys.modules.get("_darkroom_figures")
    if module is None:
        spec = importlib.util.spec_from_file_location("_darkroom_figures", os.path.join(HERE, "figures.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module


def run():
    """Runs the code as `__main__`, ending as `python main.py` would."""
    main = type(sys)("__main__")
    main.__file__ = CODE
    main.__builtins__ = __builtins__
    main.__annotations__ = {}
    sys.modules["__main__"] = main
    sys.argv[:] = [CODE]
    sys.path[0] = "/box"
    sys.meta_path.insert(0, Plots)
    try:
        with open(CODE, "rb") as file:
            code = compile(file.read(), CODE, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        # Without the frame of this function, the traceback reads as if the code had been started alone.
        error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        failure = 130 if isinstance(error, KeyboardInterrupt) else 1
    else:
        return
    sys.exit(failure)


wait_and_report()
run()
