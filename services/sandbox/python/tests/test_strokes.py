"""Tests of what tells thin strokes apart, and of labels and grid lines that chance or noise set apart: as tables."""

from __future__ import annotations

import unittest

import numpy as np
from look import plotbox, rows, ticks
from look.lines import Line as Rule
from look.ocr import TextItem
from prove import bars, calibration, curves, tints
from prove.ink import Ink

WHITE, RED, BLUE, SKY = (255, 255, 255), (200, 40, 40), (40, 80, 200), (147, 167, 228)


def mixed(colour, share: float) -> np.ndarray:
    """A colour of which only a share covers white paper."""
    return np.array(WHITE) + share * (np.array(colour) - WHITE)


def label(text: str, x: float, width: float, y: float = 300.0, sure: float = 0.95, slant: float = 0.0) -> TextItem:
    """A printed line, 12 pixels high."""
    return TextItem(text, x, y, width, 12.0, sure, slant=slant)


class Tints(unittest.TestCase):
    """Ink of one series is not taken for another's."""

    def test_mixtures_belong_to_their_colour(self):
        """Protects values of thin and blurred lines: a pale stroke is of the colour on whose way from the paper it lies."""
        colours = [np.array(RED, float), np.array(BLUE, float)]
        table = [(RED, 1.0, 0, None), (RED, 0.4, 0, None), (BLUE, 0.4, 0, 1), (RED, 0.4, 1, 0), (BLUE, 1.0, 1, None)]
        for colour, share, own, expected in table:
            picture = np.full((120, 160, 3), 255, np.uint8)
            picture[60:62, 20:140] = mixed(colour, share)
            ink = Ink(picture, (10, 10, 140, 100), [], [], paper=WHITE)
            self.assertEqual(tints.rather(ink, colours, own, (80.0, 60.5)), expected, (colour, share, own))
            self.assertIsNone(tints.rather(ink, colours, own, (80.0, 30.0)), "without ink nothing can be told")

    def test_colours_that_cannot_be_told_apart(self):
        """Protects lines of one hue, and of black ones told by dashes: which is which is not sure."""
        table = [((RED, BLUE), 12.0, None), ((RED, BLUE), 45.0, None), ((BLUE, SKY), 12.0, 1), (((0, 0, 0), (0, 0, 0)), 12.0, 1)]
        for pair, apart, expected in table:
            colours = [np.array(one, float) for one in pair]
            self.assertEqual(tints.alike(np.array(WHITE, float), colours, 0, apart), expected, pair)

    def test_damage_asks_for_more(self):
        """Protects from colours that smoothing has mixed: where it was done, they must lie further apart."""
        for done, expected in ((None, 12.0), ({"strength": None}, 12.0), ({"strength": 9.5}, 45.0), ("hostile", 12.0)):
            self.assertEqual(tints.least({"prepared": done}), expected, done)


class Twice(unittest.TestCase):
    """A line that is drawn at two heights of one column."""

    def line(self, *strokes) -> curves.Line:
        """A line of strokes (row, first column, end), 3 pixels thick."""
        mask = np.zeros((200, 300), bool)
        for row, first, end in strokes:
            mask[row : row + 3, first:end] = True
        return curves.Line(mask, mask.astype(np.float32))

    def test_elsewhere(self):
        """Protects from values read off a stray piece: specks and the frame are none, pieces of a line are."""
        table = [(((50, 0, 300),), False), (((50, 0, 300), (120, 140, 160)), True), (((50, 0, 300), (120, 150, 153)), False),
                 (((50, 0, 300), (1, 0, 300)), False), (((50, 0, 300), (56, 140, 160)), False)]
        for strokes, expected in table:
            self.assertEqual(self.line(*strokes).elsewhere(150.0, 51.0, 8.0, (0.0, 199.0)), expected, strokes)

    def test_gaps_are_crossed_only_where_a_line_goes(self):
        """Protects dashes, and from ways between specks or from one line to another."""
        dashes = [(50, start, start + 6) for start in range(0, 300, 12)]
        specks = [(50, 100, 103), (50, 112, 115)]
        jump = [(50, 0, 148), (150, 153, 300)]
        for strokes, place, expected in ((dashes, (152.5, 51.0), True), (specks, (107.0, 51.0), False),
                                         (jump, (150.0, 100.0), False)):
            self.assertEqual(self.line(*strokes).at(*place) is not None, expected, strokes[:3])


