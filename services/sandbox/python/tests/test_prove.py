"""Tests of proofs: what the picture bears out is trusted, and nothing else."""

from __future__ import annotations

import datetime
import tempfile
import unittest
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from prove_support import Chart, bars_data, figure_data, line_data, proof

NAMES = ["North", "South", "East", "West"]
HEIGHTS = np.array([120.0, 95.0, 143.0, 78.0])
OTHERS = np.array([60.0, 130.0, 80.0, 110.0])
X = np.arange(2010, 2022)
Y = np.array([12, 14, 13, 17, 19, 18, 22, 25, 24, 21, 23, 27.0])
POINTS = np.random.default_rng(7).uniform((1, 10), (9, 90), (30, 2))


def axes_of(kind, folder, draw, **limits) -> Chart:
    """A chart that ``draw`` fills."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    draw(axes)
    axes.set(**limits)
    return Chart(figure, axes, kind, folder)


def upright(axes):
    axes.bar(NAMES, HEIGHTS, color="#aa3377", width=0.6)


def lying(axes):
    axes.barh(NAMES, HEIGHTS, color="#228833")


def grouped(axes):
    places = np.arange(4)
    axes.bar(places - 0.2, HEIGHTS, 0.4, label="old", color="#4477aa")
    axes.bar(places + 0.2, OTHERS, 0.4, label="new", color="#ee6677")
    axes.set_xticks(places, NAMES)
    axes.legend(loc="upper right")
    axes.set_ylim(0, 200)


def stacked(axes):
    axes.bar(NAMES, HEIGHTS, label="old", color="#4477aa")
    axes.bar(NAMES, OTHERS, bottom=HEIGHTS, label="new", color="#ee6677")
    axes.legend(loc="upper right")
    axes.set_ylim(0, 330)


def negative(axes):
    axes.bar(NAMES, HEIGHTS - 110, color="#aa3377")
    axes.axhline(0, color="black", lw=0.8)


def line(axes):
    axes.plot(X, Y, color="#4477aa")
    axes.grid(alpha=0.4)


def two_lines(axes):
    axes.plot(X, Y, color="#4477aa", label="Solar", marker="o")
    axes.plot(X, 60 - Y, color="#ee6677", label="Wind", marker="s")
    axes.legend()


def logarithmic(axes):
    axes.plot(X, 10 ** (Y / 5), color="#4477aa", marker="o")
    axes.set_yscale("log")


def scatter(axes):
    axes.scatter(*POINTS.T, color="#aa3377", s=25)


def dates(axes):
    axes.plot([datetime.datetime(2023, 1 + m, 1) for m in range(12)], Y, color="#4477aa")
    axes.xaxis.set_major_formatter(plt.matplotlib.dates.DateFormatter("%Y-%m-%d"))
    axes.tick_params(axis="x", labelrotation=30)


DAYS = [f"2023-{month:02}-01" for month in range(1, 13)]
# name, kind, how it is drawn, series of the figure with right values (a factor shifts them).
CHARTS = (
    ("bars", "bar", upright, lambda f: [bars_data(NAMES, HEIGHTS * f)]),
    ("lying bars", "bar", lying, lambda f: [bars_data(NAMES, HEIGHTS * f, lying=True)]),
    ("lying bars drawn upright", "bar", lying, lambda f: [bars_data(NAMES, HEIGHTS * f)]),
    ("bars below zero", "bar", negative, lambda f: [bars_data(NAMES, (HEIGHTS - 110) * f)]),
    ("grouped bars", "bar", grouped, lambda f: [bars_data(NAMES, HEIGHTS * f, label="old"),
                                                bars_data(NAMES, OTHERS * f, label="new")]),
    ("stacked bars", "bar", stacked, lambda f: [
        bars_data(NAMES, HEIGHTS * f, label="old"),
        bars_data(NAMES, OTHERS * f, label="new", bottoms=list(HEIGHTS))]),
    ("stacked bars drawn apart", "bar", stacked, lambda f: [
        bars_data(NAMES, HEIGHTS * f, label="old"), bars_data(NAMES, OTHERS * f, label="new")]),
    ("line", "line", line, lambda f: [line_data(X, Y * f)]),
    ("two lines", "line", two_lines, lambda f: [line_data(X, Y * f, label="Solar"),
                                                line_data(X, (60 - Y) * f, label="Wind")]),
    ("log axis", "line", logarithmic, lambda f: [line_data(X, 10 ** (Y / 5) * f**3)]),
    ("dates", "line", dates, lambda f: [line_data(DAYS, Y * f)]),
    ("points", "scatter", scatter, lambda f: [line_data(POINTS[:, 0], POINTS[:, 1] * f, "scatter")]),
)


def sure(overlay) -> list[bool]:
    """Which values are trusted."""
    return [value["trusted"] for value in overlay["values"]]


class Charts(unittest.TestCase):
    """Values of charts."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_right_values_are_trusted_and_shifted_ones_are_not(self):
        """Protects trust both ways: right values within a pixel are trusted, values 8 % off are doubtful, of each kind."""
        for name, kind, draw, series in CHARTS:
            with self.subTest(name):
                chart = axes_of(kind, self.folder, draw)
                measure, overlay = proof(chart, self.folder, figure_data(*series(1.0)))
                wrong = [value for value in overlay["values"] if not value["trusted"]]
                # What lies beyond the last labelled tick may be doubted, however well it was read.
                self.assertTrue(all("beyond the labelled ticks" in value["why"] for value in wrong), wrong)
                self.assertGreaterEqual(sum(sure(overlay)), 0.7 * len(overlay["values"]), name)
                self.assertLess(measure["values"]["median_residual_px"], 1.0)
                self.assertEqual(measure["values"]["missing"], 0, measure["notes"])
                _measure, overlay = proof(chart, self.folder, figure_data(*series(1.08)))
                self.assertLessEqual(sum(sure(overlay)), 0.1 * len(overlay["values"]), name)

    def test_errors_are_in_units_of_the_axis(self):
        """Protects the ± of a value: a pixel of this chart is 1.3 units or less, so is the error of what was read well."""
        chart = axes_of("bar", self.folder, upright)
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(NAMES, HEIGHTS)))
        slope = abs(chart.evidence["axes"]["y"]["fit"]["slope"])
        for value in overlay["values"]:
            self.assertTrue(0.4 * slope < value["error"] < 1.5 * slope, value)

    def test_what_is_not_drawn_is_doubtful(self):
        """Protects from invented values: a bar, points and a series that the picture does not have are not trusted."""
        chart = axes_of("bar", self.folder, upright)
        invented = figure_data(bars_data([*NAMES, "Centre"], [*HEIGHTS, 100]))
        _measure, overlay = proof(chart, self.folder, invented)
        self.assertEqual(sure(overlay), [True, True, True, True, False])
        chart = axes_of("scatter", self.folder, scatter)
        more = np.vstack([POINTS, [[2.0, 85.0], [8.5, 15.0]]])
        _measure, overlay = proof(chart, self.folder, figure_data(line_data(*more.T, "scatter")))
        self.assertEqual(sure(overlay)[-2:], [False, False])
        self.assertGreater(sum(sure(overlay)), 24)
        chart = axes_of("line", self.folder, two_lines)
        third = [line_data(X, Y, label="Solar"), line_data(X, 60 - Y, label="Wind"), line_data(X, Y, label="Coal")]
        _measure, overlay = proof(chart, self.folder, figure_data(*third))
        self.assertFalse(any(value["trusted"] for value in overlay["values"] if value["series"] == "Coal"))

    def test_what_no_value_explains_is_told(self):
        """Protects completeness: bars and points of the picture that were left out are counted and told."""
        chart = axes_of("bar", self.folder, upright)
        measure, _overlay = proof(chart, self.folder, figure_data(bars_data(NAMES[:2], HEIGHTS[:2])))
        self.assertEqual((measure["values"]["missing"], measure["notes"]),
                         (2, ["2 bars in the picture have no value."]))
        chart = axes_of("scatter", self.folder, scatter)
        measure, _overlay = proof(chart, self.folder, figure_data(line_data(*POINTS[:20].T, "scatter")))
        self.assertTrue(8 <= measure["values"]["missing"] <= 10, measure)

    def test_swapped_names_are_doubtful(self):
        """Protects the names: series in each other's colour, and bars under each other's name, are not trusted."""
        chart = axes_of("line", self.folder, two_lines)
        swapped = [line_data(X, Y, label="Wind"), line_data(X, 60 - Y, label="Solar")]
        _measure, overlay = proof(chart, self.folder, figure_data(*swapped))
        self.assertEqual(sum(sure(overlay)), 0)
        chart = axes_of("bar", self.folder, upright)
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(NAMES[::-1], HEIGHTS)))
        self.assertEqual(sure(overlay), [False] * 4)
        nameless = [line_data(X, Y, label="series 1"), line_data(X, 60 - Y, label="series 2")]
        chart = axes_of("line", self.folder, two_lines)
        _measure, overlay = proof(chart, self.folder, figure_data(*nameless))
        self.assertIn("The picture has no name “series 1”.", overlay["values"][0]["why"])

    def test_scales_that_cannot_be_believed_make_all_doubtful(self):
        """Protects from wrong calibrations: a fit its own ticks contradict, or of too few ticks, is not believed."""
        right = figure_data(bars_data(NAMES, HEIGHTS), title="Sales")

        def scaled(axis):
            axis["fit"]["slope"] *= 1.05

        def few(axis):
            axis["ticks"] = axis["ticks"][:2]

        def uneven(axis):
            for tick in axis["ticks"][::2]:
                tick["pixel"] += 6

        def unread(axis):
            for tick in axis["ticks"]:
                tick["confidence"] = 0.3

        def none(axis):
            axis["fit"] = None

        for spoil in (scaled, few, uneven, unread, none):
            with self.subTest(spoil.__name__):
                chart = axes_of("bar", self.folder, upright)
                chart.evidence["title"] = "Sales"
                spoil(chart.evidence["axes"]["y"])
                _measure, overlay = proof(chart, self.folder, right)
                self.assertEqual(sure(overlay), [False] * 4)
                self.assertTrue(all(value["why"] for value in overlay["values"]))

    def test_printed_numbers_are_believed_more(self):
        """Protects from values that contradict the number printed beside their bar."""
        chart = axes_of("bar", self.folder, upright, ylim=(0, 160))
        scale = chart.evidence["axes"]["y"]["fit"]
        for tick, value, said in zip(chart.evidence["axes"]["x"]["ticks"], HEIGHTS, ("120", "59", "143", "78")):
            at = (value - scale["intercept"]) / scale["slope"]
            box = [tick["pixel"] - 10, at - 16, 20, 10]
            chart.evidence["text"].append({"text": said, "box": box, "confidence": 1.0, "role": "value_label"})
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(NAMES, HEIGHTS)))
        self.assertEqual(sure(overlay), [True, False, True, True])
        self.assertIn("The picture prints 59 beside it.", overlay["values"][1]["why"])

    def test_the_scripts_own_doubts_count(self):
        """Protects what the reading code was not sure of: its values are doubtful with its reason."""
        chart = axes_of("line", self.folder, two_lines)
        right = figure_data(line_data(X, Y, label="Solar"), line_data(X, 60 - Y, label="Wind"))
        before = len([v for v in proof(chart, self.folder, right)[1]["values"] if v["trusted"]])
        for rows, gone in ((b"series,at,reason\nSolar,2012.0,hidden\n", 1), (b"series,at,reason\nSolar,,faint\n", 12),
                           (b"series,at,reason\n,,all of it\n", 24), (b"series,at,reason\n,2012,both\n", 2),
                           (b"nonsense\n1\n", 0), (b"series,at,reason\nCoal,1999,gone\n", 0)):
            with self.subTest(rows):
                _measure, overlay = proof(chart, self.folder, right, {"doubts.csv": rows})
                self.assertGreaterEqual(before - sum(sure(overlay)), 0.8 * gone)
                self.assertLessEqual(before - sum(sure(overlay)), gone)

    def test_a_table_serves_where_there_is_no_figure(self):
        """Protects charts that were not drawn with matplotlib: their values come from the CSV."""
        chart = axes_of("line", self.folder, two_lines)
        rows = "Year,Solar,Wind\n" + "".join(f"{x},{y},{60 - y}\n" for x, y in zip(X, Y))
        _measure, overlay = proof(chart, self.folder, files={"values.csv": rows.encode()})
        self.assertGreater(sum(sure(overlay)), 18)
        self.assertEqual((overlay["values"][0]["series"], overlay["values"][0]["at"]), ("Solar", "2010"))
        chart = axes_of("bar", self.folder, upright)
        rows = "category,value\n" + "".join(f"{n},{v}\n" for n, v in zip(NAMES, HEIGHTS))
        _measure, overlay = proof(chart, self.folder, files={"values.csv": rows.encode()})
        self.assertEqual(sure(overlay), [True] * 4)

    def test_pictures_that_were_turned_are_shown_as_they_came(self):
        """Protects places: the evidence means the upright picture, the overlay the original, which leans by 3 degrees."""
        chart = axes_of("bar", self.folder, upright)
        upright_picture = cv2.imread(str(chart.path))
        height, width = upright_picture.shape[:2]
        lean = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), 3, 0.9), [0, 0, 1]])
        cv2.imwrite(str(chart.path), cv2.warpPerspective(upright_picture, lean, (width, height), flags=cv2.INTER_CUBIC,
                                                         borderValue=(255, 255, 255)))
        back = np.linalg.inv(lean)
        chart.evidence["prepared"] = {"matrix": back.tolist(), "size": [width, height], "fill": [255, 255, 255],
                                      "light": None, "strength": None, "colours": None}
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(NAMES, HEIGHTS)))
        self.assertEqual(sure(overlay), [True] * 4, overlay["values"])
        axis = chart.evidence["axes"]
        for value, tick, number in zip(overlay["values"], axis["x"]["ticks"], HEIGHTS):
            fit = axis["y"]["fit"]
            there = lean @ (tick["pixel"], (number - fit["intercept"]) / fit["slope"], 1)
            np.testing.assert_allclose(value["px"], there[:2], atol=2)

    def test_histograms_go_by_the_middle_of_their_bins(self):
        """Protects bins: named by their middle or range they are trusted, by a number beside them they are not."""
        values = np.random.default_rng(3).normal(50, 12, 400)
        edges = np.arange(20, 86, 5.0)
        counts, _edges = np.histogram(values, edges)
        chart = axes_of("bar", self.folder, lambda axes: axes.hist(values, edges, color="#4477aa", edgecolor="white"))
        figure = figure_data({"type": "histogram", "orientation": "vertical", "label": None, "colour": "#4477aa",
                              "edges": edges.tolist(), "counts": counts.tolist()})
        _measure, overlay = proof(chart, self.folder, figure)
        self.assertGreaterEqual(sum(sure(overlay)), 10)
        ranges = [f"{low:g}–{high:g}" for low, high in zip(edges, edges[1:])]
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(ranges, counts)))
        self.assertGreaterEqual(sum(sure(overlay)), 10)
        beside = [f"{10 * round(low / 10)} (bar {i})" for i, low in enumerate(edges[:-1])]
        _measure, overlay = proof(chart, self.folder, figure_data(bars_data(beside, counts)))
        self.assertEqual(sum(sure(overlay)), 0)


if __name__ == "__main__":
    unittest.main()
