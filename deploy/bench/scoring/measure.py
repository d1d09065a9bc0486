"""Distances between what was read and what is true."""

from __future__ import annotations

import bisect
import difflib
import math
import re

# How alike two names must be to mean the same (difflib's ratio): a letter misread is not also a value missed.
ALIKE = 0.75


def plain(text: str) -> str:
    """Text with single spaces, and one sign where several look the same (minus, micro)."""
    return " ".join(text.replace("\u2212", "-").replace("\u03bc", "\u00b5").split())


def folded(name: str) -> str:
    """What is compared of a name: letters and digits; numbers by value, so 2020.0 is 2020."""
    try:
        return f"{float(name):g}"
    except ValueError:
        return re.sub(r"[^\w]", "", name.casefold())


def pair_names(true: list[str], read: list[str]) -> dict[int, int]:
    """Which read name means which true one, by place; each at most once, the most alike first."""
    if len(true) == len(read) == 1:
        return {0: 0}
    likeness = []
    for t, wanted in enumerate(map(folded, true)):
        for r, found in enumerate(map(folded, read)):
            ratio = 1.0 if wanted == found else difflib.SequenceMatcher(None, wanted, found).ratio()
            # Numbers that are merely alike are other numbers.
            if ratio == 1.0 or (ratio >= ALIKE and not wanted.isdigit()):
                likeness.append((-ratio, abs(t - r), t, r))
    pairs: dict[int, int] = {}
    for _ratio, _far, t, r in sorted(likeness):
        if t not in pairs and r not in pairs.values():
            pairs[t] = r
    return pairs


def error(read: float, true: float, axis: dict) -> float:
    """Distance in per cent of what the axis spans: of its decades where it is logarithmic (and 100 for what cannot
    stand on one)."""
    if axis["log"]:
        if read <= 0:
            return 100.0
        return 100 * abs(math.log10(read / true)) / math.log10(axis["max"] / axis["min"])
    return 100 * abs(read - true) / (axis["max"] - axis["min"])


def anywhere(true: list[float], read: list[float], axis: dict, near: float) -> int:
    """How many true values were read at all, whatever they were called: within `near` per cent, each reading used once."""
    left, found = sorted(read), 0
    for value in sorted(true):
        best = min(range(len(left)), key=lambda place: error(left[place], value, axis), default=None)
        if best is not None and error(left[best], value, axis) <= near:
            left.pop(best)
            found += 1
    return found


def at(x: float, xs: list[float], ys: list[float], slack: float) -> float | None:
    """The height of a line through points (xs ascending) at x; None further than `slack` outside."""
    if not xs or x < xs[0] - slack or x > xs[-1] + slack:
        return None
    place = bisect.bisect_left(xs, x)
    if place == 0:
        return ys[0]
    if place == len(xs):
        return ys[-1]
    left, right = xs[place - 1], xs[place]
    share = (x - left) / (right - left) if right > left else 0.0
    return ys[place - 1] + share * (ys[place] - ys[place - 1])


def align(count: int, other: int, likeness) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, whose `likeness(i, j)` adds up to the most."""
    best = [[0.0] * (other + 1) for _ in range(count + 1)]
    for i in range(count - 1, -1, -1):
        for j in range(other - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + likeness(i, j))
    pairs, i, j = [], 0, 0
    while i < count and j < other:
        if best[i][j] == best[i + 1][j + 1] + likeness(i, j) and likeness(i, j) > 0:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def edits(one: str, two: str) -> int:
    """Levenshtein's distance: letters to insert, delete or replace."""
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, start=1):
        corner, row[0] = row[0], i
        for j, other in enumerate(two, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (letter != other))
    return row[-1]


def percentile(values: list[float], share: float) -> float | None:
    """The value below which `share` of them lie (nearest rank); None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