class Labels(unittest.TestCase):
    """Labels belong to their marks, months to their years."""

    def test_months_and_years(self):
        """Protects date axes in noise: "Apr" and "2022" right behind it are one label; years of their own stay."""
        table = [
            ([("Apr", 100, 24), ("2022", 128, 30), ("May", 200, 24), ("2022", 228, 30)], ["Apr 2022", "May 2022"]),
            ([("Jul", 60, 24), ("Oct", 100, 24), ("2022", 130, 30), ("Apr", 200, 24), ("Jul", 260, 24), ("Oct", 300, 24),
              ("2023", 330, 30)], ["Jul", "Oct", "2022", "Apr", "Jul", "Oct", "2023"]),
            ([("Apr", 100, 24), ("2022", 128, 30)], ["Apr", "2022"]),
            ([("2019", 100, 30), ("April", 180, 30), ("2020", 260, 30)], ["2019", "April", "2020"]),
            ([("Apr", 100, 24), ("17", 128, 16)], ["Apr", "17"]),
            ([("Oslo", 100, 24), ("2022", 128, 30)], ["Oslo", "2022"]),
            ([("Apr 2021", 70, 50), ("2022", 124, 30)], ["Apr 2021", "2022"]),
        ]
        for given, expected in table:
            found = rows.dates_joined([label(text, x, width) for text, x, width in given])
            self.assertEqual([item.text for item in found], expected)

    def test_words_of_one_name(self):
        """Protects names of categories: words that noise parted are one name where the row is even then, others stay."""
        parted = [("Product A", 133, 51), ("Product", 288, 40), ("B", 333, 6), ("Product", 444, 40), ("C", 488, 7),
                  ("Product", 599, 41), ("D", 644, 7)]
        close = [("Copenhagen", 100, 70), ("Amsterdam", 176, 66), ("Barcelona", 250, 66), ("Edinburgh", 323, 68)]
        ticks_ = [("0", 100, 7), ("10", 200, 14), ("20", 300, 14), ("30", 400, 14)]
        table = [(parted, ["Product A", "Product B", "Product C", "Product D"]), (close, [text for text, *_ in close]),
                 (ticks_, [text for text, *_ in ticks_]), (parted[:3], [text for text, *_ in parted[:3]])]
        for given, expected in table:
            found = rows.words_joined([label(text, x, width) for text, x, width in given])
            self.assertEqual([item.text for item in found], expected)

    def test_slanted_labels_that_might_hang_elsewhere(self):
        """Protects axes of slanted labels: with one way to hang they are sure, with two alike ones they are not."""
        near = [[100.0, 200.0, 300.0, 400.0]]
        both = [[100.0, 200.0, 300.0, 400.0], [112.0, 212.0, 312.0, 412.0]]
        for marks, ends, expected in ((near, 98.0, True), (both, 106.0, False)):
            hung = [ticks.Tick(f"town {k}", 70.0 + 100 * k, 0.95, [label("town", ends - 70 + 100 * k, 70, slant=45.0)])
                    for k in range(4)]
            self.assertTrue(ticks._hang(hung, marks, 12.0))
            self.assertEqual([tick.confidence > 0.9 for tick in hung], [expected] * 4)

    def test_a_year_that_could_hardly_be_read(self):
        """Protects date axes from moving by whole years: all labels count from the year that is printed."""
        for sure, expected in ((0.97, 0), (0.6, 1)):
            days = [("2021", 18628.0, sure), ("Apr", 18718.0, 0.99), ("Jul", 18809.0, 0.99), ("Oct", 18901.0, 0.99)]
            axis = {"scale": "date", "fit": {"slope": 1.0, "intercept": 18528.0, "max_residual_px": 0.1},
                    "ticks": [{"text": t, "value": v, "pixel": v - 18528.0, "confidence": c} for t, v, c in days]}
            found = calibration.read({"axes": {"plot_box": [50, 50, 500, 300], "x": axis, "y": {}}})
            self.assertEqual(len(found.x.problems), expected, found.x.problems)

    def test_labels_in_pieces_name_no_place(self):
        """Protects lines over words from places that nobody wrote: labels that stand unevenly, out of order or twice."""
        def pieces(*labels, fit=None):
            ticks_ = [{"text": text, "value": None, "pixel": at, "confidence": 0.99} for text, at in labels]
            axis = {"scale": "category", "fit": fit, "ticks": ticks_}
            return calibration.in_pieces(calibration.read({"axes": {"plot_box": [50, 50, 500, 300], "x": axis, "y": {}}}).x)

        whole = [("Mon", 60.0), ("Tue", 120.0), ("Wed", 181.0), ("Thu", 240.0)]
        self.assertIsNone(pieces(*whole))
        self.assertIsNone(pieces(*reversed(whole)))
        self.assertIsNone(pieces(("2", 60.0), ("02", 65.0)), "two say too little")
        self.assertIn("in pieces", pieces(("2", 60.0), ("02", 65.0), ("1", 75.0), *whole[1:]) or "")
        self.assertIn("in pieces", pieces(("1", 95.0), ("April", 85.0), ("July", 177.0), ("October", 247.0)) or "")
        self.assertIn("say the same", pieces(("April", 60.0), ("July", 120.0), ("October", 180.0), ("April", 240.0)) or "")


