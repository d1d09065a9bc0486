"""Tests of the series: every kind of plot gives back the data it was made from."""

from __future__ import annotations

import datetime
import json
import unittest

import matplotlib.dates
import numpy as np
import pandas as pd
import seaborn as sns
from figure_support import Quiet, drawn, plt

DAYS = [datetime.date(2024, 1, 1), datetime.date(2024, 2, 1), datetime.date(2024, 3, 1)]
FRAME = pd.DataFrame({"a": [1, 2, 3.5], "b": [2, 1, 4]}, index=["p", "q", "r"])
MONTHS = FRAME.set_index(pd.date_range("2024-01-01", periods=3, freq="MS"))
LONG = pd.DataFrame({"day": ["Thu", "Thu", "Fri", "Fri"], "v": [1.0, 3.0, 5.0, 6.0], "sex": ["f", "m"] * 2})

# (what is drawn, first series, the axes)
SERIES = {
    "line": (lambda ax: ax.plot([1, 2, 3], [1, np.nan, np.inf], "r--o", label="a"),
             {"type": "line", "label": "a", "colour": "#ff0000", "linestyle": "--", "marker": "o", "x": [1, 2, 3],
              "y": [1, None, None]}, {"x": {"unit": "number", "scale": "linear"}}),
    "masked values": (lambda ax: ax.plot(np.ma.masked_equal([1, 2, 3], 2)), {"y": [1, None, 3]}, {}),
    "dates": (lambda ax: ax.plot(DAYS, [1, 2, 3]), {"x": ["2024-01-01", "2024-02-01", "2024-03-01"]},
              {"x": {"unit": "time"}}),
    "moments": (lambda ax: ax.plot([np.datetime64("2024-01-01T10:20:30.5")] * 2, [1, 2]),
                {"x": ["2024-01-01T10:20:30.500"] * 2}, {}),
    "bare day numbers": (lambda ax: [ax.plot(matplotlib.dates.date2num(DAYS), [1, 2, 3]), ax.xaxis_date()],
                         {"x": ["2024-01-01", "2024-02-01", "2024-03-01"]}, {"x": {"unit": "time"}}),
    "texts as x": (lambda ax: ax.plot(["u", "v"], [1, 2]), {"x": ["u", "v"]},
                   {"x": {"unit": "category", "ticks": {"at": [0, 1], "labels": ["u", "v"]}}}),
    "log axis turned round": (lambda ax: [ax.semilogy([1, 2], [10, 1000]), ax.set_ylim(1e4, 1)], {"y": [10, 1000]},
                              {"y": {"scale": "log", "inverted": True, "limits": [10000, 1],
                                     "ticks": {"at": [1, 10, 100, 1000, 10000],
                                               "labels": ["10⁰", "10¹", "10²", "10³", "10⁴"]}}}),
    "step": (lambda ax: ax.step([1, 2], [3, 4], where="post"), {"type": "step", "where": "post"}, {}),
    "markers alone": (lambda ax: ax.plot([1], [2], "o"), {"type": "scatter", "x": [1], "y": [2]}, {}),
    "scatter": (lambda ax: ax.scatter([1, 2], [3, 4], s=[5, 6], c=[7, 9], cmap="magma", label="s"),
                {"type": "scatter", "sizes": [5, 6], "values": [7, 9], "colour_map": "magma", "colour_limits": [7, 9]},
                {}),
    "coloured points": (lambda ax: ax.scatter([1, 2, 3], [3, 4, 5], c=["r", "b", "r"]),
                        {"colours": ["#0000ff", "#ff0000"], "colour_index": [1, 0, 1]}, {}),
    "bars": (lambda ax: ax.bar(["x", "y"], [3, 4], bottom=[1, 2], width=0.5, label="B"),
             {"type": "bar", "categories": ["x", "y"], "positions": [0, 1], "heights": [3, 4], "bottoms": [1, 2],
              "widths": 0.5, "orientation": "vertical", "label": "B"}, {"x": {"unit": "category"}}),
    "grouped bars named by ticks": (lambda ax: [ax.bar([-0.2, 0.8], [3, 4], 0.4), ax.set_xticks([0, 1], ["A", "B"])],
                                    {"categories": ["A", "B"], "positions": [-0.2, 0.8]}, {"x": {"unit": "category"}}),
    "years below bars": (lambda ax: [ax.bar([0, 1], [3, 4]), ax.set_xticks([0, 1], ["2019", "2020"])],
                         {"categories": ["2019", "2020"]}, {}),
    "ticks that dress up numbers": (lambda ax: [ax.plot([0, 1]), ax.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])],
                                    {"y": [0, 1]}, {"y": {"unit": "number", "ticks": {"at": [0, 0.5, 1]}}}),
    "lying bars": (lambda ax: ax.barh([1, 2], [3, 4], left=1),
                   {"orientation": "horizontal", "heights": [3, 4], "bottoms": 1, "positions": [1, 2]}, {}),
    "bars for each day": (lambda ax: ax.bar(DAYS[:2], [1, 2]),
                          {"type": "bar", "positions": ["2024-01-01", "2024-02-01"]}, {}),
    "histogram": (lambda ax: ax.hist([1, 2, 2, 3], bins=[1, 2, 3], label="h", weights=[1, 1, 1, 2]),
                  {"type": "histogram", "edges": [1, 2, 3], "counts": [1, 4], "label": "h", "weighted": True,
                   "density": False}, {}),
    "histogram outlined": (lambda ax: ax.hist([[1, 2, 2], [1, 1, 2]], bins=[1, 2, 3], histtype="step", stacked=True,
                                              label=["u", "v"]), {"label": "v", "counts": [2, 1], "stacked": True}, {}),
    "histogram drawn as bars": (lambda ax: ax.bar([0, 1, 3], [4, 5, 6], [1, 2, 1], align="edge"),
                                {"type": "histogram", "edges": [0, 1, 3, 4], "counts": [4, 5, 6],
                                 "recognised_by": "touching bars"}, {}),
    "stairs": (lambda ax: ax.stairs([1, 2], [0, 1, 2]),
               {"type": "histogram", "edges": [0, 1, 2], "counts": [1, 2]}, {}),
    "pie": (lambda ax: ax.pie([1, 3], labels=["p", "q"], startangle=90, counterclock=False),
            {"type": "pie", "counterclockwise": False, "slices": [
                {"label": "p", "fraction": 0.25, "value": 1, "start": 0, "end": 90},
                {"label": "q", "fraction": 0.75, "value": 3, "start": -270, "end": 0}]}, {}),
    "boxes": (lambda ax: ax.boxplot([[1, 2, 3, 10], [2, 3, 4]], tick_labels=["m", "n"], showmeans=True),
              {"type": "box", "boxes": [
                  {"label": "m", "position": 1, "q1": 1.75, "median": 2.5, "q3": 4.75, "whisker_low": 1,
                   "whisker_high": 4.75, "fliers": [10], "mean": 4},
                  {"label": "n", "q1": 2.5, "median": 3, "q3": 3.5, "fliers": []}]}, {}),
    "lying boxes": (lambda ax: ax.boxplot([1, 2, 3], orientation="horizontal", patch_artist=True, showfliers=False),
                    {"orientation": "horizontal", "boxes": [{"q1": 1.5, "median": 2, "whisker_high": 3}]}, {}),
    "violin": (lambda ax: ax.violinplot([[1, 2, 3]], positions=[4], showmedians=True),
               {"type": "violin", "violins": [{"position": 4}], "medians": [2], "minima": [1], "maxima": [3]}, {}),
    "error bars": (lambda ax: ax.errorbar([1, 2], [3, 4], yerr=[[0.5, 1], [1, 2]], xerr=0.5, fmt="o", label="e",
                                          capsize=2),
                   {"type": "error_bars", "x": [1, 2], "y": [3, 4], "y_low": [2.5, 3], "y_high": [4, 6],
                    "x_low": [0.5, 1.5], "x_high": [1.5, 2.5], "marker": "o"}, {}),
    "every other error bar": (lambda ax: ax.errorbar([1, 2, 3], [3, 4, 5], yerr=1, errorevery=2),
                              {"y_low": [2, None, 4]}, {}),
    "matrix": (lambda ax: ax.imshow([[1, 2], [3, np.nan]], cmap="gray", vmin=0),
               {"type": "heatmap", "values": [[1, 2], [3, None]], "extent": [-0.5, 1.5, 1.5, -0.5], "origin": "upper",
                "colour_map": "gray", "colour_limits": [0, 3]}, {}),
    "photograph": (lambda ax: ax.imshow(np.zeros((5, 4, 3))), {"type": "image", "shape": [5, 4, 3]}, {}),
    "big matrix": (lambda ax: ax.imshow(np.zeros((200, 100))),
                   {"type": "image", "count": 20000, "truncated": True}, {}),
    "mesh": (lambda ax: ax.pcolormesh([0, 1, 3], [0, 2], [[5, 6]]),
             {"type": "heatmap", "x_edges": [0, 1, 3], "y_edges": [0, 2], "values": [[5, 6]]}, {}),
    "contours": (lambda ax: ax.contourf(np.outer([0, 1, 2], [0, 1, 2]), levels=[0, 1, 2]),
                 {"type": "contour", "filled": True, "levels": [0, 1, 2]}, {}),
    "area": (lambda ax: ax.fill_between([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 0, where=[1, 1, 0, 1, 1], label="f"),
             {"type": "area", "x": [1, 2, None, 4, 5], "y1": [1, 2, None, 4, 5], "y2": [0, 0, None, 0, 0]}, {}),
    "stem": (lambda ax: ax.stem([1, 2], [3, 4], bottom=1), {"type": "stem", "x": [1, 2], "y": [3, 4], "bottom": 1}, {}),
    "threshold": (lambda ax: ax.axhline(2, label="limit"), {"type": "reference_line", "axis": "y", "at": 2}, {}),
    "band": (lambda ax: ax.axvspan(1, 2), {"type": "span", "axis": "x", "from": 1, "to": 2}, {}),
    "segments": (lambda ax: ax.hlines([1, 2], 0, [3, 4]), {"type": "segments", "y1": [1, 2], "x2": [3, 4]}, {}),
    "Gantt bars": (lambda ax: ax.broken_barh([(1, 2), (5, 1)], (0, 1)), {"type": "rectangles", "x1": [1, 5],
                                                                       "x2": [3, 6]}, {}),
    "unknown artists": (lambda ax: [ax.add_patch(plt.Circle((0, 0), i)) for i in (1, 2)][:0],
                        {"type": "other", "artist": "Circle", "count": 2}, {}),
    "pandas months": (lambda ax: MONTHS.plot(ax=ax), {"x": ["2024-01-01", "2024-02-01", "2024-03-01"], "label": "a"},
                      {"x": {"unit": "time"}}),
    "pandas bars": (lambda ax: FRAME.plot.bar(ax=ax), {"label": "a", "categories": ["p", "q", "r"],
                                                       "heights": [1, 2, 3.5]}, {"x": {"unit": "category"}}),
    "pandas lines over names": (lambda ax: FRAME.plot(ax=ax), {"x": ["p", "q", "r"]}, {}),
    "pandas histogram": (lambda ax: FRAME.plot.hist(ax=ax, bins=[0, 2, 4]), {"counts": [1, 2], "label": "a"}, {}),
    "pandas boxes": (lambda ax: FRAME.plot.box(ax=ax), {"type": "box", "boxes": [{"label": "a", "median": 2},
                                                                                {"label": "b"}]}, {}),
    "pandas area": (lambda ax: FRAME.plot.area(ax=ax),
                    {"type": "line", "y": [1, 2, 3.5]}, {}),
    "pandas scatter": (lambda ax: FRAME.plot.scatter("a", "b", ax=ax), {"type": "scatter", "x": [1, 2, 3.5]}, {}),
    "pandas pie": (lambda ax: FRAME.plot.pie(y="a", ax=ax), {"type": "pie"}, {}),
    "pandas hexagons": (lambda ax: FRAME.plot.hexbin("a", "b", gridsize=2, ax=ax), {"type": "hexbin"}, {}),
    "pandas density": (lambda ax: FRAME.plot.kde(ax=ax), {"type": "line", "label": "a"}, {}),
    "seaborn bars": (lambda ax: sns.barplot(LONG, x="day", y="v", ax=ax, errorbar=("pi", 100)),
                     {"type": "bar", "categories": ["Thu", "Fri"], "heights": [2, 5.5]}, {}),
    "seaborn boxes": (lambda ax: sns.boxplot(LONG, x="day", y="v", ax=ax),
                      {"type": "box", "boxes": [{"label": "Thu", "median": 2}, {"label": "Fri", "median": 5.5}]}, {}),
    "seaborn heat map": (lambda ax: sns.heatmap(FRAME, annot=True, ax=ax),
                         {"type": "heatmap", "values": [[1, 2], [2, 1], [3.5, 4]]},
                         {"y": {"ticks": {"at": [0.5, 1.5, 2.5], "labels": ["p", "q", "r"]}}}),
    "seaborn scatter": (lambda ax: sns.scatterplot(LONG, x="v", y="v", hue="sex", ax=ax),
                        {"type": "scatter", "x": [1, 3, 5, 6], "colour_index": [0, 1, 0, 1]}, {}),
}


class Kinds(Quiet):
    """Protects the numbers: every kind of plot gives back the data it was made from."""

    def test_kinds(self):
        for name, (draw, series, axes) in SERIES.items():
            with self.subTest(name):
                found = drawn(draw)
                self.assert_holds(found["series"][0], series, name)
                self.assert_holds(found, axes, name)
                self.assertNotIn("problem", json.dumps(found))

    def test_error_bars_are_told_once(self):
        """Protects against counting error bars as lines or segments, of matplotlib's bars and of seaborn's."""
        for draw in (lambda ax: ax.bar([1, 3], [2, 5.5], yerr=[1, 0.5], capsize=2),
                     lambda ax: sns.barplot(LONG, x="day", y="v", ax=ax, errorbar=("pi", 100), capsize=0.1)):
            series = drawn(draw)["series"]
            self.assertEqual([one["type"] for one in series], ["bar", "error_bars"])
            self.assert_holds(series[1], {"of": 0, "y": [2, 5.5], "y_low": [1, 5], "y_high": [3, 6]})


if __name__ == "__main__":
    unittest.main()
