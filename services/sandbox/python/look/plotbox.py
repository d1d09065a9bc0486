"""Where the plot area of a chart is: candidates from rules, tinted panels, text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import fit as fitting
from . import numerals
from .lines import Line, Lines
from .ocr import TextItem


@dataclass
class Box:
    """A plot area; sides are pixel positions of its edges (original pixels)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Distance between left and right edge."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Distance between top and bottom edge."""
        return self.bottom - self.top

    def contains(self, item: TextItem, slack: float = 0.0) -> bool:
        """True when the centre of a text lies inside."""
        return (self.left - slack < item.cx < self.right + slack
                and self.top - slack < item.cy < self.bottom + slack)


def candidates(lines: Lines, panel: tuple[float, float, float, float] | None,
               width: int, height: int, least: float = 0.2, most: int = 40) -> list[Box]:
    """At most ``most`` rectangles that could be the plot area, largest first, ``least`` of the picture wide and high."""
    flat = [h for h in lines.horizontal if h.length >= least * width and h.cover > 0.1]
    tall = [v for v in lines.vertical if v.length >= least * height and v.cover > 0.1]
    slack = max(7.0, 0.012 * max(width, height))
    boxes: list[Box] = []
    if panel:
        boxes.append(Box(*panel))
    for h in flat:
        for v in tall:
            if abs(v.end - h.pos) > slack:
                continue
            if abs(v.pos - h.start) <= slack:
                boxes.append(Box(v.pos, v.start, h.end - 1, h.pos))
            elif abs(v.pos - h.end) <= slack:
                boxes.append(Box(h.start, v.start, v.pos, h.pos))
    for group in _alike(flat, slack):
        a, b = np.median([h.start for h in group]), np.median([h.end for h in group]) - 1
        boxes.append(Box(float(a), group[0].pos, float(b), group[-1].pos))
    for group in _alike(tall, slack):
        a, b = np.median([v.start for v in group]), np.median([v.end for v in group]) - 1
        boxes.append(Box(group[0].pos, float(a), group[-1].pos, float(b)))
    boxes += _of_broken(flat, tall)
    boxes = [_snapped(b, lines) for b in boxes]
    boxes = [b for b in boxes if b.width > least * width and b.height > least * height]
    boxes.sort(key=lambda b: -b.width * b.height)
    kept: list[Box] = []
    for box in boxes:
        if all(_differ(box, other) > 4 for other in kept):
            kept.append(box)
    return kept[:most]


def _differ(a: Box, b: Box) -> float:
    return max(abs(a.left - b.left), abs(a.right - b.right), abs(a.top - b.top), abs(a.bottom - b.bottom))


def _alike(rules: list[Line], slack: float) -> list[list[Line]]:
    """Groups of two or more rules with the same extent, each sorted by position."""
    groups: list[list[Line]] = []
    for rule in rules:
        for group in groups:
            if abs(group[0].start - rule.start) <= slack and abs(group[0].end - rule.end) <= slack:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return [sorted(g, key=lambda r: r.pos) for g in groups if len(g) >= 2]


def _of_broken(flat: list[Line], tall: list[Line]) -> list[Box]:
    """The areas that grid lines of one way span together: bars that stand before them may leave no two of one extent."""
    boxes = []
    for rules, is_tall in ((flat, False), (tall, True)):
        levels = np.array([rule.level for rule in rules])
        alike = [rule for rule in rules if abs(rule.level - np.median(levels)) <= 16]
        if len(alike) < 3 or not _even([rule.pos for rule in alike]):
            continue
        start, end = min(rule.start for rule in alike), max(rule.end for rule in alike) - 1
        first, last = min(rule.pos for rule in alike), max(rule.pos for rule in alike)
        boxes.append(Box(first, start, last, end) if is_tall else Box(start, first, end, last))
    return boxes


def _even(positions: list[float]) -> bool:
    """Whether places stand in even steps, some left out: grid lines do, the edges of bars do not."""
    gaps = np.diff(sorted(positions))
    steps = gaps / np.median(gaps)
    return bool(np.all(np.abs(steps - np.maximum(np.round(steps), 1)) < 0.15))