class Areas(unittest.TestCase):
    """The plot area of bars that stand before their grid."""

    def test_broken_grid_lines(self):
        """Protects office charts: grid lines in pieces of different extent span one area together."""
        tall = [Rule(x, start, end, 1.0, 0.5, 217.0) for x, start, end in ((90, 80, 300), (200, 40, 360), (310, 40, 401))]
        box, = plotbox._of_broken([], tall)
        self.assertEqual((box.left, box.top, box.right, box.bottom), (90, 40, 310, 400))
        self.assertEqual(plotbox._of_broken([], tall[:2]), [], "two are no grid")
        edges = [Rule(x, 40, 300, 1.0, 0.5, 217.0) for x in (97, 190, 214, 307, 331, 424)]
        self.assertEqual(plotbox._of_broken([], edges), [], "bars and the gaps between them are no grid")


class Stacks(unittest.TestCase):
    """Bars that stand on each other, read as if each place had one value."""

    def test_bars_upon_others(self):
        """Protects sums from passing for values: a bar on another one is told from one on the axis, or beside others."""
        on, below = bars.Bar(100, 140, 50, 120), bars.Bar(100, 140, 123, 300)
        for other, tip, expected in (
            (below, 50.0, True),
            (bars.Bar(99, 141, 118, 300), 52.0, True),
            (below, 120.0, False),  # hangs from above; what is below is beyond its end
            (bars.Bar(100, 140, 0, 47), 120.0, True),
            (bars.Bar(150, 190, 123, 300), 50.0, False),
            (bars.Bar(100, 240, 123, 300), 50.0, False),
            (bars.Bar(100, 140, 140, 300), 50.0, False),
            (bars.Bar(100, 140, 121, 126), 50.0, False),
            (bars.Bar(100, 140, 60, 120), 50.0, False),
        ):
            self.assertEqual(bars.upon(on, [other], tip), expected, (other, tip))


if __name__ == "__main__":
    unittest.main()
