"""Tests of pictures with several charts: from the look through the reader to the proof. Pictures are drawn here."""

from __future__ import annotations

import csv
import json
import tempfile
import unittest
from pathlib import Path

import matplotlib
import template_support

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import panels as reader
import prove
from look import panels, plotbox
from look.report import look


def four(folder: Path):
    """Bars, a line, dots and a histogram in two rows, with a heading; the path and the bars' and the line's truth."""
    rng = np.random.default_rng(11)
    plt.rcdefaults()
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), dpi=100)
    bars, line = [34, 71, 52, 90], [12, 40, 25, 50, 71]
    axes[0, 0].bar(list("ABCD"), bars)
    axes[0, 0].set(title="Sales", ylabel="Units", ylim=(0, 100))
    axes[0, 1].plot(range(5), line, color="tab:red")
    axes[0, 1].set(title="Growth", xlabel="Week", ylim=(0, 80))
    axes[1, 0].scatter(rng.uniform(5, 95, 20), rng.uniform(10, 90, 20), color="tab:green")
    axes[1, 0].set(title="Trials", xlim=(0, 100), ylim=(0, 100))
    axes[1, 1].hist(rng.normal(50, 12, 300), bins=np.arange(10, 91, 10), color="tab:purple")
    axes[1, 1].set(title="Ages")
    figure.suptitle("A year in four pictures")
    figure.tight_layout()
    figure.savefig(folder / "image.png")
    plt.close(figure)
    return folder / "image.png", bars, line


class Several(unittest.TestCase):
    """One picture of four charts, looked at once."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.path, cls.bars, cls.line = four(cls.folder)
        cls.seen = look(str(cls.path))
        (cls.folder / "out").mkdir()
        cls.said = reader.read_panels(template_support.panels(cls.seen, str(cls.path), f"{cls.folder}/out/"))

    def rows(self, name: str) -> list[list[str]]:
        return list(csv.reader((self.folder / "out" / name).read_text(encoding="utf-8").splitlines()))

    def test_every_panel_has_its_kind_and_title(self):
        """Protects the split: four panels in reading order, each with its own kind, title and fitted axis."""
        self.assertEqual(self.seen["kind"]["name"], "panels")
        self.assertEqual(self.seen["title"], "A year in four pictures")
        told = [(p["row"], p["column"], p["kind"]["name"], p["title"]) for p in self.seen["panels"]]
        self.assertEqual(told, [(0, 0, "bar", "Sales"), (0, 1, "line", "Growth"), (1, 0, "scatter", "Trials"),
                                (1, 1, "bar", "Ages")])
        self.assertTrue(all(p["axes"]["y"]["fit"] for p in self.seen["panels"]))

    def test_values_of_each_panel(self):
        """Protects the numbers: each panel's table is right within two per cent of its axis."""
        read = {row[0]: float(row[1]) for row in self.rows("panel_1_values.csv")[1:]}
        for name, value in zip("ABCD", self.bars):
            self.assertAlmostEqual(read[name], value, delta=2)
        line = [(float(x), float(y)) for x, y in self.rows("panel_2_values.csv")[1:]]
        for x, value in enumerate(self.line):
            self.assertAlmostEqual(np.interp(x, *zip(*line)), value, delta=1.6)
        self.assertEqual(len(self.rows("panel_3_points.csv")), 21)
        kinds = json.loads((self.folder / "out/panels.json").read_text(encoding="utf-8"))["panels"]
        self.assertEqual([(one["kind"], one["read"]) for one in kinds],
                         [("bar", True), ("line", True), ("scatter", True), ("bar", True)])
        self.assertIn("4 panels", self.said)
        self.assertTrue((self.folder / "out/panels.png").is_file())

    def proof(self, spoil=None) -> tuple[dict, dict]:
        """measure.json and overlay.json of what was read, after ``spoil`` changed a file's text."""
        outputs = []
        for number, path in enumerate(sorted((self.folder / "out").glob("*.csv"))):
            said = path.read_text(encoding="utf-8")
            (self.folder / f"o{number}").write_text(spoil(path.name, said) if spoil else said, encoding="utf-8")
            outputs.append({"name": path.name, "file": f"o{number}", "media_type": "text/csv"})
        (self.folder / "evidence.json").write_text(json.dumps(self.seen), encoding="utf-8")
        with tempfile.TemporaryDirectory() as out:
            prove.main({"picture": "image.png", "evidence": "evidence.json", "index": 0, "count": 1,
                        "outputs": outputs}, str(self.folder), out)
            return tuple(json.loads((Path(out) / name).read_text()) for name in ("measure.json", "overlay.json"))

    def test_the_proof_covers_all_panels(self):
        """Protects the proof: values of every panel have their place on the whole picture, each with its own axes."""
        _measure, overlay = self.proof()
        series = {value["series"].split(":")[0] for value in overlay["values"]}
        self.assertEqual(series, {"panel 1", "panel 2", "panel 3", "panel 4"})
        self.assertEqual([p["kind"] for p in overlay["panels"]], ["bar", "line", "scatter", "bar"])
        self.assertTrue(all(p["calibration"]["y"]["points"] for p in overlay["panels"]))
        bars = [v for v in overlay["values"] if v["series"].startswith("panel 1")]
        self.assertTrue(all(v["trusted"] for v in bars), bars)
        x, y, w, h = self.seen["panels"][0]["box"]
        self.assertTrue(all(x <= v["px"][0] <= x + w and y <= v["px"][1] <= y + h for v in bars))

    def test_a_wrong_value_of_one_panel_is_doubted(self):
        """Protects against values that are sure and off: a bar that is said to be taller than it is is not trusted."""
        def spoil(name, said):
            return said.replace("B,7", "B,8") if name == "panel_1_values.csv" else said

        _measure, overlay = self.proof(spoil)
        told = {v["at"]: v["trusted"] for v in overlay["values"] if v["series"].startswith("panel 1")}
        self.assertEqual(told, {"A": True, "B": False, "C": True, "D": True})