def _snapped(box: Box, lines: Lines) -> Box:
    """Move edges onto a rule drawn right beside them (a spine next to grid ends)."""

    def near(rules: list[Line], place: float, low: float, high: float) -> float:
        reach = 9.0
        best = place
        for rule in rules:
            overlap = min(rule.end, high) - max(rule.start, low)
            if overlap > 0.5 * (high - low) and abs(rule.pos - place) < reach:
                reach, best = abs(rule.pos - place), rule.pos
        return best

    return Box(near(lines.vertical, box.left, box.top, box.bottom),
               near(lines.horizontal, box.top, box.left, box.right),
               near(lines.vertical, box.right, box.top, box.bottom),
               near(lines.horizontal, box.bottom, box.left, box.right))


def left_labels(box: Box, items: list[TextItem]) -> list[TextItem]:
    """Texts in the column right beside the left edge."""
    return _column(box, items, lambda i: box.left - i.right)


def right_labels(box: Box, items: list[TextItem]) -> list[TextItem]:
    """Texts in the column right beside the right edge."""
    return _column(box, items, lambda i: i.x - box.right)


def _column(box: Box, items: list[TextItem], gap) -> list[TextItem]:
    near = [i for i in items if i.angle == 0 and abs(i.slant) < 14 and gap(i) > -4
            and box.top - 0.8 * i.h < i.cy < box.bottom + 0.8 * i.h]
    if not near:
        return []
    tall = float(np.median([i.h for i in near]))
    closest = min(gap(i) for i in near)
    if closest > max(2.8 * tall, 0.05 * box.width):
        return []
    near = [i for i in near if gap(i) <= closest + 1.5 * tall]
    numbers = [i for i in near if numerals.looks_numeric(i.text)]
    if len(numbers) >= 2:
        # A word wholly beyond the numbers is the axis label, not a tick.
        reach = max(gap(i) + i.w for i in numbers)
        near = [i for i in near if i in numbers or gap(i) < reach]
    return near


def bottom_labels(box: Box, items: list[TextItem]) -> list[TextItem]:
    """Texts in the first row right below the bottom edge."""
    # The box around a slanted label begins above its letters.
    near = [i for i in items if i.y > box.bottom - (4 if abs(i.slant) < 14 else 14)
            and box.left - 0.06 * box.width - i.w / 2 < i.cx < box.right + 0.06 * box.width + i.w / 2]
    if not near:
        return []
    tall = float(np.median([i.line_height if abs(i.slant) < 14 else 14.0 for i in near]))
    near = [i for i in near if i.y - box.bottom <= max(2.8 * tall, 0.07 * box.height)]
    if not near:
        return []
    # The fullest row wins, the nearest among equals: one stray mark above the
    # labels must not hide them.
    rows = [[i for i in near if -2 <= i.y - top <= 0.75 * tall] for top in sorted({i.y for i in near})]
    return max(rows, key=len)


def evidence(box: Box, items: list[TextItem], picture_area: float) -> float:
    """How much the text around a rectangle supports its being the plot area."""
    score = 2.5 * box.width * box.height / picture_area
    for labels, along in ((left_labels(box, items), 1), (bottom_labels(box, items), 0)):
        numbers = [i for i in labels if numerals.parse_lenient(i.text) is not None]
        if len(numbers) >= 2:
            fit = fitting.fit_ticks([i.text for i in numbers],
                                    [(i.cx, i.cy)[along] for i in numbers], 4.0)
            if fit:
                score += 1.5 * min(len(fit.inliers), 7)
        score += 0.5 * min(len(labels), 8)
    right = [i for i in right_labels(box, items) if numerals.parse_lenient(i.text) is not None]
    return score + 0.4 * min(len(right), 6)


def _in_table(column: list[TextItem], items: list[TextItem]) -> bool:
    """True when most numbers of a column have company in their row."""
    with_company = sum(
        any(o is not i and abs(o.cy - i.cy) < 0.5 * i.h and o.angle == 0 for o in items) for i in column)
    return with_company > 0.6 * len(column)


