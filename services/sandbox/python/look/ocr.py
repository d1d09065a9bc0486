"""Finding and reading text, in coordinates of the original picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from . import detect, models, parallel, pixels
from .cut import Cropper, Region, tighten
from .image import Picture

KEEP_SHORT = 0.7  # one or two letters are easily seen in mere texture
KEEP = 0.5  # readings less sure than this are not text
LONG = 8.0  # times as wide as high
SURE = 0.95  # a reading this sure needs no second one


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
    cut: Region | None = None  # what was cut out and read, looser than the box

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


def read_all(picture: Picture, meanwhile: Callable) -> tuple[list[TextItem], object]:
    """All lines of text in the picture, top to bottom, and what ``meanwhile()`` gave.

    The processors have time for that other work while text is being found.
    """
    if min(picture.width, picture.height) < 8:
        return [], meanwhile()
    searches, done = detect.everywhere(picture, meanwhile)
    items: list[TextItem] = []
    # The coarser search (the last) cuts more loosely. Running text reads a little better so;
    # beside short labels a loose cut catches tick marks, so the finer cuts go before it.
    *finer, coarser = searches
    for quads in ([q for q in coarser if _is_long(q)], *finer, [q for q in coarser if not _is_long(q)]):
        items += _read_quads(picture, quads, items)
    return merged(items, []), done


def read_regions(picture: Picture, regions: list[Region], scale: float, items: list[TextItem]) -> list[TextItem]:
    """``items`` and what more is seen when rectangles are searched again at their own ``scale``.

    The finder overlooks lone characters in a big picture and finds them in a small one.
    """
    for quads in parallel.each(lambda region: _find_in(picture, region, scale), regions):
        items = merged(items, _read_quads(picture, quads, items))
    return items


def read_turned(picture: Picture, region: Region, scale: float) -> list[TextItem]:
    """What is seen in one rectangle when it is searched for text reading upwards."""
    return _read_quads(picture, _find_in(picture, region, scale, turned=True), [])


def _find_in(picture: Picture, region: Region, scale: float, turned: bool = False) -> list[np.ndarray]:
    """Quadrangles around lines of text inside one rectangle, original pixels."""
    x0, y0 = max(0, int(region[0])), max(0, int(region[1]))
    x1, y1 = min(picture.width, int(region[2])), min(picture.height, int(region[3]))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return []
    part = picture.full[y0:y1, x0:x1]
    if turned:
        part = np.ascontiguousarray(np.rot90(part, -1))
    # A margin of paper: text touching the rim is not found.
    rim = 12
    paper = [int(v) for v in pixels.middle(part)]
    part = cv2.copyMakeBorder(part, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=paper)
    scale = min(scale, (1_200_000 / (part.shape[0] * part.shape[1])) ** 0.5)
    quads = [quad - rim for quad in detect.in_part(part, scale)]
    if turned:
        height = y1 - y0
        quads = [detect.clockwise(np.stack([q[:, 1], height - 1 - q[:, 0]], axis=1)) for q in quads]
    return [np.clip(q + [x0, y0], [x0, y0], [x1 - 1, y1 - 1]).astype(np.float32) for q in quads]


def merged(items: list[TextItem], more: list[TextItem]) -> list[TextItem]:
    """Both lists without repeats, top to bottom."""
    both = _drop_scraps(_drop_repeats([*items, *more]))
    both.sort(key=lambda t: (t.y, t.x))
    return both


def _read_quads(picture: Picture, quads: list[np.ndarray], items: list[TextItem]) -> list[TextItem]:
    """Cut out, read (tall ones turned as well) and place every quadrangle.

    What is already well read in ``items`` is not read again.
    """
    quads = [quad for quad in quads if not _well_read(quad, items)]
    bgr_of = Cropper(picture.full)
    crops = [bgr_of.quad(quad) for quad in quads]
    best: dict[int, tuple[int, models.Reading]] = {}
    first, others = [], []
    for index, crop in enumerate(crops):
        height, width = crop.shape[:2]
        angles = (0,) if height < 1.5 * width else (0, 90, 270) if height < 3 * width else (90, 270)
        first.append((index, angles[0]))
        others += [(index, angle) for angle in angles[1:]]
    _read_angles(crops, first, best)
    _read_angles(crops, [(i, angle) for i, angle in others if i not in best or best[i][1][1] < SURE], best)
    items = []
    for index, (angle, reading) in best.items():
        if reading[1] >= (KEEP if len(reading[0].strip()) > 2 else KEEP_SHORT):
            items.append(_item(quads[index], angle, reading, bgr_of))
    return items


def _is_long(quad: np.ndarray) -> bool:
    """True for a line of some fifteen letters or more."""
    return bool(np.linalg.norm(quad[0] - quad[1]) > LONG * np.linalg.norm(quad[0] - quad[3]))


def _well_read(quad: np.ndarray, items: list[TextItem]) -> bool:
    """True when a sure reading covers all of the quadrangle, but for a sliver."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    sliver = 0.35 * min(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[0] - quad[1]))
    for item in items:
        # The upright rectangle around slanted text covers its neighbours as well.
        if item.cut is not None and item.confidence >= SURE and not item.slant:
            x0, y0, x1, y1 = item.cut
            if (x0 - low[0] < sliver and y0 - low[1] < sliver
                    and high[0] - x1 < sliver and high[1] - y1 < sliver):
                return True
    return False


