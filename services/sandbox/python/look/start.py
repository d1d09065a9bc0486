"""Starting a look, cold or from a process warmed beforehand."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from pathlib import Path

# Must be set before the numeric libraries are loaded: they would start threads, and
# nothing here multiplies matrices large enough to need them.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2
import numpy as np

# OpenCV's own threads gain nothing on pictures this small, and never end.
cv2.setNumThreads(1)

from . import image, models, parallel, report

# Settings of glibc's mallopt: return no memory while looking, use one heap for all
# threads, and keep blocks of up to 32 MiB on it.
_MALLOC = {-1: 2**31 - 1, -8: 1, -3: 32 << 20}  # M_TRIM_THRESHOLD, M_ARENA_MAX, M_MMAP_THRESHOLD


class HasThreads(Exception):
    """The process has more than one thread, so it must not fork."""


def run(picture: str, out: str, threads: int, prepared: str | None = None) -> None:
    """See ``look.main``."""
    parallel.limit(threads)
    _keep_memory()
    models.load()
    try:
        seen, ready = report.measured(image.load(picture))
    except image.UnreadableImage as error:
        print(f"look: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    if ready is not None and prepared is not None:
        # First: whoever finds the JSON finds the picture it speaks of.
        _put(Path(prepared), cv2.imencode(".png", cv2.cvtColor(ready, cv2.COLOR_RGB2BGR))[1].tobytes())
    text = json.dumps(seen, ensure_ascii=False, allow_nan=False)
    _put(Path(out), text.encode())


def _put(target: Path, data: bytes) -> None:
    """Write a file that is either whole or not there."""
    part = target.with_name(target.name + ".part")
    part.write_bytes(data)
    part.replace(target)


def _keep_memory() -> None:
    """Let memory that is freed be used again, not given back and asked for anew.

    The networks free and take hundreds of megabytes, and every page that comes anew
    costs time.
    """
    for name, value in _MALLOC.items():
        _glibc("mallopt", name, value)


def _glibc(function: str, *numbers: int) -> None:
    """Call a function of glibc; other C libraries lack it and lose only speed."""
    found = getattr(ctypes.CDLL(None), function, None)
    if found is not None:
        found(*numbers)


def warm() -> None:
    """See ``look.warm``."""
    parallel.limit(1)
    models.load()
    report.see(image.decode(_sample()))
    # Freed memory that is still held would be copied page by page in every fork that uses it.
    gc.collect()
    _glibc("malloc_trim", 0)
    count = len(os.listdir("/proc/self/task"))
    if count != 1:
        raise HasThreads(f"{count} threads run in the process that is to be forked")


def _sample() -> bytes:
    """A little chart as PNG, enough to go through most of the code once."""
    canvas = np.full((240, 320, 3), 255, np.uint8)
    cv2.rectangle(canvas, (50, 20), (300, 200), (0, 0, 0), 1)
    for step in range(5):
        y, x = 200 - 40 * step, 75 + 50 * step
        cv2.line(canvas, (45, y), (50, y), (0, 0, 0), 1)
        cv2.putText(canvas, str(10 * step), (15, y + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(canvas, "ABCDE"[step], (x - 5, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.rectangle(canvas, (x - 12, 170 - 30 * step), (x + 12, 200), (180, 110, 40), -1)
    return cv2.imencode(".png", canvas)[1].tobytes()
