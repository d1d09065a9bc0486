"""Makes open matplotlib figures into files, as a notebook would show them, and tells what they show.

`plt.show()` writes every open figure to /box/out/figure_N.png and closes it; figures still open when
the code ends are written too. A figure that the code itself saved below /box/out is not written again.
Beside every picture that lands there stands its data: `plot.png` -> `plot.figure.json`.

A runner calls `install(pyplot)` once after pyplot is imported (a process that is forked for each run
also calls `preload()`), `begin_run()` before the code and `end_run()` after it.
"""

import atexit
import functools
import importlib
import importlib.util
import os
import shutil
import sys
import types
import weakref

OUT = "/box/out"
FONTS = "/opt/darkroom/fonts"

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = "_darkroom_figure_parts"

# matplotlib warns about the nearest caller that is not its own by this name. The functions here that
# stand between the code and matplotlib must not be taken for the code.
__name__ = "matplotlib.darkroom_figures"

_state = types.SimpleNamespace(pyplot=None, save=None, run=None)


def prepare_matplotlib():
    """Puts there what matplotlib reads when it is imported: the default style, and the font list made at
    start-up, since building it takes longer than most plots."""
    target = os.environ.get("MPLCONFIGDIR", "/tmp/matplotlib")
    try:
        os.makedirs(target, exist_ok=True)
        with open(os.path.join(target, "matplotlibrc"), "w", encoding="utf-8") as file:
            file.write(part("figure_style").SETTINGS)
        for name in os.listdir(FONTS):
            shutil.copyfile(os.path.join(FONTS, name), os.path.join(target, name))
    except OSError:
        pass  # matplotlib then builds its own


def spec_of_pyplot(name):
    """The module's own spec, whose loader also installs the figure handling."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return spec
    execute = spec.loader.exec_module

    def exec_module(module):
        execute(module)
        install(module)
        if _state.run is None or _state.run.process != os.getpid():
            begin_run()

    spec.loader.exec_module = exec_module
    return spec


def part(name):
    """A module beside this one; the folder is on no import path that the code could see."""
    if PARTS not in sys.modules:
        package = types.ModuleType(PARTS)
        package.__path__ = [HERE]
        sys.modules[PARTS] = package
    return importlib.import_module(f"{PARTS}.{name}")


def preload():
    """Imports what is else imported at the first saved figure. Needs matplotlib to be imported."""
    part("figure_data")


def install(pyplot):
    """Puts the figure handling into an imported pyplot. Calling it again changes nothing."""
    if _state.pyplot is not None:
        return
    calls = part("figure_calls")
    calls.install(tell)
    figure_class = pyplot.Figure
    _state.pyplot, _state.save = pyplot, figure_class.savefig
    pyplot_save = pyplot.savefig

    @functools.wraps(pyplot_save)
    def savefig_of_last(*args, **kwargs):
        # After plt.show() people save "the figure"; a new empty one is never what they mean.
        last = run().last
        if last is not None and not pyplot.get_fignums():
            return last.savefig(*args, **kwargs)
        return pyplot_save(*args, **kwargs)

    @functools.wraps(pyplot.show)
    def show(*args, **kwargs):
        write_open()
        pyplot.close("all")

    @functools.wraps(figure_class.show)
    def show_one(figure, *args, **kwargs):
        run().write(figure)

    figure_class.savefig = calls.followed(figure_class.savefig, after_save)
    figure_class.show = show_one
    pyplot.savefig = savefig_of_last
    pyplot.show = show
    end_at_exit()


def begin_run():
    """Forgets all earlier figures; open figures are written when *this* process calls `end_run` or exits."""
    _state.run = Run()
    if PARTS + ".figure_calls" in sys.modules:
        part("figure_calls").forget()
    end_at_exit()


def end_at_exit():
    """Has the run ended by Python's exit too, before pyplot's own exit function closes all figures: of exit
    functions the last one registered runs first."""
    atexit.unregister(end_run)
    atexit.register(end_run)


def run():
    """The present run; the first use begins it."""
    if _state.run is None:
        begin_run()
    return _state.run


def write_open():
    """Writes every open figure that does not stand in a file yet."""
    if _state.pyplot is not None:
        for number in _state.pyplot.get_fignums():
            run().write(_state.pyplot.figure(number))


def end_run():
    """Writes the open figures and takes away data without a picture. Does nothing when called again, or
    in a process forked by the code: a worker must not write its copy."""
    ending = _state.run
    if ending is None or ending.ended or ending.process != os.getpid():
        return
    ending.ended = True
    write_open()
    if ending.data.files:
        ending.data.drop_orphans()


def tell(message):
    """One line on standard error, if there still is one."""
    try:
        sys.stderr.write(" ".join(message.split())[:300] + "\n")
    except Exception:
        pass  # closed or replaced by the code: nobody is left to be told


def delivered(target):
    """The full path of a file saved under this name if it is one of the run's outputs, else None."""
    try:
        path = os.path.realpath(os.fspath(target))
    except (TypeError, ValueError, OSError):
        return None  # an open file or buffer: whether it is kept is not known
    return path if isinstance(path, str) and path.startswith(OUT + "/") else None