def _read_angles(crops: list[np.ndarray], jobs: list[tuple[int, int]],
                 best: dict[int, tuple[int, models.Reading]]) -> None:
    """Read crops by (index, angle) and keep each one's best reading in ``best``."""
    turned = [np.ascontiguousarray(np.rot90(crops[index], {0: 0, 90: -1, 270: 1}[angle])) for index, angle in jobs]
    for (index, angle), reading in zip(jobs, models.read_lines(turned), strict=True):
        # A lone digit is taller than wide: upright wins unless clearly worse.
        rank = reading[1] + (0.05 if angle == 0 else 0.0)
        kept = best.get(index)
        if reading[0].strip() and (
            kept is None or rank > kept[1][1] + (0.05 if kept[0] == 0 else 0.0)
        ):
            best[index] = (angle, reading)


def _drop_scraps(items: list[TextItem]) -> list[TextItem]:
    """Leave out tick marks and dashes that were read as a letter."""
    if len(items) < 4:
        return items
    usual = float(np.median([i.line_height for i in items]))
    return [i for i in items if not (
        len(i.text) == 1 and i.text in "1lI|!-_—–'`.,:;~^" and (i.h < 0.62 * usual or i.confidence < 0.8))]


def _item(quad: np.ndarray, angle: int, reading: models.Reading, crop: Cropper) -> TextItem:
    text, confidence, chars = reading
    low, high = quad.min(axis=0), quad.max(axis=0)
    run = quad[1] - quad[0]
    slant = 0.0 if angle else float(np.degrees(np.arctan2(-run[1], run[0])))
    # The finder's rectangle wobbles on short words; only long lines show small tilts.
    long_line = np.linalg.norm(run) > 4 * np.linalg.norm(quad[3] - quad[0])
    slant = slant if abs(slant) > (3 if long_line else 14) else 0.0
    cut = x0, y0, x1, y1 = tuple(float(v) for v in (*low, *(high + 1)))
    placed = []
    if angle == 0:
        placed = [(c, x0 + place * (x1 - x0), sure) for c, place, sure in chars]
    if not slant:
        x0, y0, x1, y1 = tighten(crop.rgb, x0, y0, x1, y1)
    return TextItem(text.strip(), x0, y0, x1 - x0, y1 - y0, confidence, angle, slant, chars=placed, cut=cut)


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
        crop = Cropper(picture.full).box(x0, y0, max(x1, x0 + 2), max(y1, y0 + 2))
        if enlarge != 1.0:
            crop = cv2.resize(crop, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)
        crops.append(crop)
    return models.read_lines(crops)
