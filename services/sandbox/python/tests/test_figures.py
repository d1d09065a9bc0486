"""Tests of the figure data as a whole: its layout and bounds, its files, and that code never notices it."""

from __future__ import annotations

import inspect
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import numpy as np
from figure_support import OUT, SOURCE, Quiet, data, drawn, figures, plt, strict


class Whole(Quiet):
    """Protects the frame around the series."""

    def test_layout(self):
        """Protects which axes is what: grid cells, twins, insets, second scales, colour bars, 3D, polar."""
        figure, ((one, two), (three, four)) = plt.subplots(2, 2)
        figure.suptitle("All")
        one.twinx().set_ylabel("right")
        figure.colorbar(two.imshow([[1, 2]]), ax=two, label="heat")
        three.inset_axes([0.5, 0.5, 0.3, 0.3]).plot([1, 2])
        four.secondary_yaxis("right", functions=(lambda v: v * 2, lambda v: v / 2))
        four.plot([1, 2], label="seen")
        four.legend(title="L")
        four.text(0, 1, "here")
        four.annotate("corner", (0, 1), xycoords="axes fraction")
        found = data(figure)
        self.assertEqual(found["title"], "All")
        self.assertEqual([axes["role"] for axes in found["axes"]],
                         ["plot", "plot", "plot", "inset", "plot", "second_scale", "twin", "colour_bar"])
        cell = {"row": 0, "column": 1, "rows": 2, "columns": 2}
        self.assert_holds(found["axes"][1]["cell"], cell)
        self.assert_holds(found["axes"][7], {"of": 1, "y": {"label": "heat"}, "series": []})
        self.assert_holds(found["axes"][6], {"of": 0, "y": {"label": "right", "side": "right"}})
        self.assert_holds(found["axes"][4], {
            "legend": {"title": "L", "entries": [{"label": "seen", "colour": "#1f77b4"}]},
            "texts": [{"text": "here", "x": 0, "y": 1, "coordinates": "data"},
                      {"text": "corner", "x": 0, "y": 1, "coordinates": "axes"}]})
        space = plt.figure()
        space.add_subplot(121, projection="3d").plot([1, 2], [3, 4], [5, 6])
        space.add_subplot(122, projection="polar").plot([0, 1], [2, 3])
        found = data(space)["axes"]
        self.assert_holds(found[0], {"kind": "3d", "z": {"unit": "number"}, "series": [{"z": [5, 6]}]})
        self.assert_holds(found[1], {"kind": "polar", "series": [{"x": [0, 1], "y": [2, 3]}]})

    def test_bounds(self):
        """Protects the caps: long series keep their count, ends and extremes; the whole stays below 2 MB."""
        y = np.random.default_rng(1).normal(size=100_000)
        found = drawn(lambda ax: ax.plot(y))["series"][0]
        self.assert_holds(found, {"truncated": True, "count": 100_000})
        self.assertLessEqual(len(found["y"]), 10_000)
        self.assertEqual((min(found["y"]), max(found["y"]), found["x"][-1]), (y.min(), y.max(), 99_999))
        figure, axes = plt.subplots(5, 5, figsize=(3, 3), dpi=50)
        for ax in axes.ravel():
            ax.plot(np.random.default_rng(2).normal(size=(2000, 5)))
            ax.set_title("x" * 5000)
        found = data(figure)
        self.assertEqual(len(found["axes"]), 25)
        self.assertNotIn("truncated", found)  # shared out at once, not squeezed after the fact
        self.assertTrue(all(one["truncated"] for axes in found["axes"] for one in axes["series"]))
        series = drawn(lambda ax: [ax.plot([i, i]) for i in range(400)][:0])
        self.assert_holds(series, {"truncated": True, "series_left_out": 100})


RUNNER = """import os, sys, importlib.util as u
s = u.spec_from_file_location("f", {source!r}); m = u.module_from_spec(s); s.loader.exec_module(m)
m.OUT, os.environ["MPLBACKEND"] = {out!r}, "Agg"
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "matplotlib.pyplot":
            sys.meta_path.remove(Finder)
            return m.spec_of_pyplot(name)
def hook():
    sys.meta_path.insert(0, Finder)
{prepare}
import matplotlib.pyplot as plt
plt.plot([1, 2])
"""


def save_in_worker(name):
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    figure.savefig(OUT / name)
    figures.end_run()  # what an exiting worker does; the figure of the parent must not be written


