"""Undoing what a camera or a messenger did to a drawn picture: uneven light, noise, smeared colours."""

from __future__ import annotations

import cv2
import numpy as np

NEAR = 14  # levels within which a pixel belongs to one of the picture's plain colours
_MOST_COLOURS = 48


def noise(rgb: np.ndarray) -> float:
    """The standard deviation of noise from pixel to pixel, in levels of one channel; 0.0 in a clean drawing.

    Black and white are left out: there noise is cut off.
    """
    gray = rgb[..., 1].astype(np.float32)
    if min(gray.shape) < 8:
        return 0.0
    # What is left when every plane is taken away: edges remain too, but the median does not see them.
    bend = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rest = np.abs(cv2.filter2D(gray, -1, bend)[1:-1, 1:-1]) / 6.0
    inner = gray[1:-1, 1:-1]
    open_ended = (inner > 0) & (inner < 255)
    if open_ended.mean() < 0.02:
        return 0.0
    return float(np.median(rest[open_ended])) * 1.4826


def unequal(rgb: np.ndarray) -> tuple[float, float]:
    """Shares of neighbouring pixels that are the same, and that are nearly but not quite the same."""
    step = max(1, int((rgb.shape[0] * rgb.shape[1] / 400_000) ** 0.5))
    rows = rgb[::step]
    apart = cv2.absdiff(np.ascontiguousarray(rows[:, 1:]), np.ascontiguousarray(rows[:, :-1])).max(axis=2)
    return float((apart == 0).mean()), float(((apart > 0) & (apart <= 8)).mean())


def light(rgb: np.ndarray) -> list[float] | None:
    """How the light changes over the picture, or None when it is even.

    Five numbers: the brightness is exp(a x + b y + c x² + d x y + e y²) with x and y from
    -1 to 1. Within plain areas only the light changes; edges are outliers and left out.
    """
    height, width = rgb.shape[:2]
    block = max(4, round(max(height, width) / 160))
    small = cv2.resize(cv2.medianBlur(rgb, 5), (max(8, width // block), max(8, height // block)),
                       interpolation=cv2.INTER_AREA).astype(float).max(axis=2)
    bright = np.log(np.maximum(small, 1.0))
    rows, columns = small.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    terms = np.stack([x, y, x * x, x * y, y * y], axis=2)
    steps, slopes, weights = [], [], []
    for axis, reach in ((0, 4), (1, 4)):
        a = (slice(reach, None), slice(None)) if axis == 0 else (slice(None), slice(reach, None))
        b = (slice(None, -reach), slice(None)) if axis == 0 else (slice(None), slice(None, -reach))
        steps.append((bright[a] - bright[b]).ravel())
        slopes.append((terms[a] - terms[b]).reshape(-1, 5))
        weights.append(np.minimum(small[a], small[b]).ravel())
    step, slope, weight = np.concatenate(steps), np.concatenate(slopes), np.concatenate(weights)
    keep = (weight > 40) & (np.abs(step) < 0.15)
    if keep.sum() < 200:
        return None
    found = np.zeros(5)
    for limit in (0.08, 0.04, 0.025, 0.02, 0.02):
        near = keep & (np.abs(step - slope @ found) < limit)
        if near.sum() < 0.3 * keep.sum():
            return None
        w = weight[near][:, None]
        found = np.linalg.lstsq(slope[near] * w, step[near] * w[:, 0], rcond=None)[0]
    surface = terms @ found
    if np.ptp(surface) < 0.05 or np.ptp(surface) > 2.0:
        return None
    return [round(float(v), 5) for v in found]


def lit_evenly(rgb: np.ndarray, found: list[float]) -> np.ndarray:
    """The picture as it would be under the brightest of its light everywhere."""
    height, width = rgb.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32),
                       indexing="ij")
    a, b, c, d, e = found
    surface = a * x + b * y + c * x * x + d * x * y + e * y * y
    gain = np.exp(surface.max() - surface)
    return np.clip(rgb * gain[..., None] + 0.5, 0, 255).astype(np.uint8)


def smoothed(rgb: np.ndarray, strength: float) -> np.ndarray:
    """Without noise, edges kept: every pixel becomes the mean of those whose surroundings look alike."""
    return cv2.fastNlMeansDenoisingColored(rgb, None, strength, strength, 5, 15)


def faint_rules(before: np.ndarray, after: np.ndarray, level: float) -> np.ndarray:
    """``after`` with the straight lying and upright rules that smoothing took from ``before``.

    A grid line may be fainter than the noise, yet the mean along it is not: what smoothing
    took away is averaged along rows and columns and given back where it stays the same sign
    over a long way. ``level`` is the noise.
    """
    reach = 41
    gone = before.astype(np.float32) - after
    gray = gone.mean(axis=2)
    least = max(4.0, 3.0 * level / reach**0.5)
    out = after.astype(np.float32)
    for size in ((reach, 1), (1, reach)):
        along = cv2.boxFilter(gray, -1, size)
        brush = np.ones(size[::-1], np.uint8)
        for sign in (1, -1):
            mask = cv2.morphologyEx((sign * along > least).astype(np.uint8), cv2.MORPH_OPEN, brush) > 0
            if mask.any():
                out[mask] += cv2.boxFilter(gone, -1, size)[mask]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def plain_colours(rgb: np.ndarray) -> tuple[np.ndarray, float]:
    """The colours of even areas, the most frequent first, and the share of even pixels that have one of them."""
    even = cv2.morphologyEx(rgb, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(axis=2) <= 8
    pixels = rgb[even]
    total = rgb.shape[0] * rgb.shape[1]
    if len(pixels) < 0.3 * total:
        return np.zeros((0, 3), np.uint8), 0.0
    step = max(1, len(pixels) // 300_000)
    pixels = pixels[::step].astype(np.int32)
    count, left, colours = len(pixels), pixels, []
    while len(left) > max(20, 0.0004 * count) and len(colours) < _MOST_COLOURS:
        codes = ((left[:, 0] >> 2) << 12) | ((left[:, 1] >> 2) << 6) | (left[:, 2] >> 2)
        commonest = left[codes == np.bincount(codes).argmax()].mean(axis=0)
        middle = np.median(left[np.abs(left - commonest).max(axis=1) <= 6], axis=0)
        own = np.abs(left - middle).max(axis=1) <= NEAR
        if own.sum() < max(20, 0.0004 * count):
            break
        colours.append(middle)
        left = left[~own]
    return np.round(np.array(colours)).astype(np.uint8).reshape(-1, 3), (1.0 - len(left) / count) * even.mean()


def settled(rgb: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Every pixel near one of the plain colours takes it exactly."""
    out = rgb.copy()
    nearest = np.full(rgb.shape[:2], NEAR + 1, np.uint8)
    for colour in colours:
        away = cv2.absdiff(rgb, np.full_like(rgb, colour)).max(axis=2)
        closer = away < nearest
        out[closer] = colour
        nearest[closer] = away[closer]
    return out
