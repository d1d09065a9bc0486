"""Pictures that the look made fit before it measured (turned upright, rectified, evened out, smoothed): the same is
done here, so that places agree, and places are taken back to the original."""

from __future__ import annotations

import cv2
import numpy as np

from .reading import MAX_PIXELS, number, numbers, table

STRONGEST = 20.0  # levels of smoothing
SMOOTHED = 4_000_000  # pixels; smoothing more thoroughly takes too long beyond


class Frame:
    """The picture that places in the evidence mean, and the way back to the original."""

    def __init__(self, original: np.ndarray, evidence: dict):
        self.picture, self._back = original, None
        said = table(evidence.get("prepared"))
        matrix = [numbers(row) for row in said.get("matrix")] if isinstance(said.get("matrix"), list) else []
        size = numbers(said.get("size"))
        if len(matrix) != 3 or any(len(row) != 3 or None in row for row in matrix) or len(size) != 2 or None in size:
            return
        forth = np.array(matrix, float)
        width, height = (int(v) for v in size)
        if not (0 < width * height <= MAX_PIXELS and 0 < width <= 32_000 and 0 < height <= 32_000):
            return
        if abs(np.linalg.det(forth)) < 1e-12:
            return
        fill = numbers(said.get("fill"))
        rim = tuple(int(v) for v in fill) if len(fill) == 3 and None not in fill else (255, 255, 255)
        ready = original
        if (width, height) != (original.shape[1], original.shape[0]) or not np.allclose(forth, np.eye(3)):
            ready = cv2.warpPerspective(original, forth, (width, height), flags=cv2.INTER_CUBIC, borderValue=rim)
            self._back = np.linalg.inv(forth)
        self.picture = _smoothed(_lit(ready, numbers(said.get("light"))), number(said.get("strength")))

    def back(self, x: float, y: float) -> tuple[float, float]:
        """The place in the original of a place in the evidence."""
        if self._back is None:
            return float(x), float(y)
        a, b, c = self._back @ (x, y, 1.0)
        return (float(a / c), float(b / c)) if abs(c) > 1e-9 else (float(x), float(y))


def _lit(picture: np.ndarray, light: list[float | None]) -> np.ndarray:
    """The picture under the brightest of its light everywhere; ``light`` is a surface of log brightness."""
    if len(light) != 5 or None in light or max(map(abs, light)) > 5:
        return picture
    a, b, c, d, e = light
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in picture.shape[:2])
    surface = a * x[None] + b * y[:, None] + c * x[None] ** 2 + d * x[None] * y[:, None] + e * y[:, None] ** 2
    return np.clip(picture * np.exp(surface.max() - surface)[..., None] + 0.5, 0, 255).astype(np.uint8)


def _smoothed(picture: np.ndarray, strength: float | None) -> np.ndarray:
    """Without the noise that the look measured. Colours are not settled as there: what is measured stays the picture's."""
    if not strength or strength <= 0:
        return picture
    if picture.shape[0] * picture.shape[1] > SMOOTHED:
        return cv2.medianBlur(picture, 3)
    return cv2.fastNlMeansDenoisingColored(picture, None, min(strength, STRONGEST), min(strength, STRONGEST), 5, 15)
