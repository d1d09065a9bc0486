"""Tests of reading charts: legends, dates, log axes, the pieces of a curve. Small pictures are drawn here."""

from __future__ import annotations

import unittest

import cv2
import numpy as np
from look import curves, dates, fit, legend, ticks
from look.image import Picture
from look.marks import Marks
from look.ocr import TextItem

RED, BLUE, GREEN = (220, 40, 40), (40, 80, 200), (30, 150, 60)


def drawn(height=200, width=300):
    """A white picture."""
    return np.full((height, width, 3), 255, np.uint8)


def picture(rgb):
    """The picture as the look holds it, at full size."""
    return Picture(rgb, rgb, 1.0, [])


def name(text, x, y, height=10):
    """A text as the reader would give it: black strokes are drawn by the caller."""
    return TextItem(text, x, y, 6.0 * len(text), height, 0.99)


class Legends(unittest.TestCase):
    """Samples of every shape are found beside their names."""

    def found(self, draw, side="left"):
        """Entries of a legend of three, whose samples `draw(rgb, centre, colour)` draws."""
        rgb, items = drawn(), []
        for row, (text, colour) in enumerate((("alpha", RED), ("beta", BLUE), ("gamma", GREEN))):
            middle = 30 + 22 * row
            item = name(text, 120 if side == "left" else 160 - 6 * len(text), middle - 5)
            rgb[middle - 4 : middle + 5, int(item.x) + 1 : int(item.right) : 3] = 0
            draw(rgb, (105 if side == "left" else 178, middle), colour)
            items.append(item)
        entries = legend.find(picture(rgb), items, None)
        return {e.item.text: e.rgb for e in entries}

    def assert_all(self, entries):
        self.assertEqual(set(entries), {"alpha", "beta", "gamma"})
        for text, colour in (("alpha", RED), ("beta", BLUE), ("gamma", GREEN)):
            self.assertLess(max(abs(a - b) for a, b in zip(entries[text], colour)), 12, text)

    def test_swatch_taller_than_its_name(self):
        """Protects Vega-Lite's legends: a square as tall as the line is a sample, not part of the drawing."""
        self.assert_all(self.found(lambda rgb, at, c: cv2.rectangle(
            rgb, (at[0] - 7, at[1] - 8), (at[0] + 7, at[1] + 8), c, -1)))

    def test_round_marker(self):
        """Protects legends of scatter plots: a small disc is a sample."""
        self.assert_all(self.found(lambda rgb, at, c: cv2.circle(rgb, at, 4, c, -1, cv2.LINE_AA)))

    def test_different_markers(self):
        """Protects legends whose markers differ in shape and width: they line up by their middle."""
        widths = iter((3, 6, 4))

        def draw(rgb, at, colour):
            half = next(widths)
            cv2.rectangle(rgb, (at[0] - half, at[1] - 4), (at[0] + half, at[1] + 4), colour, -1)

        self.assert_all(self.found(draw))

    def test_dashed_stroke(self):
        """Protects legends of dashed lines: their pieces are one sample."""
        def draw(rgb, at, colour):
            for start in range(at[0] - 14, at[0] + 8, 8):
                cv2.line(rgb, (start, at[1]), (start + 4, at[1]), colour, 2)

        self.assert_all(self.found(draw))

    def test_sample_behind_its_name(self):
        """Protects gnuplot's keys: the sample may stand right of the text."""
        self.assert_all(self.found(lambda rgb, at, c: cv2.line(
            rgb, (at[0] - 12, at[1]), (at[0] + 12, at[1]), c, 2), side="right"))

    def test_no_sample(self):
        """Protects plain text from being taken for a legend."""
        self.assertEqual(self.found(lambda rgb, at, c: None), {})

    def test_part_of_a_curve(self):
        """Protects against a curve that passes by a text: what goes on above and below is no sample."""
        self.assertEqual(self.found(lambda rgb, at, c: cv2.line(rgb, (100, 0), (110, 199), RED, 3)), {})


