"""Legend entries: a text with a colour sample right before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import pixels
from .image import Picture
from .ocr import TextItem
from .palette import Colour
from .plotbox import Box


@dataclass
class Entry:
    """A legend text and the colour of its sample; ``swatch`` is its box in pixels."""

    item: TextItem
    rgb: Colour
    swatch: tuple[int, int, int, int]
    framed: bool = False


def find(picture: Picture, items: list[TextItem], box: Box | None) -> list[Entry]:
    """All legend entries, in reading order.

    Samples must line up in a column or a row; a lone sample counts only when it
    stands inside the plot and is clean.
    """
    free = [i for i in items if i.role in ("other", "axis_label_x") and i.angle == 0
            and not i.slant and any(c.isalnum() for c in i.text)]
    entries = [e for i in free if (e := _entry(picture, i)) is not None]
    kept = [e for e in entries if any(_aligned(e, o) for o in entries if o is not e)]
    if not kept and len(entries) == 1 and box is not None:
        lone = entries[0]
        if box.contains(lone.item, 0.4 * box.width) and _saturated(lone.rgb):
            kept = entries
    kept.sort(key=lambda e: (round(e.item.cy / max(6.0, e.item.h)), e.item.x))
    for entry in kept:
        entry.item.role = "legend"
    return kept


def _aligned(a: Entry, b: Entry) -> bool:
    tall = max(a.item.h, b.item.h)
    column = abs(a.swatch[0] - b.swatch[0]) < 0.5 * tall and abs(a.item.x - b.item.x) < 0.7 * tall
    near = abs(a.item.cy - b.item.cy) < 12 * tall
    row = abs(a.item.cy - b.item.cy) < 0.5 * tall
    gap_a, gap_b = a.item.x - a.swatch[0], b.item.x - b.swatch[0]
    return (column and near) or (row and abs(gap_a - gap_b) < 0.7 * tall)


def _saturated(colour: Colour) -> bool:
    return max(colour) - min(colour) > 40


def _entry(picture: Picture, item: TextItem) -> Entry | None:
    """Look for a colour sample just left of a text."""
    # The finder's box may include the sample or half of it, so ink is re-examined.
    tall = item.h if any(c.isupper() or c in "bdfhklt" or c.isdigit() for c in item.text) else 1.35 * item.h
    y0, y1 = int(item.cy - 0.65 * tall), int(np.ceil(item.cy + 0.65 * tall)) + 1
    x1 = int(item.x) - 1
    x0 = int(item.x - 5.2 * tall)
    x0, y0 = max(0, x0), max(0, y0)
    if x1 - x0 < 0.9 * tall or y1 > picture.height:
        return None
    patch = picture.full[y0:y1, x0:x1]
    paper = _paper(picture, item)
    ink = pixels.apart(patch, paper) > 36
    # The legend's own frame or a spine: what lies beyond it belongs to something else.
    walls = np.flatnonzero(ink.mean(axis=0) > 0.95)
    walls = walls[walls < x1 - x0 - 0.6 * tall]
    if len(walls) and not _wide_run(walls, tall):
        ink[:, : walls[-1] + 3] = False  # and the round corner of a frame
    cols = ink.any(axis=0)
    runs = _runs(cols)
    if not runs:
        return None
    # The sample is the run of inked columns closest to the text; dashes join up.
    start, end = runs[-1]
    for a, b in reversed(runs[:-1]):
        if start - b <= 0.55 * tall:
            start = a
        else:
            break
    gap = (x1 - x0) - end
    width = end - start
    if gap > 1.9 * tall or gap < 0.12 * tall or width < 0.3 * tall or width > 4.0 * tall:
        return None
    if start <= 1 and x0 > 0:
        return None  # something longer runs in from the left: not a sample
    sample, marked = patch[:, start:end], ink[:, start:end]
    rows = np.flatnonzero(marked.any(axis=1))
    if rows[0] == 0 or rows[-1] == len(marked) - 1:
        return None  # it continues above or below: part of the drawing
    middle = y0 + (rows[0] + rows[-1]) / 2
    if abs(middle - item.cy) > 0.45 * tall:
        return None
    drawn = sample[marked].astype(np.int16)
    strength = np.abs(drawn - paper).max(axis=1)
    core = drawn[strength >= 0.75 * strength.max()]
    saturation = core.max(axis=1) - core.min(axis=1)
    if (saturation > 40).mean() > 0.25:
        core = core[saturation > 40]
    elif width < 0.6 * tall:
        return None  # a gray scrap this small is punctuation
    colour = _commonest(core)
    if not _saturated(colour) and not _plain_sample(marked, rows, width, tall):
        return None
    return Entry(item, colour, (x0 + start, y0 + int(rows[0]), width, int(rows[-1] - rows[0] + 1)))


def _plain_sample(marked: np.ndarray, rows: np.ndarray, width: int, tall: float) -> bool:
    """A black or gray sample must be a filled patch or a straight stroke, not letters."""
    body = marked[rows[0] : rows[-1] + 1]
    stroke = len(rows) <= 0.4 * tall and width > 1.2 * tall
    return bool(body.mean() > 0.9 and width > 0.6 * tall) or bool(stroke and body.mean() > 0.4)


def _paper(picture: Picture, item: TextItem) -> np.ndarray:
    """The colour behind a text."""
    x0, y0, w, h = item.box()
    patch = picture.full[max(0, y0 - 2) : y0 + h + 2, x0 : x0 + w]
    return np.array(_commonest(patch.reshape(-1, 3)))


def _commonest(colours: np.ndarray) -> Colour:
    coarse = colours.astype(np.int16) // 4
    values, counts = pixels.counted(coarse)
    near = colours[np.abs(coarse - values[counts.argmax()]).max(axis=1) <= 1]
    return tuple(int(v) for v in pixels.middle(near))


def _wide_run(columns: np.ndarray, tall: float) -> bool:
    """True when the last full-height columns form a patch, not a rule."""
    count = 1
    while count < len(columns) and columns[-count - 1] == columns[-1] - count:
        count += 1
    return count > 0.4 * tall


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
