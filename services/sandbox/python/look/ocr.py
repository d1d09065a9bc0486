"""Finding and reading text, in coordinates of the original picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from . import detect, models
from .image import Picture

KEEP_SHORT = 0.7  # one or two letters are easily seen in mere texture
KEEP = 0.5  # readings less sure than this are not text


@dataclass
class TextItem:
    """One printed line: text, tight ink box (pixels), turn in degrees.

    ``angle`` is 0, 90 (reads upwards) or 270 (reads downwards); ``slant`` is the
    remaining tilt in degrees, positive when the line climbs to the right.
    ``chars`` holds (character, x centre in pixels, confidence) for upright lines.
    """

    text: str
    x: float
    y: float
    w: float
    h: float
    confidence: float
    angle: int = 0
    slant: float = 0.0
    role: str = "other"
    chars: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def cx(self) -> float:
        """Horizontal centre in pixels."""
        return self.x + (self.w - 1) / 2

    @property
    def cy(self) -> float:
        """Vertical centre in pixels."""
        return self.y + (self.h - 1) / 2

    @property
    def right(self) -> float:
        """First pixel column after the box."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """First pixel row after the box."""
        return self.y + self.h

    @property
    def line_height(self) -> float:
        """Height across the reading direction, pixels."""
        return self.w if self.angle else self.h

    def box(self) -> list[int]:
        """``[x, y, w, h]`` in whole pixels."""
        return [round(self.x), round(self.y), max(1, round(self.w)), max(1, round(self.h))]


def read_all(picture: Picture) -> list[TextItem]:
    """All lines of text in the picture, top to bottom."""
    if min(picture.width, picture.height) < 8:
        return []
    items = _drop_scraps(_drop_repeats(_read_quads(picture, detect.everywhere(picture))))
    items.sort(key=lambda t: (t.y, t.x))
    return items


def read_region(picture: Picture, region: tuple[float, float, float, float], scale: float,
                turned: bool = False) -> list[TextItem]:
    """Search one rectangle ``(x0, y0, x1, y1)`` again at its own ``scale``.

    The finder overlooks lone characters in a big picture and finds them in a
    small one. With ``turned`` the rectangle is searched for text reading upwards.
    """
    x0, y0 = max(0, int(region[0])), max(0, int(region[1]))
    x1, y1 = min(picture.width, int(region[2])), min(picture.height, int(region[3]))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return []
    part = picture.full[y0:y1, x0:x1]
    if turned:
        part = np.ascontiguousarray(np.rot90(part, -1))
    # A margin of paper: text touching the rim is not found.
    rim = 12
    paper = [int(v) for v in np.median(part.reshape(-1, 3), axis=0)]
    part = cv2.copyMakeBorder(part, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=paper)
    scale = min(scale, (1_200_000 / (part.shape[0] * part.shape[1])) ** 0.5)
    quads = [quad - rim for quad in detect.in_part(part, scale)]
    if turned:
        height = y1 - y0
        quads = [detect.clockwise(np.stack([q[:, 1], height - 1 - q[:, 0]], axis=1)) for q in quads]
    quads = [np.clip(q + [x0, y0], [x0, y0], [x1 - 1, y1 - 1]).astype(np.float32) for q in quads]
    return _read_quads(picture, quads)


def merged(items: list[TextItem], more: list[TextItem]) -> list[TextItem]:
    """Both lists without repeats, top to bottom."""
    both = _drop_scraps(_drop_repeats([*items, *more]))
    both.sort(key=lambda t: (t.y, t.x))
    return both


def _read_quads(picture: Picture, quads: list[np.ndarray]) -> list[TextItem]:
    """Cut out, read (tall ones in both turns) and place every quadrangle."""
    bgr_of = _Cropper(picture.full)
    jobs: list[tuple[int, int, np.ndarray]] = []
    for index, quad in enumerate(quads):
        crop = bgr_of.quad(quad)
        height, width = crop.shape[:2]
        if height >= 1.5 * width:
            jobs.append((index, 90, np.ascontiguousarray(np.rot90(crop, -1))))
            jobs.append((index, 270, np.ascontiguousarray(np.rot90(crop, 1))))
            if height < 3 * width:
                jobs.append((index, 0, crop))
        else:
            jobs.append((index, 0, crop))
    best: dict[int, tuple[int, models.Reading]] = {}
    for (index, angle, _), reading in zip(
        jobs, models.read_lines([j[2] for j in jobs]), strict=True
    ):
        # A lone digit is taller than wide: upright wins unless clearly worse.
        rank = reading[1] + (0.05 if angle == 0 else 0.0)
        kept = best.get(index)
        if reading[0].strip() and (
            kept is None or rank > kept[1][1] + (0.05 if kept[0] == 0 else 0.0)
        ):
            best[index] = (angle, reading)
    items = []
    for index, (angle, reading) in best.items():
        if reading[1] >= (KEEP if len(reading[0].strip()) > 2 else KEEP_SHORT):
            items.append(_item(quads[index], angle, reading, bgr_of))
    return items


def _drop_scraps(items: list[TextItem]) -> list[TextItem]:
    """Leave out tick marks and dashes that were read as a letter."""
    if len(items) < 4:
        return items
    usual = float(np.median([i.line_height for i in items]))
    return [i for i in items if not (
        len(i.text) == 1 and i.text in "1lI|!-_—–'`.,:;~^" and (i.h < 0.62 * usual or i.confidence < 0.8))]


class _Cropper:
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


def _item(quad: np.ndarray, angle: int, reading: models.Reading, crop: _Cropper) -> TextItem:
    text, confidence, chars = reading
    low, high = quad.min(axis=0), quad.max(axis=0)
    run = quad[1] - quad[0]
    slant = 0.0 if angle else float(np.degrees(np.arctan2(-run[1], run[0])))
    # The finder's rectangle wobbles on short words; only long lines show small tilts.
    long_line = np.linalg.norm(run) > 4 * np.linalg.norm(quad[3] - quad[0])
    slant = slant if abs(slant) > (3 if long_line else 14) else 0.0
    x0, y0, x1, y1 = (float(v) for v in (*low, *(high + 1)))
    placed = []
    if angle == 0:
        placed = [(c, x0 + place * (x1 - x0), sure) for c, place, sure in chars]
    if not slant:
        x0, y0, x1, y1 = tighten(crop.rgb, x0, y0, x1, y1)
    return TextItem(text.strip(), x0, y0, x1 - x0, y1 - y0, confidence, angle, slant, chars=placed)


def tighten(rgb: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> tuple[float, ...]:
    """Shrink a loose box to the ink inside it (pixels, end exclusive)."""
    left, top = max(0, int(x0)), max(0, int(y0))
    patch = rgb[top : int(np.ceil(y1)), left : int(np.ceil(x1))].astype(np.int16)
    if patch.shape[0] < 4 or patch.shape[1] < 3:
        return x0, y0, x1, y1
    flat = patch.reshape(-1, 3)
    paper = np.median(flat, axis=0)
    ink = np.abs(patch - paper).max(axis=2)
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


def _drop_repeats(items: list[TextItem]) -> list[TextItem]:
    """Where two boxes cover the same ink, the surer and longer reading stays."""
    kept: list[TextItem] = []
    for item in sorted(items, key=lambda t: -t.confidence * t.w * t.h):
        for other in kept:
            width = min(item.right, other.right) - max(item.x, other.x)
            height = min(item.bottom, other.bottom) - max(item.y, other.y)
            if width > 0 and height > 0 and width * height > 0.6 * item.w * item.h:
                break
        else:
            kept.append(item)
    return kept


def read_boxes(picture: Picture, boxes: list[tuple[float, float, float, float]],
               enlarge: float = 1.0) -> list[models.Reading]:
    """Read rectangles ``(x0, y0, x1, y1)`` that are known to hold one line each.

    The line is cut tightly with a small margin, optionally enlarged smoothly
    first, which is how a doubtful reading gets a second, independent look.
    """
    crops = []
    for box in boxes:
        x0, y0, x1, y1 = tighten(picture.full, *box)
        margin = max(2.0, 0.18 * (y1 - y0))
        x0, y0 = max(box[0] - 2, x0 - margin, 0), max(box[1] - 2, y0 - margin, 0)
        x1 = min(box[2] + 2, x1 + margin, picture.width)
        y1 = min(box[3] + 2, y1 + margin, picture.height)
        crop = _Cropper(picture.full).box(x0, y0, max(x1, x0 + 2), max(y1, y0 + 2))
        if enlarge != 1.0:
            crop = cv2.resize(crop, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)
        crops.append(crop)
    return models.read_lines(crops)
