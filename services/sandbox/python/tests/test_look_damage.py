"""Tests of looking at damaged pictures: turned, noisy, photographed. Drawn here, so the truth is known."""

from __future__ import annotations

import json
import tempfile
import unittest

import cv2
import look
import numpy as np
from look import image, pie, prepare, report, restore, straighten


def chart() -> np.ndarray:
    """Four bars with axes, a grid and labels; RGB."""
    canvas = np.full((420, 600, 3), 255, np.uint8)
    for step in range(6):
        y = 360 - 60 * step
        cv2.line(canvas, (80, y), (560, y), (215, 215, 215), 1)
        cv2.putText(canvas, str(10 * step), (40, y + 6), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    for number, (name, tall) in enumerate((("Oslo", 150), ("Rome", 270), ("Bonn", 90), ("Kyiv", 210))):
        x = 110 + 115 * number
        cv2.rectangle(canvas, (x, 360 - tall), (x + 60, 360), (40, 110, 180), -1)
        cv2.putText(canvas, name, (x + 4, 385), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.line(canvas, (80, 40), (80, 360), (0, 0, 0), 1)
    cv2.line(canvas, (80, 360), (560, 360), (0, 0, 0), 1)
    return canvas


def turned(rgb: np.ndarray, angle: float) -> np.ndarray:
    """Turned anticlockwise by ``angle`` degrees on white."""
    matrix, size = straighten.turn(-angle, rgb.shape[1], rgb.shape[0])
    return cv2.warpPerspective(rgb, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def noisy(rgb: np.ndarray, level: float) -> np.ndarray:
    """With noise of ``level`` grey levels."""
    noise = np.random.default_rng(4).normal(0, level, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


CORNERS = np.float32([[40, 30], [630, 44], [618, 450], [52, 462]])  # of the screen in the photograph


def photographed(rgb: np.ndarray) -> np.ndarray:
    """On a dark ground, in perspective, the light fading to the right, with noise."""
    height, width = rgb.shape[:2]
    source = np.float32([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    matrix = cv2.getPerspectiveTransform(source, CORNERS)
    bent = cv2.warpPerspective(rgb, matrix, (670, 500), borderValue=(60, 58, 55))
    return noisy(bent * np.linspace(1.0, 0.72, 670)[None, :, None], 4)


class Preparing(unittest.TestCase):
    """What is done to a picture before it is looked at."""

    def test_clean_pictures_are_left_alone(self):
        """Protects clean pictures from being changed, and from costing more."""
        rgb = chart()
        ready, done = prepare.prepare(rgb)
        self.assertIs(ready, rgb)
        self.assertIsNone(done)

    def test_tilt(self):
        """Protects axes of pictures scanned askew: the tilt is right to a tenth of a degree, both ways."""
        for angle in (-2.6, -1.0, 1.7, 3.5):
            found = straighten.tilt(cv2.cvtColor(turned(chart(), angle), cv2.COLOR_RGB2GRAY))
            self.assertAlmostEqual(found, angle, delta=0.1)

    def test_a_leaning_line_is_no_tilt(self):
        """Protects a clean chart whose only curve leans a little from being turned."""
        rgb = chart()
        cv2.line(rgb, (82, 300), (558, 280), (200, 30, 30), 2)
        self.assertEqual(straighten.tilt(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)), 0.0)

    def test_noise_is_measured_and_taken_away(self):
        """Protects the colours of a noisy chart: bars are one colour again, near the one they were drawn in."""
        rgb = noisy(chart(), 15)
        self.assertGreater(restore.noise(rgb), 7.0)
        ready, done = prepare.prepare(rgb)
        self.assertTrue(done.is_restored)
        bar = ready[300:350, 120:160].reshape(-1, 3)
        self.assertLess(bar.std(axis=0).max(), 3.0)
        self.assertLess(np.abs(bar.mean(axis=0) - (40, 110, 180)).max(), 6)

    def test_a_screen_is_found_and_rectified(self):
        """Protects photographs of screens: corners within two pixels, even light, and the way back to the original."""
        rgb = photographed(chart())
        np.testing.assert_allclose(straighten.screen(rgb), CORNERS, atol=2.0)
        ready, done = prepare.prepare(rgb)
        paper = ready[10:30, :, :].reshape(20, -1, 3).mean(axis=(0, 2))
        self.assertLess(np.ptp(paper), 12)
        x, y, w, h = done.back(0, 0, done.size[0], done.size[1])
        np.testing.assert_allclose([x, y, x + w, y + h], [40, 30, 630, 462], atol=4.0)

    def test_a_panel_on_a_page_is_no_screen(self):
        """Protects labels outside of a tinted plot area from being cut off as surroundings of a screen."""
        rgb = chart()
        rgb[40:360, 80:560] = np.minimum(rgb[40:360, 80:560], 225)
        self.assertIsNone(straighten.screen(noisy(rgb, 6)))


class Discs(unittest.TestCase):
    """What counts as a pie."""

    def test_a_ring_is_a_pie_and_bars_are_none(self):
        """Protects rings from being dropped for their hole, and bars side by side from being taken for sectors."""
        ring = np.full((400, 500, 3), 255, np.uint8)
        for start, end, colour in ((0, 150, (200, 60, 60)), (150, 250, (60, 160, 60)), (250, 360, (60, 60, 200))):
            cv2.ellipse(ring, (240, 200), (150, 150), 0, start, end, colour, -1)
        cv2.circle(ring, (240, 200), 90, (255, 255, 255), -1)
        found = pie.find(ring, (255, 255, 255))
        np.testing.assert_allclose(sorted(share for _, share in found.shares), [100 / 360, 110 / 360, 150 / 360], atol=0.01)
        bars = np.full((400, 500, 3), 255, np.uint8)
        for number, colour in enumerate(((200, 60, 60), (60, 160, 60), (60, 60, 200))):
            cv2.rectangle(bars, (100 + 100 * number, 60), (199 + 100 * number, 360), colour, -1)
        self.assertIsNone(pie.find(bars, (255, 255, 255)))


class Looking(unittest.TestCase):
    """Damaged charts are seen as what they are."""

    def check(self, rgb: np.ndarray) -> None:
        seen, ready = report.measured(image.Picture(rgb, rgb, 1.0))
        self.assertEqual(seen["kind"]["name"], "bar", seen["kind"])
        self.assertEqual([t["text"] for t in seen["axes"]["x"]["ticks"]], ["Oslo", "Rome", "Bonn", "Kyiv"])
        fit = seen["axes"]["y"]["fit"]
        # Ten units are sixty pixels of the drawing; perspective and cutting out may change that by a little.
        self.assertAlmostEqual(-10 / fit["slope"], 60, delta=3)
        self.assertIsNotNone(seen["prepared"])
        self.assertEqual(seen["size"], {"width": rgb.shape[1], "height": rgb.shape[0]})
        self.assertTrue(seen["notes"])
        # What code is given is the picture that the places mean: in it the plot's frame is upright.
        self.assertEqual([ready.shape[1], ready.shape[0]], seen["prepared"]["size"])
        x, y, w, h = seen["axes"]["plot_box"]
        column = cv2.cvtColor(ready, cv2.COLOR_RGB2GRAY)[int(y + h * 0.1):int(y + h * 0.9), max(0, int(x) - 2):int(x) + 3]
        self.assertGreater(float((column.min(axis=1) < 128).mean()), 0.95)

    def test_turned(self):
        """Protects charts scanned askew from losing their axes."""
        self.check(turned(chart(), 2.2))

    def test_noisy(self):
        """Protects noisy charts from being taken for photos."""
        self.check(noisy(chart(), 16))

    def test_photographed(self):
        """Protects photographs of screens from being taken for photos of nothing."""
        self.check(photographed(chart()))

    def test_the_picture_is_left_beside_the_evidence(self):
        """Protects code that measures: where a picture was made fit, that picture is there, and only there."""
        with tempfile.TemporaryDirectory() as folder:
            for name, rgb in (("askew", turned(chart(), 2.2)), ("clean", chart())):
                source, out, ready = (f"{folder}/{name}.{end}" for end in ("png", "json", "ready.png"))
                cv2.imwrite(source, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
                look.main(source, out, prepared=ready)
                with open(out, encoding="utf-8") as file:
                    prepared = json.load(file)["prepared"]
                left = cv2.imread(ready)
                self.assertEqual(prepared is None, left is None, name)
                self.assertEqual(prepared is not None, name == "askew")
                if left is not None:
                    self.assertEqual([left.shape[1], left.shape[0]], prepared["size"])

    def test_photos_stay_photos(self):
        """Protects pictures of things: smoothing may make blobs look drawn, but the verdict and places are of the
        picture as it came."""
        canvas = np.full((400, 500, 3), (150, 140, 120), np.uint8)
        rng = np.random.default_rng(8)
        for x, y in rng.uniform(40, 360, (20, 2)):
            cv2.circle(canvas, (int(x * 1.2), int(y)), 14, (225, 215, 180), -1, cv2.LINE_AA)
        seen = report.see(image.Picture(rgb := noisy(cv2.GaussianBlur(canvas, (0, 0), 2), 8), rgb, 1.0))
        self.assertEqual(seen["kind"]["name"], "photo", seen["kind"])
        self.assertIsNone(seen["prepared"])


if __name__ == "__main__":
    unittest.main()
