"""The scores of one picture.

Charts give `expected` (true values), `errors` (per cent of the axis, one for each value found), `missing`, `invented`,
and the honesty of what is shown: `shown` (values delivered as sure) and `shown_off` (of these, off by more than 5 % of the
axis, or without a truth at all). Where the program delivers its proof (`overlay.json`) only values that it trusts there are
shown as sure, else every one; `delivered_values` and `delivered_off` are the same of all that was delivered.
`shown_off_silent` leaves out those of pictures whose summary (by the built-in rules) lists what was uncertain in reading.
"""

from __future__ import annotations

import math
import re

from . import reading
from .measure import align, anywhere, at, edits, error, pair_names, plain
from .sure import Sure

# The words of the program that are right for each kind of the set.
RIGHT_WORDS = {"histogram": ("histogram", "bar"), "count": ("photo", "objects")}
# A point of a scatter counts as found within this share of both axes.
NEAR = 0.02
OFF = 5.0
# The words before the list of doubts in a summary by the built-in rules: about the picture, not about single values.
DOUBTS = "What was uncertain"
PERCENT = {"min": 0.0, "max": 100.0, "log": False}


def score(truth: dict, job: dict | None, files: dict[str, str]) -> dict:
    """Everything measured about one picture; `job` is its report, None where there is none."""
    if job is None:
        return {
            "state": "lost",
            "executed": False,
            "kind_read": None,
            "kind_right": False,
            **SCORERS[truth["kind"]](truth, {}, ""),
        }
    run = job.get("run") or {}
    executed = job["state"] == "succeeded" and run.get("status") == "ok"
    word = job.get("image_kind")
    usage = job["usage"]
    summary = job.get("summary") or ""
    scores = SCORERS[truth["kind"]](truth, files if executed else {}, summary)
    doubted = DOUBTS in summary
    if "shown_off" in scores:
        scores["shown_off_silent"] = 0 if doubted else scores["shown_off"]
    delivered = (
        scores.get("delivered_values", 0) > 0
        or scores.get("cells_shown", 0) > 0
        or scores.get("count_read") is not None
        or scores.get("letters_wrong", 0) < scores.get("letters", 0)
    )
    return {
        "state": job["state"],
        "executed": executed,
        "kind_read": word,
        "kind_right": word in RIGHT_WORDS.get(truth["kind"], (truth["kind"],)),
        "seconds": job["seconds"],
        "tokens": usage["prompt_tokens"] + usage["completion_tokens"],
        "error": (job.get("error") or {}).get("message") or (job.get("error") or {}).get("code"),
        "delivered": delivered,
        "doubted": doubted,
        **scores,
    }


def values(expected: int, errors: list[float], invented: int, judged: list[tuple[bool, bool]]) -> dict:
    """The scores of a chart; `judged` has for each delivered value whether it is shown as sure, and whether it is off."""
    return {
        "expected": expected,
        "errors": [round(e, 3) for e in errors],
        "missing": expected - len(errors),
        "invented": invented,
        **shown(judged),
    }


def shown(judged: list[tuple[bool, bool]]) -> dict:
    """How many values are shown as sure, and are off; and of all that are delivered."""
    return {
        "shown": sum(sure for sure, _off in judged),
        "shown_off": sum(sure and off for sure, off in judged),
        "delivered_values": len(judged),
        "delivered_off": sum(off for _sure, off in judged),
    }


