"""Finding how a picture was turned or photographed askew, and the matrix that undoes it."""

from __future__ import annotations

import cv2
import numpy as np

MOST_TILT = 8.0  # degrees; what leans more was meant to lean
LEAST_TILT = 0.15  # degrees; turning by less blurs more than it straightens
_NEAR = 0.25  # degrees around a direction that count as the same direction
_SIDE = 1200  # longest side directions are measured on, pixels


def tilt(gray: np.ndarray) -> float:
    """Degrees by which everything straight climbs to the right; 0.0 when nothing agrees on that.

    Rules, spines, edges of bars and base lines of letters all lean by the same angle in
    a picture that was scanned askew. Where a good part of them does not lean, it was not.
    """
    shrink = min(1.0, _SIDE / max(gray.shape))
    if shrink < 1.0:
        gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    if min(gray.shape) < 40:
        return 0.0
    found = cv2.createLineSegmentDetector().detect(gray)[0]
    if found is None:
        return 0.0
    found = found.reshape(-1, 4)
    run = found[:, 2:] - found[:, :2]
    length = np.hypot(run[:, 0], run[:, 1])
    long_enough = length >= max(16.0, 0.02 * max(gray.shape))
    run, length = run[long_enough], length[long_enough]
    # Upright and lying segments lean alike: both count, as degrees from -45 to 45.
    lean = (np.degrees(np.arctan2(-run[:, 1], run[:, 0])) + 45.0) % 90.0 - 45.0
    near = np.abs(lean) <= MOST_TILT
    lean, length = lean[near], length[near]
    if length.sum() < 0.5 * max(gray.shape):
        return _tilt_of_text(gray)
    steps = np.arange(-MOST_TILT, MOST_TILT + 0.01, 0.05)
    weight = np.array([length[np.abs(lean - step) <= _NEAR].sum() for step in steps])
    best = float(steps[weight.argmax()])
    straight = length[np.abs(lean) <= LEAST_TILT].sum()
    if straight > 0.3 * weight.max() or abs(best) < LEAST_TILT:
        return 0.0
    if weight.max() < 0.4 * length.sum():
        return _tilt_of_text(gray)
    # Long segments tell the angle more exactly than their length alone gives them credit for.
    agree = np.abs(lean - best) <= _NEAR
    angle = float(np.average(lean[agree], weights=length[agree] ** 2))
    return angle if abs(angle) >= LEAST_TILT else 0.0


def _tilt_of_text(gray: np.ndarray) -> float:
    """The tilt at which rows of letters and the blanks between them part most plainly."""
    shrink = min(1.0, 700 / max(gray.shape))
    small = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    ink = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    rim = round(0.03 * max(ink.shape))
    ink[:rim] = ink[-rim:] = 0
    ink[:, :rim] = ink[:, -rim:] = 0
    height, width = ink.shape

    def parted(angle: float) -> float:
        # A shear is as good as a turn for so small angles: columns slide up or down.
        lean = np.tan(np.radians(angle))
        matrix = np.array([[1.0, 0.0, 0.0], [lean, 1.0, -lean * width / 2]])
        rows = cv2.warpAffine(ink, matrix, (width, height)).mean(axis=1)
        return float((np.diff(rows) ** 2).sum())

    coarse = np.arange(-5.0, 5.01, 0.25)
    best = max(coarse, key=parted)
    best = float(max(np.arange(best - 0.25, best + 0.26, 0.05), key=parted))
    return best if abs(best) >= 0.3 and parted(best) > 1.3 * parted(0.0) else 0.0


