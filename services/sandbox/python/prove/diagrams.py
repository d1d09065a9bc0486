"""Diagrams that were drawn again: is every box and every line where it is said to be?"""

from __future__ import annotations

import cv2
import numpy as np

from .claims import Claim
from .reading import items, number, numbers, text

REACH = 4  # pixels beside a line in which its ink may lie: lines of hand-drawn pictures waver
COVER = 0.8  # share of a line or outline that must be drawn


def claims_of(told: dict) -> list[Claim]:
    """The boxes and lines of a delivered diagram.json."""
    found = []
    for node in items(told.get("nodes"))[:200]:
        box = numbers(node.get("box"))
        if len(box) != 4 or None in box:
            continue
        x, y, w, h = box
        claim = Claim("box", text(node.get("id")) or "", text(node.get("text"), 200) or "", "words",
                      px=(x + w / 2, y + h / 2), box=(x, y, w, h))
        _unsure(claim, node)
        found.append(claim)
    for edge in items(told.get("edges"))[:400]:
        path = [numbers(point) for point in edge.get("path") or [] if isinstance(point, list)]
        path = [point for point in path if len(point) == 2 and None not in point][:50]
        at = f"{text(edge.get('from')) or '?'} to {text(edge.get('to')) or '?'}"
        claim = Claim("line", at, text(edge.get("text"), 200) or "", "way")
        if len(path) >= 2:
            half = len(path) // 2
            claim.px = tuple(float(np.mean([path[half - 1][side], path[half][side]])) for side in (0, 1))
            claim.way = path
        if edge.get("doubt"):
            claim.doubt(text(edge.get("doubt"), 300) or "")
        _unsure(claim, edge)
        found.append(claim)
    return found


def _unsure(claim: Claim, said: dict) -> None:
    words = [word for one in said.get("uncertain") or [] if (word := text(one, 60))]
    if words:
        claim.doubt(f"Hard to read: {', '.join(words[:5])}.")


def prove(picture: np.ndarray, evidence: dict, claims: list[Claim]) -> tuple[list[Claim], int]:
    """Looks for ink along every line, and for an edge around every box; and how many boxes that the look saw are missing."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    paper = np.median(lab.reshape(-1, 3), axis=0)
    drawn = (np.linalg.norm(lab - paper, axis=2) > 14).astype(np.uint8)
    edges = cv2.Canny(gray, 40, 120)
    near = cv2.distanceTransform(1 - np.maximum(drawn, (edges > 0).astype(np.uint8)), cv2.DIST_L2, 5)
    rims = cv2.distanceTransform((edges == 0).astype(np.uint8), cv2.DIST_L2, 5)
    for claim in claims:
        if claim.box is not None:
            _along(claim, rims, _outlines(claim.box), "No box is drawn there.")
        elif claim.way:
            _along(claim, near, [_points(claim.way)], "No line is drawn along this way.")
        else:
            claim.doubt("It has no place on the picture.")
    seen = items((evidence.get("diagram") or {}).get("nodes"))
    places = [claim.box for claim in claims if claim.box]
    missing = sum(not any(_holds(box, numbers(node.get("box"))) for box in places) for node in seen)
    return claims, missing


def _holds(box, other: list) -> bool:
    if len(other) != 4 or None in other:
        return True
    x, y = other[0] + other[2] / 2, other[1] + other[3] / 2
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


def _outlines(box) -> list[np.ndarray]:
    """Places along the rectangle, ellipse and diamond that a box may be."""
    x, y, w, h = box
    turn = np.linspace(0, 2 * np.pi, 200)
    oval = np.stack([x + w / 2 + w / 2 * np.cos(turn), y + h / 2 + h / 2 * np.sin(turn)], axis=1)
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
    sharp = [(x + w / 2, y), (x + w, y + h / 2), (x + w / 2, y + h), (x, y + h / 2), (x + w / 2, y)]
    return [_points(corners), oval, _points(sharp)]


def _points(path) -> np.ndarray:
    """Places along a line with corners, a pixel or so apart."""
    parts = [np.linspace(a, b, max(2, int(np.hypot(b[0] - a[0], b[1] - a[1])))) for a, b in zip(path, path[1:])]
    return np.concatenate(parts)


def _along(claim: Claim, away: np.ndarray, ways: list[np.ndarray], reason: str) -> None:
    best = 0.0
    for way in ways:
        xs = np.clip(way[:, 0].round().astype(int), 0, away.shape[1] - 1)
        ys = np.clip(way[:, 1].round().astype(int), 0, away.shape[0] - 1)
        far = away[ys, xs]
        share = float((far <= REACH).mean())
        if share > best:
            best, claim.residual = share, number(float(np.median(far)))
    if best < COVER:
        claim.doubt(reason)
