"""Tests of scale bars, sizes and counts with a range. Pictures are drawn here."""

from __future__ import annotations

import csv
import json
import tempfile
import unittest
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import template_support  # noqa: F401  puts the templates on the path

matplotlib.use("Agg")
import objects as reader
import part_objects
import prove
from look import scale_bar
from look.report import look
from PIL import Image, ImageDraw, ImageFont

FONT = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
RADII = (20, 26, 32, 24, 30)


def micrograph(path: Path, label: str | None = "20 µm", bar: int = 120) -> None:
    """Five bright discs on dark ground, and a white bar with its label."""
    rng = np.random.default_rng(2)
    height, width = 480, 680
    y, x = np.mgrid[:height, :width]
    grey = np.full((height, width), 50.0)
    for number, radius in enumerate(RADII):
        away = np.hypot(x - 90 - 120 * number, y - 140 - 90 * (number % 2))
        grey += 140 * np.clip(radius - away + 0.5, 0, 1)
    grey = np.clip(cv2.GaussianBlur(grey, (0, 0), 1.2) + rng.normal(0, 4, grey.shape), 0, 255).astype(np.uint8)
    image = Image.fromarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    if label:
        pen = ImageDraw.Draw(image)
        pen.rectangle((520, 446, 520 + bar - 1, 451), fill=(255, 255, 255))
        pen.text((520 + bar / 2, 438), label, font=ImageFont.truetype(str(FONT), 22), fill=(255, 255, 255), anchor="mb")
    image.save(path)


class Sizes(unittest.TestCase):
    """A micrograph with a scale bar, and one without."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def read(self, label: str | None) -> tuple[dict, str, list[dict]]:
        micrograph(self.folder / "image.png", label)
        seen = look(str(self.folder / "image.png"))
        said = reader.count_objects({"image": f"{self.folder}/image.png", "out": f"{self.folder}/",
                                     "scale_bar": seen.get("scale_bar")})
        rows = list(csv.DictReader((self.folder / "objects.csv").read_text(encoding="utf-8").splitlines()))
        return seen, said, rows

    def proof(self, seen: dict, table: str) -> dict:
        (self.folder / "evidence.json").write_text(json.dumps(seen), encoding="utf-8")
        (self.folder / "o").write_text(table, encoding="utf-8")
        with tempfile.TemporaryDirectory() as out:
            prove.main({"picture": "image.png", "evidence": "evidence.json", "index": 0, "count": 1, "outputs": [
                {"name": "objects.csv", "file": "o", "media_type": "text/csv"}]}, str(self.folder), out)
            return json.loads((Path(out) / "overlay.json").read_text())

    def test_the_bar_gives_sizes_their_unit(self):
        """Protects sizes: the bar's length within a pixel, every diameter within 5 % in its unit, the bar not counted."""
        seen, said, rows = self.read("20 µm")
        bar = seen["scale_bar"]
        self.assertEqual((bar["value"], bar["unit"], bar["doubt"]), (20.0, "µm", None))
        self.assertAlmostEqual(bar["length_px"], 120, delta=1)
        self.assertEqual(len(rows), len(RADII))
        read = sorted(float(row["diameter_um"]) for row in rows)
        for size, radius in zip(read, sorted(RADII)):
            self.assertAlmostEqual(size, 2 * radius * 20 / 120, delta=0.05 * 2 * radius * 20 / 120)
        self.assertIn("120.0 pixels long", said.replace("119.9", "120.0").replace("120.1", "120.0"))

    def test_without_a_bar_sizes_are_in_pixels(self):
        """Protects honesty: without a bar there is no unit, and that is said."""
        seen, said, rows = self.read(None)
        self.assertIsNone(seen["scale_bar"])
        self.assertNotIn("diameter_um", rows[0])
        self.assertIn("No scale bar was found, so sizes are in pixels", said)

    def test_the_proof_measures_sizes_again(self):
        """Protects the proof: right sizes are trusted and have the unit, one that is off by half is not."""
        seen, _said, rows = self.read("20 µm")
        table = (self.folder / "objects.csv").read_text(encoding="utf-8")
        overlay = self.proof(seen, table)
        self.assertEqual({v["series"] for v in overlay["values"]}, {"diameter in µm"})
        self.assertEqual(overlay["summary"]["trusted"], len(RADII), overlay["values"])
        self.assertAlmostEqual(overlay["scale_bar"]["px"][1][0] - overlay["scale_bar"]["px"][0][0], 120, delta=1)
        first = rows[0]["diameter_um"]
        overlay = self.proof(seen, table.replace(first, f"{1.5 * float(first):.4g}", 1))
        self.assertEqual([v["trusted"] for v in overlay["values"]], [False, True, True, True, True])

    def test_a_bar_that_is_not_so_long_makes_all_doubtful(self):
        """Protects against a wrong scale: a bar that measures otherwise than the evidence says."""
        seen, _said, _rows = self.read("20 µm")
        seen["scale_bar"]["length_px"] = 80.0
        overlay = self.proof(seen, (self.folder / "objects.csv").read_text(encoding="utf-8"))
        self.assertEqual(overlay["summary"]["trusted"], 0)


class Parts(unittest.TestCase):
    """The pure pieces."""

    def test_labels(self):
        """Protects units: what is a length, and when its unit was guessed."""
        table = [
            ("20 µm", (20.0, "µm", False)),
            ("20 μm", (20.0, "µm", False)),
            ("50um", (50.0, "µm", False)),
            ("0,5 mm", (0.5, "mm", False)),
            ("100 nm", (100.0, "nm", False)),
            ("10 pm", (10.0, "µm", True)),
            ("[5 cm]", (5.0, "cm", False)),
            ("20", None),
            ("May 20", None),
            ("20 kg", None),
            ("0 µm", None),
            ("3.5 m/s", None),
        ]
        for text, meaning in table:
            self.assertEqual(scale_bar.meaning(text), meaning, text)

    def test_the_range_of_a_count(self):
        """Protects counts: low and high follow from what touches, is cut, small or large, and say so."""
        def things(*areas, cut=0):
            return [{"area": area, "touches_edge": number < cut} for number, area in enumerate(areas)]

        table = [
            (things(100, 100, 100), 0, (3, 3, 3), 0),
            (things(100, 100, 100), 1, (3, 2, 3), 1),
            (things(100, 100, 100, 100, cut=2), 0, (4, 2, 4), 1),
            (things(100, 100, 100, 310), 0, (4, 4, 6), 1),
            (things(100, 100, 100, 20), 0, (4, 3, 4), 1),
            ([], 0, (0, 0, 0), 0),
        ]
        for found, unsure, expected, reasons in table:
            counted = part_objects.count_range(found, unsure)
            self.assertEqual((counted["best"], counted["low"], counted["high"]), expected, found)
            self.assertEqual(len(counted["why"]), reasons)


if __name__ == "__main__":
    unittest.main()
