"""Tests of the proof's other parts: pies, tables, text, objects, likeness, words, hostile files."""

from __future__ import annotations

import json
import struct
import tempfile
import time
import unittest
import zlib
from pathlib import Path

import cv2
import numpy as np
from prove import compare, curves, names, reading, words
from prove.claims import Claim
from prove_support import bars_data, figure_data, line_data, proof

COLOURS = ((31, 119, 180), (255, 127, 14), (44, 160, 44))


class Drawn:
    """A picture made of pixels, with its evidence."""

    def __init__(self, folder: Path, kind: str, width=400, height=300, **evidence):
        self.canvas = np.full((height, width, 3), 255, np.uint8)
        self.path = folder / "image.png"
        self.evidence = {"version": 1, "kind": {"name": kind}, "text": [], "legend": [], "axes": None, **evidence}

    def save(self) -> Drawn:
        """Writes the picture."""
        cv2.imwrite(str(self.path), cv2.cvtColor(self.canvas, cv2.COLOR_RGB2BGR))
        return self


def item(text, box, sure=1.0, role="other") -> dict:
    """A recognised text."""
    return {"text": text, "box": list(box), "confidence": sure, "role": role, "angle": 0}


def trusted(overlay) -> list[bool]:
    """Which values are trusted."""
    return [value["trusted"] for value in overlay["values"]]


