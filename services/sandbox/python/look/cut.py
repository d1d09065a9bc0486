"""Cutting text out of the picture, and shrinking loose boxes to the ink inside."""

from __future__ import annotations

import cv2
import numpy as np

from . import pixels

Region = tuple[float, float, float, float]  # x0, y0, x1, y1; end exclusive


class Cropper:
    """Cuts text out of the original picture as BGR."""

    def __init__(self, rgb: np.ndarray):
        self.rgb = rgb

    def quad(self, quad: np.ndarray) -> np.ndarray:
        """The upright content of a quadrangle (clockwise from top left)."""
        width = max(2, int(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2]))))
        height = max(2, int(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))))
        left, top = np.floor(quad.min(axis=0)).astype(int) - 2
        right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 3
        left, top = max(0, left), max(0, top)
        patch = self.rgb[top:bottom, left:right, ::-1]
        target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        turn = cv2.getPerspectiveTransform((quad - [left, top]).astype(np.float32), target)
        return cv2.warpPerspective(
            np.ascontiguousarray(patch), turn, (width, height),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE,
        )

    def box(self, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        """A plain rectangle as BGR."""
        x0, y0 = max(0, int(x0)), max(0, int(y0))
        return np.ascontiguousarray(self.rgb[y0 : int(np.ceil(y1)), x0 : int(np.ceil(x1)), ::-1])


def tighten(rgb: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> Region:
    """Shrink a loose box to the ink inside it (pixels, end exclusive)."""
    left, top = max(0, int(x0)), max(0, int(y0))
    patch = rgb[top : int(np.ceil(y1)), left : int(np.ceil(x1))]
    if patch.shape[0] < 4 or patch.shape[1] < 3:
        return x0, y0, x1, y1
    ink = pixels.apart(patch, pixels.middle(patch))
    strong = float(ink.max())
    if strong < 40:
        return x0, y0, x1, y1
    marked = ink > 0.45 * strong
    # Ink that spans a whole side is a rule or a neighbour's edge, not a letter.
    marked[:, marked.mean(axis=0) > 0.9] = False
    rows = _core(marked.any(axis=1) & ~(marked.mean(axis=1) > 0.8))
    cols = marked[rows].any(axis=0)
    if not rows.any() or not cols.any():
        return x0, y0, x1, y1
    ys, xs = np.flatnonzero(rows), np.flatnonzero(cols)
    if ys[-1] - ys[0] < 0.25 * patch.shape[0]:
        ys = np.array([0, patch.shape[0] - 1])
    return left + xs[0], top + ys[0], left + xs[-1] + 1, top + ys[-1] + 1


def _core(rows: np.ndarray) -> np.ndarray:
    """Keep the runs of inked rows around the middle; drop scraps at the rim."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    runs = list(zip(edges[::2], edges[1::2], strict=True))
    if len(runs) < 2:
        return rows
    longest = max(b - a for a, b in runs)
    kept = np.zeros_like(rows)
    for start, end in runs:
        at_rim = start <= 1 or end >= len(rows) - 1
        # Scraps at the rim are tick marks and neighbours' edges, caught by the margin.
        if not (at_rim and end - start < 0.6 * longest):
            kept[start:end] = True
    return kept
