"""Dominant colours and the background."""

from __future__ import annotations

import numpy as np

_SAMPLE = 400_000  # pixels looked at; plenty for shares of 0.1%
_NEAR = 34.0  # RGB distance below which two colours count as one
Colour = tuple[int, int, int]


def _sampled(rgb: np.ndarray) -> np.ndarray:
    step = max(1, int(np.ceil((rgb.shape[0] * rgb.shape[1] / _SAMPLE) ** 0.5)))
    return rgb[::step, ::step].reshape(-1, 3)


def background(rgb: np.ndarray) -> tuple[Colour, bool]:
    """The colour behind everything, and whether it is truly one colour.

    Taken from the rim of the picture: charts, tables and pages have paper there.
    """
    height, width = rgb.shape[:2]
    thick = max(1, min(height, width) // 60)
    rim = np.concatenate([rgb[:thick].reshape(-1, 3), rgb[-thick:].reshape(-1, 3),
                          rgb[:, :thick].reshape(-1, 3), rgb[:, -thick:].reshape(-1, 3)])
    colour = _mode(rim)
    near = np.abs(rim.astype(np.int16) - colour).max(axis=1) <= 10
    everywhere = np.abs(_sampled(rgb).astype(np.int16) - colour).max(axis=1) <= 10
    uniform = bool(near.mean() > 0.85 and everywhere.mean() > 0.08)
    if not uniform:
        inner = _mode(_sampled(rgb))
        share = np.abs(_sampled(rgb).astype(np.int16) - inner).max(axis=1) <= 6
        if share.mean() > 0.5:  # a screenshot with a coloured frame around the page
            return tuple(int(v) for v in inner), True
    return tuple(int(v) for v in colour), uniform


def _mode(pixels: np.ndarray) -> np.ndarray:
    """The commonest colour: coarse cell first, then the exact value inside it."""
    coarse = (pixels >> 4).astype(np.uint32)
    codes = (coarse[:, 0] << 8) | (coarse[:, 1] << 4) | coarse[:, 2]
    inside = pixels[codes == np.bincount(codes, minlength=4096).argmax()]
    exact = _codes(inside)
    values, counts = np.unique(exact, return_counts=True)
    if counts.max() >= 0.2 * len(inside):
        return np.array(_colour(int(values[counts.argmax()])))
    return np.round(inside.mean(axis=0)).astype(int)


def _codes(pixels: np.ndarray) -> np.ndarray:
    wide = pixels.astype(np.uint32)
    return (wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2]


def _colour(code: int) -> Colour:
    return code >> 16, (code >> 8) & 255, code & 255


def dominant(rgb: np.ndarray, paper: Colour, most: int = 8) -> list[tuple[Colour, float]]:
    """Up to ``most`` colours with their share of the picture, background first.

    Exact colours win over blends: the mixed pixels along edges of text and lines
    are neither ink nor paper and are left out while they are rare.
    """
    pixels = _sampled(rgb)
    values, counts = np.unique(_codes(pixels), return_counts=True)
    if len(values) > 40_000:  # a photograph: group before counting
        pixels = (pixels & 0xF0) | 0x08
        values, counts = np.unique(_codes(pixels), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:600]
    chosen: list[list] = [[np.array(paper, float), 0.0]]
    total = float(len(pixels))
    for index in order:
        colour, share = np.array(_colour(int(values[index])), float), counts[index] / total
        gaps = [float(np.linalg.norm(colour - c)) for c, _ in chosen]
        nearest = int(np.argmin(gaps))
        if gaps[nearest] < _NEAR:
            chosen[nearest][1] += share
        elif len(chosen) < 24 and share > 0.0004:
            if share > 0.01 or not _is_blend(colour, [c for c, _ in chosen]):
                chosen.append([colour, share])
    first, rest = chosen[0], sorted(chosen[1:], key=lambda c: -c[1])
    kept = [first, *(c for c in rest if c[1] >= 0.0015)][:most]
    return [(tuple(int(round(v)) for v in c), round(float(share), 4)) for c, share in kept]


def _is_blend(colour: np.ndarray, chosen: list[np.ndarray]) -> bool:
    """True when the colour lies between the paper and a colour already chosen."""
    paper = chosen[0]
    for other in chosen[1:]:
        span = other - paper
        length = float(span @ span)
        if length == 0:
            continue
        along = float((colour - paper) @ span) / length
        if 0.05 < along < 0.97 and np.linalg.norm(paper + along * span - colour) < 14:
            return True
    return False


def hex_of(colour: Colour) -> str:
    """``#rrggbb``."""
    return "#" + "".join(f"{v:02x}" for v in colour)
