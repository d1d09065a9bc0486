"""Tests of the default style of figures."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from prove.words import CONTRAST, apart, contrast
from runner import figure_style

RUNNER = str(Path(figure_style.__file__).parent)
# The cold path as main.py goes it, then whatever code does.
START = "import sys; sys.path.insert(0, sys.argv[1]); import plots; sys.meta_path.insert(0, plots.Finder)\n"


def python(code: str) -> subprocess.CompletedProcess:
    """Run code as a run starts it, with a settings folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MPLCONFIGDIR": folder, "MPLBACKEND": "Agg"}
        return subprocess.run([sys.executable, "-c", START + code, RUNNER], capture_output=True, text=True, timeout=120,
                              env=environment)


class Style(unittest.TestCase):
    """The settings that matplotlib starts with."""

    def test_colours_can_be_told_apart_and_seen(self):
        """Protects colour-blind readers: every two colours of the cycle stay apart, each stands out from white."""
        colours = [tuple(bytes.fromhex(one)) for one in figure_style.COLOURS]
        for one, two in itertools.combinations(colours, 2):
            for sight in (None, "deuteranopia", "protanopia"):
                self.assertGreater(apart(one, two, sight), 15, (one, two, sight))
        for one in colours:
            self.assertGreaterEqual(contrast(one), CONTRAST, one)

    def test_it_is_a_default_and_no_more(self):
        """Protects the code's own choice: what it sets before or after pyplot is imported wins, and nothing warns."""
        ran = python("""
import matplotlib
assert matplotlib.rcParams["font.size"] == 11, matplotlib.rcParams["font.size"]
matplotlib.rcParams["font.size"] = 20
import matplotlib.pyplot as plt
assert plt.rcParams["font.size"] == 20
figure, axes = plt.subplots()
line, = axes.plot([1, 2])
assert line.get_color() == "#0072B2", line.get_color()
assert not axes.spines["top"].get_visible()
plt.tight_layout(); plt.subplots_adjust(left=0.2)
with plt.style.context("ggplot"):
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"][0] == "#E24A33"
plt.style.use("default")
assert plt.rcParams["axes.spines.top"]
plt.close("all")
""")
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "", ""))

    def test_every_setting_is_known(self):
        """Protects from a setting that this matplotlib does not have, which it would only warn of in every run."""
        ran = python("import matplotlib as m; print(m.rcParams['legend.title_fontsize'], m.rcParams['lines.linewidth'])")
        self.assertEqual((ran.stdout.split(), ran.stderr), (["10.0", "2.0"], ""))


if __name__ == "__main__":
    unittest.main()
