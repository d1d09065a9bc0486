"""Sizes of counted things in the unit of a scale bar."""

from __future__ import annotations

import re

import cv2
import numpy as np

from .claims import Claim
from .reading import number, numbers, table, text

ASCII = {"µm": "um", "Å": "angstrom"}
BAR = 0.03  # share by which the bar may measure otherwise
OFF = 0.15  # share by which a diameter may be off, and
PIXELS = 3.0  # pixels that it may be off in any case


def bar_of(evidence: dict) -> dict | None:
    """``{box, length, value, unit, doubt}`` of the scale bar, or None."""
    said = table(evidence.get("scale_bar"))
    box, unit = numbers(said.get("box")), text(said.get("unit"), 8)
    length, value = number(said.get("length_px")), number(said.get("value"))
    if len(box) != 4 or None in box or not unit or not length or not value or min(length, value) <= 0:
        return None
    return {"box": box, "length": length, "value": value, "unit": unit, "doubt": text(said.get("doubt"), 300)}


def without_bar(picture: np.ndarray, evidence: dict) -> np.ndarray:
    """The picture with the ground over the scale bar and its label, which are nothing to count."""
    bar = bar_of(evidence)
    if bar is None:
        return picture
    picture = picture.copy()
    for box in (bar["box"], numbers(table(evidence.get("scale_bar")).get("text_box"))):
        if len(box) != 4 or None in box:
            continue
        x, y, w, h = (int(round(v)) for v in box)
        left, top = max(0, x - 6), max(0, y - 6)
        part = picture[top : y + h + 6, left : x + w + 6]
        if part.size:
            part[:] = np.median(np.concatenate([part[0], part[-1]]), axis=0)
    return picture


def as_json(evidence: dict, back) -> dict | None:
    """The bar as overlay.json has it: its ends on the picture."""
    bar = bar_of(evidence)
    if bar is None:
        return None
    x, y, w, h = bar["box"]
    ends = [[round(v, 2) for v in back(place, y + (h - 1) / 2)] for place in (x - 0.5, x + w - 0.5)]
    return {"px": ends, "length_px": bar["length"], "value": bar["value"], "unit": bar["unit"], "doubt": bar["doubt"]}


def read(rows: list[list[str]], evidence: dict) -> list[float | None] | None:
    """The delivered diameters in the bar's unit, in the order of the marks; None where there is no bar or no such column."""
    bar = bar_of(evidence)
    if bar is None or not rows:
        return None
    head = [cell.strip().lower() for cell in rows[0]]
    unit = bar["unit"].lower()
    wanted = {f"diameter_{unit}", f"diameter_{ASCII.get(bar['unit'], unit)}", f"diameter ({unit})"}
    column = next((k for k, name in enumerate(head) if re.sub(r"\s+", " ", name) in wanted), None)
    return None if column is None else [number(row[column]) if column < len(row) else None for row in rows[1:]]


def prove(picture: np.ndarray, evidence: dict, claims: list[Claim], sizes: list[float | None] | None,
          measured: list[float | None]) -> None:
    """Gives every mark its size in the bar's unit, and doubts what measures otherwise; the bar is measured again."""
    bar = bar_of(evidence)
    if bar is None or sizes is None or len(sizes) != len(claims):
        return
    again = _length(picture, bar["box"])
    unit = bar["value"] / bar["length"]
    for claim, size, across in zip(claims, sizes, measured):
        claim.series = f"diameter in {bar['unit']}"
        claim.value = size
        if size is None:
            continue
        claim.error = unit * PIXELS / 2
        if bar["doubt"]:
            claim.doubt(f"The scale bar is not sure: {bar['doubt']}.")
        if again is None or abs(again - bar["length"]) > max(1.5, BAR * bar["length"]):
            claim.doubt("The scale bar could not be measured again." if again is None
                        else f"The scale bar measures {again:.1f} pixels, not {bar['length']:.1f}.")
        if across is None:
            claim.doubt("It touches others, so its size could not be measured again.")
            continue
        off = abs(size / unit - across)
        claim.residual = max(claim.residual or 0.0, off / 2)
        if off > max(PIXELS, OFF * across):
            claim.doubt(f"It measures {across * unit:.3g} {bar['unit']} in the picture.")


def _length(picture: np.ndarray, box: list[float]) -> float | None:
    """How long the bar in a box is: the longest level run of one brightness, counted in pixels of half its contrast."""
    x, y, w, h = (int(round(v)) for v in box)
    left, right = max(0, x - 6), min(picture.shape[1], x + w + 6)
    part = picture[max(0, y) : y + h, left:right]
    if part.size == 0 or right - left < 10:
        return None
    gray = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY).astype(float)
    ground = float(np.median(np.concatenate([gray[:, :4].ravel(), gray[:, -4:].ravel()])))
    inner = gray[:, 6 + w // 8 : max(7 + w // 8, gray.shape[1] - 6 - w // 8)].mean(axis=1)
    row = int(np.abs(inner - ground).argmax())
    if abs(inner[row] - ground) < 25:
        return None
    runs = np.flatnonzero(np.abs(gray[row] - ground) > 0.5 * abs(inner[row] - ground))
    return float(runs[-1] - runs[0] + 1) if len(runs) else None
