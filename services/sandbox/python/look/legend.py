"""Legend entries: a text with a colour sample right before it, or right behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np

from . import pixels
from .image import Picture
from .ocr import TextItem
from .palette import Colour
from .plotbox import Box

_SIGNS = re.compile(r"^[\W_]+\s+|^[●○■□▲△◆◇►★*×+—–-]+(?=\w{2})")  # what a sample reads as before its name


@dataclass
class Entry:
    """A legend text and the colour of its sample; ``swatch`` is its box in pixels.

    ``after`` tells that the sample stands behind the text instead of before it; ``edge`` is
    where the letters begin on the side of the sample, pixels.
    """

    item: TextItem
    rgb: Colour
    swatch: tuple[int, int, int, int]
    after: bool = False
    edge: float = 0.0


@dataclass
class _Piece:
    """One connected piece of ink beside a text; columns count away from the text."""

    near: int
    far: int
    top: int
    bottom: int
    mask: np.ndarray


def find(picture: Picture, items: list[TextItem], box: Box | None) -> list[Entry]:
    """All legend entries, in reading order.

    Samples must line up in a column or a row; a lone sample counts only when it
    stands inside the plot and is clean. The samples of one legend are all on the
    same side of their names: the side on which more of them line up.
    """
    free = [i for i in items if _may_name(i)]
    sides = []
    for after in (False, True):
        entries = [e for i in free if (e := _entry(picture, i, after)) is not None]
        lined = [e for e in entries if any(_aligned(e, o) for o in entries if o is not e)]
        sides.append((lined, entries))
    (before, alone), (behind, _) = sides
    kept = list(before)
    for group in _groups(behind):
        names = {id(e.item) for e in group}
        rivals = [e for e in kept if id(e.item) in names]
        if len(group) > len(rivals):
            kept = [e for e in kept if e not in rivals] + group
    if not kept and len(alone) == 1 and box is not None:
        lone = alone[0]
        if box.contains(lone.item, 0.4 * box.width) and _saturated(lone.rgb):
            kept = alone
    kept.sort(key=lambda e: (round(e.item.cy / max(6.0, e.item.h)), e.item.x))
    for entry in kept:
        entry.item.role = "legend"
        _trim(entry)
    return kept


def _may_name(item: TextItem) -> bool:
    return (item.role in ("other", "axis_label_x", "value_label") and item.angle == 0 and not item.slant
            and any(c.isalnum() for c in item.text))


def _groups(entries: list[Entry]) -> list[list[Entry]]:
    """Entries that line up with one another, group by group."""
    groups: list[list[Entry]] = []
    for entry in entries:
        joined = [g for g in groups if any(_aligned(entry, o) for o in g)]
        groups = [g for g in groups if g not in joined] + [[entry, *(e for g in joined for e in g)]]
    return groups


def _middle(entry: Entry) -> float:
    return entry.swatch[0] + entry.swatch[2] / 2


def _aligned(a: Entry, b: Entry) -> bool:
    tall = max(a.item.h, b.item.h, 8.0)
    # Markers of different shapes are equally far from the text by their middle, not by their edge.
    column = (abs(_middle(a) - _middle(b)) < 0.4 * tall or abs(a.swatch[0] - b.swatch[0]) < 0.3 * tall) \
        and abs(a.edge - b.edge) < 0.7 * tall
    near = abs(a.item.cy - b.item.cy) < 12 * tall
    row = abs(a.item.cy - b.item.cy) < 0.5 * tall
    gap_a, gap_b = abs(a.edge - _middle(a)), abs(b.edge - _middle(b))
    return (column and near) or (row and abs(gap_a - gap_b) < 0.5 * tall)


def _saturated(colour: Colour) -> bool:
    return max(colour) - min(colour) > 40


def _entry(picture: Picture, item: TextItem, after: bool) -> Entry | None:
    """Look for a colour sample just left (or just right) of a text."""
    letters = item.text
    tall = item.h if any(c.isupper() or c in "bdfhklt" or c.isdigit() for c in letters) else 1.35 * item.h
    tall = max(tall, 6.0)
    y0, y1 = int(item.cy - 1.2 * tall), int(np.ceil(item.cy + 1.2 * tall)) + 1
    # The finder's box may include the sample, so the search begins inside it.
    inner = _caught(picture, item, tall, after)
    if after:
        x0, x1 = int(item.right - inner), int(item.right - inner + 6.0 * tall)
    else:
        x0, x1 = int(item.x + inner - 6.0 * tall), int(item.x + inner)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(picture.width, x1), min(picture.height, y1)
    if x1 - x0 < 0.9 * tall or y1 - y0 < tall:
        return None
    patch = picture.full[y0:y1, x0:x1]
    paper = _paper(picture, item)
    if not after:
        patch = patch[:, ::-1]
    off = pixels.apart(np.ascontiguousarray(patch), paper)
    found = _sample(_pieces(off > 30, item.cy - y0, tall), tall)
    if found is None:  # where blur makes neighbours touch, their cores are still apart
        found = _sample(_pieces(off > max(30.0, 0.45 * off.max()), item.cy - y0, tall), tall)
    if found is None:
        return None
    near, far = min(p.near for p in found), max(p.far for p in found)
    top, bottom = min(p.top for p in found), max(p.bottom for p in found)
    marked = np.logical_or.reduce([p.mask for p in found])
    colour = _colour(patch, marked, paper)
    width = far - near
    if not _saturated(colour):
        body = marked[top:bottom, near:far]
        if width < 0.6 * tall or not _plain_sample(body, width, tall):
            return None
    left = x0 + near if after else x1 - far
    return Entry(item, colour, (left, y0 + top, width, bottom - top), after,
                 float(x0 if after else x1))


def _pieces(ink: np.ndarray, middle: float, tall: float) -> list[_Piece]:
    """Connected ink at the height of the text, nearest first, up to the first wall.

    A wall is the legend's own frame or a spine: what lies beyond belongs to something else.
    """
    height, width = ink.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    pieces = []
    for index in sorted(range(1, count), key=lambda k: stats[k, 0]):
        x, y, w, h, area = (int(v) for v in stats[index])
        if h > 0.95 * height and w < 0.4 * tall:
            break
        if area < 2 or y == 0 or y + h == height or x + w == width:
            continue  # it goes on above, below or beyond: part of the drawing
        if abs(y + (h - 1) / 2 - middle) > 0.42 * tall:
            continue
        if x == 0 and w <= 2:
            continue  # the soft edge of a letter
        pieces.append(_Piece(x, x + w, y, y + h, labels == index))
    return pieces


def _sample(pieces: list[_Piece], tall: float) -> list[_Piece] | None:
    """The pieces that make up the sample: the one nearest to the text and what goes on from it."""
    if not pieces:
        return None
    found, far = [pieces[0]], pieces[0].far
    for piece in pieces[1:]:
        if piece.near - far > 0.6 * tall:
            break
        found.append(piece)
        far = max(far, piece.far)
    near, width = found[0].near, far - found[0].near
    high = max(p.bottom for p in found) - min(p.top for p in found)
    if near > 2.6 * tall or near < 0.12 * tall or not 0.3 * tall <= width <= 4.6 * tall or high > 1.9 * tall:
        return None
    return found


def _colour(patch: np.ndarray, marked: np.ndarray, paper: np.ndarray) -> Colour:
    """The colour of a sample: vivid ink counts before the gray of an outline."""
    drawn = patch[marked].astype(np.int16)
    strength = np.abs(drawn - paper).max(axis=1)
    saturation = drawn.max(axis=1) - drawn.min(axis=1)
    core = drawn[strength >= 0.75 * strength.max()]
    vivid = drawn[(saturation > 40) & (strength >= 0.75 * strength[saturation > 40].max(initial=0))]
    if len(vivid) > 0.25 * len(core):
        core = vivid
    return _commonest(core)


def _caught(picture: Picture, item: TextItem, tall: float, after: bool) -> int:
    """How many columns of a text's box are a vivid sample (or its end) caught with it; 0 for none."""
    x0, y0, w, h = item.box()
    patch = picture.full[y0 : y0 + h, x0 : x0 + w]
    if patch.size == 0 or w < 2 * tall:
        return 0
    patch = np.ascontiguousarray(patch[:, ::-1]) if after else patch
    ink = pixels.apart(patch, _paper(picture, item)) > 30
    runs = _runs(ink.any(axis=0))
    vivid = ~pixels.colourless(patch, 40) & ink
    for end, (after, _) in zip([b for _, b in runs], runs[1:], strict=False):
        if end > 4.2 * tall:
            break
        if after - end < 0.28 * tall:
            continue
        if end <= 2 or (vivid[:, :end].sum() > 0.5 * ink[:, :end].sum()
                        and vivid[:, after:].sum() < 0.2 * ink[:, after:].sum()):
            return after
    return 0