class Dates(unittest.TestCase):
    """Dates along an axis."""

    def test_full_dates(self):
        """Protects dates in the forms that plotting libraries print."""
        wanted = dates.days(["2023-01-01", "2023-02-01", "2023-03-01"])
        self.assertEqual(wanted[0], 19358.0)
        for printed in (["Jan 2023", "Feb 2023", "Mar 2023"], ["01.01.2023", "01.02.2023", "01.03.2023"],
                        ["2023-01", "2023-02", "2023-03"], ["Jan 2023", "Feb12023", "mar 2023"],
                        ["Januar 2023", "Februar 2023", "März 2023"]):
            self.assertEqual(dates.days(printed), wanted, printed)

    def test_years_carry_on(self):
        """Protects Vega-Lite's axes, which print a year in place of January, in both directions."""
        found = dates.days(["October", "2021", "April", "October", "2022"])
        self.assertEqual([dates.iso(day) for day in found],
                         ["2020-10-01", "2021-01-01", "2021-04-01", "2021-10-01", "2022-01-01"])

    def test_names_are_no_dates(self):
        """Protects categories: months without any year, and words that merely begin like one, stay names."""
        for printed in (["Jan", "Feb", "Mar"], ["Marketing", "Sales 2023", "Decor"], ["2020", "2021", "2022"]):
            self.assertEqual(dates.days(printed), [None] * 3, printed)

    def test_an_axis_of_dates(self):
        """Protects the calibration by dates, and that one misread label does not spoil it."""
        months = ["Jan 2023", "Feb 2023", "Mar 2023", "Apr 2023", "May 2023"]
        places = [10 + 2 * (day - 19358) for day in dates.days(months)]
        months[2] = "Mar 2029"
        groups = [[name(text, place - 24, 180)] for text, place in zip(months, places)]
        for group in groups:
            group[0].w = 49.0
        axis = ticks.build("bottom", groups, [places], 320, 10.0, [])
        self.assertEqual(axis.scale, "date")
        self.assertAlmostEqual(axis.fit.at(10), 19358, delta=0.6)


class LogAxis(unittest.TestCase):
    """Logarithmic axes."""

    def test_minor_digits(self):
        """Protects plotly's log axes, whose minor ticks print a digit alone."""
        texts = ["5", "1000", "2", "5", "10k", "2", "5", "100k"]
        values = [500, 1000, 2000, 5000, 10000, 20000, 50000, 100000]
        places = [100 * np.log10(v) for v in values]
        found = fit.fit_ticks(texts, places, 2.0)
        self.assertTrue(found.log)
        self.assertEqual(len(found.inliers), 8)
        self.assertAlmostEqual(found.at(350), 10**3.5, delta=5)


    def test_raised_zero(self):
        """Protects log axes whose 10^0 reads as ten degrees, also when another power is misread."""
        found = fit.fit_ticks(["10³", "10²", "10²", "10º"], [77, 183, 290, 396], 2.3)
        self.assertTrue(found.log)
        self.assertAlmostEqual(found.at(290), 10, delta=0.3)
        degrees = fit.fit_ticks(["0°", "10°", "20°", "30°"], [0, 50, 100, 150], 2.0)
        self.assertAlmostEqual(degrees.at(50), 10, delta=0.01)


class Curves(unittest.TestCase):
    """Telling curves from points."""

    def test_pieces_reach_together(self):
        """Protects lines that markers of another colour cut into pieces from being taken for points."""
        mask = np.zeros((200, 400), np.uint8)
        for start in range(10, 380, 60):
            cv2.line(mask, (start, 40 + start // 4), (start + 50, 52 + start // 4), 1, 2)
        seen = Marks()
        curves.thin_parts(mask, 447.0, seen)
        self.assertGreater(seen.line_reach, 0.6)


if __name__ == "__main__":
    unittest.main()