def without_tick_marks(items: list[TextItem]) -> None:
    """Takes tick marks off numbers that stand in a column: "175-" where others read "150" (in place)."""
    for item in items:
        bare = item.text.rstrip(" -–—_")
        if bare == item.text or item.angle or numerals.parse(bare) is None:
            continue
        # Tick marks end at one place, whether they were read or not.
        column = [o for o in items if o is not item and not o.angle and numerals.parse(o.text.rstrip(" -–—_")) is not None
                  and min(abs(o.right - item.right), abs(o.right - item.right + item.h)) < 0.6 * item.h]
        if len(column) >= 2:
            share = len(bare) / len(item.text)
            item.text, item.w = bare, item.w * share
            item.chars = item.chars[: len(bare)]


def from_text(items: list[TextItem], width: int, height: int) -> Box | None:
    """A plot area bounded only by a column of numbers and a row of labels."""
    numbers = [i for i in items if i.angle == 0 and numerals.looks_numeric(i.text)]
    best: tuple[int, list[TextItem]] | None = None
    for anchor in numbers:
        column = [i for i in numbers if abs(i.right - anchor.right) < 0.7 * anchor.h
                  or abs(i.x - anchor.x) < 0.35 * anchor.h]
        if len(column) < 3:
            continue
        fit = fitting.fit_ticks([i.text for i in column], [i.cy for i in column], 2.5)
        if fit and len(fit.inliers) >= max(3, 0.75 * len(column)) and (best is None or len(fit.inliers) > best[0]):
            best = (len(fit.inliers), [column[k] for k in fit.inliers])
    if best is None:
        return _from_row(numbers, items, width, height)
    column = best[1]
    if _in_table(column, items):
        return None
    tall = float(np.median([i.h for i in column]))
    left = max(i.right for i in column) + 0.6 * tall
    top, low = min(i.cy for i in column), max(i.cy for i in column)
    below = [i for i in items if i not in column and i.x > left - 2 * tall and low < i.cy < low + 4 * tall]
    right = max((i.right for i in below), default=width - 1.0)
    if right - left < 0.25 * width or low - top < 0.2 * height:
        return None
    return Box(left, top, min(right, width - 1.0), low)


def _from_row(numbers: list[TextItem], items: list[TextItem], width: int, height: int) -> Box | None:
    """A plot area of lying bars: a row of numbers below, a column of words on the left."""
    best: tuple[int, list[TextItem]] | None = None
    for anchor in numbers:
        row = sorted((i for i in numbers if abs(i.cy - anchor.cy) < 0.4 * anchor.h), key=lambda i: i.x)
        if len(row) < 3:
            continue
        fit = fitting.fit_ticks([i.text for i in row], [i.cx for i in row], 3.0)
        if fit and len(fit.inliers) >= max(3, 0.75 * len(row)) and (best is None or len(fit.inliers) > best[0]):
            best = (len(fit.inliers), [row[k] for k in fit.inliers])
    if best is None:
        return None
    row = best[1]
    tall = float(np.median([i.h for i in row]))
    left, right, bottom = row[0].cx, row[-1].cx, min(i.y for i in row) - 0.6 * tall
    words = [i for i in items if i not in row and not i.angle and i.right < left + tall and i.cy < bottom]
    if not words:
        return None
    edge = max(i.right for i in words)
    column = [i for i in words if edge - i.right < 0.8 * i.h]
    # In a table the words have numbers in their own rows, at the places of the row below.
    inside = [i for i in items if left - tall < i.cx < right + tall and i.cy < bottom and numerals.looks_numeric(i.text)]
    aligned = sum(any(abs(i.cx - n.cx) < 0.3 * tall for n in row) for i in inside)
    if len(column) < 3 or aligned >= 2 * len(column):
        return None
    apart = float(np.median(np.diff(sorted(i.cy for i in column))))
    top = max(0.0, min(i.cy for i in column) - 0.6 * apart)
    if right - left < 0.25 * width or bottom - top < 0.2 * height:
        return None
    return Box(left, top, min(right, width - 1.0), bottom)
