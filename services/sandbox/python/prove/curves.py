"""Lines and marks measured in the picture, by colour."""

from __future__ import annotations

import cv2
import numpy as np

from .ink import filled

PIECE = 6  # columns from which ink of a colour is a piece of a line and no speck
DRAWN = 0.25  # of the columns around a gap must have ink; dots of a dotted line cover as much
GAP = 0.03  # of the width: how far a dashed or hidden line is followed without ink


class Line:
    """The line of one colour: in each column the runs of ink with their middles."""

    def __init__(self, mask: np.ndarray, cover: np.ndarray):
        self.width = mask.shape[1]
        steps = np.diff(np.pad(mask.astype(np.int8), ((1, 1), (0, 0))), axis=0)
        starts, stops = np.nonzero(steps.T == 1), np.nonzero(steps.T == -1)
        self.column, self.top, self.bottom = starts[0], starts[1], stops[1] - 1
        weight = np.where(mask, cover, 0) + 1e-6 * mask
        sums = np.cumsum(np.pad(weight, ((1, 0), (0, 0))), axis=0)
        moments = np.cumsum(np.pad(weight * np.arange(len(mask))[:, None], ((1, 0), (0, 0))), axis=0)
        a, b, c = self.top, self.bottom + 1, self.column
        total = sums[b, c] - sums[a, c]
        self.middle = np.where(total > 0, (moments[b, c] - moments[a, c]) / np.maximum(total, 1e-9), (a + b - 1) / 2)
        self.first = np.searchsorted(self.column, np.arange(self.width + 1))
        lengths = self.bottom - self.top + 1
        self.thick = float(np.median(lengths)) if len(lengths) else 0.0
        self.columns = np.unique(self.column)
        _count, labels, stats, _middles = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        self.piece = stats[labels[self.top, self.column], cv2.CC_STAT_WIDTH] if len(self.column) else np.zeros(0, int)

    def at(self, x: float, y: float) -> float | None:
        """The distance of a point from the line, in pixels; None where no ink is near its column."""
        here = [c for c in (int(np.floor(x)), int(np.ceil(x))) if 0 <= c < self.width]
        near = [c for c in here if self.first[c] < self.first[c + 1]]
        if near:
            return min(self._off(c, y) for c in near)
        return self._between(x, y)

    def elsewhere(self, x: float, y: float, apart: float, rows: tuple[float, float]) -> bool:
        """Whether more of the line, no mere speck, runs at least ``apart`` pixels above or below a point; only within ``rows``,
        for the frame of the plot may have the same colour."""
        columns = range(max(0, round(x) - 2), min(self.width, round(x) + 3))
        hits = 0
        for column in columns:
            here = slice(self.first[column], self.first[column + 1])
            top, bottom = self.top[here], self.bottom[here]
            away = (bottom < y - apart) | (top > y + apart)
            hits += bool((away & (top > rows[0] + 4) & (bottom < rows[1] - 4) & (self.piece[here] >= PIECE)).any())
        return 2 * hits > len(columns)

    def _off(self, column: int, y: float) -> float:
        best = np.inf
        for run in range(self.first[column], self.first[column + 1]):
            off = abs(y - self.middle[run])
            length = self.bottom[run] - self.top[run] + 1
            if length > 1.6 * self.thick:  # steep, or a corner: the line's middle is half its thickness inside
                half = self.thick / 2
                off = min(off, abs(y - self.top[run] - half), abs(y - self.bottom[run] + half))
                slope = self._slope(column, y)
                if self.top[run] + half <= y <= self.bottom[run] - half:
                    off = min(off, off / np.hypot(1, slope))
            best = min(best, off)
        return float(best)

    def _drawn(self, x: float, reach: float) -> float:
        """The share of columns around a place that have ink."""
        low, high = max(0.0, x - 1.5 * reach), min(self.width - 1.0, x + 1.5 * reach)
        return float(np.diff(np.searchsorted(self.columns, (low, high + 1)))[0] / max(1.0, high - low + 1))

    def _slope(self, column: int, y: float) -> float:
        sides = []
        for other in (column - 3, column + 3):
            if 0 <= other < self.width and self.first[other] < self.first[other + 1]:
                runs = self.middle[self.first[other] : self.first[other + 1]]
                sides.append((other, runs[np.abs(runs - y).argmin()]))
        return 0.0 if len(sides) < 2 else (sides[1][1] - sides[0][1]) / 6

    def _between(self, x: float, y: float) -> float | None:
        """Where ink is missing (dashes, another line on top): the straight way across the gap."""
        place = int(np.searchsorted(self.columns, x))
        reach = max(6.0, GAP * self.width)
        left = self.columns[place - 1] if place > 0 else None
        right = self.columns[place] if place < len(self.columns) else None
        ends = []
        for column in (left, right):
            if column is None or abs(column - x) > reach:
                continue
            runs = self.middle[self.first[column] : self.first[column + 1]]
            ends.append((column, runs[np.abs(runs - y).argmin()]))
        if len(ends) == 2:
            (a, one), (b, two) = ends
            # Between specks, or from one line to another, there is no way that a line goes.
            if abs(two - one) > 8 + 3 * (b - a) or self._drawn(x, reach) < DRAWN:
                return None
            return float(abs(y - (one + (two - one) * (x - a) / (b - a))))
        if len(ends) == 1 and abs(ends[0][0] - x) <= 4:
            return float(abs(y - ends[0][1]))
        return None


