"""Taking apart tick labels below a plot that the finder saw as one line of text."""

from __future__ import annotations

import numpy as np

from . import dates, numerals, ocr, pixels
from .image import Picture
from .ocr import TextItem
from .plotbox import Box

_SURE = 0.6  # readings of a piece less sure than this give way to the letters of the whole


def apart(picture: Picture, box: Box, items: list[TextItem], marks: list[list[float]]) -> list[TextItem]:
    """``items`` with every run of tick labels below the plot taken apart.

    ``marks`` are alternative lists of tick places (pixels): a line of text is a run of
    labels when its letters gather around two or more of the marks of one list, each
    group centred on its own. Without such marks numbers in a row, or words much further
    apart than blanks are, count as labels.
    """
    result: list[TextItem] = []
    for item in items:
        below = item.angle == 0 and not item.slant and -4 < item.y - box.bottom < max(4 * item.h, 0.1 * box.height)
        inside = box.left - 3 * item.h < item.cx < box.right + 3 * item.h
        pieces = _pieces(picture, item, marks) if below and inside and len(item.text) >= 3 else None
        result += _read(picture, item, pieces) if pieces else [item]
    return result


def dates_joined(items: list[TextItem]) -> list[TextItem]:
    """``items`` with months and the years right behind them put together, where noise or grid lines parted them.

    Only where nearly every month in the row has its year: between months alone, years are labels of their own.
    """
    months = [i for i in items if not i.angle and not i.slant and (said := dates.part(i.text)) and said.month
              and said.year is None]
    years = [i for i in items if not i.angle and not i.slant and i.text.isdigit() and dates.part(i.text)]
    pairs = [(m, y) for m in months for y in years
             if abs(y.cy - m.cy) < 0.4 * m.h and -0.2 * m.h < y.x - m.right < 0.9 * m.h]
    if len(pairs) < 2 or len(pairs) < 0.7 * len(months) or len({id(y) for _, y in pairs}) < len(pairs):
        return items
    joined = list(items)
    for month, year in pairs:
        joined[joined.index(month)] = _one([month, year])
        joined.remove(year)
    return joined


def words_joined(labels: list[TextItem]) -> list[TextItem]:
    """Labels of one row with words put together that noise parted ("Product" and "B"): only where the row is evenly
    spaced then, and was not before."""
    row = sorted((i for i in labels if not i.angle and not i.slant), key=lambda i: i.x)
    if len(row) < 4 or len(row) < len(labels):
        return labels
    groups = [[row[0]]]
    for item in row[1:]:
        close = item.x - groups[-1][-1].right < 0.65 * item.h and abs(item.cy - groups[-1][-1].cy) < 0.5 * item.h
        if close and not all(numerals.looks_numeric(i.text) for i in (groups[-1][-1], item)):
            groups[-1].append(item)
        else:
            groups.append([item])
    if not 3 <= len(groups) < len(row) or _unevenness([i.cx for i in row]) < 0.25:
        return labels
    if _unevenness([(g[0].x + g[-1].right) / 2 for g in groups]) > 0.1:
        return labels
    return [group[0] if len(group) == 1 else _one(group) for group in groups]


def _one(group: list[TextItem]) -> TextItem:
    """Neighbours in a row as one text."""
    top, low = min(i.y for i in group), max(i.bottom for i in group)
    return TextItem(" ".join(i.text for i in group), group[0].x, top, group[-1].right - group[0].x, low - top,
                    min(i.confidence for i in group))


def _unevenness(places: list[float]) -> float:
    """How much distances of neighbours differ, as share of their mean."""
    steps = np.diff(places)
    return float(steps.std() / max(1e-6, steps.mean()))


def _pieces(picture: Picture, item: TextItem, marks: list[list[float]]) -> list[tuple[int, int]] | None:
    """The columns (first, end) of every label within one item, or None when it is one text."""
    x0, y0, w, h = item.box()
    patch = picture.full[y0 : y0 + h, x0 : x0 + w]
    if patch.size == 0:
        return None
    off = pixels.apart(np.ascontiguousarray(patch), pixels.middle(patch))
    inked = (off > max(40.0, 0.35 * float(off.max()))).any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    letters = [(x0 + int(a), x0 + int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    if len(letters) < 2:
        return None
    # Letters that stand as close as in a word part only where they are digits of numbers.
    are_numbers = all(c.isdigit() or c in " .,-−–%" for c in item.text)
    for gap in (max(2.0, 0.22 * h), 1.0) if are_numbers else (max(2.0, 0.22 * h),):
        words = _joined(letters, gap)
        for places in marks:
            groups = _around(words, places, h)
            if groups is not None and (are_numbers or _stand_apart(words, groups, h)):
                return groups
    words = _joined(letters, 0.3 * h)
    if len(words) >= 2 and all(numerals.looks_numeric(t) for t in item.text.split()) \
            and len(item.text.split()) == len(words):
        return words
    words = _joined(letters, 1.2 * h)
    return words if len(words) >= 3 else None


def _joined(letters: list[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    words = [letters[0]]
    for first, end in letters[1:]:
        if first - words[-1][1] < gap:
            words[-1] = (words[-1][0], end)
        else:
            words.append((first, end))
    return words


def _around(words: list[tuple[int, int]], places: list[float], tall: float) -> list[tuple[int, int]] | None:
    """Words gathered around their nearest marks; None unless every group is centred on its mark."""
    if len(places) < 2:
        return None
    array = np.array(sorted(places))
    groups: dict[int, list[tuple[int, int]]] = {}
    for first, end in words:
        groups.setdefault(int(np.abs(array - (first + end - 1) / 2).argmin()), []).append((first, end))
    if len(groups) < 2:
        return None
    spans = [(group[0][0], group[-1][1]) for group in groups.values()]
    off = [abs((a + b - 1) / 2 - array[k]) for k, (a, b) in zip(groups, spans, strict=True)]
    close = sum(distance <= max(2.5, 0.35 * tall) for distance in off)
    # A label at either end may be pushed inwards to stay in the picture.
    return spans if close >= max(2, len(off) - 2) and max(off[1:-1], default=0.0) <= 0.6 * tall else None


def _stand_apart(words: list[tuple[int, int]], groups: list[tuple[int, int]], tall: float) -> bool:
    """Whether more blank lies between groups than between the words of any: a sentence below the plot does not."""
    starts = {first for first, _ in groups}
    between = [b[0] - a[1] for a, b in zip(words, words[1:], strict=False) if b[0] in starts]
    within = [b[0] - a[1] for a, b in zip(words, words[1:], strict=False) if b[0] not in starts]
    return min(between, default=0) >= max(0.3 * tall, 1.3 * max(within, default=0))


def _read(picture: Picture, item: TextItem, pieces: list[tuple[int, int]]) -> list[TextItem]:
    boxes = [(a - 2.0, item.y - 1.0, b + 2.0, item.bottom + 1.0) for a, b in pieces]
    found = []
    for (a, b), (text, sure, _) in zip(pieces, ocr.read_boxes(picture, boxes, 1.5), strict=True):
        text = text.strip()
        if sure < _SURE or not text:
            text = "".join(c for c, x, _ in item.chars if a - 2 <= x <= b + 2).strip()
            sure = min(item.confidence, _SURE)
        if text:
            found.append(TextItem(text, float(a), item.y, float(b - a), item.h, sure))
    return found or [item]
