"""Imports once what runs need, then makes a child for each run: the warm path.

    python3 zygote.py --tier=TIER --cpu-seconds=SECONDS

Descriptor 3 is the maker's socket, 4 holds the seccomp program. The library loaded here forks the children and
locks them down; Python code runs in them only when that is done, and the stranger's code only later still. This
process never sees any code, input or secret, and has one thread whenever it forks.
"""

import os
import sys

TIER, CPU_SECONDS = (argument.partition("=")[2] for argument in sys.argv[1:3])
SOCKET, FILTER = 3, 4
SCRIPTS = "/opt/darkroom/python"
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
UNMOUNT_DETACHED = 2

# Libraries start their threads when they are loaded; here they must not.
original = dict(os.environ)
threads = {name: original.get(name, "2") for name in THREAD_SETTINGS}
for name in THREAD_SETTINGS:
    os.environ[name] = "1"

import ctypes
import gc
import importlib

import plots
import program

# The standard library's modules that most programs use. Each shared library that comes along is mapped and unmapped
# again in every run, so those that bring several and are rarely used without larger packages are left out: hashlib,
# shutil, subprocess, tempfile, uuid, zipfile.
COMMON = """
    base64 collections contextlib copy csv dataclasses datetime decimal enum fractions functools glob heapq inspect io
    itertools json linecache math operator pathlib pickle random re statistics string struct textwrap time traceback
    types typing
""".split()


def import_common():
    """Imports the modules of COMMON."""
    for name in COMMON:
        importlib.import_module(name)


def import_plots():
    """numpy, pandas and matplotlib, each used once, so that what they do late is done."""
    import io

    figures = plots.figures()
    figures.prepare_matplotlib()
    import matplotlib.font_manager
    import matplotlib.pyplot as plt
    import numpy
    import pandas
    import PIL.Image  # noqa: F401

    figures.preload()
    figures.install(plt)
    frame = pandas.DataFrame({"x": numpy.arange(3), "y": [1.0, 2.0, 4.0]})
    axes = frame.plot(x="x", y="y", title="$x^2$ warm")
    axes.figure.savefig(io.BytesIO(), format="png")
    plt.close("all")
    # It would be emptied in each child, where the font files it holds are closed already.
    matplotlib.font_manager._get_font.cache_clear()
    frame.describe().to_csv()
    frame.groupby("x").sum()
    numpy.linalg.lstsq(numpy.eye(3), numpy.arange(3.0), rcond=None)


def import_vision():
    """OpenCV, scikit-image, the look script with its models, and the proof script."""
    import cv2
    import scipy.ndimage
    import skimage.filters
    import skimage.measure
    import skimage.morphology
    import skimage.segmentation  # noqa: F401

    cv2.setNumThreads(1)
    sys.path.insert(1, SCRIPTS)
    import look

    look.warm()
    import prove

    prove.warm()
    sys.path.remove(SCRIPTS)
    scipy.ndimage.gaussian_filter([[1.0]], 1)


def blas_thread_setters():
    """Functions that set how many threads a loaded OpenBLAS uses."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "openblas" in line}
    setters = []
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads"):
            if hasattr(library, name):
                setters.append(getattr(library, name))
                break
    return setters


def begin(setters):
    """In a child that will run code: what must not be the same in two runs, and what a fresh start has."""
    # Imports may have added variables of their own.
    for name in set(os.environ) - set(original):
        del os.environ[name]
    os.environ.update(original)
    for setter in setters:
        setter(int(threads["OPENBLAS_NUM_THREADS"]))
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(int(threads["OMP_NUM_THREADS"]))
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "matplotlib.pyplot" in sys.modules:
        plots.figures().prepare_matplotlib()
        plots.figures().begin_run()


def own_library():
    """The platform's library. Called first: it gives Python's memory a place that fits huge pages."""
    library = ctypes.PyDLL(os.path.join(SCRIPTS, "libdarkroom_zygote.so"))
    library.darkroom_serve.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
    library.darkroom_collapse.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    library.darkroom_arenas()
    return library


def tidy_heap(libc):
    """Sorts what was freed in the C library's heap. Left to each child, it would write all over its zygote's memory."""
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    # A request larger than any small bin makes the allocator put everything into its place.
    libc.free(libc.malloc(100_000))


def heap():
    """Where the C library's heap begins and ends."""
    with open("/proc/self/maps") as maps:
        ranges = [line.split()[0].split("-") for line in maps if line.rstrip().endswith("[heap]")]
    return (int(ranges[0][0], 16), int(ranges[-1][1], 16)) if ranges else (0, 0)


def main():
    library = own_library()
    import_common()
    sys.meta_path.insert(0, plots.Finder)
    if TIER in ("plots", "vision"):
        import_plots()
    if TIER == "vision":
        import_vision()
    setters = blas_thread_setters()
    with open(FILTER, "rb") as file:
        file.seek(0)
        seccomp = file.read()
    begin_of_heap, end_of_heap = heap()
    # The scratch folder of the imports: from here on nothing that this process sees can be written.
    os.chdir("/")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(b"/tmp", UNMOUNT_DETACHED) != 0:
        sys.exit(f"the scratch folder stays: {os.strerror(ctypes.get_errno())}")
    count = len(os.listdir("/proc/self/task"))
    if count != 1:
        sys.exit(f"the zygote has {count} threads")
    gc.collect()
    gc.freeze()
    tidy_heap(libc)
    library.darkroom_collapse(begin_of_heap, end_of_heap)
    os.write(SOCKET, b"Z")
    if library.darkroom_serve(SOCKET, seccomp, len(seccomp), int(CPU_SECONDS)) != 0:
        os._exit(0)  # the maker is gone
    # A child, locked down.
    begin(setters)
    program.rehearse()
    library.darkroom_wait()
    program.run()


main()
