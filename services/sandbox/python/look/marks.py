"""What is drawn inside a plot area: bars, lines or points."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from . import bars, curves, pixels
from .lines import Lines
from .plotbox import Box

_STRONG = 110  # what is this far from the background is no grid
_INK = 26  # channel difference from the plot's own background that counts as drawn


@dataclass
class Marks:
    """Evidence in numbers. Sizes are in work pixels."""

    rectangles: list[tuple[int, int, int, int]] = field(default_factory=list)
    bar_share: float = 0.0  # share of the drawn area inside rectangles that act as bars
    upright: bool = True
    floating: bool = False  # equal rectangles without a common base
    steps: int = 0  # plateaus of merged bars (a histogram)
    lines: int = 0
    line_reach: float = 0.0  # widest line, as share of the plot width
    dots: int = 0
    areas: int = 0
    ink: float = 0.0  # share of the plot area that is drawn on
    colours: int = 0
    reasons: list[str] = field(default_factory=list)


def measure(rgb: np.ndarray, box: Box, hide: list[tuple[float, float, float, float]], lines: Lines,
            ticks: tuple[list[float], list[float]] = ((), ())) -> Marks:
    """Measure the inside of ``box``; ``hide`` are text boxes (x0, y0, x1, y1) and
    ``ticks`` the tick places on x and y, where grid lines may run. Work pixels."""
    left, top = int(round(box.left)) + 2, int(round(box.top)) + 2
    right, bottom = int(round(box.right)) - 1, int(round(box.bottom)) - 1
    plot = rgb[top:bottom, left:right]
    if min(plot.shape[:2]) < 20:
        return Marks()
    paper = _paper(plot)
    off = pixels.apart(plot, paper)
    ink = off > _INK
    if _rim_share(plot, paper) < 0.5:
        return Marks(ink=1.0, colours=99)  # filled to the edges: an image or a heat map
    dark = off > _STRONG  # with rules at ticks, which may be edges of unfilled bars
    _erase_rules(plot, ink, lines, left, top, ticks)
    _erase_grid(plot, ink & (off < 125), ink, [x - left for x in ticks[0]], [y - top for y in ticks[1]])
    for x0, y0, x1, y1 in hide:
        a, b = max(0, int(x0) - left - 1), max(0, int(y0) - top - 1)
        for area in (ink, dark):
            area[b : max(0, int(y1) - top + 2), a : max(0, int(x1) - left + 2)] = False
    marks = Marks(ink=float(ink.mean()))
    if ink.sum() < 12:
        return marks
    colours = _colours(plot, ink, paper)
    marks.colours = len(colours)
    diagonal = float(np.hypot(*ink.shape))
    rects: list[tuple[int, int, int, int]] = []
    near = [(pixels.apart(plot, colour) <= 42) & ink for colour, _ in colours]
    strong = cv2.dilate((off > 110).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    halo = [np.abs(c - paper).max() < 80 and (m & strong).sum() > 0.7 * m.sum()
            for (c, _), m in zip(colours, near, strict=True)]
    # What lossy compression leaves around strong colours comes last, and only where these show nothing.
    for index in sorted(range(len(colours)), key=lambda k: halo[k]):
        colour, share = colours[index]
        mask = near[index]
        if halo[index] and (marks.lines or marks.dots or marks.areas or marks.steps or rects):
            continue
        soft = _soft(plot, ink, paper, colour)
        for other in near[:index] + near[index + 1 :]:
            soft &= ~other
        _one_colour(mask.astype(np.uint8), (soft | mask).astype(np.uint8), share, diagonal, marks, rects)
    marks.rectangles = rects
    bars.decide(marks, rects, ink, dark)
    return marks


def _soft(plot: np.ndarray, ink: np.ndarray, paper: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Pixels that are at least a third of one colour's ink on the paper: thin strokes have no others."""
    soft = np.zeros(ink.shape, bool)
    offset = plot[ink].astype(np.float32) - np.float32(paper)
    span = np.float32(colour - paper)
    along = offset @ span / max(1.0, float(span @ span))
    stray = np.linalg.norm(offset - along[:, None] * span, axis=1)
    soft[ink] = (along > 0.33) & (along < 1.3) & (stray < 0.25 * np.linalg.norm(span))
    return soft


