"""Bars measured in the picture: upright rectangles of one colour, and which of them a value claims.

Everything here is upright; for lying bars the caller turns picture and claims."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .ink import filled

GAP = 6  # most pixels between the parts of a stack: their outlines


@dataclass
class Bar:
    """Edges in pixel centres of the area: between the last pixel of ground and the first of ink."""

    left: float
    right: float
    top: float
    bottom: float
    claimed: bool = False

    @property
    def middle(self) -> float:
        """Its middle across."""
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return self.right - self.left

    def within(self, other: Bar) -> bool:
        """Whether it lies in another one, give or take two pixels."""
        return (other.left - 2 <= self.left and self.right <= other.right + 2
                and other.top - 2 <= self.top and self.bottom <= other.bottom + 2)

    def stands_by(self, other: Bar) -> bool:
        """Whether it has a foot in common with another one, or stands on it."""
        ends, others = (self.top, self.bottom), (other.top, other.bottom)
        return any(abs(a - b) <= 4 for a in ends for b in others)


def find(mask: np.ndarray, cover: np.ndarray) -> list[Bar]:
    """Rectangles of a colour: neighbouring columns whose runs of ink begin and end alike."""
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8)) > 0
    found = _rectangles(solid)
    if not found:  # drawn as outlines, or hatched
        solid = filled(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0)
        found = _rectangles(solid)
    if not found:
        return []
    area = np.array([(one[1] - one[0]) * (one[3] - one[2]) for one in found], float)
    widths = np.array([one[1] - one[0] for one in found], float)
    order = np.argsort(widths)
    usual = widths[order][np.searchsorted(np.cumsum(area[order]), area.sum() / 2)]
    return [_exact(one, cover) for one, width in zip(found, widths) if width >= max(3, 0.3 * usual)]


def _rectangles(solid: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(left, right, top, bottom), ends exclusive, of runs that stay alike over at least three columns."""
    steps = np.diff(np.pad(solid.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    columns: dict[int, list[tuple[int, int]]] = {}
    starts, stops = np.nonzero(steps.T == 1), np.nonzero(steps.T == -1)
    for column, top, bottom in zip(starts[0].tolist(), starts[1].tolist(), stops[1].tolist()):
        if bottom - top >= 2:
            columns.setdefault(column, []).append((top, bottom))
    active: list[list[int]] = []  # left, last column, top, bottom, columns that ended otherwise
    found = []
    for column in sorted(columns):
        runs = columns[column]
        going = []
        for one in active:
            same = next((run for run in runs if abs(run[0] - one[2]) <= 1 and abs(run[1] - one[3]) <= 1), None)
            if same is not None and column - one[1] <= 2:
                runs.remove(same)
                one[1] = column
                going.append(one)
            elif column - one[1] <= 1:
                going.append(one)
            else:
                found.append(one)
        active = going + [[column, column, top, bottom] for top, bottom in runs]
    found += active
    return [(left, last + 1, top, bottom) for left, last, top, bottom in found if last - left >= 2]


def _exact(one: tuple[int, int, int, int], cover: np.ndarray) -> Bar:
    """Edges to a part of a pixel, from how much ink the outermost rows hold."""
    left, right, top, bottom = one
    third = max(1, (right - left) // 4)
    strip = np.median(cover[:, left + third : max(left + third + 1, right - third)], axis=1)
    above = strip[top - 1] if top > 0 else 0.0
    below = strip[bottom] if bottom < len(strip) else 0.0
    return Bar(left - 0.5, right - 0.5, top - 0.5 + (1 - strip[top]) - (above if above < 0.5 else 0.0),
               bottom - 0.5 - (1 - strip[bottom - 1]) + (below if below < 0.5 else 0.0))


def off(bar: Bar, band: tuple[float, float], tip: float, foot: float, stacked: bool, floor: float) -> float | None:
    """How far a bar ends from ``tip``; None where it does not stand in the band across.

    ``foot`` is where the value's bar begins by its scale, ``floor`` the lower edge of the plot. In a
    stack (``stacked``: several series share places) a bar that stands on another one counts by its length.
    """
    inside = min(bar.right, band[1]) - max(bar.left, band[0])
    if inside < 0.5 * min(bar.width, band[1] - band[0]):
        return None
    end, start = (bar.top, bar.bottom) if tip <= foot else (bar.bottom, bar.top)
    stands = abs(start - foot) <= 4 or abs(start - floor) <= 4
    if stacked and not stands:
        return float(abs(abs(end - start) - abs(tip - foot)))
    return float(abs(end - tip))


def upon(bar: Bar, others: list[Bar], tip: float) -> bool:
    """Whether a bar whose value ends at ``tip`` begins where another one ends, as in a stack; both of about one width."""
    upward = abs(bar.top - tip) <= abs(bar.bottom - tip)
    start = bar.bottom if upward else bar.top
    for other in others:
        common = min(bar.right, other.right) - max(bar.left, other.left)
        end, beyond = (other.top, other.bottom) if upward else (other.bottom, other.top)
        far = beyond - start if upward else start - beyond
        if abs(end - start) <= GAP and far > 2 * GAP and common > 0.7 * max(bar.width, other.width):
            return True
    return False
