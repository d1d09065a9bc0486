"""Random figures of odd data: whatever can be drawn can be read, as strict JSON within the cap."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import random
import time
import unittest
import warnings

import numpy as np
from figure_support import OUT, figures, plt, strict

FIGURES = int(os.environ.get("FIGURE_FUZZ", "200"))
SEED = int(os.environ.get("FIGURE_FUZZ_SEED", "7"))

SMALL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-12, -1.0, 2.5, 3, True]
HUGE = [*SMALL, 1e308, -1e308, 2**60]
TEXTS = ["", " ", "a", "b", "ü", "$x^2$", "\u200b", "quote \" and \\", "line\nbreak", "_hidden", "1", "nan", "x" * 700]


def column(rng, n, odd):
    """`n` values of one of many sorts."""
    plain = [rng.gauss(0, 10) for _ in range(n)]
    sorts = [
        lambda: plain,
        lambda: np.array(plain),
        lambda: np.array(plain, dtype=np.float32),
        lambda: np.arange(n),
        lambda: [rng.choice(odd) for _ in range(n)],
        lambda: [rng.choice([*plain, np.nan]) for _ in range(n)],
        lambda: np.ma.masked_less(plain, 0),
        lambda: np.array([rng.choice([1, 2.5, None]) for _ in range(n)], dtype=object),
        lambda: [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=rng.randrange(10000)) for _ in range(n)],
        lambda: np.datetime64("1999-12-31") + np.arange(n),
        lambda: [rng.choice(TEXTS) for _ in range(n)],
        lambda: np.full(n, rng.choice(odd)),
        lambda: np.zeros(n, dtype=np.uint8),
        lambda: np.array(plain) > 0,
    ]
    return rng.choice(sorts)()


def draw(rng, ax):
    """One random call."""
    n = rng.choice([0, 1, 2, 3, 5, 8, 40])
    odd = SMALL if ax.name == "polar" else HUGE  # matplotlib draws huge angles turn by turn, for ever
    x, y, z = (column(rng, n, odd) for _ in "xyz")
    grid = np.array([rng.choice([*odd, 1, 2, 3]) for _ in range(12)], dtype=float).reshape(3, 4)
    name = rng.choice(TEXTS)
    calls = [
        lambda: ax.plot(x, y, rng.choice(["-", "o", "--x", "."]), label=name),
        lambda: ax.plot(y, drawstyle=rng.choice(["steps", "steps-mid", "steps-post"])),
        lambda: ax.scatter(x, y, c=rng.choice([None, z, "red"]), s=rng.choice([None, 5, np.arange(n) + 1.0])),
        lambda: ax.bar(x, y, rng.choice([0.8, 1.0, np.abs(np.arange(n) - 2.0)]), label=name, log=rng.random() < 0.2),
        lambda: ax.barh(x, y, left=rng.choice([0, 1])),
        lambda: ax.hist([x, y] if rng.random() < 0.3 else x, bins=rng.choice([1, 3, "auto", [0, 1, 5]]),
                        histtype=rng.choice(["bar", "barstacked", "step", "stepfilled"]), density=rng.random() < 0.3,
                        orientation=rng.choice(["vertical", "horizontal"]), cumulative=rng.random() < 0.2),
        lambda: ax.pie(np.abs(np.arange(n)) + 1, labels=rng.choice([None, [name] * n])),
        lambda: ax.boxplot([x, y], orientation=rng.choice(["vertical", "horizontal"]), showmeans=rng.random() < 0.5,
                           showcaps=False, notch=rng.random() < 0.3, patch_artist=rng.random() < 0.5),
        lambda: ax.violinplot([x, y], side=rng.choice(["both", "low", "high"]), showmedians=True),
        lambda: ax.errorbar(x, y, yerr=rng.choice([1, None]), xerr=rng.choice([None, 2]), fmt=rng.choice(["", "none"]),
                            errorevery=rng.choice([1, 2]), uplims=rng.random() < 0.2, label=name),
        lambda: ax.imshow(grid), lambda: ax.imshow(np.zeros((3, 3, rng.choice([3, 4])))), lambda: ax.pcolormesh(grid),
        lambda: ax.pcolor(grid), lambda: ax.pcolormesh(grid, shading="gouraud"), lambda: ax.contour(grid),
        lambda: ax.contourf(np.arange(12).reshape(3, 4)), lambda: ax.hexbin(np.arange(9), np.arange(9), gridsize=3),
        lambda: ax.fill_between(x, y, z, step=rng.choice([None, "pre", "mid", "post"]), interpolate=rng.random() < 0.2),
        lambda: ax.fill_betweenx(x, y, where=np.arange(n) % 3 > 0), lambda: ax.fill(x, y), lambda: ax.stem(x, y),
        lambda: ax.stackplot(np.arange(n), np.arange(n), np.ones(n)), lambda: ax.stairs(y, label=name),
        lambda: ax.hlines(y, x, z), lambda: ax.axhline(0.5), lambda: ax.axvspan(0, 1),
        lambda: ax.axline((0, 0), slope=2),
        lambda: ax.eventplot(x), lambda: ax.broken_barh([(1, 2), (3, 1)], (0, 1)), lambda: ax.quiver(x, y, z, z),
        lambda: ax.barbs(np.arange(3), np.arange(3), np.ones(3), np.ones(3)), lambda: ax.table([[name, "b"]]),
        lambda: ax.text(0, 0, name), lambda: ax.annotate(name, (0, 0), (1, 1), arrowprops={"arrowstyle": "->"}),
        lambda: ax.twinx().plot(x, y), lambda: ax.inset_axes([0.5, 0.5, 0.3, 0.3]).plot(x, y),
        lambda: ax.set_xscale(rng.choice(["log", "symlog", "logit", "linear"])), lambda: ax.set_yscale("log"),
        lambda: ax.set_xticks(np.arange(n), [name] * n), lambda: ax.invert_yaxis(), lambda: ax.set_axis_off(),
        lambda: ax.xaxis_date(), lambda: ax.legend(title=name), lambda: ax.set_title(name), lambda: ax.set_xlabel(name),
        lambda: ax.lines[0].remove(), lambda: ax.containers[0].remove(), lambda: ax.containers[0][0].remove(),
        lambda: ax.add_patch(plt.Rectangle((0, 0), rng.choice(odd), 1)), lambda: ax.secondary_xaxis("top"),
        lambda: ax.figure.colorbar(ax.images[0], ax=ax), lambda: ax.set_xlim(rng.choice(odd), rng.choice(odd)),
        lambda: ax.plot_surface(*np.meshgrid([1, 2], [1, 2]), np.ones((2, 2))), lambda: ax.bar3d(0, 0, 0, 1, 1, 1),
        lambda: ax.plot(x, y, z), lambda: ax.scatter(x, y, z), lambda: ax.plot_wireframe(*np.ones((3, 2, 2))),
        lambda: ax.figure.suptitle(name), lambda: ax.figure.text(0.5, 0.5, name), lambda: ax.set_visible(False),
        lambda: ax.figure.legend(),
    ]
    rng.choice(calls)()


class Fuzz(unittest.TestCase):
    """Protects every save of the code: reading never raises, never tells a fault, never leaves strict JSON."""

    def test_random_figures(self):
        rng = random.Random(SEED)
        figures.begin_run()
        read, problems, slowest = 0, [], 0.0
        kinds = set()
        for number in range(FIGURES):
            plt.close("all")
            seed = rng.randrange(2**32)
            own = random.Random(seed)
            np.random.seed(seed)
            figure = plt.figure(figsize=(2, 1.5), dpi=30)
            axes = [figure.add_subplot(1, 2, i + 1, projection=own.choice([None, None, None, "3d", "polar"]))
                    for i in range(own.choice([1, 1, 2]))]
            told = io.StringIO()
            with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stderr(told):
                warnings.simplefilter("ignore")
                for _ in range(own.randrange(1, 7)):
                    with contextlib.suppress(Exception):  # a call may refuse its data; what it left is read
                        draw(own, own.choice(axes))
                picture = OUT / f"fuzz_{number}.png"
                try:
                    figure.savefig(picture)
                except Exception:
                    continue  # matplotlib itself cannot draw it
                begin = time.process_time()
                figures.part("figure_data").describe(figure)
                slowest = max(slowest, time.process_time() - begin)
            self.assertNotIn("figure data", told.getvalue(), f"seed {seed}")
            found = strict(OUT / f"fuzz_{number}.figure.json")
            read += 1
            kinds |= {series["type"] for one in found["axes"] for series in one.get("series", [])}
            if '"problem"' in json.dumps(found):
                problems.append((seed, [one.get("problem") or [s for s in one["series"] if "problem" in s]
                                        for one in found["axes"]]))
        self.assertEqual(problems, [])
        self.assertGreater(read, FIGURES * 0.6)
        self.assertGreater(len(kinds), min(20, FIGURES // 10))  # the calls did draw
        self.assertLess(slowest, 0.5)


if __name__ == "__main__":
    unittest.main()
