"""What is drawn in the plot area: colours of the data, and which pixels carry each of them.

All coordinates are pixel centres of the picture; the area is a crop whose corner is ``left, top``."""

from __future__ import annotations

import cv2
import numpy as np

VIVID = 30  # difference of the channels from which a colour is no gray


class Ink:
    """The plot area of a picture, a little beyond its box (bars and lines may reach past the last grid line)."""

    def __init__(self, picture: np.ndarray, box, texts: list[tuple[float, float, float, float]],
                 legend: list[tuple[tuple[float, float, float, float], tuple[int, int, int]]], samples=(), paper=None):
        height, width = picture.shape[:2]
        x, y, w, h = box
        extra = 0.06 * max(w, h)
        self.left, self.top = max(0, int(x - extra)), max(0, int(y - extra))
        right, bottom = min(width, int(x + w + extra) + 2), min(height, int(y + h + extra) + 2)
        self.area = picture[self.top : bottom, self.left : right].astype(np.int16)
        self.inner = (int(x) - self.left, int(y) - self.top, int(x + w) - self.left + 1, int(y + h) - self.top + 1)
        self.ground = self._ground(paper)
        self._hide_legend([((a - self.left, b - self.top, c, d), rgb) for (a, b, c, d), rgb in legend])
        for a, b, c, d in samples:
            self._paint((a - self.left - 1, b - self.top - 1, c + 2, d + 2))
        self.texts = []
        for a, b, c, d in texts:
            place = (a - self.left, b - self.top, c, d)
            if self._is_inside(place):
                self.texts.append(place)
            else:  # names and ticks beside the plot are no data
                self._paint(place)

    def _is_inside(self, place) -> bool:
        x0, y0, x1, y1 = self.inner
        return x0 <= place[0] + place[2] / 2 <= x1 and y0 <= place[1] + place[3] / 2 <= y1

    def _paint(self, place) -> None:
        x, y, w, h = place
        self.area[max(0, int(y - 1)) : max(0, int(y + h + 2)), max(0, int(x - 1)) : max(0, int(x + w + 2))] = self.ground

    def _plot(self) -> np.ndarray:
        x0, y0, x1, y1 = self.inner
        inside = self.area[max(0, y0) : y1, max(0, x0) : x1]
        return inside if inside.size else self.area

    def _ground(self, paper) -> np.ndarray:
        """The ground of the plot: the paper's colour where it shows, else what runs along the plot's rim."""
        inside = self._plot()
        if paper is not None and (np.abs(inside - np.array(paper)).max(axis=2) <= 10).mean() > 0.15:
            return np.array(paper, np.int16)
        rim = np.concatenate([inside[2:5].reshape(-1, 3), inside[:, 2:5].reshape(-1, 3),
                              inside[:, -5:-2].reshape(-1, 3)])
        return _commonest(rim if len(rim) else inside.reshape(-1, 3))

    def _hide_legend(self, entries) -> None:
        """Paints legend entries over: their samples are no data."""
        for (x, y, w, h), rgb in entries:
            a, b = max(0, int(y - 3)), max(0, int(y + h + 4))
            # The sample stands left of its text, or right; as far as that colour goes on around it.
            for start, stop in ((x - 6 * h - 8, x - 1), (x + w + 1, x + w + 6 * h + 8)):
                c, d = max(0, int(start)), max(0, int(stop))
                strip = self.area[a:b, c:d]
                if strip.size:
                    strip[np.abs(strip - np.array(rgb)).max(axis=2) < 90] = self.ground
            self._paint((x, y, w, h))

    def colours(self, known: list) -> list[np.ndarray]:
        """Colours that carry data: the known ones, and others that are drawn and are no blend or grid."""
        pixels = self._plot().reshape(-1, 3)
        offset = pixels - self.ground
        far = np.abs(offset).max(axis=1) > 40
        vivid = far & (np.ptp(pixels, axis=1) >= VIVID) & (np.ptp(offset, axis=1) >= VIVID)
        chosen = [np.array(one, float) for one in known]
        chosen = self._clusters(pixels[vivid], chosen, max(10, 0.0003 * len(pixels)))
        if not chosen and far.any():
            grays = self._clusters(pixels[far], [], max(12, 0.0006 * len(pixels)))
            chosen = sorted(grays, key=lambda one: -np.abs(one - self.ground).max())[:1]
        return chosen[:24]

    def _clusters(self, pixels: np.ndarray, known: list[np.ndarray], least: float) -> list[np.ndarray]:
        """The known colours and the commonest others. Soft edges lie on the way from the ground to a colour."""
        coarse = (pixels >> 5).astype(np.int32)
        codes, counts = np.unique((coarse[:, 0] << 6) | (coarse[:, 1] << 3) | coarse[:, 2], return_counts=True)
        found: list[tuple[np.ndarray, int]] = []
        for code, count in sorted(zip(codes.tolist(), counts.tolist()), key=lambda one: (-one[1], one[0]))[:80]:
            if count < least:
                break
            colour = self._exact(pixels, np.array([code >> 6, code >> 3 & 7, code & 7], float) * 32 + 16)
            if any(np.abs(one - colour).max() <= 44 or _along(colour, self.ground, one) for one in known):
                continue
            for place, (other, many) in enumerate(found):
                along = _along(colour, self.ground, other)
                if np.abs(other - colour).max() <= 44 or along:
                    if along and along > 1 and count > 0.4 * many:
                        found[place] = (colour, many)  # a thin line is mostly soft edge: its full colour is rarer
                    break
            else:
                found.append((colour, count))
        return known + [colour for colour, _count in found]

    @staticmethod
    def _exact(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
        near = pixels[np.abs(pixels - colour).max(axis=1) <= 24]
        return np.median(near, axis=0).astype(float) if len(near) else colour

    def masks(self, colours: list[np.ndarray]) -> list[np.ndarray]:
        """For each colour the pixels that are nearer to it than to the ground or any other colour."""
        if not colours:
            return []
        away = [_distance(self.area, self.ground)] + [_distance(self.area, colour) for colour in colours]
        owner = np.argmin(np.stack(away), axis=0)
        found = []
        for place, colour in enumerate(colours, start=1):
            reach = 0.62 * max(30.0, float(np.linalg.norm(colour - self.ground)))
            mask = (owner == place) & (away[place] < reach)
            spread = float(np.ptp(colour - self.ground))
            if spread >= VIVID:  # gray letters and lines are near to many colours, but never as colourful
                mask &= np.ptp(self.area - self.ground, axis=2) >= 0.4 * spread
            found.append(self._through_texts(mask))
        return found

    def _through_texts(self, mask: np.ndarray) -> np.ndarray:
        """The mask with texts filled in that are written upon the colour (numbers inside of bars)."""
        for x, y, w, h in self.texts:
            a, b, c, d = max(0, int(y) - 1), int(y + h) + 2, max(0, int(x) - 1), int(x + w) + 2
            patch = mask[a:b, c:d]
            if patch.size < 9 or a >= b or c >= d:
                continue
            rim = np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]])
            if rim.mean() > 0.8:
                mask[a:b, c:d] = True
        return mask

    def coverage(self, colour: np.ndarray) -> np.ndarray:
        """How much of each pixel is ink of a colour, 0 to 1: soft edges give parts of a pixel."""
        direction = (colour - self.ground).astype(np.float32)
        return np.clip((self.area - self.ground) @ direction / max(1.0, float(direction @ direction)), 0, 1)


def _distance(area: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.sqrt(((area - colour.astype(np.float32)) ** 2).sum(axis=2, dtype=np.float32))


def _commonest(pixels: np.ndarray) -> np.ndarray:
    coarse = (pixels >> 3).astype(np.int32)
    codes = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    return np.median(pixels[codes == np.bincount(codes).argmax()], axis=0).astype(np.int16)


def _along(colour: np.ndarray, ground: np.ndarray, other: np.ndarray) -> float | None:
    """How far a colour lies on the way from the ground to another (1: there); None where it lies beside."""
    span = other - ground
    along = float((colour - ground) @ span) / max(1.0, float(span @ span))
    return along if 0.0 < along < 2.5 and np.linalg.norm(ground + along * span - colour) < 30 else None


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask with the insides of closed outlines filled."""
    contours, _ = cv2.findContours(np.pad(mask.astype(np.uint8), 1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    canvas = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    cv2.drawContours(canvas, contours, -1, 1, -1)
    return canvas[1:-1, 1:-1] > 0
