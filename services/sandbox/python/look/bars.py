"""Deciding which rectangles in a plot act as bars."""

from __future__ import annotations

import cv2
import numpy as np


def _outlined(ink: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Unfilled or hatched bars: closed outlines that are rectangles."""
    closed = np.pad(ink.astype(np.uint8), 2)
    closed[-6:, :] = 1  # the axis below closes bars that have no lower edge
    closed[:, :3] = 1
    outside = closed.copy()
    cv2.floodFill(outside, None, (closed.shape[1] - 2, 1), 2)
    filled = (outside != 2).astype(np.uint8)[2:-2, 2:-2]
    size = max(7, int(0.015 * np.hypot(*ink.shape))) | 1
    filled = cv2.morphologyEx(np.pad(filled, size), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    filled = np.ascontiguousarray(filled[size:-size, size:-size])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(filled)
    found = []
    for number, (x, y, w, h, area) in enumerate(stats[1:count], start=1):
        if max(w, h) <= 2 * size:
            continue
        if area > 0.95 * w * h:
            found.append((int(x), int(y), int(w), int(h)))
            continue
        part = labels[y : y + h, x : x + w] == number
        found += [(int(x + a), int(y + b), c, d) for a, b, c, d in _side_by_side(part, size)]
    return found


def _side_by_side(part: np.ndarray, least: int) -> list[tuple[int, int, int, int]]:
    """Bars that touch: a shape with a level floor, cut where its height jumps; empty where it is none."""
    height, width = part.shape
    tops, floors = part.argmax(axis=0), height - part[::-1].argmax(axis=0)
    if (floors >= height - 2).mean() < 0.95:
        return []
    cuts = [0, *(np.flatnonzero(np.abs(np.diff(tops)) > 2) + 1), width]
    found = []
    for a, b in zip(cuts, cuts[1:]):
        top = int(np.median(tops[a:b]))
        if b - a >= max(4, least // 2) and np.ptp(tops[a + 1 : b - 1]) <= 2:
            found.append((int(a), top, int(b - a), height - top))
    return found if sum(w for _x, _y, w, _h in found) > 0.9 * width else []


def _bars_of_outlines(ink: np.ndarray) -> list[tuple[int, int, int, int]]:
    """The outlined rectangles when they are two or more of one thickness, else none."""
    outlines = _outlined(ink)
    alike = any(_mostly_alike([r[side] for r in outlines]) for side in (2, 3))
    return outlines if len(outlines) >= 2 and alike else []


def _mostly_alike(sizes: list[int]) -> bool:
    """Whether sizes agree within a few pixels; neighbours of one height count as two or three."""
    if not sizes:
        return False
    usual = float(np.median(sizes))
    whole = [max(1, round(size / usual)) for size in sizes]
    return all(abs(size - n * usual) <= max(4.0, 0.12 * usual) * n for size, n in zip(sizes, whole)) and max(whole) <= 3


def decide(marks, rects: list[tuple[int, int, int, int]], ink: np.ndarray, dark: np.ndarray) -> None:
    """Decide which rectangles act as bars: same thickness and a common base, or stacked."""
    if not rects and not marks.steps:
        outlines = _bars_of_outlines(ink) or _bars_of_outlines(dark)
        if outlines:
            rects = marks.rectangles = outlines
            ink = ink.copy()
            for x, y, w, h in outlines:
                ink[y : y + h, x : x + w] = True
            marks.lines = 0
    if not rects:
        marks.bar_share = min(1.0, marks.bar_share / max(1e-6, float(ink.mean())))
        return
    best, best_area, floating = True, 0, False
    for upright in (True, False):
        thick = np.array([r[2] if upright else r[3] for r in rects])
        area = np.array([r[2] * r[3] for r in rects])
        usual = _weighted_median(thick, area)
        even = [r for r, t in zip(rects, thick, strict=True) if abs(t - usual) <= max(2.5, 0.12 * usual)]
        based = _based(even, upright)
        covered = sum(r[2] * r[3] for r in based)
        if covered > best_area:
            best, best_area = upright, covered
        if len(even) >= 2 and len(based) < 0.5 * len(even):
            floating = True
    marks.upright = best
    marks.floating = floating and best_area == 0
    marks.bar_share = min(1.0, (best_area / ink.size + marks.bar_share) / max(1e-6, float(ink.mean())))


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _based(rects: list[tuple[int, int, int, int]], upright: bool) -> list[tuple[int, int, int, int]]:
    """Rectangles standing on (or hanging from) a common base, or stacked on such."""
    spans = [(r[1], r[1] + r[3], r[0], r[0] + r[2]) if upright else (r[0], r[0] + r[2], r[1], r[1] + r[3])
             for r in rects]
    if not spans:
        return []
    ends = [e for s in spans for e in s[:2]]
    base = max(ends, key=lambda e: sum(abs(e - o) <= 3 for o in ends))
    standing = {k for k, s in enumerate(spans) if min(abs(s[0] - base), abs(s[1] - base)) <= 4}
    if len(standing) < 2 and len(spans) > 2:
        return []
    grown = True
    while grown:
        grown = False
        for k, s in enumerate(spans):
            if k in standing:
                continue
            for j in standing:
                o = spans[j]
                touch = min(abs(s[1] - o[0]), abs(s[0] - o[1])) <= 6
                if touch and abs(s[2] - o[2]) <= 4 and abs(s[3] - o[3]) <= 4:
                    standing.add(k)
                    grown = True
                    break
    return [rects[k] for k in standing]
