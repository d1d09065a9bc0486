"""The proof as a picture: the original, dimmed, with a mark at every value and what they mean below."""

from __future__ import annotations

import importlib.util
import os

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .calibration import Axis, Calibration, spot
from .claims import Claim

# Okabe and Ito: blue and vermilion stay apart in every kind of colour blindness; the shapes differ, too.
TRUSTED, DOUBTFUL, AXIS = (0, 114, 178), (213, 94, 0), (94, 60, 153)
PAPER, INK = (255, 255, 255), (38, 38, 38)
DIM = 0.55  # how much of the original is left
LEAST_WIDTH = 1100  # pixels: marks on a smaller picture would be too coarse to tell their shapes
MOST_PIXELS = 8_300_000  # of the overlay: 4K
FINE = 4  # bits of the fraction of a pixel that OpenCV draws to


def draw(picture: np.ndarray, found: list[tuple[Calibration, tuple[int, int]]], claims: list[Claim], back) -> np.ndarray:
    """The overlay as RGB: the picture (a small one enlarged by a whole factor, one beyond 4K made
    smaller) and a caption below it.

    ``found`` are the axes of each chart, with the corner that their places count from. ``back`` takes a place of the
    evidence to the picture, see ``frame.Frame``.
    """
    factor = min(1.0, (MOST_PIXELS / (picture.shape[0] * picture.shape[1])) ** 0.5)
    if picture.shape[1] < LEAST_WIDTH and picture.shape[0] < LEAST_WIDTH:
        factor = max(1, round(LEAST_WIDTH / picture.shape[1]))
    if factor < 1:
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    canvas = _dimmed(picture)
    if factor > 1:
        canvas = cv2.resize(canvas, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    height, width = canvas.shape[:2]
    unit = max(3.0, (width * height) ** 0.5 / 105)
    def place(x, y):
        return tuple((v + 0.5) * factor - 0.5 for v in back(x, y))

    shown = [_Mark(claim, place) for claim in claims if claim.px is not None]
    shown = [mark for mark in shown if -0.5 <= mark.x <= width and -0.5 <= mark.y <= height]
    # Crowded marks would hide the very thing they stand on.
    size = unit * float(np.clip(_room(shown) / (2.6 * unit), 0.6, 1.0)) if len(shown) > 1 else unit
    for axes, (left, top) in found:
        for axis in (axes.x, axes.y, axes.y2):
            if axis is not None:
                _axis(canvas, axis, axes.box, lambda x, y, left=left, top=top: place(x + left, y + top), unit)
    for mark in sorted(shown, key=lambda one: one.is_doubtful):  # doubtful ones on top
        _text_mark(canvas, mark, unit) if mark.box else _mark(canvas, mark.x, mark.y, mark.is_doubtful, size)
    trusted = sum(not claim.why for claim in claims)
    return _captioned(canvas, found, trusted, len(claims) - trusted, len(claims) - len(shown))


class _Mark:
    """A claim's place on the enlarged picture."""

    def __init__(self, claim: Claim, place):
        self.x, self.y = place(*claim.px)
        self.box = None
        if claim.box:
            x, y, w, h = claim.box
            (left, top), (right, bottom) = place(x, y), place(x + w, y + h)
            self.box = (left, top, right - left, bottom - top)
        self.is_doubtful = bool(claim.why)


def _text_mark(canvas: np.ndarray, mark: _Mark, unit: float) -> None:
    """A line below a trusted text; a frame around a doubtful one, with the mark at its corner."""
    x, y, w, h = mark.box
    line = max(2, round(unit / 5))
    if not mark.is_doubtful:
        cv2.line(canvas, _at(x, y + h + line), _at(x + w, y + h + line), TRUSTED, line, cv2.LINE_AA, FINE)
        return
    cv2.rectangle(canvas, _at(x - 3, y - 3), _at(x + w + 3, y + h + 3), DOUBTFUL, line, cv2.LINE_AA, FINE)
    _mark(canvas, x + w + 3, y - 3, True, 0.8 * unit)


def _room(shown: list[_Mark]) -> float:
    """How far marks usually lie from their nearest neighbours, pixels."""
    at = np.array([(mark.x, mark.y) for mark in shown[:600]], np.float32)
    far = np.linalg.norm(at[:, None] - at[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return float(np.quantile(far.min(axis=1), 0.25))


def _dimmed(picture: np.ndarray) -> np.ndarray:
    """The picture paler and half as colourful, so that marks stand out on any of it."""
    gray = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    muted = cv2.addWeighted(picture, 0.6, gray, 0.4, 0)
    # Towards white on light pictures, on dark ones as well: the marks' halo is white.
    return cv2.convertScaleAbs(muted, alpha=DIM, beta=255 * (1 - DIM))


def _at(*values: float) -> tuple[int, ...]:
    return tuple(round(v * (1 << FINE)) for v in values)


def _polygon(canvas: np.ndarray, points, colour, thick: int) -> None:
    array = np.array([_at(*point) for point in points], np.int32)
    if thick < 0:
        cv2.fillPoly(canvas, [array], colour, cv2.LINE_AA, FINE)
    else:
        cv2.polylines(canvas, [array], True, colour, thick, cv2.LINE_AA, FINE)


def _mark(canvas: np.ndarray, x: float, y: float, is_doubtful: bool, size: float) -> None:
    """A ring for trusted, a filled diamond with a sign for doubtful."""
    line = max(1, round(size / 3.2))
    if not is_doubtful:
        radius = _at(0.72 * size)[0]
        cv2.circle(canvas, _at(x, y), radius, PAPER, line + 2 * max(1, line // 2), cv2.LINE_AA, FINE)
        cv2.circle(canvas, _at(x, y), radius, TRUSTED, line, cv2.LINE_AA, FINE)
        cv2.circle(canvas, _at(x, y), _at(0.16 * size)[0], TRUSTED, -1, cv2.LINE_AA, FINE)
        return
    reach = 1.05 * size
    points = ((x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y))
    _polygon(canvas, points, PAPER, line + 2 * max(1, line // 2))
    _polygon(canvas, points, DOUBTFUL, -1)
    # A bar and a dot, as in an exclamation mark.
    cv2.line(canvas, _at(x, y - 0.5 * reach), _at(x, y + 0.1 * reach), PAPER, max(1, round(size / 5)), cv2.LINE_AA, FINE)
    cv2.circle(canvas, _at(x, y + 0.42 * reach), _at(max(0.6, size / 10))[0], PAPER, -1, cv2.LINE_AA, FINE)


def _axis(canvas: np.ndarray, axis: Axis, box, place, unit: float) -> None:
    """Small triangles inside the plot at the ticks that the scale rests on; outside stand their labels."""
    size = 0.55 * unit
    across, inside = ((1, 0), (0, -1)) if axis.name == "x" else ((0, 1), (1 if axis.name == "y" else -1, 0))
    for tick in axis.points()[:200]:
        x, y = place(*spot(axis, box, tick.pixel))
        points = ((x + 2 * size * inside[0], y + 2 * size * inside[1]),
                  (x - size * across[0], y - size * across[1]), (x + size * across[0], y + size * across[1]))
        _polygon(canvas, points, PAPER, max(2, round(unit / 3)))
        _polygon(canvas, points, AXIS, -1)


def _font(size: int):
    """matplotlib's own sans serif; Pillow's where that is not there."""
    spec = importlib.util.find_spec("matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = os.path.join(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
        if os.path.exists(path):
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


def _captioned(canvas: np.ndarray, found, trusted: int, doubtful: int, placeless: int) -> np.ndarray:
    """The picture above a strip that says what the marks are and how many there are."""
    height, width = canvas.shape[:2]
    letters = int(np.clip(round(width / 50), 12, 64))
    font = _font(letters)
    parts = [("trusted", f"{trusted} borne out by the picture"), ("doubtful", f"{doubtful} to check")]
    if placeless:
        parts[1] = ("doubtful", f"{doubtful} to check ({placeless} without a place)")
    if found:
        parts.append(("axis", "ticks of the scale"))
    icon, gap, margin = 1.5 * letters, 1.6 * letters, 0.9 * letters
    lines: list[list[tuple[str, str, float]]] = [[]]
    x = margin
    for kind, said in parts:
        wide = icon + font.getlength(said) + gap
        if lines[-1] and x + wide - gap > width - margin:
            lines.append([])
            x = margin
        lines[-1].append((kind, said, x))
        x += wide
    step = 1.75 * letters
    strip = np.full((round(len(lines) * step + letters), width, 3), 255, np.uint8)
    strip[: max(1, letters // 12)] = (205, 205, 205)
    sample = 0.5 * letters
    for row, line in enumerate(lines):
        y = 0.5 * letters + (row + 0.5) * step
        for kind, _said, x in line:
            _sample(strip, kind, x + 0.5 * letters, y, sample)
    text = Image.fromarray(strip)
    pen = ImageDraw.Draw(text)
    for row, line in enumerate(lines):
        y = 0.5 * letters + (row + 0.5) * step
        for _kind, said, x in line:
            pen.text((x + icon, y), said, INK, font, anchor="lm")
    return np.vstack([canvas, np.asarray(text)])


def _sample(strip: np.ndarray, kind: str, x: float, y: float, size: float) -> None:
    if kind == "axis":
        points = ((x, y - 0.7 * size), (x - 0.75 * size, y + 0.6 * size), (x + 0.75 * size, y + 0.6 * size))
        _polygon(strip, points, AXIS, -1)
        return
    _mark(strip, x, y, kind == "doubtful", size)