def after_save(_result, figure, args, kwargs):
    """What follows a `savefig` of the code."""
    target = args[0] if args else kwargs.get("fname")
    path = delivered(target)
    if path is None:
        return
    if not kwargs.get("format") and not os.path.splitext(path)[1]:
        path = path.rstrip(".") + "." + figure.canvas.get_default_filetype()
    run().note(figure, path, kwargs.get("dpi"), kwargs.get("bbox_inches"))


class Run:
    """What is known of the figures of one run."""

    def __init__(self):
        self.process = os.getpid()
        self.ended = False
        self.saved = weakref.WeakSet()  # figures that stand in a file, unchanged or not
        self.last = None  # the one saved or shown last
        self.count = 0
        self.data = DataFiles()

    def note(self, figure, path, dpi=None, crop=None):
        """A figure now stands in the file `path`."""
        self.saved.add(figure)
        self.last = figure
        self.data.write(figure, path, dpi, crop)

    def write(self, figure):
        """Saves a figure under the next free name unless it is empty or saved already."""
        is_empty = not (figure.axes or figure.texts or figure.images or figure.lines or figure.patches)
        if is_empty or figure in self.saved:
            return
        path = self.next_name()
        self.saved.add(figure)
        self.last = figure
        try:
            _state.save(figure, path)
        except Exception as error:
            tell(f"figure not saved: {error}")
        else:
            self.note(figure, path)

    def next_name(self):
        """The first path figure_N.png not in use."""
        while True:
            self.count += 1
            path = f"{OUT}/figure_{self.count}.png"
            if not os.path.lexists(path):
                return path


class DataFiles:
    """The data files beside the pictures."""

    def __init__(self):
        self.files = {}  # path -> (state of the file as we left it, pictures it describes)

    def write(self, figure, picture, dpi, crop):
        """Describes `figure` beside `picture`. A problem is told and never reaches the code."""
        path = os.path.splitext(picture)[0] + ".figure.json"
        try:
            self.make_way(path)
            text = part("figure_data").describe(figure, dpi, crop)
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
            pictures = self.files.get(path, (None, set()))[1] | {picture}
            self.files[path] = (state_of(path), pictures)
        except Exception as error:
            tell(f"figure data not written: {type(error).__name__}: {error}")

    def make_way(self, path):
        """Removes our earlier file, which is about another state of the figure. Fails at one of the code."""
        if os.path.lexists(path):
            if path not in self.files or self.files[path][0] != state_of(path):
                raise FileExistsError(f"{os.path.basename(path)} was made by the code")
            os.unlink(path)

    def drop_orphans(self):
        """Removes our files whose pictures are all gone, such as those of film frames."""
        for path, (state, pictures) in self.files.items():
            try:
                if not any(map(os.path.lexists, pictures)) and state == state_of(path):
                    os.unlink(path)
            except FileNotFoundError:
                pass  # removed with its picture
            except OSError as error:
                tell(f"figure data not removed: {error}")


def state_of(path):
    """What changes when somebody else writes the file."""
    status = os.lstat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns
