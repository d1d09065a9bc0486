"""Finding a pie (or ring) of coloured sectors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import pixels
from .palette import Colour
from .plotbox import Box

_ANGLES = 720


@dataclass
class Pie:
    """A disc of sectors. Centre and radii in pixels, ``shares`` in clockwise order
    from the top as (colour, share of the circle)."""

    cx: float
    cy: float
    rx: float
    ry: float
    shares: list[tuple[Colour, float]]
    agreement: float

    def box(self) -> Box:
        """The square around the disc."""
        return Box(self.cx - self.rx, self.cy - self.ry, self.cx + self.rx, self.cy + self.ry)


def find(rgb: np.ndarray, background: Colour) -> Pie | None:
    """The largest disc made of at least two sectors; work pixels."""
    height, width = rgb.shape[:2]
    if min(height, width) < 40:
        return None
    off = pixels.apart(rgb, background) > 24
    size = max(3, min(height, width) // 55) | 1  # wider than letters are thick
    mask = cv2.morphologyEx(off.astype(np.uint8), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    gap = max(5, min(height, width) // 22) | 1  # sectors may be parted or pulled out
    mask = cv2.morphologyEx(np.pad(mask, gap), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    mask = np.ascontiguousarray(mask[gap:-gap, gap:-gap])
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    best: Pie | None = None
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:4]:
        x, y, w, h = cv2.boundingRect(contour)
        if min(w, h) < 0.18 * min(height, width) or not 0.45 < w / h < 2.2:
            continue
        disc = cv2.contourArea(cv2.convexHull(contour)) / (np.pi * w * h / 4)
        if not 0.84 < disc < 1.1:  # pulled-out sectors leave notches
            continue
        filled = cv2.drawContours(np.zeros_like(mask), [contour], -1, 1, -1)  # a ring without its hole
        if not _is_round(filled[y : y + h, x : x + w]):
            continue
        pie = _sectors(rgb, x + (w - 1) / 2, y + (h - 1) / 2, w / 2, h / 2, background)
        if pie and (best is None or pie.agreement > best.agreement):
            best = pie
    return best


def _is_round(part: np.ndarray) -> bool:
    """True when what is drawn keeps out of the corners, as an ellipse does and a group of bars does not."""
    height, width = part.shape
    disc = np.zeros(part.shape, np.uint8)
    axes = round(1.03 * width / 2), round(1.03 * height / 2)
    cv2.ellipse(disc, ((width - 1) // 2, (height - 1) // 2), axes, 0, 0, 360, 1, -1)
    corners, rim = disc == 0, (disc > 0) & (part > 0)
    # Pulled-out sectors and words beside them reach into the corners a little.
    return bool(part[corners].mean() < 0.25 and rim.sum() > 0.85 * (disc > 0).sum())


def _sectors(rgb: np.ndarray, cx: float, cy: float, rx: float, ry: float, background: Colour) -> Pie | None:
    """Sample rings at several radii; in a pie the colour depends on the angle only."""
    turn = np.arange(_ANGLES) * 2 * np.pi / _ANGLES
    rings = []
    for radius in (0.72, 0.78, 0.84, 0.9, 0.94):
        xs = np.clip(np.round(cx + radius * rx * np.sin(turn)), 0, rgb.shape[1] - 1).astype(int)
        ys = np.clip(np.round(cy - radius * ry * np.cos(turn)), 0, rgb.shape[0] - 1).astype(int)
        rings.append(rgb[ys, xs].astype(np.int16))
    stack = np.stack(rings)
    ring = np.median(stack, axis=0)
    agree = (np.abs(stack - ring).max(axis=2) <= 20).mean(axis=0) >= 0.6
    runs = _runs(ring)
    if not 2 <= len(runs) <= 40:
        return None
    shares = [(tuple(int(v) for v in colour), n / _ANGLES) for colour, n in runs]
    solid = [s for s in shares if s[1] > 0.012 and np.abs(np.array(s[0]) - background).max() > 20]
    covered = sum(s[1] for s in solid)
    if len(solid) < 2 or covered < 0.85 or len({c for c, _ in solid}) < 2:
        return None
    # Neighbouring sectors of a drawn pie differ plainly; shading in a photo does not.
    steps = [np.abs(np.array(a[0]) - np.array(b[0])).max() for a, b in zip(solid, [*solid[1:], solid[0]], strict=True)]
    even = float((stack.max(axis=0) - stack.min(axis=0)).max(axis=1)[agree].mean()) if agree.any() else 99.0
    if np.median(steps) < 30 or even > 25:
        return None
    return Pie(cx, cy, rx, ry, [(c, round(s / covered, 4)) for c, s in solid], float(agree.mean()))


def _runs(ring: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Consecutive equal colours around the circle; thin borders go to neither side."""
    runs: list[list] = []
    for colour in ring:
        if runs and np.abs(runs[-1][0] - colour).max() <= 16:
            runs[-1][1] += 1
        else:
            runs.append([colour, 1])
    runs = [r for r in runs if r[1] >= 5]
    joined: list[list] = []
    for run in runs:
        if joined and np.abs(joined[-1][0] - run[0]).max() <= 16:
            joined[-1][1] += run[1]
        else:
            joined.append(run)
    if len(joined) > 2 and np.abs(joined[0][0] - joined[-1][0]).max() <= 16:
        joined[0][1] += joined.pop()[1]
    return [(c, n) for c, n in joined]
