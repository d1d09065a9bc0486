"""The axes of a chart: plot area, ticks with values, labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np

from . import dates, numerals, ocr, plotbox, rows, second, ticks
from .image import Picture
from .lines import Lines
from .ocr import TextItem
from .plotbox import Box
from .ticks import Axis

_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FACTOR = re.compile(r"^[x×]?\s*1?[eE]\s?([+-]?\d{1,2})$|^[x×]\s*10\^?\s?([+-]?\d{1,2})$")


BARE = 4.0  # by how much labels alone must tell more of a plot area than what is drawn around it


@dataclass
class Axes:
    """Plot area with its horizontal and vertical axis."""

    box: Box
    x: Axis
    y: Axis
    right: Axis | None = None

    @property
    def numeric(self) -> int:
        """How many of the two main axes have a fit."""
        return sum(a.fit is not None for a in (self.x, self.y))


def find(picture: Picture, items: list[TextItem], lines: Lines,
         panel: tuple[float, float, float, float] | None, notes: list[str], known: Box | None = None) -> Axes | None:
    """Find the axes of the (largest, best labelled) chart in the picture; ``known`` is its plot area where it has been
    found."""
    width, height = picture.width, picture.height
    boxes = plotbox.candidates(lines, panel, width, height)
    scored = sorted(((plotbox.evidence(b, items, width * height), b) for b in boxes),
                    key=lambda s: -s[0])
    if known is not None:
        scored = [(3.0, known)]
    elif scored and (bare := plotbox.from_text(items, width, height)) is not None:
        # Where nothing is drawn around the plot, chance finds rectangles that a few labels happen to lie beside.
        worth = plotbox.evidence(bare, items, width * height)
        if worth > scored[0][0] + BARE:
            scored = [(0.0, bare)]
    found: Axes | None = None
    if scored and scored[0][0] >= 3.0:
        box = _lowered(scored[0][1], lines)
        items[:] = second.search_strips(picture, box, items)
        found = _measure(picture, items, lines, box, said := [])
        grown = _grown(found, items)
        if grown is not None:
            found = _measure(picture, items, lines, grown, said := [])
        if _others(scored, scored[0][1]):
            said.append("There are several plot areas; only the best labelled one was measured.")
    if found is None or (found.numeric == 0 and len(found.x.ticks) + len(found.y.ticks) < 3):
        box = plotbox.from_text(items, width, height)
        if box is None and found is None:
            return None
        if box is not None:
            found = _measure(picture, items, lines, box, said := [])
            said.append("The plot area has no drawn edge; it was taken from the tick labels.")
    if found.numeric == 0 and len(found.x.ticks) + len(found.y.ticks) < 2:
        return None
    notes.extend(said)
    return found


def _grown(found: Axes, items: list[TextItem]) -> Box | None:
    """A taller plot area when value labels go on, in step, beyond its edges.

    Happens where the lowest grid line is hidden by the bars standing on it.
    """
    fit, box = found.y.fit, found.box
    if fit is None or len(fit.inliers) < 3 or found.y.side != "left":
        return None
    right = max(t.items[0].right for t in found.y.ticks)
    top, bottom = box.top, box.bottom
    for item in items:
        value = numerals.parse(item.text)
        if value is None or abs(item.right - right) > 0.6 * item.h or item.angle:
            continue
        if abs(item.cy - fit.pixel_of(value)) < 0.4 * item.h if (value > 0 or not fit.log) else False:
            top, bottom = min(top, fit.pixel_of(value)), max(bottom, fit.pixel_of(value))
    if box.top - top < 6 and bottom - box.bottom < 6:
        return None
    return Box(box.left, top, box.right, bottom)


def _lowered(box: Box, lines: Lines) -> Box:
    """The plot area down (and up) to where its vertical grid lines end.

    Where neither frame nor axis is drawn, the outermost horizontal grid lines are not
    the edges: the area goes on beyond them.
    """
    inside = [v for v in lines.vertical if box.left - 3 <= v.pos <= box.right + 3
              and v.start <= box.top + 3 and v.end >= box.bottom - 3]
    if len(inside) < 2:
        return box
    top, bottom = float(np.median([v.start for v in inside])), float(np.median([v.end for v in inside]) - 1)
    same = sum(abs(v.start - top) <= 3 and abs(v.end - 1 - bottom) <= 3 for v in inside)
    if same < max(2, 0.7 * len(inside)) or (box.top - top < 6 and bottom - box.bottom < 6):
        return box
    return Box(box.left, min(box.top, top), box.right, max(box.bottom, bottom))


def _others(scored: list[tuple[float, Box]], best: Box) -> bool:
    """True when another well-labelled area lies beside the best one."""
    for score, box in scored[1:]:
        apart = (box.left > best.right or box.right < best.left
                 or box.top > best.bottom or box.bottom < best.top)
        if apart and score >= 5.0:
            return True
    return False


def _measure(picture: Picture, items: list[TextItem], lines: Lines, box: Box, notes: list[str]) -> Axes:
    parted = rows.apart(picture, box, items, _marks(picture, lines, box, "bottom", _usual_height(items)))
    items[:] = rows.dates_joined(parted)
    labels = {"left": plotbox.left_labels(box, items), "bottom": plotbox.bottom_labels(box, items),
              "right": plotbox.right_labels(box, items)}
    bottom = labels["bottom"]
    # A corner label ("0") can serve both axes; the column keeps it unless it is lower.
    labels["left"] = [i for i in labels["left"] if i not in bottom or i.cy < box.bottom + 2]
    labels["bottom"] = [i for i in bottom if i not in labels["left"]]
    labels["left"] = _restored(picture, labels["left"])
    labels["bottom"] = _restored(picture, labels["bottom"])
    whole = rows.words_joined(labels["bottom"])
    if whole is not labels["bottom"]:
        items[:] = [i for i in items if i not in labels["bottom"]] + whole
        labels["bottom"] = whole
    y = _axis(picture, items, lines, box, "left", labels["left"], notes)
    x = _axis(picture, items, lines, box, "bottom", labels["bottom"], notes)
    right: Axis | None = None
    numbers = [i for i in labels["right"] if numerals.looks_numeric(i.text)]
    if len(numbers) >= 2:
        right = _axis(picture, items, lines, box, "right", numbers, quiet := [])
        if right.fit is None or len(right.fit.inliers) < 3 or np.ptp([t.pixel for t in right.ticks]) < 0.4 * box.height:
            right = None  # names of a legend may be numbers in a column, too
        elif y.fit is None:
            y, right = right, None
            notes.extend(quiet)
        else:
            notes.append("There is a second value axis on the right; it is given as y2.")
    for axis in (x, y):
        _apply_factor(axis, box, items, notes)
    second.unlabelled_marks(picture, box, x, y)
    return Axes(box, x, y, right)


def _axis(picture: Picture, items: list[TextItem], lines: Lines, box: Box, side: str,
          labels: list[TextItem], notes: list[str]) -> Axis:
    along_x = side == "bottom"
    # The upright box around a slanted label says nothing of its letters.
    slanted = any(abs(i.slant) > 14 for i in labels)
    typical = _usual_height([i for i in items if not i.slant] if slanted else labels)
    groups = [[i] for i in labels]
    if along_x and labels:
        groups = _with_second_lines(groups, items, typical)
        if len(groups) == 1 and not numerals.looks_numeric(labels[0].text):
            groups = []  # a lone word below the plot is the axis label
    length = box.width if along_x else box.height
    return ticks.build(side, groups, _marks(picture, lines, box, side, typical), length, typical, notes)


def _usual_height(items: list[TextItem]) -> float:
    heights = [i.line_height for i in items]
    return float(np.median(heights)) if heights else 12.0


def _marks(picture: Picture, lines: Lines, box: Box, side: str, typical: float) -> list[list[float]]:
    """Alternative lists of places where one edge may be marked: ticks outside, inside, grid lines."""
    along_x = side == "bottom"
    rules = lines.vertical if along_x else lines.horizontal
    low, high = (box.top, box.bottom) if along_x else (box.left, box.right)
    grid = [r.pos for r in rules if r.length * r.cover > 0.3 * (high - low)
            and min(r.end, high) - max(r.start, low) > 0.3 * (high - low)]
    return [*_strips(picture, box, side, typical), grid]


def _strips(picture: Picture, box: Box, side: str, typical: float) -> list[list[float]]:
    """Mark positions seen in narrow strips just outside and inside one edge."""
    along_x = side in ("bottom", "top")
    place = {"left": box.left, "right": box.right, "bottom": box.bottom, "top": box.top}[side]
    outward = -1 if side in ("left", "top") else 1
    first, last = (box.left, box.right) if along_x else (box.top, box.bottom)
    start, end = max(0, int(first) - 4), int(last) + 5
    scale = max(1.0, typical / 11.0)
    found = []
    for near, far in ((2.0, 4.0), (4.0, 6.0), (3.0, 5.0), (-2.0, -4.0), (-4.0, -7.0)):
        a, b = place + outward * near * scale, place + outward * far * scale
        a, b = int(round(min(a, b))), int(round(max(a, b)))
        if a < 0:
            continue
        strip = picture.full[a : b + 1, start:end] if along_x else picture.full[start:end, a : b + 1]
        if strip.size == 0:
            continue
        gray = cv2.cvtColor(np.ascontiguousarray(strip), cv2.COLOR_RGB2GRAY)
        gray = gray.T if along_x else gray
        found.append([start + p for p in ticks.peaks(gray, 4.0 + 2.0 * scale)])
    return found


def _with_second_lines(groups: list[list[TextItem]], items: list[TextItem], tall: float) -> list[list[TextItem]]:
    """Add second lines of wrapped category labels to the first ones."""
    if any(i.angle or abs(i.slant) > 14 for g in groups for i in g):
        return groups
    floor = float(np.median([g[0].bottom for g in groups]))
    pairs = []
    for item in items:
        if item.angle or not floor - 2 <= item.y <= floor + 0.8 * tall:
            continue
        host = min(groups, key=lambda g: abs(g[0].cx - item.cx))
        if abs(host[0].cx - item.cx) < 0.5 * tall and item not in host:
            pairs.append((host, item))
    # "Jan 5" with the year below the first label only.
    years = all(item.text.isdigit() and dates.part(item.text) and dates.part(host[0].text)
                for host, item in pairs)
    if len(pairs) >= 2 or years:
        for host, item in pairs:
            host.append(item)
    return groups


def _restored(picture: Picture, labels: list[TextItem]) -> list[TextItem]:
    """Split powers of ten: a raised exponent is printed smaller and higher.

    The reader returns "103" for a ten with a raised three; the exponent is cut
    out and read on its own.
    """
    suspects = [i for i in labels if i.angle == 0 and re.match(r"^[-−]?10[\d°º'\"⁻⁰¹²³⁴-⁹+−–-]", i.text)]
    for item in suspects:
        cut = _raised_part(picture, item)
        if cut is None:
            continue
        (text, sure, _), = ocr.read_boxes(picture, [cut], enlarge=2.0)
        digits = numerals.clean(text).translate(_PLAIN).replace("O", "0").replace("°", "0").replace("l", "1").replace("I", "1")
        tail = numerals.clean(item.text).translate(_PLAIN)[2:]
        tail = "0" if tail in ("°", "º", "o", "O") else tail
        # The whole label's own reading of the exponent is the surer one, if it is a number.
        if re.fullmatch(r"[+-]?\d{1,2}", tail) or sure < 0.4:
            digits = tail
        if re.fullmatch(r"[+-]?\d{1,2}", digits):
            item.text = f"10^{digits}"
    return labels


def _raised_part(picture: Picture, item: TextItem) -> tuple[float, float, float, float] | None:
    """The box of a raised exponent after "10", or None when all is on one line."""
    x0, y0, w, h = item.box()
    x0, y0 = max(0, x0 - 3), max(0, y0 - 3)
    patch = picture.full[y0 : y0 + h + 6, x0 : x0 + w + 6]
    gray = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_RGB2GRAY).astype(float)
    ink = np.abs(gray - np.median(gray))
    mask = (ink > 0.4 * ink.max()).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    parts = sorted((s for s in stats[1:count] if s[3] >= 0.05 * h and s[4] >= 3), key=lambda s: s[0])
    parts = [p for p in parts if p[2] < 0.9 * w]
    if len(parts) < 3:
        return None
    base = parts[1]
    floor = base[1] + base[3]
    rest = [p for p in parts[2:] if p[1] + p[3] < floor - 0.2 * base[3] and p[3] < 0.95 * base[3]]
    if not rest or len(rest) != len(parts) - 2:
        return None
    left = rest[0][0]
    return (x0 + left - 1.5, y0 + min(p[1] for p in rest) - 2.0,
            x0 + max(p[0] + p[2] for p in rest) + 2.0, y0 + max(p[1] + p[3] for p in rest) + 2.0)


def _apply_factor(axis: Axis, box: Box, items: list[TextItem], notes: list[str]) -> None:
    """Apply a common factor such as "1e6" printed at the end of an axis."""
    if axis.fit is None or axis.fit.log:
        return
    for item in items:
        match = _FACTOR.match(numerals.clean(item.text).replace(" ", ""))
        if not match:
            continue
        if axis.side == "bottom":
            near = item.y > box.bottom and item.cx > box.right - 0.2 * box.width
        else:
            edge = box.left if axis.side == "left" else box.right
            near = box.top - 4 * item.h < item.cy < box.top + 0.5 * item.h and abs(item.cx - edge) < 6 * item.h
        if not near or any(item in t.items for t in axis.ticks):
            continue
        axis.factor = 10.0 ** int(match[1] or match[2])
        axis.offset_items.append(item)
        axis.fit.slope *= axis.factor
        axis.fit.intercept *= axis.factor
        for tick in axis.ticks:
            if tick.value is not None:
                tick.value *= axis.factor
        notes.append(f"The {axis.side} axis carries the factor {item.text}; values include it.")
        return
