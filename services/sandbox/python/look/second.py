"""A second, closer look around a plot for labels the first search missed."""

from __future__ import annotations

import numpy as np

from . import cut, models, numerals, ocr, pixels, ticks
from .image import Picture
from .ocr import TextItem
from .plotbox import Box
from .ticks import Axis

_LETTER = 20.0  # letter height (finder pixels) the closer look aims at
_MOST = 14  # labels read without having been found, per axis


def search_strips(picture: Picture, box: Box, items: list[TextItem]) -> list[TextItem]:
    """Search left of and below the plot again, at a scale suited to the labels."""
    heights = [i.line_height for i in items]
    tall = float(np.median(heights)) if heights else 12.0
    scale = float(np.clip(_LETTER / max(4.0, tall), 0.4, 3.0))
    beside = [i.x for i in items if i.right <= box.left + 3 and box.top < i.cy < box.bottom and i.angle == 0]
    left = max(0.0, min([box.left - 7 * tall, *[x - tall for x in beside]]))
    left = max(left, box.left - 0.5 * box.width)
    strips = [
        (left, box.top - 1.6 * tall, _past_marks(picture, box, "left", tall), box.bottom + 1.6 * tall),
        (box.left - 4 * tall, _past_marks(picture, box, "bottom", tall), box.right + 4 * tall,
         box.bottom + 6.5 * tall),
    ]
    items = ocr.read_regions(picture, strips, scale, items)
    turned = [i for i in items if i.angle and i.cx < box.left and box.top - tall < i.cy < box.bottom + tall]
    if len(turned) != 1 or len(turned[0].text) <= 2 or turned[0].angle != 90:
        edge = min([box.left, *[i.x for i in items if i.angle == 0 and len(i.text) > 1 and i.right <= box.left + 3
                                and i.x > left - tall and box.top < i.cy < box.bottom]])
        strip = (max(0.0, edge - 3.5 * tall), box.top - tall, edge - 1, box.bottom + tall)
        if _has_ink(picture, strip):
            found = [i for i in ocr.read_turned(picture, strip, scale) if i.angle == 90]
            if sum(len(i.text) for i in found) >= sum(len(i.text) for i in turned if i.angle == 90):
                items = [i for i in items if i not in turned and not _covered(i, found)]
            items = ocr.merged(items, found)
    return items


def _covered(item: TextItem, others: list[TextItem]) -> bool:
    """True for a scrap of one or two letters on the ink of a turned text."""
    return len(item.text) <= 2 and any(
        o.x - 3 < item.cx < o.right + 3 and o.y - 3 < item.cy < o.bottom + 3 for o in others)


def _past_marks(picture: Picture, box: Box, side: str, tall: float) -> float:
    """Where the blank space between the tick marks and their labels begins.

    A tick mark cut out together with its label reads as a 1 or a dash, so the
    strip must end before the marks.
    """
    deep = int(max(8, 1.2 * tall))
    if side == "left":
        start = max(0, int(box.left) - deep)
        area = picture.full[max(0, int(box.top)) : int(box.bottom), start : max(1, int(box.left) - 1)]
        lines = area.transpose(1, 0, 2)[::-1]
    else:
        start = min(picture.height - 2, int(box.bottom) + 3)
        lines = picture.full[start : start + deep, max(0, int(box.left)) : int(box.right)]
    if lines.size == 0:
        return box.left - 2 if side == "left" else box.bottom + 3
    inked = (pixels.apart(lines, pixels.middle(lines)) > 40).any(axis=1)
    blank = np.flatnonzero(~inked[1:]) + 1
    depth = int(blank[0]) if len(blank) and inked[: int(blank[0])].any() else 1
    # Without any marks the first line is already blank.
    return box.left - 1 - depth if side == "left" else start + depth


def _has_ink(picture: Picture, area: tuple[float, float, float, float]) -> bool:
    x0, y0, x1, y1 = (max(0, int(v)) for v in area)
    patch = picture.full[y0:y1, x0:x1]
    if patch.size == 0:
        return False
    ink = pixels.apart(patch, pixels.middle(patch)) > 60
    return bool(ink.sum() >= 8)


def unlabelled_marks(picture: Picture, box: Box, x: Axis, y: Axis) -> None:
    """Read labels the finder overlooked, at marks that have none."""
    for axis, along in ((y, 1), (x, 0)):
        labelled = [t for t in axis.ticks if t.marked]
        if len(labelled) < 2 or (axis.fit is not None and axis.fit.log):
            continue
        turns = {i.angle for t in axis.ticks for i in t.items}
        if any(i.slant for t in axis.ticks for i in t.items) or len(turns) != 1 or (along and turns != {0}):
            continue
        places = _places(axis, box, along)
        if not places:
            continue
        if turns == {0}:
            _read_at(picture, axis, along, labelled, places)
        elif axis.fit is None:
            _read_turned_at(picture, axis, labelled, places, turns.pop())


