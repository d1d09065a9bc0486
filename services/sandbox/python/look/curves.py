"""Telling curves (solid or dashed) from separate points."""

from __future__ import annotations

import cv2
import numpy as np


def thin_parts(mask: np.ndarray, diagonal: float, marks) -> None:
    """Tell curves from points by bridging small gaps and looking at what spans far."""
    height, width = mask.shape
    reach = max(7, int(0.012 * diagonal)) | 1
    loose = mask.copy()
    found, reached = 0, np.zeros(width, bool)
    # First as drawn, then with dashes joined; a curve found once is taken out.
    for size in (3, reach):
        # Widened, not closed: closing cannot join the ends of thin dashes.
        bridged = cv2.dilate(loose, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(bridged)
        for index in range(1, count):
            x, y, w, h, _area = (int(v) for v in stats[index])
            if max(w, h) < 0.12 * diagonal:
                continue
            part = labels[y : y + h, x : x + w] == index
            inked = (loose[y : y + h, x : x + w] > 0) & part
            if _is_curve(part, inked, diagonal):
                found += 1
                reached[x : x + w] = True
                loose[y : y + h, x : x + w][part] = 0
    if found:
        marks.lines += 1
        # A curve may come in pieces: what counts is how far they reach together.
        marks.line_reach = max(marks.line_reach, float(reached.mean()))
    count_dots(loose, diagonal, marks)


def _is_curve(part: np.ndarray, inked: np.ndarray, diagonal: float) -> bool:
    """Thin compared with its span, nearly unbroken, and one value per column
    (or per row, for steep curves)."""
    for shape, ink in ((part, inked), (part.T, inked.T)):
        if shape.shape[1] < 0.1 * diagonal:
            continue
        covered = float(ink.any(axis=0).mean())
        starts = (np.diff(np.pad(shape.astype(np.int8), ((1, 0), (0, 0))), axis=0) == 1).sum(axis=0)
        single = float((starts <= 1).mean())
        if covered > 0.55 and single > 0.7 and ink.sum() < 0.04 * diagonal * max(shape.shape):
            return True
    return False


def count_dots(mask: np.ndarray, diagonal: float, marks) -> None:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    sizes = [(int(s[2]), int(s[3]), int(s[4]), s[0] + s[2] / 2, s[1] + s[3] / 2) for s in stats[1:count] if s[4] >= 6]
    dots = [s for s in sizes if max(s[0], s[1]) < 0.09 * diagonal and min(s[0], s[1]) >= 3
            and max(s[0], s[1]) < 2.6 * min(s[0], s[1]) and s[2] > 0.3 * s[0] * s[1]]
    if len(dots) < 3:
        return
    usual = float(np.median([max(s[0], s[1]) for s in dots]))
    at = np.array([s[3:] for s in dots])
    chained = in_dotted_lines(at, usual)
    if chained.sum() >= max(10, 0.6 * len(dots)):
        marks.lines += 1
        marks.line_reach = max(marks.line_reach, float(np.ptp(at[chained, 0])) / mask.shape[1])
        dots = [dot for dot, is_chained in zip(dots, chained) if not is_chained]
    marks.dots += sum(0.4 * usual < max(s[0], s[1]) < 3.5 * usual for s in dots)


def in_dotted_lines(at: np.ndarray, usual: float) -> np.ndarray:
    """Which of spots (x, y), ``usual`` pixels large, are dots of dotted lines: each has one close neighbour before it and one
    behind it, in one direction and about as far away. Points of a scatter plot rarely have, and not in a row."""
    if len(at) < 10:
        return np.zeros(len(at), bool)
    way = at[None] - at[:, None]
    far = np.hypot(way[..., 0], way[..., 1])
    np.fill_diagonal(far, np.inf)
    middle = float(np.median(far.min(axis=1)))
    if middle > 3.5 * usual:
        return np.zeros(len(at), bool)
    close = far < 1.6 * middle
    before = np.where(close & (way[..., 0] < 0), far, np.inf)
    behind = np.where(close & (way[..., 0] >= 0), far, np.inf)
    a, b = before.argmin(axis=1), behind.argmin(axis=1)
    index = np.arange(len(at))
    both = np.isfinite(before[index, a]) & np.isfinite(behind[index, b])
    back, forth = way[index, a], way[index, b]
    lengths = np.hypot(*back.T), np.hypot(*forth.T)
    turn = (back * forth).sum(axis=1) / np.maximum(1e-6, lengths[0] * lengths[1])
    inner = both & (turn < -0.8) & (np.abs(lengths[0] - lengths[1]) < 0.5 * middle)
    # The ends of a line, and dots beside one that was lost, have but one neighbour of the kind.
    found = inner.copy()
    found[a[inner]] = found[b[inner]] = True
    return found
