"""Tests of diagrams: from the look through the drawing to the proof. Pictures are drawn here."""

from __future__ import annotations

import json
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import template_support  # noqa: F401  puts the templates on the path

matplotlib.use("Agg")
import diagram as reader
import prove
from look import diagram
from look.ocr import TextItem
from look.report import look

BOXES = {"Start": (120, 90), "Load": (400, 90), "Check": (680, 90), "Report": (400, 330)}
ARROWS = [("Start", "Load"), ("Load", "Check"), ("Check", "Report")]


def flow(path: Path, waver: float = 0.0) -> None:
    """Four boxes with words and three arrows; ``waver`` is how far in pixels a hand trembles."""
    rng = np.random.default_rng(4)
    canvas = np.full((420, 800, 3), 255, np.uint8)

    def line(a, b):
        steps = max(2, int(np.hypot(b[0] - a[0], b[1] - a[1]) / 12))
        points = np.linspace(a, b, steps) + waver * rng.normal(0, 1, (steps, 2))
        points[[0, -1]] = a, b
        cv2.polylines(canvas, [points.round().astype(np.int32)], False, (30, 30, 30), 2, cv2.LINE_AA)

    for name, (x, y) in BOXES.items():
        corners = [(x - 80, y - 35), (x + 80, y - 35), (x + 80, y + 35), (x - 80, y + 35)]
        for a, b in zip(corners, corners[1:] + corners[:1]):
            line(a, b)
        wide = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 2)[0][0]
        cv2.putText(canvas, name, (x - wide // 2, y + 11), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2, cv2.LINE_AA)
    for one, two in ARROWS:
        (a, b), (c, d) = BOXES[one], BOXES[two]
        start, end = ((a + 80, b), (c - 80, d)) if b == d else ((a, b + 35), (c + 82, d - 20))
        line(start, end)
        along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
        side = np.array([-along[1], along[0]])
        head = np.array([end, end - 16 * along + 7 * side, end - 16 * along - 7 * side])
        cv2.fillPoly(canvas, [head.round().astype(np.int32)], (30, 30, 30), cv2.LINE_AA)
    cv2.imwrite(str(path), canvas)


class Flow(unittest.TestCase):
    """A flow chart drawn with a ruler, and one drawn by hand."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def read(self, waver: float) -> tuple[dict, str]:
        flow(self.folder / "image.png", waver)
        seen = look(str(self.folder / "image.png"))
        (self.folder / "evidence.json").write_text(json.dumps(seen), encoding="utf-8")
        self.assertEqual(seen["kind"]["name"], "diagram", seen["kind"])
        said = reader.redraw_diagram({"evidence": f"{self.folder}/evidence.json", "title": seen["title"],
                                      "out": f"{self.folder}/"})
        return seen, said

    def test_nodes_edges_and_words(self):
        """Protects the structure: boxes with their words, and which arrow leads from which box to which."""
        for waver in (0.0, 1.0):
            with self.subTest(waver=waver):
                _seen, said = self.read(waver)
                graph = json.loads((self.folder / "diagram.json").read_text(encoding="utf-8"))
                names = {node["id"]: node["text"] for node in graph["nodes"]}
                self.assertEqual(sorted(names.values()), sorted(BOXES))
                found = [(names[e["from"]], names[e["to"]], e["directed"]) for e in graph["edges"]]
                self.assertEqual(sorted(found), sorted((a, b, True) for a, b in ARROWS))
                self.assertIn("Start → Load", said)

    def test_the_drawing_is_straight(self):
        """Protects the drawing: valid SVG with level lines where a trembling hand drew nearly level ones."""
        self.read(1.0)
        root = ElementTree.parse(self.folder / "diagram.svg").getroot()
        space = "{http://www.w3.org/2000/svg}"
        lines = [[tuple(map(float, p.split(","))) for p in one.get("points").split()]
                 for one in root.iter(f"{space}polyline")]
        level = [line for line in lines if line[0][1] == line[-1][1]]
        self.assertEqual((len(lines), len(level)), (3, 2))
        self.assertEqual(sorted(t.text for t in root.iter(f"{space}text")), sorted(BOXES))
        self.assertGreater(cv2.imread(f"{self.folder}/diagram.png").shape[1], 1500)

    def test_the_proof_doubts_what_is_not_drawn(self):
        """Protects the proof: boxes and lines that are in the picture are trusted, invented ones are not."""
        self.read(0.0)
        graph = json.loads((self.folder / "diagram.json").read_text(encoding="utf-8"))
        graph["nodes"].append({"id": "n9", "text": "Ghost", "box": [560, 300, 120, 60], "uncertain": []})
        graph["edges"].append({"from": "n9", "to": "n1", "path": [[560, 330], [120, 380]], "doubt": None})
        (self.folder / "o").write_text(json.dumps(graph), encoding="utf-8")
        with tempfile.TemporaryDirectory() as out:
            prove.main({"picture": "image.png", "evidence": "evidence.json", "index": 0, "count": 1, "outputs": [
                {"name": "diagram.json", "file": "o", "media_type": "application/json"}]}, str(self.folder), out)
            overlay = json.loads((Path(out) / "overlay.json").read_text())
        doubted = {value["at"] for value in overlay["values"] if not value["trusted"]}
        self.assertEqual(doubted, {"n9", "n9 to n1"})
        self.assertEqual(overlay["summary"]["trusted"], 7)


class Parts(unittest.TestCase):
    """The pure pieces."""

    def test_uncertain_words(self):
        """Protects doubt: a word is as sure as its least sure letter."""
        chars = [(c, float(k), 0.4 if c == "x" else 0.99) for k, c in enumerate("box A")]
        item = TextItem("box A", 0, 0, 50, 10, 0.97, chars=chars)
        self.assertEqual([(w["text"], w["uncertain"]) for w in diagram.words([item])], [("box", True), ("A", False)])

    def test_straightening(self):
        """Protects straight lines: nearly level ways become level, corners stay."""
        level = np.array([(x, 50 + (x // 30) % 2) for x in range(0, 200, 2)])
        self.assertEqual(diagram._straightened(level), [(0.0, 50.0), (198.0, 50.0)])
        bent = np.array([(x, 10) for x in range(100)] + [(99, y) for y in range(10, 90)])
        self.assertEqual(diagram._straightened(bent), [(0.0, 10.0), (99.0, 10.0), (99.0, 89.0)])

    def test_uncertain_words_are_marked_in_the_drawing(self):
        """Protects honesty: what was hard to read bears a mark in the SVG, and text cannot become markup."""
        drawn = [("text", (10, 10), "a<b", True, 12.0), ("text", (10, 30), "sure", False, 12.0)]
        said = reader.as_svg(drawn, 100, 50, None)
        self.assertIn("a&lt;b (?)", said)
        self.assertEqual(said.count("(?)"), 1)


if __name__ == "__main__":
    unittest.main()
