"""Pictures of several charts: where each panel is, and which text is whose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from . import numerals, pixels, plotbox
from .image import Picture, reduced
from .lines import Line, Lines
from .ocr import TextItem
from .palette import Colour
from .plotbox import Box

MOST = 9  # panels that are read
_INK = 26  # channel difference from the paper that counts as drawn
_FAINT = 7  # channel difference from which a rule goes on
_GAP = 3  # pixels; between a tick mark and its label there are more, too
_LEAST = 0.09  # a plot area is at least this share of the picture wide and high
_LABELLED = 4.5  # evidence (see ``plotbox.evidence``) from which a rectangle is a plot area of its own


@dataclass
class Panel:
    """One chart of several. ``area`` is (x, y, w, h) of its part of the picture, ``box`` its plot area (of a pie
    the square around it), both in pixels of the whole picture; ``row`` and ``column`` count from 0.

    ``borrowed`` are labels of an axis that it shares with another panel, moved to where its own would stand;
    ``shared`` says so in sentences.
    """

    box: Box
    area: tuple[int, int, int, int] = (0, 0, 0, 0)
    row: int = 0
    column: int = 0
    is_disc: bool = False
    borrowed: list[TextItem] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


@dataclass
class Split:
    """The panels in reading order, and the lines of text above them that belong to all."""

    panels: list[Panel]
    heading: list[TextItem]


def find(picture: Picture, items: list[TextItem], lines: Lines, paper: Colour,
         colours: list[tuple[Colour, float]]) -> Split | None:
    """The panels of a picture of several charts, or None where there are not two or more beside each other.

    ``colours`` are the picture's main ones with their shares.
    """
    off = pixels.apart(picture.full, paper)
    ink = (off > _INK).astype(np.uint8)
    tints = [colour for colour, share in colours if share > 0.1 and max(map(abs, np.subtract(colour, paper))) >= 4]
    boxes = _plot_areas(picture, items, _pieces(lines, off), _tinted(picture.full, tints),
                        (off > _FAINT).astype(np.uint8))
    discs = _discs(ink, boxes) if boxes else []
    boxes += discs
    if not 2 <= len(boxes) <= MOST:
        return None
    heading = _heading(items, boxes)
    height, width = ink.shape
    top = round(max((i.bottom for i in heading), default=0.0))
    parts = _cut(ink, (0, top, width, height), boxes)
    if parts is None:
        return None
    found = [Panel(box, (x0, y0, x1 - x0, y1 - y0), is_disc=any(box is disc for disc in discs)) for (x0, y0, x1, y1), box in parts]
    for number, row in enumerate(_lines([p.box for p in found], lambda b: (b.top, b.bottom))):
        for place in row:
            found[place].row = number
    for number, column in enumerate(_lines([p.box for p in found], lambda b: (b.left, b.right))):
        for place in column:
            found[place].column = number
    found.sort(key=lambda p: (p.row, p.column))
    share(found, items)
    return Split(found, heading)


def _plot_areas(picture: Picture, items: list[TextItem], lines: Lines, tinted: list[Box],
                drawn: np.ndarray) -> list[Box]:
    """Rectangles beside each other that are plot areas: labelled ones, and others just like them in line."""
    width, height = picture.width, picture.height
    total = cv2.integral(drawn)
    boxes = tinted + plotbox.candidates(lines, None, width, height, _LEAST, 160)
    boxes = [b for b in boxes if not _has_gutter(total, b)]
    ranked = sorted(((plotbox.evidence(b, items, width * height / 8), b) for b in boxes), key=lambda s: -s[0])
    chosen: list[Box] = []
    for score, box in ranked:
        # Lone digits are easily overlooked: equal rectangles in line count without them.
        is_one = _numbers(box, items) or any(_alike(box, other) and not _overlap(box, other) for other in boxes)
        if score >= _LABELLED and is_one and not any(_overlap(box, other) for other in chosen):
            chosen.append(box)
    for _score, box in ranked:
        if not any(_overlap(box, other) for other in chosen) and any(_alike(box, other) for other in chosen):
            chosen.append(box)
    largest = max((b.width * b.height for b in chosen), default=0.0)
    # What is much smaller than the others is a legend or an inset, not a panel.
    return [b for b in chosen if b.width * b.height > 0.15 * largest]


def _tinted(rgb: np.ndarray, tints: list[Colour]) -> list[Box]:
    """Rectangles of a colour of their own."""
    height, width = rgb.shape[:2]
    found = []
    for colour in tints[:3]:
        mask = (pixels.apart(rgb, colour) <= 2).astype(np.uint8)
        mask = cv2.morphologyEx(np.pad(mask, 12), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))[12:-12, 12:-12]
        count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask))
        for left, top, wide, tall, area in stats[1:count]:
            if wide < _LEAST * width or tall < _LEAST * height or area < 0.35 * wide * tall:
                continue
            rim = np.concatenate([mask[top, left : left + wide], mask[top + tall - 1, left : left + wide],
                                  mask[top : top + tall, left], mask[top : top + tall, left + wide - 1]])
            if rim.mean() > 0.7 and (wide < 0.9 * width or tall < 0.9 * height):
                found.append(Box(float(left), float(top), float(left + wide - 1), float(top + tall - 1)))
    return found


def _pieces(rules: Lines, off: np.ndarray) -> Lines:
    """The rules cut where nothing is drawn: those of neighbouring panels in one line count as one otherwise."""
    return Lines(_broken(rules.horizontal, off > _FAINT), _broken(rules.vertical, (off > _FAINT).T))


def _broken(rules: list[Line], drawn: np.ndarray) -> list[Line]:
    found = []
    for rule in rules:
        row, start = max(0, round(rule.pos) - 1), max(0, round(rule.start))
        along = drawn[row : row + 3, start : round(rule.end)].any(axis=0)
        places = np.flatnonzero(along)
        if not len(places):
            continue
        for run in np.split(places, np.flatnonzero(np.diff(places) > _GAP) + 1):
            a, b = float(start + run[0]), float(start + run[-1] + 1)
            found.append(replace(rule, start=a, end=b, cover=len(run) / (b - a)))
    return found


def _numbers(box: Box, items: list[TextItem]) -> bool:
    """Whether at least one edge has two numbers beside it."""
    return any(sum(numerals.looks_numeric(i.text) for i in labels) >= 2
               for labels in (plotbox.left_labels(box, items), plotbox.bottom_labels(box, items)))


def _has_gutter(total: np.ndarray, box: Box) -> bool:
    """True when a blank strip runs through the whole rectangle, as between two panels: some rule of a plot area crosses
    every strip. ``total`` is the integral of what is drawn."""
    left, top = max(0, round(box.left) - 2), max(0, round(box.top) - 2)
    right, bottom = min(total.shape[1] - 1, round(box.right) + 3), min(total.shape[0] - 1, round(box.bottom) + 3)
    columns = np.diff(total[bottom, left : right + 1].astype(np.int64) - total[top, left : right + 1])
    rows = np.diff(total[top : bottom + 1, right].astype(np.int64) - total[top : bottom + 1, left])
    return any(_longest_blank(drawn[6:-6]) >= 3 for drawn in (columns, rows))


def _longest_blank(drawn: np.ndarray) -> int:
    run = best = 0
    for count in drawn:
        run = 0 if count else run + 1
        best = max(best, run)
    return best


def _overlap(a: Box, b: Box) -> bool:
    return min(a.right, b.right) - max(a.left, b.left) > 2 and min(a.bottom, b.bottom) - max(a.top, b.top) > 2


def _alike(a: Box, b: Box) -> bool:
    """Whether two rectangles are of one size and in one row or column."""
    same = abs(a.width - b.width) < 0.03 * b.width + 3 and abs(a.height - b.height) < 0.03 * b.height + 3
    return same and (abs(a.top - b.top) < 4 or abs(a.left - b.left) < 4)


def _discs(ink: np.ndarray, boxes: list[Box]) -> list[Box]:
    """Squares around round shapes beside the plot areas: pies among the panels."""
    least = 0.5 * min(min(b.width, b.height) for b in boxes)
    free = ink.copy()
    for box in boxes:
        free[max(0, int(box.top) - 2) : int(box.bottom) + 3, max(0, int(box.left) - 2) : int(box.right) + 3] = 0
    solid = cv2.morphologyEx(free, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    found = []
    for number in range(1, count):
        x, y, w, h, _area = stats[number]
        if min(w, h) < least or not 0.85 < w / h < 1.18:
            continue
        contours, _ = cv2.findContours((labels[y : y + h, x : x + w] == number).astype(np.uint8), cv2.RETR_EXTERNAL,
                                       cv2.CHAIN_APPROX_SIMPLE)
        if 0.9 < sum(map(cv2.contourArea, contours)) / (np.pi * w * h / 4) < 1.06:
            found.append(Box(float(x), float(y), float(x + w - 1), float(y + h - 1)))
    return found


def _heading(items: list[TextItem], boxes: list[Box]) -> list[TextItem]:
    """The title of the whole: the topmost line above all panels, when there is another line below it or when it
    stands over the space between two columns."""
    top = min(b.top for b in boxes)
    above = sorted((i for i in items if i.angle == 0 and i.bottom <= top + 1 and len(i.text) > 1
                    and not numerals.looks_numeric(i.text)), key=lambda i: i.cy)
    if not above:
        return []
    first = [i for i in above if abs(i.cy - above[0].cy) < 0.6 * above[0].h]
    rest = [i for i in above if i not in first and i.y > first[0].bottom - 2]
    gaps = _between(boxes)
    left, right = min(i.x for i in first), max(i.right for i in first)
    over_gap = len(first) == 1 and any(left < a and right > b for a, b in gaps)
    middle = (min(b.left for b in boxes) + max(b.right for b in boxes)) / 2
    alone = len(first) == 1 and bool(rest) and abs(first[0].cx - middle) < 0.12 * (2 * middle)
    return first if over_gap or alone else []


def _between(boxes: list[Box]) -> list[tuple[float, float]]:
    """The spaces between columns of panels, as (from, to)."""
    columns = _lines(boxes, lambda b: (b.left, b.right))
    ends = [(min(boxes[k].left for k in c), max(boxes[k].right for k in c)) for c in columns]
    return [(a[1], b[0]) for a, b in zip(ends, ends[1:]) if b[0] > a[1]]


def _lines(boxes: list[Box], span) -> list[list[int]]:
    """Indices of boxes that share a row (or column), in order."""
    order = sorted(range(len(boxes)), key=lambda k: span(boxes[k])[0])
    groups: list[list[int]] = []
    for k in order:
        start, end = span(boxes[k])
        for group in groups:
            a, b = span(boxes[group[0]])
            if min(b, end) - max(a, start) > 0.5 * min(b - a, end - start):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def _cut(ink: np.ndarray, region: tuple[int, int, int, int], boxes: list[Box]):
    """(x0, y0, x1, y1) and plot area of each panel: the region cut along blank strips between plot areas, again and
    again; None where they cannot be told apart by straight cuts."""
    if len(boxes) == 1:
        return [(region, boxes[0])]
    x0, y0, x1, y1 = region
    for down in (True, False):
        span = (lambda b: (b.top, b.bottom)) if down else (lambda b: (b.left, b.right))
        order = sorted(boxes, key=lambda b: span(b)[0])
        for place in range(1, len(order)):
            low = max(span(b)[1] for b in order[:place])
            high = span(order[place])[0]
            if high - low < 4:
                continue
            across = ink[y0:y1, x0:x1].any(axis=1 if down else 0)
            at = _blank(across, round(low) + 1 - (y0 if down else x0), round(high) - (y0 if down else x0))
            at += y0 if down else x0
            one, two = ((x0, y0, x1, at), (x0, at, x1, y1)) if down else ((x0, y0, at, y1), (at, y0, x1, y1))
            first, second = _cut(ink, one, order[:place]), _cut(ink, two, order[place:])
            return first + second if first is not None and second is not None else None
    return None


def _blank(drawn: np.ndarray, low: int, high: int) -> int:
    """The middle of the widest blank run between two places; of both, where there is none."""
    best, run = (0, (low + high) // 2), 0
    for place in range(max(0, low), min(len(drawn), high)):
        run = 0 if drawn[place] else run + 1
        if run > best[0]:
            best = (run, place - run // 2)
    return best[1]


def share(found: list[Panel], items: list[TextItem]) -> list[Panel]:
    """Lends the labels of a shared axis to the panels of its row or column that have none; those that got some."""
    met = []
    for way, name in ((0, "y"), (1, "x")):
        labels = (plotbox.left_labels, plotbox.bottom_labels)[way]
        for number, panel in enumerate(found, start=1):
            if panel.is_disc:
                continue
            own = [i for i in labels(panel.box, items) if _is_in(i, panel)]
            if len(own) >= 2 or any(f"its {name} axis" in said for said in panel.shared):
                continue
            in_line = [(k, other) for k, other in enumerate(found, start=1) if other is not panel and not other.is_disc and (
                _same(panel.box.top, other.box.top, panel.box.bottom, other.box.bottom) if way == 0
                else _same(panel.box.left, other.box.left, panel.box.right, other.box.right))]
            lenders = [(k, other, lent) for k, other in in_line
                       if len(lent := [i for i in labels(other.box, items) if _is_in(i, other)]) >= 2]
            if not lenders:
                continue
            k, other, lent = lenders[0] if way == 0 else lenders[-1]
            dx, dy = (panel.box.left - other.box.left, 0.0) if way == 0 else (0.0, panel.box.bottom - other.box.bottom)
            panel.borrowed += [moved(i, dx, dy) for i in lent]
            met.append(panel)
            panel.shared.append(f"Panel {number} has no labels at its {name} axis; those of panel {k} were taken.")
    return met


def _same(a: float, b: float, c: float, d: float) -> bool:
    return abs(a - b) <= 3 and abs(c - d) <= 3


def _is_in(item: TextItem, panel: Panel) -> bool:
    x, y, w, h = panel.area
    return x <= item.cx < x + w and y <= item.cy < y + h


def moved(item: TextItem, dx: float, dy: float) -> TextItem:
    """The same text elsewhere."""
    cut = item.cut and (item.cut[0] + dx, item.cut[1] + dy, item.cut[2] + dx, item.cut[3] + dy)
    return replace(item, x=item.x + dx, y=item.y + dy, role="other", cut=cut,
                   chars=[(c, x + dx, sure) for c, x, sure in item.chars])


def part(picture: Picture, panel: Panel) -> Picture:
    """The panel as a picture of its own."""
    x, y, w, h = panel.area
    full = np.ascontiguousarray(picture.full[y : y + h, x : x + w])
    return Picture(full, *reduced(full), [])


def plot_area(panel: Panel) -> Box:
    """The plot area in the panel's own pixels."""
    x, y, _w, _h = panel.area
    return Box(panel.box.left - x, panel.box.top - y, panel.box.right - x, panel.box.bottom - y)


def texts(panel: Panel, items: list[TextItem], heading: list[TextItem]) -> list[tuple[TextItem, TextItem | None]]:
    """The panel's texts in its own pixels, each with the item of the whole picture (None: borrowed)."""
    x, y, _w, _h = panel.area
    # A wavy line over half of a plot is no word, even if it reads like one.
    mine = [i for i in items if _is_in(i, panel) and i not in heading
            and not (panel.box.contains(i) and i.h > 0.3 * panel.box.height and i.w > 0.3 * panel.box.width)]
    own = [(moved(i, -x, -y), i) for i in mine]
    return own + [(moved(i, -x, -y), None) for i in panel.borrowed]