def spots(mask: np.ndarray) -> tuple[np.ndarray, float, list[int]]:
    """Middles of marks of one colour (x, y), the usual radius, and how many marks each spot may hold.

    Overlapping marks are parted where the distance to the ground peaks.
    """
    whole = filled(mask)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(whole.astype(np.uint8))
    sizes = stats[1:, cv2.CC_STAT_AREA].astype(float)
    spans = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) if count > 1 else np.array([])
    keep = np.flatnonzero((sizes >= 5) & (spans < 0.5 * max(mask.shape)))
    if len(keep) == 0:
        return np.zeros((0, 2)), 0.0, []
    usual = float(np.median(sizes[keep]))
    small = sizes[keep][sizes[keep] <= 1.5 * usual]
    usual = float(np.median(small)) if len(small) else usual
    radius = float(np.sqrt(usual / np.pi))
    keep = keep[sizes[keep] >= 0.35 * usual]
    found, holds = [], []
    for index in keep[:MOST]:
        held = sizes[index] / usual
        if held < 1.35:
            found.append(centres[index + 1])
            holds.append(1)
            continue
        x, y, w, h = stats[index + 1, :4]
        part = np.pad(labels[y : y + h, x : x + w] == index + 1, 2)
        peaks = _peaks(part, radius)
        for px, py in peaks:
            found.append((x + px - 2, y + py - 2))
            holds.append(2 if held > len(peaks) + 0.6 else 1)
    return np.array(found), radius, holds


MOST = 3000  # spots


def _peaks(part: np.ndarray, radius: float) -> list[tuple[float, float]]:
    """Middles of discs of a radius that cover the shape, best first, each taking its own ink away."""
    size = int(np.ceil(radius)) * 2 + 1
    yy, xx = np.mgrid[:size, :size] - size // 2
    disc = ((xx**2 + yy**2) <= (radius + 0.3) ** 2).astype(np.float32)
    rest = part.astype(np.float32)
    found: list[tuple[float, float]] = []
    whole = cv2.filter2D(part.astype(np.float32), -1, disc, borderType=cv2.BORDER_CONSTANT)
    for _ in range(min(40, int(part.sum() / max(1.0, np.pi * radius**2) * 2) + 1)):
        fresh = cv2.filter2D(rest, -1, disc, borderType=cv2.BORDER_CONSTANT)
        score = np.where(whole > 0.85 * disc.sum(), fresh, 0)
        best = score.max()
        if best < 0.3 * disc.sum():
            break
        ys, xs = np.nonzero(score >= best - 0.5)
        near = (np.hypot(xs - xs[0], ys - ys[0])) <= max(1.0, 0.5 * radius)
        x, y = float(xs[near].mean()), float(ys[near].mean())
        found.append((x, y))
        cv2.circle(rest, (round(x), round(y)), max(1, round(radius)), 0.0, -1)
    return found or [tuple(float(v) for v in np.argwhere(part).mean(axis=0)[::-1])]


def doubt_hidden(claims) -> None:
    """Doubts values of two lines at one place: only the upper one is seen there, the other may be anywhere."""
    cells: dict[tuple[int, int], list] = {}
    for claim in claims:
        if claim.kind == "line" and claim.px is not None:
            cells.setdefault((round(claim.px[0]), round(claim.px[1])), []).append(claim)
    for (x, y), here in cells.items():
        near = [other for dx in (-1, 0, 1) for dy in (-1, 0, 1) for other in cells.get((x + dx, y + dy), [])]
        for claim in here:
            if any(other.series != claim.series for other in near):
                claim.doubt("Another line has the same place here: only one of the two can be seen.")