def _places(axis: Axis, box: Box, along: int) -> list[float]:
    """Where a label is due: a mark without one, or the regular step continued."""
    low, high = (box.top, box.bottom) if along else (box.left, box.right)
    known = [t.pixel for t in axis.ticks]
    steps = np.diff(sorted(known))
    due = list(axis.marks)
    if axis.fit is not None and len(known) >= 3:
        step = float(np.median(steps))
        due += [known[0] + k * step for k in range(-60, 61)]
    nearest = 0.4 * float(steps.min())
    places: list[float] = []
    for place in due:
        if low - 2 <= place <= high + 2 and all(abs(place - o) > nearest for o in (*known, *places)):
            places.append(place)
    return places if len(places) <= _MOST else []


def _read_at(picture: Picture, axis: Axis, along: int, labelled: list[ticks.Tick], places: list[float]) -> None:
    found = [i for t in labelled for i in t.items]
    typical = float(np.median([i.h for i in found]))
    step = float(np.min(np.diff(sorted([*(t.pixel for t in axis.ticks), *places]))))
    if step < 1.3 * typical:
        return
    x0, y0 = min(i.x for i in found), min(i.y for i in found)
    x1, y1 = max(i.right for i in found), max(i.bottom for i in found)
    half = min(0.9 * typical, 0.48 * step) if along else 0.48 * step
    cuts = [(x0 - 4, p - half, x1 + 1, p + half) if along else (p - half, y0 - 2, p + half, y1 + 2) for p in places]
    kept = [(p, c) for p, c in zip(places, cuts, strict=True) if _has_ink(picture, c)]
    readings = ocr.read_boxes(picture, [c for _, c in kept], 1.5)
    for (place, area), (text, sure, _) in zip(kept, readings, strict=True):
        text, value = text.strip(), None
        if sure < 0.6 or not text or not any(c.isalnum() for c in text):
            continue
        left, top, right, bottom = cut.tighten(picture.full, *area)
        if any(i.x < right - 2 and left + 2 < i.right and i.y < bottom - 2 and top + 2 < i.bottom for i in found):
            continue  # a piece of a label that is known as a whole
        if axis.fit is not None:
            value, true = numerals.parse(text), axis.fit.at(place) / axis.factor
            if value is None or abs(value - true) > 0.03 * abs(axis.fit.slope * step / axis.factor):
                continue
        elif sure < 0.8 or numerals.looks_numeric(text):
            continue
        elif abs((left + right) / 2 - place if not along else (top + bottom) / 2 - place) > 0.6 * typical:
            continue
        item = TextItem(text, left, top, right - left, bottom - top, sure)
        axis.ticks.append(ticks.Tick(text, place, sure, [item], value and value * axis.factor,
                                     place in axis.marks, place))
    axis.ticks.sort(key=lambda t: t.pixel)


def _read_turned_at(picture: Picture, axis: Axis, labelled: list[ticks.Tick], places: list[float], angle: int) -> None:
    """Read upright names below marks of the x axis that have none; ``angle`` is that of the others."""
    found = [i for t in labelled for i in t.items]
    half = 0.48 * float(np.min(np.diff(sorted([*(t.pixel for t in axis.ticks), *places]))))
    top, low = min(i.y for i in found) - 2, max(i.bottom for i in found) + 2
    for place in places:
        area = (place - half, top, place + half, low)
        if not _has_ink(picture, area):
            continue
        x0, y0, x1, y1 = cut.tighten(picture.full, *area)
        patch = cut.Cropper(picture.full).box(x0 - 2, y0 - 2, x1 + 2, y1 + 2)
        turned = np.ascontiguousarray(np.rot90(patch, -1 if angle == 90 else 1))
        (text, sure, _), = models.read_lines([turned])
        text = text.strip()
        if sure < 0.8 or not any(c.isalpha() for c in text) or abs((x0 + x1 - 1) / 2 - place) > 0.6 * (x1 - x0):
            continue
        item = TextItem(text, x0, y0, x1 - x0, y1 - y0, sure, angle)
        axis.ticks.append(ticks.Tick(text, place, sure, [item], None, place in axis.marks, place))
    axis.ticks.sort(key=lambda t: t.pixel)