def turn(angle: float, width: int, height: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix that turns by ``-angle`` degrees (undoing a ``tilt``), and the size that holds all of it."""
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle, 1.0)
    bent = abs(np.sin(np.radians(angle)))
    straight = np.cos(np.radians(angle))
    size = round(width * straight + height * bent), round(height * straight + width * bent)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.vstack([matrix, [0.0, 0.0, 1.0]]), size


def screen(rgb: np.ndarray) -> np.ndarray | None:
    """The corners (top left, then clockwise) of a screen or sheet that stands before an even ground.

    None where there is no such quadrangle, or where anything lies outside of it.
    """
    shrink = min(1.0, 900 / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 5)
    height, width = small.shape[:2]
    if min(height, width) < 60:
        return None
    off, usual = _off_ground(small)
    mask = (off > max(20.0, 5.0 * usual)).astype(np.uint8)
    mask = cv2.morphologyEx(np.pad(mask, 12), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))[12:-12, 12:-12]
    mask = cv2.morphologyEx(np.ascontiguousarray(mask), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    area = cv2.contourArea(contour)
    hull = cv2.convexHull(contour)
    if not 0.25 * width * height < area < 0.985 * width * height or area < 0.97 * cv2.contourArea(hull):
        return None
    rough = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)
    if len(rough) != 4:
        return None
    corners = _sides_met(contour[:, 0].astype(np.float32), rough[:, 0].astype(np.float32))
    if corners is None or abs(cv2.contourArea(corners) - area) > 0.03 * area:
        return None
    outside = np.ones((height, width), np.uint8)
    cv2.fillConvexPoly(outside, np.round(corners).astype(np.int32), 0)
    outside = cv2.erode(outside, np.ones((7, 7), np.uint8))
    if not outside.any() or mask[outside > 0].mean() > 0.002:
        return None
    return ((_from_top_left(corners) + 0.5) / shrink - 0.5).astype(np.float32)


def _off_ground(small: np.ndarray) -> tuple[np.ndarray, float]:
    """How far every pixel is from the ground along the rim, whose light may change evenly; and its usual spread."""
    height, width = small.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    thick = max(2, min(height, width) // 60)
    rim = np.zeros((height, width), bool)
    rim[:thick] = rim[-thick:] = rim[:, :thick] = rim[:, -thick:] = True
    terms = np.stack([np.ones_like(x), x, y], axis=2)
    colours = small[rim].astype(float)
    keep = np.ones(len(colours), bool)
    plane = np.zeros((3, 3))
    for _ in range(4):
        plane = np.linalg.lstsq(terms[rim][keep], colours[keep], rcond=None)[0]
        away = np.abs(colours - terms[rim] @ plane).max(axis=1)
        keep = away <= max(6.0, 2.5 * float(np.median(away)))
    return np.abs(small - terms @ plane).max(axis=2), float(np.median(away))


def _sides_met(contour: np.ndarray, rough: np.ndarray) -> np.ndarray | None:
    """Corners where straight lines through the outline's four sides meet."""
    lines = []
    for a, b in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        along = (b - a) / max(1e-6, float(np.linalg.norm(b - a)))
        place = (contour - a) @ along
        beside = np.abs((contour - a) @ np.array([-along[1], along[0]]))
        length = float(np.linalg.norm(b - a))
        side = contour[(place > 0.06 * length) & (place < 0.94 * length) & (beside < 0.02 * length + 3)]
        if len(side) < 12:
            return None
        vx, vy, px, py = cv2.fitLine(side, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append((np.array([px, py]), np.array([vx, vy])))
    corners = []
    for (p, u), (q, v) in zip([lines[-1], *lines[:-1]], lines, strict=True):
        cross = u[0] * v[1] - u[1] * v[0]
        if abs(cross) < 0.3:
            return None
        corners.append(p + u * ((q - p)[0] * v[1] - (q - p)[1] * v[0]) / cross)
    return np.array(corners, np.float32)


def _from_top_left(corners: np.ndarray) -> np.ndarray:
    """The corners clockwise, the one nearest to the top left first."""
    middle = corners.mean(axis=0)
    around = np.arctan2(*(corners - middle).T[::-1])
    corners = corners[np.argsort(around)]
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)


def rectified(corners: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix that makes the quadrangle an upright rectangle, and the rectangle's size in pixels."""
    top, right, low, left = (float(np.linalg.norm(a - b)) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True))
    width, height = round((top + low) / 2), round((left + right) / 2)
    rim = 2.0  # pixels: the screen's own edge is a blend with the ground
    target = np.array([[-rim, -rim], [width - 1 + rim, -rim], [width - 1 + rim, height - 1 + rim],
                       [-rim, height - 1 + rim]], np.float32)
    return cv2.getPerspectiveTransform(corners, target), (width, height)
