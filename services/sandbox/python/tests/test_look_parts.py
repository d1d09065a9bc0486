"""Tests of the parts that make a look fast: they must not change what is seen."""

from __future__ import annotations

import threading
import unittest
from itertools import combinations
from unittest import mock

import cv2
import numpy as np
from look import bars, curves, fit, models, ocr, parallel, pixels


class Pixels(unittest.TestCase):
    """The fast colour arithmetic gives exactly what plain numpy gives."""

    def setUp(self):
        rng = np.random.default_rng(5)
        big = rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)
        # Odd and even sizes, one pixel, a view into a larger picture, few colours.
        self.pictures = [big, big[5:18, 7:28], big[:1, :1], big[3:4], big[:, 9:10], big // 64 * 64]

    def test_apart(self):
        """Protects every measurement of ink: distances are right for whole and half levels."""
        for picture in self.pictures:
            for colour in ((0, 128, 255), np.array([12.5, 99.0, 200.5])):
                wanted = np.abs(picture.astype(float) - np.array(colour)).max(axis=2)
                np.testing.assert_array_equal(pixels.apart(picture, colour), wanted)

    def test_colourless(self):
        """Protects the telling of gray grid lines from coloured marks."""
        for picture in self.pictures:
            wide = picture.astype(int)
            np.testing.assert_array_equal(pixels.colourless(picture, 30), wide.max(axis=2) - wide.min(axis=2) < 30)

    def test_middle_and_counted(self):
        """Protects paper and mark colours: medians and counts are numpy's, order included."""
        for picture in self.pictures:
            flat = picture.reshape(-1, 3)
            np.testing.assert_array_equal(pixels.middle(picture), np.median(flat, axis=0))
            self.assertEqual(pixels.median(picture), np.median(picture))
            for mine, theirs in zip(pixels.counted(flat), np.unique(flat, axis=0, return_counts=True), strict=True):
                np.testing.assert_array_equal(mine, theirs)


class Parallel(unittest.TestCase):
    """Work on two threads."""

    def tearDown(self):
        parallel.limit(parallel.MOST)

    def test_order_and_errors(self):
        """Protects results from being mixed up and errors from being lost, on one thread and on two."""
        for threads in (1, 2):
            parallel.limit(threads)
            self.assertEqual(parallel.each(lambda n: n * n, range(20)), [n * n for n in range(20)])
            self.assertEqual(parallel.together(lambda: "a", lambda: "b", lambda: "c"), ["a", "b", "c"])
            with self.assertRaises(ZeroDivisionError):
                parallel.each(lambda n: 1 // n, [2, 1, 0])

    def test_no_thread_is_left(self):
        """Protects forks: with one thread allowed none is started, and with two none outlives the call."""
        parallel.limit(1)
        self.assertEqual(set(parallel.each(lambda _: threading.get_ident(), range(4))), {threading.get_ident()})
        parallel.limit(2)
        before = threading.active_count()
        parallel.each(lambda n: n, range(4))
        self.assertEqual(threading.active_count(), before)
        with self.assertRaises(ValueError):
            parallel.limit(0)


class Reading(unittest.TestCase):
    """Lines are read once, on their own."""

    WORDS = ("Rain", "Harbour 1720", "7", "a rather long line of words in which nothing is left out at all")

    def lines(self) -> list[np.ndarray]:
        """Pictures of ``WORDS``."""
        pictures = []
        for word in self.WORDS:
            (width, height), below = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1)
            picture = np.full((height + below + 8, width + 12, 3), 255, np.uint8)
            cv2.putText(picture, word, (6, height + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 1, cv2.LINE_AA)
            pictures.append(picture)
        return pictures

    def test_company_changes_nothing(self):
        """Protects readings from depending on what else is in the picture; narrow and long lines are right."""
        lines = self.lines()
        together = models.read_lines(lines)
        self.assertEqual([text for text, _, _ in together], list(self.WORDS))
        self.assertEqual(together, [models.read_lines([line])[0] for line in lines])
        for _, _, chars in together:
            places = [place for _, place, _ in chars]
            self.assertEqual(places, sorted(places))
            self.assertTrue(0 <= places[0] and places[-1] <= 1)

    def test_well_read(self):
        """Protects text from being skipped: only a sure, straight reading of all of it saves a second one."""
        quad = np.array([[100, 50], [200, 50], [200, 70], [100, 70]], np.float32)

        def item(cut, confidence=0.99, slant=0.0):
            return ocr.TextItem("word", 101, 52, 98, 16, confidence, slant=slant, cut=cut)

        same = (98.0, 49.0, 203.0, 72.0)
        self.assertTrue(ocr._well_read(quad, [item(same)]))
        self.assertTrue(ocr._well_read(quad, [item((103.0, 53.0, 198.0, 69.0))]))
        self.assertFalse(ocr._well_read(quad, []))
        self.assertFalse(ocr._well_read(quad, [item(same, confidence=0.9)]))
        self.assertFalse(ocr._well_read(quad, [item(same, slant=30.0)]))
        self.assertFalse(ocr._well_read(quad, [item((98.0, 49.0, 190.0, 72.0))]), "a letter more at the end")
        self.assertFalse(ocr._well_read(quad, [item(None)]))

    def test_sure_readings_are_not_repeated(self):
        """Protects the time a look takes: a second search over the same line reads nothing."""
        from look.image import Picture

        canvas = np.full((60, 260, 3), 255, np.uint8)
        canvas[15 : 15 + self.lines()[1].shape[0], 20 : 20 + self.lines()[1].shape[1]] = self.lines()[1]
        picture = Picture(canvas, canvas, 1.0)
        items, _ = ocr.read_all(picture, lambda: None)
        self.assertEqual([i.text for i in items], ["Harbour 1720"])
        with mock.patch.object(models, "_read") as read:
            again = ocr.read_regions(picture, [(0.0, 0.0, 260.0, 60.0)], 1.0, items)
        self.assertEqual((again, read.call_count), (items, 0))


class Fit(unittest.TestCase):
    """The fit tries all pairs of ticks at once."""

    def test_same_as_one_by_one(self):
        """Protects the axis fit: the inliers are those of the plain search over pairs."""
        rng = np.random.default_rng(8)
        for _ in range(60):
            count = int(rng.integers(2, 9))
            pixels_ = np.sort(rng.uniform(0, 400, count))
            values = [float(v) for v in np.round(pixels_ * 0.25 + 3 + rng.normal(0, 1, count) * (rng.random(count) < 0.3), 2)]
            found = fit._robust(list(pixels_), values, 1.6, False)
            best, key = None, (-1, 0.0)
            for a, b in combinations(range(count), 2):
                if abs(pixels_[b] - pixels_[a]) < 4 or values[a] == values[b]:
                    continue
                slope = (values[b] - values[a]) / (pixels_[b] - pixels_[a])
                off = np.abs((np.array(values) - values[a]) / slope - (pixels_ - pixels_[a]))
                mine = (int((off <= 1.6).sum()), -float(off[off <= 1.6].sum()))
                if mine > key:
                    best, key = np.flatnonzero(off <= 1.6).tolist(), mine
            self.assertEqual(found.inliers if found else None, best if best and len(best) > 1 else None)



class Drawn(unittest.TestCase):
    """Bars that are only outlined, and lines that are only dots."""

    def test_dotted_lines(self):
        """Protects lines from being taken for points: dots close to the next, evenly, are a line; strewn ones are not."""
        rng = np.random.default_rng(1)
        along = np.stack([np.arange(0, 300, 8.0), 50 + 20 * np.sin(np.arange(0, 300, 8.0) / 60)], axis=1)
        strewn = rng.uniform(0, 300, (38, 2))
        lost = along[np.arange(len(along)) % 9 != 4]
        both = np.concatenate([along, along + (3, 40)])
        table = [(along, 0.95, 1.0), (lost, 0.9, 1.0), (both, 0.95, 1.0), (along[:6], 0.0, 0.0), (strewn, 0.0, 0.3),
                 (3 * along, 0.0, 0.0)]
        for at, least, most in table:
            share = curves.in_dotted_lines(at, 4.0).mean()
            self.assertTrue(least <= share <= most, share)

    def test_outlines_side_by_side(self):
        """Protects hatched groups and histograms: bars that touch are cut where their height jumps."""
        ink = np.zeros((120, 200), bool)
        for k, height in enumerate((40, 80, 60)):
            left = 40 + 30 * k
            ink[119 - height, left : left + 31] = True
            ink[119 - height :, [left, left + 30]] = True
        found = sorted(bars._outlined(ink))
        self.assertEqual(len(found), 3)
        for (x, y, w, h), (k, height) in zip(found, enumerate((40, 80, 60))):
            self.assertLessEqual(max(abs(x - 40 - 30 * k), abs(y - 119 + height), abs(w - 30), abs(h - height)), 3)

    def test_sizes_that_agree(self):
        """Protects the choice of bars: widths within a few pixels, or neighbours counted as two or three."""
        table = [([50, 51, 49], True), ([50, 100, 52], True), ([50, 75], False), ([], False), ([20, 20, 90], False)]
        for sizes, expected in table:
            self.assertEqual(bars._mostly_alike(sizes), expected, sizes)


if __name__ == "__main__":
    unittest.main()
