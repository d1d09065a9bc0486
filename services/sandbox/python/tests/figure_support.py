"""What the tests of the figure data share: the module as the runner loads it, and how a figure is read back."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "runner" / "figures.py"


def load():
    """The module as the runner loads it: by its file, with no package around it."""
    spec = importlib.util.spec_from_file_location("_darkroom_figures", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


figures = load()
FOLDER = tempfile.TemporaryDirectory()
figures.OUT = os.path.realpath(FOLDER.name)

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

figures.install(plt)
OUT = Path(figures.OUT)


def refuse(token):
    raise AssertionError(f"{token} is no JSON")


def strict(path) -> dict:
    """The data file, read as strictly as JSON allows."""
    text = Path(path).read_text(encoding="utf-8")
    assert text.startswith('{"darkroom_figure":1,'), text[:40]
    assert len(text.encode()) <= 2_000_000, len(text)
    return json.loads(text, parse_constant=refuse)


def data(figure) -> dict:
    """Saves and closes a figure and returns its data."""
    figure.savefig(OUT / "seen.png")
    plt.close(figure)
    return strict(OUT / "seen.figure.json")


def drawn(draw) -> dict:
    """The data of one axes onto which `draw(ax)` drew."""
    with plt.rc_context({"figure.dpi": 50}):
        figure, ax = plt.subplots()
        other = draw(ax)
    if other is not None and hasattr(other, "figure") and other.figure not in (None, figure):
        plt.close(figure)
        figure = other.figure
    return data(figure)["axes"][0]


class Quiet(unittest.TestCase):
    """A fresh run in an empty folder; nothing may be told on standard error unless a test expects it."""

    def setUp(self):
        plt.close("all")
        for file in OUT.iterdir():
            file.unlink()
        figures.begin_run()
        self.stderr = io.StringIO()
        stack = contextlib.ExitStack()
        stack.enter_context(contextlib.redirect_stderr(self.stderr))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", DeprecationWarning)  # seaborn's use of matplotlib
        self.addCleanup(stack.close)
        self.said = ""

    def tearDown(self):
        self.assertIn(self.said, self.stderr.getvalue())
        if not self.said:
            self.assertEqual(self.stderr.getvalue(), "")

    def assert_holds(self, found, expected, where=""):
        """`expected` is part of `found`; floats may differ by rounding."""
        if isinstance(expected, dict):
            for key, value in expected.items():
                self.assertIn(key, found, where)
                self.assert_holds(found[key], value, f"{where}.{key}")
        elif isinstance(expected, list):
            self.assertEqual(len(found), len(expected), (where, found))
            for i, value in enumerate(expected):
                self.assert_holds(found[i], value, f"{where}[{i}]")
        elif isinstance(expected, float):
            self.assertAlmostEqual(found, expected, 6, where)
        else:
            self.assertEqual(found, expected, where)