def _trim(entry: Entry) -> None:
    """Take what the sample was read as ("— AAPL") off the name, and the sample off its box."""
    item = entry.item
    right = entry.swatch[0] + entry.swatch[2]
    if entry.after:
        item.w = min(item.w, entry.swatch[0] - 2 - item.x)
        return
    if right <= item.x:
        return
    named = _SIGNS.sub("", item.text)
    item.text = named if any(c.isalnum() for c in named) else item.text
    first = item.text.split(" ", 1)
    if len(first) == 2 and len(first[0]) == 1 and first[0] in "Oo0ODA":
        item.text = first[1]
    item.w, item.x = item.right - right - 2, right + 2


def _plain_sample(body: np.ndarray, width: int, tall: float) -> bool:
    """A black or gray sample must be a filled patch, a framed one or a straight stroke, not letters."""
    stroke = len(body) <= 0.45 * tall and width > 1.2 * tall
    patch = body.mean() > 0.9 and width > 0.6 * tall and len(body) > 0.4 * tall
    rim = np.concatenate([body[0], body[-1], body[:, 0], body[:, -1]])
    framed = rim.mean() > 0.95 and width > 0.9 * tall and len(body) > 0.5 * tall
    # A stroke with a marker on it: the ends are thin and on one height.
    ends = np.concatenate([body[:, : max(2, width // 6)], body[:, -max(2, width // 6) :]], axis=1)
    marked = width > 1.5 * tall and ends.any(axis=1).sum() <= 0.35 * tall and body.any(axis=0).mean() > 0.9
    return bool(patch or framed or marked or (stroke and body.mean() > 0.4))


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


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