def _paper(plot: np.ndarray) -> np.ndarray:
    """The plot's own background: what runs along its rim, as marks rarely do.

    The commonest colour inside would be wrong for big bars.
    """
    rim = np.concatenate([plot[:4].reshape(-1, 3), plot[:, :4].reshape(-1, 3), plot[:, -4:].reshape(-1, 3)])
    coarse = (rim >> 3).astype(np.int32)
    codes = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    inside = rim[codes == np.bincount(codes).argmax()]
    return pixels.middle(inside).astype(np.int16)


def _erase_rules(plot: np.ndarray, ink: np.ndarray, lines: Lines, left: int, top: int,
                 ticks: tuple[list[float], list[float]]) -> None:
    """Grid lines are colourless, straight, long, and faint or at a tick.

    A black rule away from all ticks may be the edge of an unfilled bar.
    """
    plain = pixels.colourless(plot, 30)
    paper = pixels.median(plot)
    for rules, start, area, colourless, places in (
        (lines.horizontal, top, ink, plain, ticks[1]), (lines.vertical, left, ink.T, plain.T, ticks[0]),
    ):
        depth, length = area.shape
        for rule in rules:
            at = rule.pos - start
            if rule.length <= 0.4 * length or not -3 < at < depth + 3:
                continue
            expected = not len(places) or min(abs(rule.pos - t) for t in places) < 4 or not 4 < at < depth - 4
            if expected or abs(rule.level - paper) < 90 or rule.length * rule.cover > 0.9 * length:
                a, b = max(0, int(at - rule.thick / 2 - 1)), max(0, int(at + rule.thick / 2 + 2))
                area[a:b] &= ~colourless[a:b]


def _rim_share(plot: np.ndarray, paper: np.ndarray) -> float:
    """Share of the plot's top and side rim that is background."""
    rim = np.concatenate([plot[1], plot[:, 1], plot[:, -2]]).astype(np.int16)
    return float((np.abs(rim - paper).max(axis=1) <= _INK).mean())


def _erase_grid(plot: np.ndarray, faint: np.ndarray, ink: np.ndarray,
                columns: list[float], rows: list[float]) -> None:
    """Dashed or dotted grid lines: colourless and faint pixels right at the ticks."""
    plain = faint & pixels.colourless(plot, 30)
    for places, area, flat in ((columns, ink.T, plain.T), (rows, ink, plain)):
        for place in places:
            a, b = max(0, round(place) - 2), max(0, round(place) + 3)
            strip, colourless = area[a:b], flat[a:b]
            # A gray bar fills this narrow strip to its full depth; a grid line does not.
            if strip.size and (strip & colourless).all(axis=0).mean() < 0.3:
                strip &= ~colourless


