"""Straight horizontal and vertical rules: spines, grid lines, table borders."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import pixels

_STEP = 6  # gray levels by which a rule must differ from both its sides
_MAX_THICK = 7


@dataclass
class Line:
    """A straight rule in work pixels.

    ``pos`` is its centre across (y of a horizontal rule, x of a vertical one),
    ``start``..``end`` its extent along, ``cover`` the share of that extent drawn.
    """

    pos: float
    start: float
    end: float
    thick: float
    cover: float
    level: float

    @property
    def length(self) -> float:
        """Extent along the rule in pixels."""
        return self.end - self.start


@dataclass
class Lines:
    """All rules found, each list sorted by position."""

    horizontal: list[Line]
    vertical: list[Line]


def find(gray: np.ndarray, shortest: int | None = None) -> Lines:
    """Find rules at least ``shortest`` work pixels long (default 3% of the picture)."""
    height, width = gray.shape
    if min(height, width) < 12:
        return Lines([], [])
    least = shortest or max(18, int(0.03 * min(height, width)))
    down = _one_way(gray, least)
    across = _one_way(np.ascontiguousarray(gray.T), least)
    return Lines(down, across)


def _ridge(gray: np.ndarray) -> np.ndarray:
    """Pixels darker (1) or lighter (2) than what lies above *and* below."""
    wide = np.pad(gray.astype(np.int16), ((4, 4), (0, 0)), mode="edge")
    height = gray.shape[0]
    here = wide[4 : 4 + height]
    result = np.zeros(gray.shape, np.uint8)
    for reach in (1, 2, 3, 4):
        above = here - wide[4 - reach : 4 - reach + height]
        below = here - wide[4 + reach : 4 + reach + height]
        result[(above <= -_STEP) & (below <= -_STEP)] |= 1
        result[(above >= _STEP) & (below >= _STEP)] |= 2
    return result


def _one_way(gray: np.ndarray, least: int) -> list[Line]:
    """Horizontal rules of ``gray``."""
    ridge = _ridge(gray)
    kernel = np.ones((1, least | 1), np.uint8)  # odd, or opening shifts by a pixel
    pieces: list[Line] = []
    for sign in (1, 2):
        mask = cv2.morphologyEx(((ridge & sign) > 0).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if count > 6000:  # texture, not rules
            continue
        for left, top, wide, tall, _area in stats[1:count]:
            if tall > _MAX_THICK or wide < 3 * tall:
                continue
            # Sub-pixel centre: weigh the rows by how far they differ from outside.
            band = gray[max(0, top - 2) : top + tall + 2, left : left + wide]
            rows = np.median(band, axis=1).astype(float)
            outside = (rows[0] + rows[-1]) / 2
            weight = np.abs(rows - outside)
            centre = max(0, top - 2) + (weight * np.arange(len(rows))).sum() / max(1e-6, weight.sum())
            level = float(rows[weight.argmax()])
            pieces.append(Line(float(centre), float(left), float(left + wide), float(tall), 1.0, level))
    return _join(pieces)


def _join(pieces: list[Line]) -> list[Line]:
    """Put collinear pieces together; a rule may be hidden behind a bar."""
    joined: list[Line] = []
    for piece in sorted(pieces, key=lambda p: (round(p.pos), p.start)):
        for other in reversed(joined[-40:]):
            if abs(other.pos - piece.pos) <= 1.3 and abs(other.level - piece.level) < 40:
                drawn = other.length * other.cover + piece.length
                a, b = min(other.start, piece.start), max(other.end, piece.end)
                if piece.length > other.length * other.cover:
                    other.pos, other.thick = piece.pos, piece.thick
                other.start, other.end = a, b
                other.cover = min(1.0, drawn / max(1.0, b - a))
                break
        else:
            joined.append(Line(**vars(piece)))
    joined.sort(key=lambda p: p.pos)
    return joined


def _frayed(mask: np.ndarray, left: int, top: int, wide: int, tall: int) -> tuple[int, int, int, int]:
    """The rectangle without rows and columns at its edges that are mostly outside of it, as noise leaves them."""
    part = mask[top : top + tall, left : left + wide]
    full = 0.6 * part.mean(axis=1).max(), 0.6 * part.mean(axis=0).max()
    rows, columns = (np.flatnonzero(part.mean(axis=1 - k) >= full[k]) for k in (0, 1))
    # More than a few pixels are no fraying: then the area is not a rectangle at all.
    most = 6
    a, b = min(rows[0], most), min(tall - 1 - rows[-1], most)
    c, d = min(columns[0], most), min(wide - 1 - columns[-1], most)
    return left + c, top + a, wide - c - d, tall - a - b


def panel(rgb: np.ndarray, background: tuple[int, int, int]) -> tuple[float, float, float, float] | None:
    """The plot area when it is a tinted rectangle: ``(left, top, right, bottom)``.

    Returned in work pixels, as edges of the tinted area, or None.
    """
    height, width = rgb.shape[:2]
    sample = rgb[::3, ::3].reshape(-1, 3)
    codes = (sample[:, 0].astype(np.uint32) << 16) | (sample[:, 1].astype(np.uint32) << 8) | sample[:, 2]
    values, counts = np.unique(codes, return_counts=True)
    for index in np.argsort(-counts)[:4]:
        if counts[index] < 0.10 * len(codes):
            break
        code = int(values[index])
        colour = code >> 16, (code >> 8) & 255, code & 255
        if max(abs(a - b) for a, b in zip(colour, background, strict=True)) < 4:
            continue
        mask = (pixels.apart(rgb, colour) <= 2).astype(np.uint8)
        mask = cv2.morphologyEx(np.pad(mask, 12), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))[12:-12, 12:-12]
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        if count < 2:
            continue
        *found, area = (int(v) for v in stats[1 + int(np.argmax(stats[1:, 4]))])
        for left, top, wide, tall in (found, _frayed(mask, *found)):
            if wide < 0.35 * width or tall < 0.3 * height or (wide > 0.98 * width and tall > 0.98 * height):
                continue
            rim = np.concatenate([mask[top, left : left + wide], mask[top + tall - 1, left : left + wide],
                                  mask[top : top + tall, left], mask[top : top + tall, left + wide - 1]])
            if area > 0.35 * wide * tall and rim.mean() > 0.7:
                return float(left), float(top), float(left + wide - 1), float(top + tall - 1)
    return None
