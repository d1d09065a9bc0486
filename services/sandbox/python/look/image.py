"""Reading a PNG into 8-bit RGB, whatever its depth and transparency."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

# Measuring beyond this many pixels gains nothing and costs memory and time.
WORK_PIXELS = 4_500_000
_STRIP_ROWS = 512


class UnreadableImage(Exception):
    """The file is not a picture this program can decode."""


@dataclass
class Picture:
    """A picture ready for measuring.

    ``full`` is the original size, ``work`` is the same or a smaller copy, and
    ``scale`` is work pixels per original pixel (<= 1). Both are RGB, uint8.
    """

    full: np.ndarray
    work: np.ndarray
    scale: float
    notes: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Width of the original in pixels."""
        return self.full.shape[1]

    @property
    def height(self) -> int:
        """Height of the original in pixels."""
        return self.full.shape[0]

    def gray(self) -> np.ndarray:
        """The work copy as 8-bit luminance."""
        return cv2.cvtColor(self.work, cv2.COLOR_RGB2GRAY)


def load(path: str) -> Picture:
    """The picture in the file ``path``; see ``decode``. A file that cannot be read is unreadable too."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableImage(f"the file could not be read: {error.strerror}") from error
    return decode(data)


def decode(data: bytes) -> Picture:
    """Decode a picture file's bytes, lay transparency on white, reduce to 8-bit RGB.

    Raises ``UnreadableImage``.
    """
    rgb, notes = _rgb(data)
    work, scale = reduced(rgb)
    if scale < 1.0:
        notes.append(f"The picture is large; shapes were measured at {scale:.2f} of its size.")
    return Picture(rgb, work, scale, notes)


def reduced(rgb: np.ndarray) -> tuple[np.ndarray, float]:
    """The same array, or a copy of at most ``WORK_PIXELS`` pixels, and its scale."""
    scale = min(1.0, (WORK_PIXELS / (rgb.shape[0] * rgb.shape[1])) ** 0.5)
    if scale >= 0.999:
        return rgb, 1.0
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), scale


def _rgb(data: bytes) -> tuple[np.ndarray, list[str]]:
    """The bytes as 8-bit RGB, and what is worth saying about the way there."""
    raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if raw is None or raw.size == 0:
        raise UnreadableImage("the file could not be decoded as a picture")
    notes: list[str] = []
    if raw.dtype != np.uint8:
        raw = _to_8_bit(raw, notes)
    if raw.ndim == 3 and raw.shape[2] == 2:
        raw = np.dstack([raw[..., :1]] * 3 + [raw[..., 1:]])
    if raw.ndim == 2 or raw.shape[2] == 1:
        rgb = cv2.cvtColor(raw, cv2.COLOR_GRAY2RGB)
    elif raw.shape[2] == 4:
        rgb = _on_white(raw, notes)
    else:
        rgb = cv2.cvtColor(raw, cv2.COLOR_BGR2RGB)
    return rgb, notes


def _to_8_bit(raw: np.ndarray, notes: list[str]) -> np.ndarray:
    """Bring deeper samples down to 8 bits.

    Cameras and microscopes often store 10 to 14 bits in 16, which would come out
    nearly black; such gray pictures are stretched to their own range.
    """
    if raw.ndim == 2 and raw.dtype == np.uint16:
        low, high = (float(v) for v in np.percentile(raw[::4, ::4], (0.1, 99.9)))
        if high > low and high < 0.5 * 65535:
            notes.append(
                f"16-bit gray using only values {low:.0f} to {high:.0f}; "
                "brightness was stretched for looking."
            )
            return cv2.convertScaleAbs(
                np.clip(raw, low, high) - np.uint16(low), alpha=255.0 / (high - low)
            )
    peak = 65535.0 if raw.dtype == np.uint16 else float(np.nanmax(raw)) or 1.0
    return cv2.convertScaleAbs(raw, alpha=255.0 / peak)


def _on_white(bgra: np.ndarray, notes: list[str]) -> np.ndarray:
    """Composite on white, strip by strip so a big picture never exists in float."""
    out = np.empty((*bgra.shape[:2], 3), np.uint8)
    seen = False
    for top in range(0, bgra.shape[0], _STRIP_ROWS):
        strip = bgra[top : top + _STRIP_ROWS]
        if strip[..., 3].min() == 255:
            out[top : top + _STRIP_ROWS] = strip[..., 2::-1]
            continue
        seen = True
        alpha = strip[..., 3:4].astype(np.uint16)
        mixed = strip[..., 2::-1].astype(np.uint16) * alpha + 255 * (255 - alpha)
        out[top : top + _STRIP_ROWS] = (mixed + 127) // 255
    if seen:
        notes.append("The picture has transparent parts; it was looked at on white.")
    return out
