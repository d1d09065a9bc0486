"""Tests of the look script: pictures are drawn here, so the truth is known."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

import cv2
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from look import fit, image, main, numerals, ocr, table
from look.report import look

FOLDER = tempfile.TemporaryDirectory()


def seen(picture: np.ndarray | plt.Figure, name: str = "picture") -> dict:
    """Save a figure or an array (BGR) as PNG and look at it."""
    path = str(Path(FOLDER.name) / f"{name}.png")
    if isinstance(picture, np.ndarray):
        cv2.imwrite(path, picture)
    else:
        picture.savefig(path)
        plt.close(picture)
    result = look(path)
    json.dumps(result, allow_nan=False)
    return result


def figure(style: str = "default", size: tuple[float, float] = (8, 5)):
    """A fresh figure and its axes."""
    plt.rcdefaults()
    plt.style.use(style)
    plt.rcParams["savefig.facecolor"] = "auto"
    return plt.subplots(figsize=size, dpi=100, layout="constrained")


def axis_error(figure_: plt.Figure, ax, result: dict, name: str) -> float:
    """Largest error of an axis fit at its two ends, as a share of the axis."""
    figure_.canvas.draw()
    low, high = ax.get_xlim() if name == "x" else ax.get_ylim()
    height = figure_.canvas.get_width_height()[1]
    straight = (lambda v: v) if result["axes"][name]["scale"] == "linear" else np.log10
    worst = 0.0
    for value in (low, high):
        point = ax.transData.transform((value, ax.get_ylim()[0]) if name == "x" else (ax.get_xlim()[0], value))
        pixel = point[0] - 0.5 if name == "x" else height - point[1] - 0.5
        line = result["axes"][name]["fit"]
        off = line["slope"] * pixel + line["intercept"] - straight(value)
        worst = max(worst, abs(off / (straight(high) - straight(low))))
    return worst


class Charts(unittest.TestCase):
    """Kinds, axes, labels and legends of drawn charts."""

    def test_bars(self):
        """Bars: kind, title, categories in order, value axis within half a percent."""
        drawing, ax = figure()
        ax.bar(["North", "South", "East"], [12, 7, 9])
        ax.set_title("Orders by region")
        ax.set_ylabel("Orders")
        ax.set_ylim(0, 14)
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "bar")
        self.assertEqual(result["title"], "Orders by region")
        self.assertEqual([t["text"] for t in result["axes"]["x"]["ticks"]], ["North", "South", "East"])
        self.assertEqual(result["axes"]["x"]["scale"], "category")
        self.assertEqual(result["axes"]["y"]["label"], "Orders")
        self.assertLess(axis_error(drawing, ax, result, "y"), 0.005)

    def test_lying_bars_on_gray(self):
        """Horizontal bars on a tinted panel without spines still give both axes."""
        drawing, ax = figure("ggplot")
        ax.barh(["Alpha", "Beta", "Gamma"], [120, 80, 140])
        ax.set_xlabel("Revenue")
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "bar")
        self.assertEqual({t["text"] for t in result["axes"]["y"]["ticks"]}, {"Alpha", "Beta", "Gamma"})
        self.assertEqual(result["axes"]["x"]["label"], "Revenue")
        self.assertLess(axis_error(drawing, ax, result, "x"), 0.005)

    def test_lines_with_legend(self):
        """Curves with grid: turned y label, both fits, legend texts with their colours."""
        drawing, ax = figure()
        years = np.arange(2010, 2021)
        ax.plot(years, years % 7 + 3, label="Solar")
        ax.plot(years, years % 5 + 1, label="Wind")
        ax.set(title="Generation", xlabel="Year", ylabel="Energy (TWh)")
        ax.grid()
        ax.legend()
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "line")
        self.assertEqual(result["axes"]["y"]["label"], "Energy (TWh)")
        self.assertEqual({e["text"]: tuple(e["rgb"]) for e in result["legend"]},
                         {"Solar": (31, 119, 180), "Wind": (255, 127, 14)})
        self.assertLess(axis_error(drawing, ax, result, "x"), 0.005)
        self.assertLess(axis_error(drawing, ax, result, "y"), 0.005)

    def test_log_axis_on_dark(self):
        """Powers of ten with raised exponents are read and fitted on a dark ground."""
        drawing, ax = figure("dark_background")
        ax.semilogy([1, 2, 3, 4, 5], [3, 40, 300, 9000, 60000])
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "line")
        self.assertEqual(result["axes"]["y"]["scale"], "log")
        self.assertLess(axis_error(drawing, ax, result, "y"), 0.005)

    def test_points(self):
        """Separate points are a scatter plot; minus signs survive."""
        drawing, ax = figure()
        rng = np.random.default_rng(3)
        ax.scatter(rng.uniform(-10, 10, 60), rng.uniform(-4, 4, 60), s=14)
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "scatter")
        self.assertLess(axis_error(drawing, ax, result, "x"), 0.005)
        self.assertLess(axis_error(drawing, ax, result, "y"), 0.005)

    def test_pie(self):
        """Sectors of a disc are a pie; their measured shares are near the truth."""
        drawing, ax = figure(size=(6, 6))
        ax.pie([50, 30, 20], labels=["Rent", "Food", "Other"])
        ax.set_title("Budget")
        result = seen(drawing)
        self.assertEqual(result["kind"]["name"], "pie")
        self.assertEqual(result["title"], "Budget")
        shares = sorted(s["share"] for s in result["pie"]["sectors"])
        np.testing.assert_allclose(shares, [0.2, 0.3, 0.5], atol=0.01)


class Tables(unittest.TestCase):
    """Cells with and without ruled lines."""

    ROWS: ClassVar = [["Item", "Q1", "Q2"], ["Lenses", "412.5", "398.0"], ["Films", "", "79.6"], ["Paper", "45.9", "51.2"]]

    def draw(self, ruled: bool) -> np.ndarray:
        """The table as a picture."""
        drawing = plt.figure(figsize=(5, 2.6), dpi=100)
        for r, row in enumerate(self.ROWS):
            for c, text in enumerate(row):
                drawing.text(0.08 + 0.3 * c, 0.83 - 0.22 * r, text, fontsize=12, va="center")
        drawing.canvas.draw()
        picture = np.asarray(drawing.canvas.buffer_rgba())[..., 2::-1].copy()
        plt.close(drawing)
        if ruled:
            for r in range(5):
                cv2.line(picture, (20, 14 + 57 * r), (470, 14 + 57 * r), (180, 180, 180), 1)
            for x in (20, 170, 320, 470):
                cv2.line(picture, (x, 14), (x, 242), (180, 180, 180), 1)
        return picture

    def test_ruled(self):
        """A ruled table gives exact cells, an empty one included."""
        result = seen(self.draw(True))
        self.assertEqual(result["kind"]["name"], "table")
        self.assertTrue(result["table"]["ruled"])
        self.assertEqual([[c["text"] for c in row] for row in result["table"]["cells"]], self.ROWS)
        self.assertEqual(len(result["table"]["column_edges"]), 4)

    def test_aligned(self):
        """Columns are inferred from alignment when nothing is ruled."""
        result = seen(self.draw(False))
        self.assertEqual(result["kind"]["name"], "table")
        self.assertFalse(result["table"]["ruled"])
        self.assertEqual([[c["text"] for c in row] for row in result["table"]["cells"]], self.ROWS)

    def test_line_across_a_rule_is_cut(self):
        """One reading that spans two cells is divided at the rule."""
        chars = [(c, 10.0 * k, 1.0) for k, c in enumerate("ab  cd")]
        parts = table._split_at([ocr.TextItem("ab  cd", 0, 0, 60, 12, 1.0, chars=chars)], [-5, 25, 70])
        self.assertEqual([p.text for p in parts], ["ab", "cd"])


class Oddities(unittest.TestCase):
    """Pictures that are no charts, and pictures that are hardly pictures."""

    def test_tiny_and_blank(self):
        """One pixel, a sliver and a blank sheet give a complete, honest answer."""
        for shape in ((1, 1, 3), (1, 300, 3), (200, 300, 3)):
            result = seen(np.full(shape, 255, np.uint8))
            self.assertEqual(result["kind"]["name"], "other")
            self.assertEqual((result["text"], result["axes"], result["table"]), ([], None, None))
            self.assertEqual(result["palette"][0]["hex"], "#ffffff")

    def test_transparency_is_laid_on_white(self):
        """A fully transparent picture is white, not black."""
        result = seen(np.zeros((40, 40, 4), np.uint8))
        self.assertEqual(result["background"]["rgb"], [255, 255, 255])

    def test_sixteen_bit_gray(self):
        """Dim 16-bit data is stretched, and that is said."""
        rng = np.random.default_rng(1)
        path = str(Path(FOLDER.name) / "deep.png")
        cv2.imwrite(path, rng.integers(0, 4096, (64, 64)).astype(np.uint16))
        picture = image.load(path)
        self.assertGreater(int(picture.full.max()), 250)
        self.assertTrue(picture.notes)

    def test_noise_is_a_photo(self):
        """Continuous tone without structure counts as a photo."""
        rng = np.random.default_rng(2)
        smooth = cv2.GaussianBlur(rng.integers(0, 256, (240, 320, 3)).astype(np.float32), (0, 0), 6)
        smooth = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
        self.assertEqual(seen(smooth)["kind"]["name"], "photo")

    def test_command_line(self):
        """The command writes the file, keeps standard output clean, refuses rubbish."""
        good, bad = Path(FOLDER.name) / "white.png", Path(FOLDER.name) / "rubbish.png"
        cv2.imwrite(str(good), np.full((30, 30), 255, np.uint8))
        bad.write_bytes(b"not a picture")
        out = Path(FOLDER.name) / "out.json"
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            main(str(good), str(out))
            for unreadable in (bad, bad.with_name("missing.png")):
                with self.assertRaises(SystemExit) as ended:
                    main(str(unreadable), str(bad.with_name("none.json")))
                self.assertEqual(ended.exception.code, 2)
        self.assertEqual(said.getvalue(), "")
        self.assertFalse(bad.with_name("none.json").exists())
        self.assertEqual(json.loads(out.read_text())["version"], 1)


class Numbers(unittest.TestCase):
    """Reading and fitting printed numbers, no pictures needed."""

    def test_forms(self):
        """Every printed form of a number that charts use has one value."""
        for text, value in {"1,000": 1000, "1.5k": 1500, "20%": 20, "$40": 40, "−5": -5, "10^3": 1000,
                            "10⁻²": 0.01, "1e6": 1e6, "(12)": -12, "1 234": 1234, "3,5": 3.5}.items():
            self.assertAlmostEqual(numerals.parse(text), value, msg=text)
        for text in ("North", "", "1-2", "Q1", "1.2.3"):
            self.assertIsNone(numerals.parse(text), msg=text)

    def test_one_misread_tick(self):
        """A misread tick or a lost minus neither spoils the fit nor goes unmended."""
        texts = ["100", "7O0", "50", "25", "0", "25"]
        pixels = [0.0, 25.0, 50.0, 75.0, 100.0, 125.0]
        found = fit.fit_ticks(texts, pixels, 1.6)
        self.assertAlmostEqual(found.slope, -1.0)
        self.assertNotIn(1, found.inliers)
        self.assertEqual(fit.corrected(found, "25", 125.0, 3.0), -25.0)

    def test_decimal_comma(self):
        """An axis printed with decimal commas and grouping dots is understood."""
        found = fit.fit_ticks(["1.500", "1.000", "500", "0"], [0.0, 50.0, 100.0, 150.0], 1.6)
        self.assertEqual(len(found.inliers), 4)
        self.assertAlmostEqual(found.at(0.0), 1500.0)


if __name__ == "__main__":
    unittest.main()
