"""The bar in a micrograph or photo that tells how large things are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np

from .ocr import TextItem

# What is printed beside the number, and the unit that it means. OCR reads the Greek letter as u, p or n at times.
_UNITS = {"nm": "nm", "µm": "µm", "μm": "µm", "um": "µm", "mm": "mm", "cm": "cm", "dm": "dm", "m": "m", "km": "km",
          "å": "Å", "in": "in", "ft": "ft"}
_GUESSED = {"pm": "µm", "ym": "µm", "jm": "µm", "hm": "µm", "wm": "µm", "vm": "µm", "μ": "µm", "µ": "µm"}
_LABEL = re.compile(r"^[\[(|\-–—]?\s*(\d{1,5}(?:[.,]\d{1,3})?)\s*([a-zA-ZåÅµμ]{1,2})\s*[\])|\-–—.]?$")
_SURE = 0.85


@dataclass
class ScaleBar:
    """``box`` and ``text_box`` are (x, y, w, h) in pixels; ``length`` is in pixels, to parts of one."""

    box: tuple[int, int, int, int]
    length: float
    item: TextItem
    value: float
    unit: str
    doubt: str | None

    def json(self) -> dict:
        """As it stands in the evidence."""
        return {"box": list(self.box), "length_px": round(self.length, 2), "text": self.item.text,
                "text_box": self.item.box(), "value": self.value, "unit": self.unit,
                "confidence": round(self.item.confidence, 3), "doubt": self.doubt}


def meaning(text: str) -> tuple[float, str, bool] | None:
    """Number, unit, and whether the unit was guessed, of a label such as "20 µm"; None where it is none."""
    match = _LABEL.match(text.strip())
    if not match:
        return None
    value, unit = float(match[1].replace(",", ".")), match[2].lower()
    if value <= 0:
        return None
    if unit in _UNITS:
        return value, _UNITS[unit], False
    return (value, _GUESSED[unit], True) if unit in _GUESSED else None


def find(rgb: np.ndarray, items: list[TextItem]) -> ScaleBar | None:
    """The bar beside a text that is a length; the surest where there are several."""
    found = []
    for item in items:
        said = meaning(item.text) if not item.angle else None
        bar = _beside(rgb, item) if said else None
        if said is None or bar is None:
            continue
        doubts = []
        if said[2]:
            doubts.append(f"the unit was read as “{item.text.split()[-1][-2:]}” and taken as {said[1]}")
        if item.confidence < _SURE:
            doubts.append(f"the label was read with only {item.confidence:.0%} confidence")
        found.append(ScaleBar(*bar, item, said[0], said[1], "; ".join(doubts) or None))
    return max(found, key=lambda one: (one.doubt is None, one.item.confidence), default=None)


def _beside(rgb: np.ndarray, item: TextItem) -> tuple[tuple[int, int, int, int], float] | None:
    """Box and length of the nearest level bar above, below or beside a text."""
    height, width = rgb.shape[:2]
    tall = item.h
    x0, x1 = max(0, int(item.cx - 14 * tall)), min(width, int(item.cx + 14 * tall))
    y0, y1 = max(0, int(item.y - 2.6 * tall)), min(height, int(item.bottom + 2.6 * tall))
    gray = cv2.cvtColor(np.ascontiguousarray(rgb[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    ground = float(np.median(gray))
    tx, ty, tw, th = item.box()
    text = gray[max(0, ty - y0) : ty - y0 + th, max(0, tx - x0) : tx - x0 + tw]
    bright = float(text.max()) - ground > ground - float(text.min())
    level = float(text.max() if bright else text.min())
    if abs(level - ground) < 40:
        return None
    mask = (gray > (level + ground) / 2 if bright else gray < (level + ground) / 2).astype(np.uint8)
    mask[max(0, ty - y0 - 1) : ty - y0 + th + 1, max(0, tx - x0 - 1) : tx - x0 + tw + 1] = 0
    count, _labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    best = None
    for x, y, w, h, area in stats[1:count]:
        rows = mask[y : y + h, x : x + w].mean(axis=1)
        thick = int((rows > 0.9).sum())  # of a bar with end strokes, only the bar
        whole = 0 < x and x + w < x1 - x0 or (x0 == 0 or x1 == width)
        if w < 14 or not whole or not 1 <= thick <= 0.25 * w or h > 0.45 * w or area > 1.6 * thick * w + 2 * h * 4:
            continue
        away = abs(x + x0 + w / 2 - item.cx) + 2 * abs(y + y0 + h / 2 - item.cy)
        if best is None or away < best[0]:
            best = (away, (int(x + x0), int(y + y0), int(w), int(h)), _length(gray, x, y, w, rows, level, ground))
    return best and (best[1], best[2])


def _length(gray: np.ndarray, x: int, y: int, w: int, rows: np.ndarray, level: float, ground: float) -> float:
    """The bar's length to parts of a pixel: full pixels, and what its soft ends hold of its brightness."""
    full = np.flatnonzero(rows > 0.9) + y
    a, b = max(0, x - 3), min(gray.shape[1], x + w + 3)
    along = gray[full, a:b].mean(axis=0)
    inner = along[3 + w // 8 : -(3 + w // 8)] if w > 12 else along
    top = float(np.median(inner))
    return float(np.clip((along - ground) / (top - ground or 1.0), 0, 1).sum())