class Shared(unittest.TestCase):
    """Panels that share an axis."""

    def test_labels_are_lent_and_said(self):
        """Protects small multiples: panels without labels of their own take their row's, and that is said."""
        plt.rcdefaults()
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), dpi=100, sharey=True)
        for number, ax in enumerate(axes):
            ax.bar(["p", "q", "r"], [10 + 10 * number, 45, 30])
            ax.set(ylim=(0, 60), title=f"Group {number + 1}")
        figure.tight_layout()
        with tempfile.TemporaryDirectory() as folder:
            figure.savefig(f"{folder}/image.png")
            plt.close(figure)
            seen = look(f"{folder}/image.png")
        self.assertEqual([p["kind"]["name"] for p in seen["panels"]], ["bar"] * 3)
        fits = [p["axes"]["y"]["fit"] for p in seen["panels"]]
        self.assertTrue(all(fits))
        for fit in fits[1:]:
            self.assertAlmostEqual(fit["slope"], fits[0]["slope"], delta=0.01 * abs(fits[0]["slope"]))
        self.assertTrue(any("those of panel 1 were taken" in note for note in seen["notes"]), seen["notes"])

    def test_one_chart_is_not_split(self):
        """Protects single charts: a grid, a legend in a frame and many bars do not make panels."""
        plt.rcdefaults()
        figure, ax = plt.subplots(figsize=(8, 5), dpi=100)
        for k in range(3):
            ax.bar(np.arange(4) + 0.25 * k, [3 + k, 5, 2 + k, 6], 0.25, label=f"set {k}", edgecolor="black")
        ax.grid(True)
        ax.legend(frameon=True)
        with tempfile.TemporaryDirectory() as folder:
            figure.savefig(f"{folder}/image.png")
            plt.close(figure)
            seen = look(f"{folder}/image.png")
        self.assertEqual(seen["kind"]["name"], "bar")
        self.assertNotIn("panels", seen)


class Parts(unittest.TestCase):
    """The pure pieces of splitting."""

    def test_rows_and_columns(self):
        """Protects reading order: boxes of a row share most of their height."""
        boxes = [plotbox.Box(0, 0, 10, 10), plotbox.Box(20, 1, 30, 11), plotbox.Box(0, 20, 10, 30)]
        self.assertEqual(panels._lines(boxes, lambda b: (b.top, b.bottom)), [[0, 1], [2]])
        self.assertEqual(panels._lines(boxes, lambda b: (b.left, b.right)), [[0, 2], [1]])

    def test_the_widest_blank_run(self):
        """Protects the cut: it goes through the middle of the widest strip where nothing is drawn."""
        table = [
            ([1, 0, 0, 0, 1, 0, 1], 0, 7, 2),
            ([1, 1, 1, 1], 0, 4, 2),
            ([0, 0, 1, 0, 0, 0, 0, 1], 2, 8, 4),
        ]
        for drawn, low, high, at in table:
            self.assertEqual(panels._blank(np.array(drawn), low, high), at, drawn)


if __name__ == "__main__":
    unittest.main()
