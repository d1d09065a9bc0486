"""Tests of the readers of charts that the built-in model writes its scripts from, on small drawn pictures.

The readers are modules of `crates/llm`; they run in the sandbox with the look's own packages.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

TEMPLATES = Path(__file__).parents[4] / "crates/llm/src/builtin/templates"
sys.path.insert(0, str(TEMPLATES))

import matplotlib

matplotlib.use("Agg")
import bar
import line
import scatter

RED, BLUE = [200, 50, 50], [60, 100, 190]


def axis(slope=None, intercept=0.0, ticks=(), scale="linear", **more):
    """An axis as the constants of a script have it; without a slope it is one of categories."""
    fit = {} if slope is None else {"slope": slope, "intercept": intercept, "residual_px": 0.2,
                                    "fitted": len(ticks)}
    return {"label": None, "scale": scale if fit else "category", **fit, "ticks": list(ticks), "unsure": [], **more}


class Readers(unittest.TestCase):
    """A folder, a white picture of 400 x 300 pixels with a plot of 300 x 200, and what is read from it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = folder.name + "/"
        self.rgb = np.full((300, 400, 3), 255, np.uint8)
        for module in (bar, line, scatter):
            drawing = mock.patch.object(module, "save_chart")
            drawing.start()
            self.addCleanup(drawing.stop)

    def rows(self, name):
        path = Path(self.out, name)
        return list(csv.reader(path.read_text(encoding="utf-8").splitlines())) if path.is_file() else []

    def read(self, reader, x_axis, y_axis, legend=()):
        path = self.out + "picture.png"
        cv2.imwrite(path, cv2.cvtColor(self.rgb, cv2.COLOR_RGB2BGR))
        picture = {"image": path, "out": self.out, "title": None, "plot_box": [50, 40, 300, 200],
                   "x_axis": x_axis, "y_axis": y_axis, "legend": list(legend)}
        return reader(picture)

    def upright(self):
        """0 at pixel 240, 100 at pixel 40."""
        return axis(-0.5, 120.0, [(str(v), 240 - 2 * v) for v in (0, 50, 100)])

    def test_bins_are_named_by_their_range(self):
        """Protects histograms: bins between the ticks have names of their own, equal neighbours are two bins."""
        for k, height in enumerate((20, 60, 60, 35, 10)):
            self.rgb[240 - 2 * height : 240, 60 + 40 * k : 100 + 40 * k] = BLUE
        ticks = [("0", 59.5), ("10", 139.5), ("20", 219.5)]
        self.read(bar.read_bars, axis(0.125, -7.4375, ticks), self.upright())
        self.assertEqual([row[0] for row in self.rows("values.csv")[1:]],
                         ["0 to 5", "5 to 10", "10 to 15", "15 to 20", "20 to 25"])
        self.assertEqual([round(float(row[1])) for row in self.rows("values.csv")[1:]], [20, 60, 60, 35, 10])

    def test_bars_over_whole_numbers_are_no_bins(self):
        """Protects charts over years: bars that stand on their ticks keep the ticks' names."""
        for k, height in enumerate((20, 60, 35)):
            self.rgb[240 - 2 * height : 240, 60 + 60 * k : 118 + 60 * k] = BLUE
        ticks = [(str(2020 + k), 88.5 + 60 * k) for k in range(3)]
        self.read(bar.read_bars, axis(1 / 60, 2020 - 88.5 / 60, ticks), self.upright())
        self.assertEqual([row[0] for row in self.rows("values.csv")[1:]], ["2020", "2021", "2022"])

    def test_lying_bars_flush_with_the_edge(self):
        """Protects lying bars that cover most of the plot's rim: the page tells what is ground."""
        for k, length in enumerate((280, 200, 120)):
            self.rgb[40 + 66 * k : 98 + 66 * k, 50 : 50 + length] = BLUE
        ticks = [("0", 49.5), ("10", 149.5), ("20", 249.5)]
        names = axis(ticks=[("a", 68.5), ("b", 134.5), ("c", 200.5)])
        self.read(bar.read_bars, axis(0.1, -4.95, ticks), names)
        self.assertEqual([(row[0], round(float(row[1]))) for row in self.rows("values.csv")[1:]],
                         [("a", 28), ("b", 20), ("c", 12)])

    def test_what_is_doubtful_is_said(self):
        """Protects honesty: a bar without a name is in doubt, its named neighbours are not."""
        for k, height in enumerate((20, 60, 35)):
            self.rgb[240 - 2 * height : 240, 70 + 80 * k : 110 + 80 * k] = BLUE
        said = self.read(bar.read_bars, axis(ticks=[("a", 89.5), ("b", 169.5)]), self.upright())
        self.assertEqual([row[1] for row in self.rows("doubts.csv")[1:]], ["bar 3"])
        self.assertIn("1 of 3 values are in doubt", said)

    def hatched(self, left, right, height, step):
        """A black outline with strokes across, standing on the axis."""
        part = self.rgb[240 - 2 * height : 240, left:right]
        for offset in range(-2 * height, right - left, step):
            cv2.line(part, (offset, 2 * height), (offset + 2 * height, 0), (0, 0, 0), 1)
        cv2.rectangle(self.rgb, (left, 240 - 2 * height), (right - 1, 240), (0, 0, 0), 1)

    def test_hatched_bars(self):
        """Protects black-and-white charts: bars that are only outlined and hatched have the heights of their outlines."""
        heights = (20, 75, 35)
        for k, height in enumerate(heights):
            self.hatched(70 + 90 * k, 120 + 90 * k, height, 9)
        names = axis(ticks=[(name, 94.5 + 90 * k) for k, name in enumerate("abc")])
        self.read(bar.read_bars, names, self.upright())
        self.assertEqual([row[0] for row in self.rows("values.csv")[1:]], ["a", "b", "c"])
        for row, height in zip(self.rows("values.csv")[1:], heights):
            self.assertAlmostEqual(float(row[1]), height, delta=1)

    def test_series_of_hatched_bars_are_doubted(self):
        """Protects honesty: patterns are not told apart, so series by their order in the legend are in doubt."""
        heights = ((20, 50), (75, 40), (35, 60))
        for k, pair in enumerate(heights):
            for index, height in enumerate(pair):
                self.hatched(70 + 90 * k + 30 * index, 101 + 90 * k + 30 * index, height, (7, 13)[index])
        legend = [{"name": name, "rgb": [0, 0, 0], "box": None, "swatch": None} for name in ("old", "new")]
        names = axis(ticks=[(name, 100.0 + 90 * k) for k, name in enumerate("abc")])
        said = self.read(bar.read_bars, names, self.upright(), legend)
        self.assertIn("6 of 6 values are in doubt", said)
        self.assertEqual(self.rows("values.csv")[0], ["category", "old", "new"])
        for row, pair in zip(self.rows("values.csv")[1:], heights):
            for cell, height in zip(row[1:], pair):
                self.assertAlmostEqual(float(cell), height, delta=1)

    def test_lines_over_dates(self):
        """Protects lines over time: x is a calendar date, and the values are the line's."""
        cv2.line(self.rgb, (60, 230), (340, 60), RED, 2)
        ticks = [("Jan 2024", 60.0), ("Feb 2024", 122.0), ("Mar 2024", 180.0)]
        self.read(line.read_lines, axis(0.5, 19693.0, ticks, "date"), self.upright())
        found = {row[0]: float(row[1]) for row in self.rows("values.csv")[1:]}
        self.assertAlmostEqual(found["2024-02-01"], 120 - 0.5 * (230 - 170 * 62 / 280), delta=1)

    def test_markers_of_another_colour(self):
        """Protects lines with markers of their own colour from becoming two series."""
        points = [(70, 200), (140, 100), (210, 180), (280, 80), (340, 150)]
        for a, b in zip(points, points[1:]):
            cv2.line(self.rgb, a, b, RED, 2, cv2.LINE_AA)
        for at in points:
            cv2.circle(self.rgb, at, 4, BLUE, -1, cv2.LINE_AA)
        ticks = [("0", 60.0), ("10", 160.0), ("20", 260.0)]
        self.read(line.read_lines, axis(0.1, -6.0, ticks), self.upright())
        table = self.rows("values.csv")
        self.assertEqual(len(table[0]), 2)
        self.assertEqual(len(table), 6)
        for (x, y), row in zip(points, table[1:]):
            self.assertAlmostEqual(float(row[0]), (x - 60) / 10, delta=0.15)
            self.assertAlmostEqual(float(row[1]), (240 - y) / 2, delta=1)

    def test_no_points_from_lines(self):
        """Protects against invented points: crossing lines are refused, not cut into markers."""
        for k in range(6):
            cv2.line(self.rgb, (60, 60 + 25 * k), (340, 220 - 28 * k), RED, 2, cv2.LINE_AA)
        ticks = [("0", 60.0), ("10", 160.0), ("20", 260.0)]
        with self.assertRaisesRegex(ValueError, "markers"):
            self.read(scatter.read_points, axis(0.1, -6.0, ticks), self.upright())


if __name__ == "__main__":
    unittest.main()
