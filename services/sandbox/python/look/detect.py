"""Finding where text is: quadrangles around lines, original pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from . import models, parallel
from .image import Picture

DETECT_SIDE = 1600  # longest side of the picture the finder sees, pixels
DETECT_SHORT = 736  # short side small pictures are enlarged to
SMALL_TEXT = 13.0  # text lower than this (finder pixels) is looked for again in tiles
TILE, TILE_OVERLAP, MAX_TILES = 1280, 96, 9
OTHER = 0.68  # the second search's scale, relative to the first
_GROW = 1.6  # the finder marks a shrunken core; this undoes the shrinking


def everywhere(picture: Picture, meanwhile: Callable) -> tuple[list[list[np.ndarray]], object]:
    """Quadrangles around lines of text, original pixels, and what ``meanwhile()`` gave.

    There are several searches, each with its own list; the same line is usually in
    more than one of them.
    """
    longest, shortest = max(picture.width, picture.height), min(picture.width, picture.height)
    scale = DETECT_SIDE / longest
    if scale > 1:
        scale = min(scale, max(1.0, DETECT_SHORT / shortest), 4.0)
    # The network overlooks some words at one size and others at another. The smaller
    # size takes half the time of the larger, so other work fits in beside them.
    *searches, done = parallel.together(
        lambda: in_part(picture.full, scale), lambda: in_part(picture.full, scale * OTHER), meanwhile)
    quads = [quad for search in searches for quad in search]
    if scale < 0.9 and quads:
        heights = [min(np.linalg.norm(q[0] - q[3]), np.linalg.norm(q[0] - q[1])) for q in quads]
        if np.median(heights) * scale < SMALL_TEXT * 1.5:
            tiles = _find_in_tiles(picture.full, scale)
            searches = tiles if any(tiles) else searches
    return searches, done


def _find_in_tiles(rgb: np.ndarray, coarse: float) -> list[list[np.ndarray]]:
    height, width = rgb.shape[:2]
    scale = min(1.0, coarse * 2.2, (MAX_TILES * (TILE - TILE_OVERLAP) ** 2 / (height * width)) ** 0.5)
    if scale < coarse * 1.2:
        return []
    side, lap = int(TILE / scale), int(TILE_OVERLAP / scale)

    def in_tile(corner: tuple[int, int]) -> list[np.ndarray]:
        left, top = corner
        found = []
        for quad in in_part(rgb[top : top + side, left : left + side], scale):
            low, high = quad.min(axis=0), quad.max(axis=0)
            # A line cut by a tile's inner edge is whole in the neighbouring tile.
            cut = (
                (left > 0 and low[0] <= 1) or (top > 0 and low[1] <= 1)
                or (left + side < width and high[0] >= side - 2)
                or (top + side < height and high[1] >= side - 2)
            )
            if not cut:
                found.append(quad + np.array([left, top], np.float32))
        return found

    corners = [(left, top) for top in _starts(height, side, lap) for left in _starts(width, side, lap)]
    return parallel.each(in_tile, corners)


def _starts(length: int, side: int, lap: int) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - lap) / (side - lap)))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def in_part(rgb: np.ndarray, scale: float) -> list[np.ndarray]:
    height, width = rgb.shape[:2]
    across = max(32, round(width * scale / 32) * 32)
    down = max(32, round(height * scale / 32) * 32)
    small = cv2.resize(rgb, (across, down), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    rim = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    if float(np.median(rim)) < 100:
        small = cv2.bitwise_not(small)  # the network sees dark text on light paper far better
    chance = models.text_map(np.ascontiguousarray(small[..., ::-1]))
    mask = cv2.dilate((chance > 0.3).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    ratio = np.array([width / across, height / down], np.float32)
    quads = []
    for contour in contours[:3000]:
        rect = cv2.minAreaRect(contour)
        if min(rect[1]) < 3 or _mean_chance(chance, cv2.boxPoints(rect)) < 0.5:
            continue
        grow = rect[1][0] * rect[1][1] * _GROW / (2 * (rect[1][0] + rect[1][1]))
        grown = (rect[0], (rect[1][0] + 2 * grow, rect[1][1] + 2 * grow), rect[2])
        if min(grown[1]) < 5:
            continue
        quad = clockwise(cv2.boxPoints(grown) * ratio)
        quad[:, 0] = np.clip(quad[:, 0], 0, width - 1)
        quad[:, 1] = np.clip(quad[:, 1], 0, height - 1)
        if np.linalg.norm(quad[0] - quad[1]) > 3 and np.linalg.norm(quad[0] - quad[3]) > 3:
            quads.append(quad)
    return quads


def _mean_chance(chance: np.ndarray, quad: np.ndarray) -> float:
    low = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(quad.max(axis=0)).astype(int), np.array(chance.shape[::-1]) - 1)
    if (high < low).any():
        return 0.0
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [(quad - low).astype(np.int32)], 1)
    return cv2.mean(chance[low[1] : high[1] + 1, low[0] : high[0] + 1], mask)[0]


def clockwise(points: np.ndarray) -> np.ndarray:
    """Corners ordered top left, top right, bottom right, bottom left."""
    by_x = points[np.argsort(points[:, 0])]
    left = by_x[:2][np.argsort(by_x[:2, 1])]
    right = by_x[2:][np.argsort(by_x[2:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)
