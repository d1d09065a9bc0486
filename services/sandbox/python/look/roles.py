"""Giving every text its role: title, axis labels, ticks, legend, values, body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import numerals
from .axes import Axes
from .image import Picture
from .ocr import TextItem
from .plotbox import Box
from .table import Table


def assign_axes(axes: Axes, items: list[TextItem]) -> None:
    """Mark tick labels and axis labels."""
    for axis, role in ((axes.x, "tick_x"), (axes.y, "tick_y"), (axes.right, "tick_y")):
        if axis is None:
            continue
        for tick in axis.ticks:
            for item in tick.items:
                item.role = role
                if item not in items:
                    items.append(item)
        for item in axis.offset_items:
            item.role = role
    _label_x(axes, items)
    _label_y(axes, items)


def _free(items: list[TextItem]) -> list[TextItem]:
    return [i for i in items if i.role == "other"]


def _label_x(axes: Axes, items: list[TextItem]) -> None:
    box = axes.box
    floor = max((i.cy for t in axes.x.ticks for i in t.items), default=box.bottom)
    below = [i for i in _free(items) if i.angle == 0 and i.cy > floor
             and abs(i.cx - (box.left + box.right) / 2) < 0.3 * box.width + i.w * 0.1]
    if not below:
        return
    first = min(below, key=lambda i: i.cy)
    if first.y - floor > 0.25 * box.height:
        return
    row = sorted((i for i in below if abs(i.cy - first.cy) < 0.6 * first.h), key=lambda i: i.x)
    if len(row) > 3:  # a legend or a line of text, not one label
        return
    _set(axes.x, row, "axis_label_x", " ".join(i.text for i in row))


def _label_y(axes: Axes, items: list[TextItem]) -> None:
    box, left_side = axes.box, axes.y.side != "right"
    edge = min((i.x for t in axes.y.ticks for i in t.items), default=box.left) if left_side else box.right
    turned = [i for i in _free(items) if i.angle and box.top - 0.2 * box.height < i.cy < box.bottom + 0.2 * box.height
              and (i.cx < edge + 3 if left_side else i.cx > edge)]
    if turned:
        nearest = max(turned, key=lambda i: i.cx) if left_side else min(turned, key=lambda i: i.cx)
        column = [i for i in turned if abs(i.cx - nearest.cx) < 0.8 * nearest.w and i.angle == nearest.angle]
        column.sort(key=lambda i: -i.cy if nearest.angle == 90 else i.cy)
        _set(axes.y, column, "axis_label_y", " ".join(i.text for i in column))
        return
    if not left_side:
        return
    flat = [i for i in _free(items) if i.angle == 0 and i.right < edge + 2 and box.top < i.cy < box.bottom
            and edge - i.right < 6 * i.h and not numerals.looks_numeric(i.text)]
    if flat and axes.y.ticks:
        row = min(flat, key=lambda i: abs(i.cy - (box.top + box.bottom) / 2))
        if abs(row.cy - (box.top + box.bottom) / 2) < 0.2 * box.height:
            _set(axes.y, [row], "axis_label_y", row.text)


def above_label(axes: Axes, items: list[TextItem], title: list[TextItem]) -> None:
    """A short word right above the value axis names that axis (after the title is known)."""
    if axes.y.label or not axes.y.ticks:
        return
    box = axes.box
    for item in _free(items):
        if (item not in title and item.angle == 0 and item.bottom <= box.top + 2 and item.x < box.left
                and item.cx < box.left + 0.1 * box.width and box.top - item.bottom < 2.5 * item.h):
            _set(axes.y, [item], "axis_label_y", item.text)
            return


def _set(axis, found: list[TextItem], role: str, text: str) -> None:
    axis.label, axis.label_items = text, found
    for item in found:
        item.role = role


def find_title(items: list[TextItem], main: Box | None, strict: bool = False) -> list[TextItem]:
    """The heading: the largest line(s) above the main thing.

    Without a main thing (a text page) the first line counts when it is clearly
    larger than the rest; ``strict`` demands that.
    """
    free = [i for i in _free(items) if i.angle == 0]
    if main is not None:
        above = [i for i in free if i.cy < main.top + 2 and i.cx > main.left - 0.5 * main.width
                 and i.cx < main.right + 0.5 * main.width]
    else:
        above = free
    above = [i for i in above if any(c.isalpha() for c in i.text) or numerals.looks_numeric(i.text)]
    above = [i for i in above if len(i.text) > 1]
    if not above:
        return []
    measure = _pitch if strict else _size
    sizes = {id(i): measure(i) for i in above}
    largest = max(sizes.values())
    if strict:
        usual = float(np.median([measure(i) for i in free]))
        first = min(above, key=lambda i: i.y)
        big = [i for i in above if sizes[id(i)] > 1.25 * usual]
        start = min(big, key=lambda i: i.y) if big else None
        if start is None or (len(free) > 2 and start.y > first.y + 0.35 * (max(i.bottom for i in free) - first.y)):
            return []
        largest = sizes[id(start)]
    else:
        start = min((i for i in above if sizes[id(i)] > 0.86 * largest), key=lambda i: i.y)
    chosen = [start]
    for item in sorted(above, key=lambda i: (i.y, i.x)):
        same = abs(sizes[id(item)] - sizes[id(start)]) < 0.16 * largest
        last = chosen[-1]
        beside = abs(item.cy - start.cy) < 0.5 * start.h and item is not start
        follows = 0 < item.cy - last.cy < 2.0 * start.h and abs(item.cx - last.cx) < 0.5 * max(item.w, last.w)
        if item not in chosen and same and (beside or follows) and len(chosen) < 4:
            chosen.append(item)
    chosen.sort(key=lambda i: (round(i.cy / max(1.0, start.h)), i.x))
    for item in chosen:
        item.role = "title"
    return chosen


def _size(item: TextItem) -> float:
    """Letter size estimate, pixels: ink height adjusted for missing up- or downstrokes."""
    up = any(c.isupper() or c.isdigit() or c in "bdfhklt([{|/%" for c in item.text)
    down = any(c in "gjpqy,;()[]{}|/" for c in item.text)
    share = 0.54 + (0.20 if up else 0.0) + (0.22 if down else 0.0)
    return item.h / share


def _pitch(item: TextItem) -> float:
    """Mean width per letter, pixels: unlike height it survives bent or tilted lines."""
    return item.w / len(item.text) if len(item.text) > 5 else 0.5 * _size(item)


def drop_marks(picture: Picture, items: list[TextItem], box: Box) -> list[TextItem]:
    """Leave out single "letters" inside the plot that are really drawn marks.

    A round marker reads as 0 or o. Marks are coloured, or read with little
    certainty; a printed single digit is neither, as a rule.
    """
    kept = []
    for item in items:
        if item.role == "other" and len(item.text) <= 2 and box.contains(item):
            x, y, w, h = item.box()
            patch = picture.full[y : y + h, x : x + w].reshape(-1, 3).astype(int)
            ink = np.abs(patch - np.median(picture.full[max(0, y - 3) : y + h + 3, max(0, x - 3) : x + w + 3]
                                           .reshape(-1, 3), axis=0)).max(axis=1)
            core = patch[ink >= 0.6 * max(1.0, float(ink.max()))]
            coloured = float(np.median(core.max(axis=1) - core.min(axis=1))) > 50
            if coloured or item.confidence < 0.9 or not item.text.isalnum() or not item.text.isascii():
                continue
        kept.append(item)
    return kept


@dataclass
class Rest:
    """What decides the role of texts that nothing else claimed."""

    kind: str
    axes: Axes | None
    table: Table | None


def assign_rest(items: list[TextItem], rest: Rest) -> None:
    """Cells, values printed on marks, and body text."""
    if rest.table is not None and rest.kind == "table":
        x, y, w, h = rest.table.box()
        for item in _free(items):
            if x - 3 <= item.cx <= x + w + 3 and y - 3 <= item.cy <= y + h + 3:
                item.role = "cell"
    for item in _free(items):
        inside = rest.axes is not None and rest.axes.box.contains(item, 4)
        if (inside or rest.kind == "pie") and numerals.looks_numeric(item.text):
            item.role = "value_label"
        elif rest.kind in ("text", "table", "other") and rest.axes is None and len(item.text) > 1:
            item.role = "body"