class Others(unittest.TestCase):
    """Pictures that are no charts with axes."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def pie(self) -> Drawn:
        """A pie of 50, 30 and 20 per cent, clockwise from the top, with its names beside."""
        drawn = Drawn(self.folder, "pie")
        for colour, start, end in zip(COLOURS, (-90, 90, 198), (90, 198, 270)):
            cv2.ellipse(drawn.canvas, (200, 150), (100, 100), 0, start, end, colour, -1)
        sectors = [{"rgb": list(c), "share": s} for c, s in zip(COLOURS, (0.5, 0.3, 0.2))]
        drawn.evidence["pie"] = {"center": [200, 150], "radius": [100, 100], "sectors": sectors}
        drawn.evidence["text"] = [item("Rent", (310, 140, 40, 12)), item("Food", (95, 225, 36, 12)),
                                  item("Other", (90, 60, 40, 12))]
        return drawn.save()

    def test_shares_are_measured_on_the_rim(self):
        """Protects pies: right shares with right names are trusted; a wrong share, a swapped or invented name is not."""
        for rows, expected in (
            (b"label,share_percent\nRent,50\nFood,30\nOther,20\n", [True, True, True]),
            (b"label,share_percent\nRent,46\nFood,30\nOther,24\n", [False, True, False]),
            (b"label,share_percent\nRent,50\nOther,30\nFood,20\n", [True, False, False]),
            (b"label,share_percent\nRent,50\nFood,30\nwedge 3,20\n", [True, True, False]),
            (b"label,share_percent\nRent,40\nFood,30\nOther,20\nMore,10\n", [False, True, True, False]),
        ):
            with self.subTest(rows):
                _measure, overlay = proof(self.pie(), self.folder, files={"shares.csv": rows})
                self.assertEqual(trusted(overlay), expected, overlay["values"])

    def test_cells_are_held_against_the_recognised_ones(self):
        """Protects tables: the same text read with confidence is trusted; other texts and unsure ones are not, and a row
        that was left out costs no other cell."""
        said = [["n", "v"], ["a", "1"], ["b", "2"], ["c", "\u22123"]]
        cells = [[{"text": cell, "confidence": 0.6 if cell == "2" else 0.99, "box": [10 + 50 * c, 10 + 20 * r, 20, 10]}
                  for c, cell in enumerate(row)] for r, row in enumerate(said)]
        drawn = Drawn(self.folder, "table", table={"cells": cells}).save()
        for rows, wrong, missing in ((b"n,v\na,1\nb,2\nc,-3\n", ["2"], 0), (b"n,v\na,7\nb,2\nc,-3\n", ["7", "2"], 0),
                                     (b"n,v\nb,2\nc,-3\n", ["2"], 2)):
            measure, overlay = proof(drawn, self.folder, files={"table.csv": rows})
            self.assertEqual([v["value"] for v in overlay["values"] if not v["trusted"]], wrong)
            self.assertEqual((measure["values"]["missing"], measure["output"]), (missing, None))

    def test_a_page_is_looked_for_in_the_text(self):
        """Protects pages: lines whose words were lost or hardly read are doubtful."""
        texts = [item("Dear reader", (10, 10, 90, 12)), item("this is lost", (10, 30, 90, 12)),
                 item("hardly legible", (10, 50, 90, 12), 0.5)]
        drawn = Drawn(self.folder, "text", text=texts).save()
        _measure, overlay = proof(drawn, self.folder, files={"page.txt": b"Dear reader,\nthis is\nhardly legible"})
        self.assertEqual(trusted(overlay), [True, False, False])
        self.assertIn("lost", overlay["values"][1]["why"])

    def test_marks_must_lie_on_something(self):
        """Protects counts: marks on objects are trusted, one on the bare ground is not, an object without one is told."""
        drawn = Drawn(self.folder, "photo")
        for x in (60, 140, 220, 300):
            cv2.circle(drawn.canvas, (x, 120), 20, (90, 60, 40), -1)
        drawn.save()
        rows = b"number,centre_x,centre_y\n1,60,120\n2,140,121\n3,222,119\n4,200,250\n"
        measure, overlay = proof(drawn, self.folder, files={"objects.csv": rows})
        self.assertEqual((trusted(overlay), measure["values"]["missing"]), ([True, True, True, False], 1))

    def test_files_of_another_picture_are_left_alone(self):
        """Protects jobs of several pictures: only the files of this one are held against it."""
        said = [item("one", (10, 10, 30, 12))]
        drawn = Drawn(self.folder, "text", text=said).save()
        files = {"image_1_page.txt": b"two", "image_2_page.txt": b"one"}
        for index, expected in ((0, [False]), (1, [True])):
            _measure, overlay = proof(drawn, self.folder, files=files, index=index, count=2)
            self.assertEqual(trusted(overlay), expected)


class Hostile(unittest.TestCase):
    """Files of strangers."""

    def test_nothing_makes_it_fail(self):
        """Protects jobs: whatever a run or a broken look leaves, the proof ends in time and says what it could not read."""
        def png(width, height):
            head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
            chunk = b"IHDR" + head
            return (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
                    + b"\0\0\0\x10IDAT" + bytes(20))

        axes = {"plot_box": [20, 20, 300, 200], "x": {"scale": "category", "ticks": [{"text": "a", "pixel": 50}]},
                "y": {"scale": "linear", "ticks": [{"text": "1", "value": 1, "pixel": 100}],
                      "fit": {"slope": -0.1, "intercept": 20}}}
        nasty = [None, True, "x", 10**400, -1, [], {}, [[]], {"a": 1}, "#zzzzzz", "\ud800", float("nan"), "9" * 5000]
        series = [{key: value for key in ("type", "label", "colour", "positions", "widths", "bottoms", "heights",
                                         "categories", "x", "y", "edges", "counts", "slices", "orientation")}
                  for value in nasty]
        typed = [{**one, "type": kind} for one in series for kind in ("bar", "line", "scatter", "histogram", "pie", "area")]
        deep = json.dumps(figure_data()).replace('"texts": []', '"texts": ' + "[" * 50_000 + "]" * 50_000)
        huge = figure_data(line_data(range(60_000), range(60_000)))
        loop = figure_data(bars_data(["a"], [1e308]), bars_data(["a"], [-1e308], lying=True))
        files = {
            "typed": {"c.figure.json": json.dumps(figure_data(*typed)).encode(), "c.png": png(3, 3)},
            "deep": {"c.figure.json": deep.encode(), "c.png": b""},
            "huge": {"c.figure.json": json.dumps(huge).encode(), "c.png": b"\xff\xd8\xff\xc0"},
            "loop": {"c.figure.json": json.dumps(loop).encode(), "c.png": b"GIF89a"},
            "bomb": {"c.png": png(60_000, 60_000), "values.csv": b"a,b\n" + b"x,1\n" * 300_000},
            "bytes": {"c.figure.json": bytes(range(256)), "values.csv": bytes(range(256)) * 9, "doubts.csv": b"\0\xff"},
            "field": {"values.csv": b'x,"' + b"y" * 3_000_000, "doubts.csv": b"series,at,reason\n" * 9000},
            "list": {"c.figure.json": b"[1]", "objects.csv": b"x,y\nnan,inf\n1e999,-5\n3,4\n"},
        }
        kinds = ("bar", "line", "scatter", "pie", "table", "text", "photo", "other", 5)
        broken = [{}, {"kind": 5, "axes": [], "text": {}, "legend": 7, "table": [], "pie": "x", "background": None},
                  {"axes": {**axes, "plot_box": [-5e8, 1e300, 3, 3]}},
                  {"axes": {**axes, "x": {"ticks": nasty, "fit": {"slope": 0, "intercept": None}}}},
                  {"pie": {"center": [1e9, -1e9], "radius": [0, 0], "sectors": [{"rgb": [1, 2, 3]}]}},
                  {"table": {"cells": [[None, {"text": 5}], "x"]}, "text": nasty, "legend": nasty}]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            drawn = Drawn(folder, "bar", axes=axes)
            cv2.rectangle(drawn.canvas, (40, 80), (60, 220), (40, 90, 200), -1)
            drawn.save()
            begin = time.process_time()
            for case, (what, delivered) in enumerate(files.items()):
                for place, evidence in enumerate(broken):
                    kind = kinds[(case + place) % len(kinds)]
                    given = {"kind": {"name": kind}, "axes": axes, **evidence}
                    with self.subTest(what, place=place, kind=kind):
                        measure, overlay = proof(drawn, folder, files=delivered, evidence=given)
                        self.assertFalse(overlay and any(v["trusted"] for v in overlay["values"] if kind in kinds[:4]))
                        self.assertEqual(measure["version"], 1)
            self.assertLess(time.process_time() - begin, 60)

    def test_names_do_not_lead_out_of_the_folder(self):
        """Protects the room's other files from being read by a name in the request."""
        notes: list[str] = []
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "in").mkdir()
            (Path(name) / "secret").write_text("{}")
            folder = reading.Folder(str(Path(name) / "in"), notes)
            for given in ("../secret", "/etc/passwd", "", ".", "..", None, 5, "a\0b"):
                self.assertIsNone(folder.read(given, 100, "It"))
        self.assertEqual(len(notes), 8)