class Files(Quiet):
    """Protects the files of the code: which data files appear, and that none of its own is touched."""

    def names(self):
        return sorted(file.name for file in OUT.iterdir())

    def plot(self, *y):
        figure, ax = plt.subplots()
        ax.plot(y or [1, 2])
        return figure

    def test_targets(self):
        """Formats share one file by stem; buffers and other folders get none; names without an ending work."""
        figure = self.plot()
        for name in ("a.png", "a.svg", "b"):
            figure.savefig(str(OUT / name))
        figure.savefig(io.BytesIO())
        with tempfile.TemporaryDirectory() as other:
            figure.savefig(Path(other) / "c.png")
            self.assertEqual(os.listdir(other), ["c.png"])
        self.assertEqual(self.names(), ["a.figure.json", "a.png", "a.svg", "b.figure.json", "b.png"])

    def test_last_save_wins(self):
        """The data is that of the picture that stands there in the end."""
        self.plot(1, 2).savefig(OUT / "a.png")
        self.plot(5, 6).savefig(OUT / "a.png")
        self.assertEqual(strict(OUT / "a.figure.json")["axes"][0]["series"][0]["y"], [5, 6])

    def test_files_of_the_code(self):
        """A file of that name that the code wrote, before or after us, stays."""
        (OUT / "a.figure.json").write_text("mine")
        figure = self.plot()
        figure.savefig(OUT / "a.png")
        figure.savefig(OUT / "b.png")
        (OUT / "b.figure.json").write_text("mine too")
        figure.savefig(OUT / "b.png")
        figures.end_run()
        self.assertEqual((OUT / "a.figure.json").read_text(), "mine")
        self.assertEqual((OUT / "b.figure.json").read_text(), "mine too")
        self.said = "a.figure.json was made by the code"

    def test_shown_and_left_open(self):
        """show() and the end of the code write pictures with data, each once; saved figures not again."""
        self.plot().savefig(OUT / "own.png")
        self.plot(7, 8)
        plt.show()
        self.plot(9, 9)
        figures.end_run()
        self.plot()
        figures.end_run()
        self.assertEqual(self.names(), ["figure_1.figure.json", "figure_1.png", "figure_2.figure.json", "figure_2.png",
                                        "own.figure.json", "own.png"])
        self.assertEqual(strict(OUT / "figure_2.figure.json")["axes"][0]["series"][0]["y"], [9, 9])

    def test_ways_to_run(self):
        """Open figures are written once at exit, whichever way the runner prepares the code."""
        ways = {
            "fresh process, begun early": "m.begin_run(); hook()",
            "fresh process, begun by the import": "hook()",
            "fork of a process that has pyplot": "import matplotlib.pyplot as p; m.install(p); m.preload()\n"
                                                 "if os.fork(): os.wait(); os._exit(0)\nm.begin_run()",
        }
        for way, prepare in ways.items():
            with self.subTest(way), tempfile.TemporaryDirectory() as folder:
                code = RUNNER.format(source=str(SOURCE), out=os.path.realpath(folder), prepare=prepare)
                done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(sorted(os.listdir(folder)), ["figure_1.figure.json", "figure_1.png"])

    def test_film_frames(self):
        """Data of pictures that the code removed is removed at the end."""
        for name in ("f1.png", "f2.png", "kept.png"):
            self.plot().savefig(OUT / name)
        (OUT / "f1.png").unlink()
        (OUT / "f2.png").unlink()
        figures.end_run()
        self.assertEqual(self.names(), ["kept.figure.json", "kept.png"])

    def test_forks(self):
        """A worker saves its own pictures with data but never those of its parent; a new run starts afresh."""
        self.plot()
        worker = multiprocessing.get_context("fork").Process(target=save_in_worker, args=("worker.png",))
        worker.start()
        worker.join()
        self.assertEqual((worker.exitcode, self.names()), (0, ["worker.figure.json", "worker.png"]))
        figures.begin_run()
        figures.end_run()
        self.assertIn("figure_1.png", self.names())

    def test_unreadable_figure(self):
        """A fault while reading is one line on standard error; the picture and the code are unharmed."""
        figure = self.plot()
        figure.get_suptitle = lambda: 1 / 0
        figure.savefig(OUT / "a.png")
        self.assertEqual(self.names(), ["a.png"])
        self.said = "figure data not written: ZeroDivisionError: division by zero\n"


class Transparency(Quiet):
    """Protects the code from noticing: signatures, results, warnings, randomness, cost of plain code."""

    def test_followed_calls(self):
        for name, first in {"hist": "x", "boxplot": "x", "bxp": "bxpstats", "violin": "vpstats", "pie": "x"}.items():
            self.assertIn(first, inspect.signature(getattr(plt.Axes, name)).parameters)
        self.assertIn("fname", inspect.signature(plt.Figure.savefig).parameters)
        before = plt.Axes.hist
        figures.install(plt)
        self.assertIs(plt.Axes.hist, before)
        with self.assertRaises(ValueError):
            plt.subplots()[1].pie([-1])

    def test_warnings_name_the_code(self):
        """A warning of matplotlib points to this file, as without us, and is not said twice."""
        for save in (lambda: plt.gcf().savefig(OUT / "a.png"), lambda: plt.savefig(OUT / "b.png"), plt.show):
            plt.figure().text(0.5, 0.5, "\u0f00")
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                save()
            self.assertEqual({one.filename for one in said}, {__file__})
            self.assertEqual(len({str(one.message) for one in said}), len(said))
            plt.close("all")

    def test_plain_code_pays_nothing(self):
        code = f"""import sys, importlib.util as u
s = u.spec_from_file_location("f", {str(SOURCE)!r}); m = u.module_from_spec(s); s.loader.exec_module(m)
m.begin_run(); m.end_run()
print(sorted({{"numpy", "matplotlib", "json"}} & set(sys.modules)))"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "[]\n")


if __name__ == "__main__":
    unittest.main()