def score_bars(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Values by category and series. A bar that is not there because it is zero may be left out."""
    read = reading.labelled(reading.chosen(files, ("values.csv",), ".csv") or "")
    series, categories = unique(s for _c, s, _v in read), unique(c for c, _s, _v in read)
    of_series = pair_names([s["name"] for s in truth["series"]], series)
    of_category = pair_names(truth["categories"], categories)
    found: dict[tuple[str, str], float] = {}
    for category, name, value in read:
        found.setdefault((category, name), value)
    errors, expected, right = [], 0, set()
    for s, true in enumerate(truth["series"]):
        for c, value in enumerate(true["values"]):
            key = (categories[of_category[c]], series[of_series[s]]) if c in of_category and s in of_series else None
            if key in found:
                errors.append(error(found[key], value, truth["value_axis"]))
                if errors[-1] <= OFF:
                    right.add(key)
            expected += key in found or value != 0
    invented = len(read) - len(errors)
    sure = Sure(files)
    judged = []
    for category, name, value in read:
        judged.append((sure.has(name, category, value), (category, name) not in right))
        right.discard((category, name))  # the same name again has no truth
    heights = [value for true in truth["series"] for value in true["values"]]
    nameless = anywhere(heights, [value for _c, _s, value in read], truth["value_axis"], 100 * NEAR)
    return {**values(expected, errors, invented, judged), "anywhere": min(nameless, expected)}


def score_histogram(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Heights of bins: a row belongs to the bin that the middle it names (or of the range it names) lies in."""
    read, sure = [], Sure(files)
    for label, series, value in reading.labelled(reading.chosen(files, ("values.csv",), ".csv") or ""):
        # What stands in brackets behind a number ("2 (bar 3)") numbers the row.
        span = re.sub(r"(?<=\d)\s*[-–]\s*", " ", re.sub(r"(?<=\d)\s*\(.*", "", label))
        ends = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", span)[:2]]
        read.append((sum(ends) / len(ends) if ends else math.nan, value, sure.has(series, label, value)))
    errors, expected, used = [], 0, set()
    for low, high, count in zip(truth["edges"], truth["edges"][1:], truth["counts"], strict=False):
        row = next((i for i, (x, _v, _s) in enumerate(read) if low <= x < high and i not in used), None)
        if row is not None:
            used.add(row)
            errors.append(error(read[row][1], count, truth["value_axis"]))
        expected += row is not None or count > 0
    invented = len(read) - len(used)
    nameless = anywhere(truth["counts"], [value for _x, value, _s in read], truth["value_axis"], 100 * NEAR)
    judged, told = [], set()
    for x, value, is_sure in sorted(read, key=lambda row: not row[2]):  # a bin is first that of a value shown as sure
        bins = enumerate(zip(truth["edges"], truth["edges"][1:], truth["counts"], strict=False))
        place, count = next(((i, c) for i, (low, high, c) in bins if low <= x < high and i not in told), (None, None))
        told.add(place)
        judged.append((is_sure, count is None or error(value, count, truth["value_axis"]) > OFF))
    return {**values(expected, errors, invented, judged), "anywhere": min(nameless, expected)}


def score_lines(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """The line read at each true x. What is shown is judged at its own x, against the true line there."""
    text = reading.chosen(files, ("values.csv", "points.csv"), ".csv") or ""
    to_x = reading.day if truth["x_kind"] == "date" else reading.number
    log_x = bool(truth["x_axis"] and truth["x_axis"]["log"])

    def place(label):
        x = to_x(label)
        return None if x is None or (log_x and x <= 0) else math.log10(x) if log_x else x

    true_x = [place(str(x)) for x in truth["x"]]
    slack = NEAR * (true_x[-1] - true_x[0])
    read = reading.labelled(text)
    names = unique(name for _x, name, _v in read)
    pairs = pair_names([s["name"] for s in truth["series"]], names)
    errors, sure = [], Sure(files)
    right = set()
    matched = 0
    for s, true in enumerate(truth["series"]):
        own = [(place(row[0]), row[2], i) for i, row in enumerate(read) if s in pairs and row[1] == names[pairs[s]]]
        line = sorted(row for row in own if row[0] is not None)
        xs, ys = [x for x, _y, _i in line], [y for _x, y, _i in line]
        for x, value in zip(true_x, true["values"], strict=True):
            height = at(x, xs, ys, slack)
            if height is not None:
                errors.append(error(height, value, truth["value_axis"]))
        for x, value, i in line:
            height = at(x, true_x, true["values"], slack)
            if height is not None:
                matched += 1
                if error(value, height, truth["value_axis"]) <= OFF:
                    right.add(i)
    judged = [(sure.has(name, label, value), i not in right) for i, (label, name, value) in enumerate(read)]
    return values(len(true_x) * len(truth["series"]), errors, len(read) - matched, judged)


def score_scatter(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Points within 2 % of both axes, each used once, nearest first; and of these, those in their right series."""
    read = reading.points(reading.chosen(files, ("points.csv", "values.csv"), ".csv") or "")
    true = [(s["name"], x, y) for s in truth["series"] for x, y in s["points"]]
    far = []
    for t, (_name, x, y) in enumerate(true):
        for r, (_read_name, a, b) in enumerate(read):
            far.append((max(error(a, x, truth["x_axis"]), error(b, y, truth["value_axis"])), t, r))
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for distance, t, r in sorted(far):
        if distance <= 100 * NEAR and t not in pairs and r not in used:
            pairs[t] = r
            used.add(r)
    names = unique(name for name, _x, _y in read)
    of_series = pair_names([s["name"] for s in truth["series"]], names)
    meant = {s["name"]: names[of_series[i]] for i, s in enumerate(truth["series"]) if i in of_series}
    in_series = sum(read[r][0] == meant.get(true[t][0]) for t, r in pairs.items())
    near = {r for distance, _t, r in far if distance <= OFF}
    counts = {"points": len(true), "points_read": len(read), "points_found": len(pairs), "points_in_series": in_series}
    sure = Sure(files)
    return {**counts, **shown([(sure.has(name, f"{x:.10g}", y), r not in near) for r, (name, x, y) in enumerate(read)])}


def score_pie(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Shares by label; errors are percentage points."""
    read = reading.shares(reading.chosen(files, ("shares.csv", "values.csv"), ".csv") or "")
    pairs = pair_names([s["label"] for s in truth["slices"]], [label for label, _share in read])
    errors = [abs(read[r][1] - truth["slices"][t]["share"]) for t, r in pairs.items()]
    invented = len(read) - len(errors)
    nameless = anywhere([s["share"] for s in truth["slices"]], [share for _l, share in read], PERCENT, 100 * NEAR)
    sure = Sure(files)
    right = {r for t, r in pairs.items() if abs(read[r][1] - truth["slices"][t]["share"]) <= OFF}
    judged = [(sure.has("share", label), r not in right) for r, (label, _share) in enumerate(read)]
    return {**values(len(truth["slices"]), errors, invented, judged), "anywhere": nameless}


def score_table(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Cells that are the same but for white space, after rows and columns are laid beside each other in order."""
    true = [[plain(cell) for cell in row] for row in truth["cells"]]
    read = [[plain(cell) for cell in row] for row in reading.rows(reading.chosen(files, ("table.csv",), ".csv") or "")]

    def common(i, j):
        left = list(read[j])
        return sum(cell in left and left.remove(cell) is None for cell in true[i] if cell) + 0.01

    row_pairs = align(len(true), len(read), common) if read else []
    width = max((len(row) for row in read), default=0)
    read = [row + [""] * (width - len(row)) for row in read]
    columns = align(len(true[0]), width, lambda a, b: sum(true[i][a] == read[j][b] for i, j in row_pairs) + 0.01)
    right = sum(true[i][a] == read[j][b] for i, j in row_pairs for a, b in columns)
    filled = sum(bool(cell) for row in read for cell in row)
    right_filled = sum(true[i][a] == read[j][b] != "" for i, j in row_pairs for a, b in columns)
    cells = {"cells": len(true) * len(true[0]), "cells_right": right}
    return {**cells, "cells_shown": filled, "cells_shown_wrong": filled - right_filled}


def score_count(truth: dict, files: dict[str, str], summary: str) -> dict:
    """The number of objects: rows of objects.csv, else the first number that the summary says it counted."""
    count = None
    if "objects.csv" in files:
        count = max(0, len(reading.rows(files["objects.csv"])) - 1)
    elif said := re.search(
        r"\b[Cc]ounted (\d+)|\b(\d+) (?:separate )?(?:objects|" + re.escape(truth["objects"]) + ")", summary
    ):
        count = int(said.group(1) or said.group(2))
    off = None if count is None else 100 * abs(count - truth["count"]) / truth["count"]
    return {"count": truth["count"], "count_read": count, "count_error": off}


def score_text(truth: dict, files: dict[str, str], _summary: str) -> dict:
    """Letters of the page that are right, line breaks aside: one less edits by letter, not below zero."""
    true, read = plain(truth["text"]), plain(reading.chosen(files, ("page.txt",), ".txt") or "")
    return {"letters": len(true), "letters_wrong": min(len(true), edits(true, read))}


def unique(names) -> list[str]:
    """Each name once, in order."""
    return list(dict.fromkeys(names))


SCORERS = {
    "bar": score_bars,
    "line": score_lines,
    "scatter": score_scatter,
    "pie": score_pie,
    "histogram": score_histogram,
    "table": score_table,
    "count": score_count,
    "text": score_text,
}
