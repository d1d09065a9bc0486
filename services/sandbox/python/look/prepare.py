"""Making a damaged picture fit for looking: upright, evenly lit, without noise. Clean ones are left alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import palette, restore, straighten

CLEAN = 0.6  # a drawing has at least this share of equal neighbours; what has less was photographed or is noisy
SMEARED = 0.04  # a drawing has less than this share of neighbours that differ by a few levels only
DRAWN = 0.7  # share of pixels that a drawing, once restored, has in a few plain colours
WORK_PIXELS = 3_000_000  # restoring more gains nothing and takes long


@dataclass
class Prepared:
    """What was done to the picture; everything is measured on the result.

    ``matrix`` (3 x 3) takes a pixel of the original to one of the result, ``size`` is the
    result's width and height, ``fill`` the colour beyond the original's rim. ``light``
    (see ``restore.light``) was evened out, noise smoothed with ``strength`` (levels) and
    pixels near ``colours`` (rgb) given those exactly; each None where it was not done.
    """

    matrix: np.ndarray
    size: tuple[int, int]
    fill: tuple[int, int, int]
    light: list[float] | None = None
    strength: float | None = None
    colours: list[list[int]] | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_restored(self) -> bool:
        """True when pixels were changed, not only moved."""
        return self.strength is not None

    def back(self, x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
        """A box of the result as the upright box around it in the original."""
        corners = np.array([[[x, y]], [[x + w, y]], [[x + w, y + h]], [[x, y + h]]], np.float64)
        points = cv2.perspectiveTransform(corners, np.linalg.inv(self.matrix))[:, 0]
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return float(x0), float(y0), float(x1 - x0), float(y1 - y0)

    def json(self) -> dict:
        """As it stands in the evidence."""
        return {"matrix": [[float(f"{v:.9g}") for v in row] for row in self.matrix], "size": list(self.size),
                "fill": list(self.fill), "light": self.light, "strength": self.strength, "colours": self.colours}


def prepare(rgb: np.ndarray) -> tuple[np.ndarray, Prepared | None]:
    """The picture to look at, and what was done to it (None: nothing, it is the same array)."""
    if min(rgb.shape[:2]) < 60:
        return rgb, None
    equal, nearly = restore.unequal(rgb)
    if equal >= CLEAN:
        return _drawn(rgb, nearly)
    return _photographed(rgb)


def _drawn(rgb: np.ndarray, nearly: float) -> tuple[np.ndarray, Prepared | None]:
    """A picture whose areas are even: it may have been turned, or smeared by strong compression."""
    angle = straighten.tilt(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    done = None
    if angle:
        done = _turned(np.eye(3), angle, rgb.shape[1], rgb.shape[0], palette.background(rgb)[0])
        rgb = _warped(rgb, done)
    if nearly >= SMEARED:
        better, colours, strength = _restored(rgb, None)
        if better is not None:
            done = done or _untouched(rgb)
            done.strength, done.colours = strength, colours
            done.notes += ("The picture is smeared, as by strong compression; it was smoothed before measuring.",)
            rgb = better
    return rgb, done


def _photographed(rgb: np.ndarray) -> tuple[np.ndarray, Prepared | None]:
    """A noisy picture, or the photograph of a screen or sheet; left alone when no drawing comes out."""
    height, width = rgb.shape[:2]
    shrink = min(1.0, (WORK_PIXELS / (width * height)) ** 0.5)
    matrix, size, notes = np.diag([shrink, shrink, 1.0]), (round(width * shrink), round(height * shrink)), ()
    corners = straighten.screen(rgb)
    if corners is not None:
        matrix, (wide, high) = straighten.rectified(corners * shrink)
        matrix = matrix @ np.diag([shrink, shrink, 1.0])
        size, notes = (wide, high), ("A screen or sheet was found in the photograph; it was straightened and cut out.",)
    done = Prepared(matrix, size, (255, 255, 255), notes=notes)
    flat = _warped(rgb, done)
    angle = straighten.tilt(cv2.cvtColor(cv2.medianBlur(flat, 3), cv2.COLOR_RGB2GRAY))
    if angle:
        done = _turned(matrix, angle, *size, palette.background(flat)[0], notes)
        flat = _warped(rgb, done)
    done.light = restore.light(flat)
    if done.light:
        flat = restore.lit_evenly(flat, done.light)
        done.notes += ("The light was uneven; it was evened out.",)
    better, done.colours, done.strength = _restored(flat, restore.noise(flat))
    if better is None:
        return rgb, None
    done.notes += ("The picture is noisy; it was smoothed before measuring.",)
    return better, done


def _restored(rgb: np.ndarray, level: float | None) -> tuple[np.ndarray | None, list[list[int]] | None, float | None]:
    """Smoothed against noise of ``level`` (None: smear) and settled on plain colours, with those colours and
    the strength used; None when no drawing comes out."""
    strength = round(min(20.0, max(3.0, 0.9 * (level or 0.0))), 1)
    smooth = restore.smoothed(rgb, strength)
    colours, share = restore.plain_colours(smooth)
    if share < DRAWN:
        return None, None, None
    better = restore.settled(smooth, colours)
    if level is not None:  # strong compression adds rules of its own beside every edge
        better = restore.faint_rules(rgb, better, level)
    return better, colours.tolist(), strength


def _untouched(rgb: np.ndarray) -> Prepared:
    return Prepared(np.eye(3), (rgb.shape[1], rgb.shape[0]), (255, 255, 255))


def _turned(matrix: np.ndarray, angle: float, width: int, height: int, fill: tuple, notes: tuple = ()) -> Prepared:
    turn, size = straighten.turn(angle, width, height)
    side = "left" if angle > 0 else "right"
    said = f"The picture leans to the {side} by {abs(angle):.1f} degrees; it was turned upright before measuring."
    return Prepared(turn @ matrix, size, tuple(int(v) for v in fill), notes=(*notes, said))


def _warped(rgb: np.ndarray, done: Prepared) -> np.ndarray:
    """The picture in its new frame."""
    if done.size == (rgb.shape[1], rgb.shape[0]) and np.array_equal(done.matrix, np.eye(3)):
        return rgb
    return cv2.warpPerspective(rgb, done.matrix, done.size, flags=cv2.INTER_CUBIC,
                               borderMode=cv2.BORDER_CONSTANT, borderValue=done.fill)
