"""Colour arithmetic on whole pictures, fast: what numpy does slowly along three channels."""

from __future__ import annotations

import cv2
import numpy as np


def apart(rgb: np.ndarray, colour) -> np.ndarray:
    """How far every pixel is from ``colour``: the largest of the channel differences.

    ``rgb`` has shape (rows, columns, 3) and type uint8; a colour between two levels is
    allowed. The result has one number (0 to 255) per pixel.
    """
    levels = [float(v) for v in colour]
    if all(v.is_integer() and 0 <= v <= 255 for v in levels) and rgb.size:
        parts = [cv2.absdiff(c, v) for c, v in zip(cv2.split(rgb), levels, strict=True)]
        return cv2.max(cv2.max(parts[0], parts[1]), parts[2])
    parts = [np.abs(rgb[..., k] - level) for k, level in enumerate(levels)]
    return np.maximum(np.maximum(parts[0], parts[1]), parts[2])


def colourless(rgb: np.ndarray, most: int) -> np.ndarray:
    """True where the channels (uint8) differ by less than ``most`` levels."""
    red, green, blue = cv2.split(rgb)
    return cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)) < most


def median(values: np.ndarray) -> float:
    """The median of 8-bit samples, exactly as numpy gives it."""
    below = np.cumsum(np.bincount(values.ravel(), minlength=256))
    low, high = np.searchsorted(below, [(below[-1] - 1) // 2 + 1, below[-1] // 2 + 1])
    return float(low + high) / 2


def middle(rgb: np.ndarray) -> np.ndarray:
    """The median of each channel (uint8) over all pixels of ``rgb`` (..., 3); at least one pixel."""
    return np.array([median(rgb[..., k]) for k in range(3)])


def counted(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different colours among ``pixels`` (n, 3), sorted, and how often each occurs."""
    wide = pixels.astype(np.uint32)
    codes, counts = np.unique((wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2], return_counts=True)
    return np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1).astype(pixels.dtype), counts
