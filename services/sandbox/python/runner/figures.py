"""Makes open matplotlib figures into files, as a notebook would show them.

`plt.show()` writes every open figure to /box/out/figure_N.png and closes it; figures still open when
the code ends are written too. A figure that the code itself saved below /box/out is not written again.
"""

import atexit
import importlib.util
import os
import shutil
import sys

OUT = "/box/out"
FONTS = "/opt/darkroom/fonts"


def seed_font_cache():
    """Copies the font list made at start-up: building it takes longer than most plots."""
    target = os.environ.get("MPLCONFIGDIR", "/tmp/matplotlib")
    try:
        os.makedirs(target, exist_ok=True)
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
        Figures(module).install()

    spec.loader.exec_module = exec_module
    return spec


def is_delivered(target):
    """True when a file saved under this name is one of the run's outputs."""
    try:
        path = os.path.realpath(os.fspath(target))
    except (TypeError, ValueError, OSError):
        return False  # an open file or buffer: whether it is kept is not known
    return isinstance(path, str) and path.startswith(OUT + "/")


class Figures:
    """What is known of the figures of one run."""

    def __init__(self, pyplot):
        self.pyplot = pyplot
        self.saved = set()  # ids of figures that stand in a file, unchanged or not
        self.kept = []  # figures that were shown; kept alive so that ids stay unique
        self.count = 0
        self.process = os.getpid()

    def install(self):
        figure_class = self.pyplot.Figure
        save = figure_class.savefig
        pyplot_save = self.pyplot.savefig

        def savefig(figure, fname, *args, **kwargs):
            result = save(figure, fname, *args, **kwargs)
            if is_delivered(fname):
                self.saved.add(id(figure))
                self.kept.append(figure)
            return result

        def savefig_of_last(*args, **kwargs):
            # After plt.show() people save "the figure"; a new empty one is never what they mean.
            if not self.pyplot.get_fignums() and self.kept:
                return self.kept[-1].savefig(*args, **kwargs)
            return pyplot_save(*args, **kwargs)

        def show(*args, **kwargs):
            self.write_open()
            self.pyplot.close("all")

        def show_one(figure, *args, **kwargs):
            self.write(figure)

        figure_class.savefig = savefig
        figure_class.show = show_one
        self.pyplot.savefig = savefig_of_last
        self.pyplot.show = show
        self.write_file = save
        atexit.register(self.at_exit)

    def at_exit(self):
        if os.getpid() == self.process:  # a forked worker must not write its copy
            self.write_open()

    def write_open(self):
        for number in self.pyplot.get_fignums():
            self.write(self.pyplot.figure(number))

    def write(self, figure):
        is_empty = not (figure.axes or figure.texts or figure.images or figure.lines or figure.patches)
        if is_empty or id(figure) in self.saved:
            return
        self.saved.add(id(figure))
        self.kept.append(figure)
        try:
            self.write_file(figure, self.next_name())
        except Exception as error:
            print(f"figure not saved: {error}", file=sys.stderr)

    def next_name(self):
        while True:
            self.count += 1
            path = f"{OUT}/figure_{self.count}.png"
            if not os.path.lexists(path):
                return path