def _colours(plot: np.ndarray, ink: np.ndarray, paper: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """The main mark colours with their share of the drawn pixels.

    Blends of the paper with a commoner colour are the soft edges of marks, not
    marks of their own, unless there is a lot of them.
    """
    solid = cv2.erode(ink.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0
    values, counts = pixels.counted(plot[solid if solid.sum() > 0.25 * ink.sum() else ink] >> 2)
    chosen: list[list] = []
    for index in np.argsort(-counts)[:250]:
        colour = values[index].astype(np.int16) * 4 + 2
        for entry in chosen:
            if np.abs(entry[0] - colour).max() <= 38:
                entry[1] += int(counts[index])
                break
        else:
            rare = counts[index] < 0.2 * counts.sum()
            if len(chosen) < 12 and not (rare and _blend(colour, paper, [c for c, _ in chosen])):
                chosen.append([colour, int(counts[index])])
    total = float(counts.sum())
    chosen = [c for c in chosen if c[1] > 0.02 * total]
    chosen.sort(key=lambda c: -c[1])
    return [(c, n / total) for c, n in chosen[:10]]


def _blend(colour: np.ndarray, paper: np.ndarray, others: list[np.ndarray]) -> bool:
    for other in others:
        span = (other - paper).astype(float)
        along = float((colour - paper) @ span) / max(1.0, float(span @ span))
        if 0.0 < along < 1.0 and np.linalg.norm(paper + along * span - colour) < 16:
            return True
    return False


def _one_colour(mask: np.ndarray, soft: np.ndarray, share: float, diagonal: float, marks: Marks, rects: list) -> None:
    size = max(5, int(0.010 * diagonal)) | 1
    # Without a margin a sliver along the edge of the plot would count as solid.
    solid = cv2.morphologyEx(np.pad(mask, size), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    solid = np.ascontiguousarray(solid[size:-size, size:-size])
    area = int(mask.sum())
    if area < 10:
        return
    if solid.sum() > 0.5 * area or solid.sum() > 0.004 * mask.size:
        _solid_parts(solid, mask, diagonal, marks, rects)
    rest = mask & (1 - cv2.dilate(solid, np.ones((size, size), np.uint8)))
    # Small thick parts may be markers on a line: judge thin parts with them included.
    thin = mask if solid.sum() < 0.75 * area and not _big_solid(solid, diagonal) else rest
    if thin.sum() >= max(10, 0.15 * area):
        found = Marks()
        curves.thin_parts(np.ascontiguousarray(thin, np.uint8), diagonal, found)
        if thin is mask and found.line_reach < 0.6:
            # Thin strokes fall apart without their soft pixels; others' soft edges may mislead, so second.
            again = Marks()
            curves.thin_parts(soft, diagonal, again)
            found = again if again.line_reach > found.line_reach else found
        marks.lines += found.lines
        marks.line_reach = max(marks.line_reach, found.line_reach)
        marks.dots += found.dots
    elif solid.sum() > 0.5 * area and not _big_solid(solid, diagonal):
        curves.count_dots(mask, diagonal, marks)


def _big_solid(solid: np.ndarray, diagonal: float) -> bool:
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    return count > 1 and max(max(s[2], s[3]) for s in stats[1:count]) > 0.06 * diagonal


def _solid_parts(solid: np.ndarray, mask: np.ndarray, diagonal: float, marks: Marks, rects: list) -> None:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    for index in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[index])
        if area < 30:
            continue
        if area > 0.93 * w * h:
            if max(w, h) > 0.02 * diagonal:
                rects.append((x, y, w, h))
            continue
        if max(w, h) < 0.10 * diagonal:
            continue
        part = labels[y : y + h, x : x + w] == index
        plateaus = max(_plateaus(part), _plateaus(part.T))
        if plateaus >= 2:
            marks.steps = max(marks.steps, plateaus)
            marks.bar_share += area / max(1, int(mask.size))
        elif w > 0.3 * mask.shape[1] and _fills_columns(part):
            marks.areas += 1


def _plateaus(part: np.ndarray) -> int:
    """Number of flat tops when the shape is a row of touching bars, else 0."""
    if not _fills_columns(part):
        return 0
    tops = part.argmax(axis=0)
    lows = part.shape[0] - 1 - part[::-1].argmax(axis=0)
    if min(np.mean(np.abs(lows - np.median(lows)) <= 1), 1) < 0.85:
        if np.mean(np.abs(tops - np.median(tops)) <= 1) < 0.85:
            return 0
        tops = lows
    same = np.abs(np.diff(tops)) <= 0
    if same.mean() < 0.8:
        return 0
    jumps = np.flatnonzero(~same)
    widths = np.diff(np.concatenate([[-1], jumps, [len(tops) - 1]]))
    return int((widths >= 4).sum())


def _fills_columns(part: np.ndarray) -> bool:
    """True when (nearly) every column is one unbroken run."""
    starts = (np.diff(np.pad(part.astype(np.int8), ((1, 0), (0, 0))), axis=0) == 1).sum(axis=0)
    return float((starts == 1).mean()) > 0.9