class Parts(unittest.TestCase):
    """Names, likeness and words."""

    def test_names_and_dates(self):
        """Protects pairing: a misread letter is the same name, another number is another; dates are read as printed."""
        self.assertEqual(names.pairs(["Thursday", "2020"], ["2021", "Thursdav"]), {0: 1})
        self.assertEqual(names.pairs(["2020.0"], ["x", "2020"]), {0: 1})
        self.assertEqual(names.day("Jan 2023"), names.day("2023-01-01"))
        self.assertIsNone(names.day("2023"))
        self.assertEqual(names.iso(names.day("2024-02-29T12:30")), "2024-02-29T12:30")

    def test_likeness_goes_with_the_picture(self):
        """Protects the comparison: the same picture is alike, another shape less, other colours less in colour only."""
        one = np.full((200, 300, 3), 255, np.uint8)
        cv2.rectangle(one, (40, 60), (120, 180), (200, 30, 30), -1)
        other, blue = np.full_like(one, 255), one.copy()
        cv2.circle(other, (200, 70), 40, (200, 30, 30), -1)
        blue[(one == (200, 30, 30)).all(axis=2)] = (30, 30, 200)
        same, moved, recoloured = (compare.pixels(one, {}, two, {}) for two in (one, other, blue))
        self.assertEqual(same, {"ssim": 1.0, "colour_cosine": 1.0})
        self.assertLess(moved["ssim"], 0.9)
        self.assertGreater(moved["colour_cosine"], 0.95)
        self.assertLess(recoloured["colour_cosine"], 0.1)

    def test_what_keeps_people_from_reading_is_said(self):
        """Protects accessible charts: red beside green, pale ink, small text and missing titles are told, a good one not."""
        bad = figure_data(line_data([1, 2], [3, 4], colour="#d62728", label="up"),
                          line_data([1, 2], [4, 3], colour="#7f7f00", label="down"),
                          line_data([1, 2], [4, 3], colour="#ffee88", label="pale"), text_size={"smallest": 6})
        said = " ".join(words.accessibility(bad))
        for part in ("“up” and “down” look alike", "“pale” stands out too little", "6 points", "no title",
                     "x axis has no label"):
            self.assertIn(part, said)
        good = figure_data(line_data([1, 2], [3, 4], colour="#0072b2", label="up"),
                           line_data([1, 2], [4, 3], colour="#d55e00", label="down"), title="Both")
        good["axes"][0]["x"]["label"] = good["axes"][0]["y"]["label"] = "m"
        self.assertEqual(words.accessibility(good), [])

    def test_alt_texts_say_what_is_shown(self):
        """Protects those who do not see the chart: kind, title, ranges and trend are in one or two sentences."""
        line = figure_data(line_data([2015, 2024], [12.1, 24.0], label="Solar"),
                           line_data([2015, 2020, 2024], [9, 2, 8.9], label="Wind"), title="Power")
        line["axes"][0]["y"]["label"] = "TWh"
        self.assertEqual(words.alt_text(line), "Line chart “Power” of TWh from 2015 to 2024: Solar rises from 12.1 to 24; "
                         "Wind ends about where it starts (9 and 8.9), between 2 and 9.")
        bars = figure_data(bars_data(["North", "West"], [120, 78]), title="Sales")
        self.assertEqual(words.alt_text(bars), "Bar chart “Sales”: 2 bars, from 78 at West to 120 at North.")
        pie = figure_data({"type": "pie", "slices": [{"label": "Rent", "fraction": 0.6}, {"label": "Food", "fraction": 0.4}]})
        self.assertEqual(words.alt_text(pie), "Pie chart of 2 shares: Rent 60 %, Food 40 %.")
        self.assertEqual(words.alt_text({}), "A figure without readable data.")

    def test_of_two_lines_at_one_place_neither_is_sure(self):
        """Protects hidden values: where lines meet only one is seen, and a misread value may stand on the other."""
        met, other = Claim("up", "1", 5.0, px=(10.2, 20.4)), Claim("down", "1", 5.0, px=(10.6, 21.0))
        apart, same = Claim("up", "2", 5.0, px=(40.0, 20.0)), Claim("up", "3", 5.0, px=(40.4, 20.0))
        near = Claim("down", "2", 4.0, px=(40.0, 23.0))
        curves.doubt_hidden([met, other, apart, same, near])
        self.assertEqual([bool(claim.why) for claim in (met, other, apart, same, near)], [True, True, False, False, False])


if __name__ == "__main__":
    unittest.main()
