"""Diagrams: boxes with words, and the lines and arrows between them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from . import pixels
from .ocr import TextItem
from .palette import Colour

_MOST = 80  # boxes; more is something else
_HEAD = 1.7  # times a plain line's ink that an arrow's head has at its end
_SURE = 0.85  # words read with less confidence are doubtful


@dataclass
class Node:
    """A box. ``box`` is its outline (x, y, w, h), ``shape`` rectangle, ellipse, diamond or other, ``ground`` its colour
    inside."""

    box: tuple[int, int, int, int]
    shape: str
    ground: Colour
    texts: list[TextItem] = field(default_factory=list)


@dataclass
class Edge:
    """A line between two boxes (indices), from ``path[0]`` to ``path[-1]``; arrows at either end. ``doubt`` says why it
    may not join these two."""

    start: int
    end: int
    path: list[tuple[float, float]]
    arrows: tuple[bool, bool]
    label: list[TextItem] = field(default_factory=list)
    doubt: str | None = None


@dataclass
class Diagram:
    """All of it; ``loose`` are drawn lines that join no two boxes."""

    nodes: list[Node]
    edges: list[Edge]
    loose: list[list[tuple[float, float]]]


def find(rgb: np.ndarray, items: list[TextItem], paper: Colour) -> Diagram | None:
    """Boxes and what joins them, or None where there are not two boxes with words and a line between boxes."""
    off = pixels.apart(rgb, paper)
    level, _ = cv2.threshold(off[off > 14].reshape(-1, 1), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU) \
        if (off > 14).any() else (0, None)
    ink = (off > np.clip(0.8 * level, 22, 90)).astype(np.uint8)
    _without_texts(ink, items)
    if not 0 < ink.mean() < 0.5:
        return None
    wide = _stroke(ink)
    nodes = _nodes(rgb, ink, items, wide)
    named = sum(bool(n.texts) for n in nodes)
    if not 2 <= len(nodes) <= _MOST or named < max(2, 0.5 * len(nodes)):
        return None
    edges, loose = _joints(ink, nodes, wide)
    if not edges:
        return None
    _label(edges, nodes, items)
    return Diagram(nodes, edges, loose)


def _without_texts(ink: np.ndarray, items: list[TextItem]) -> None:
    """Takes letters away: on paper their place becomes blank, on a coloured box part of it."""
    for item in items:
        x, y, w, h = item.box()
        x0, y0, x1, y1 = max(0, x - 1), max(0, y - 1), x + w + 1, y + h + 1
        rim = np.concatenate([ink[y0, x0:x1], ink[min(y1, len(ink)) - 1, x0:x1], ink[y0:y1, x0]])
        ink[y0:y1, x0:x1] = 1 if rim.size and rim.mean() > 0.6 else 0


def _stroke(ink: np.ndarray) -> float:
    """How wide lines usually are, pixels."""
    edge = cv2.distanceTransform(ink, cv2.DIST_L2, 3)
    thin = edge[(edge > 0) & (edge < 6)]
    return float(np.clip(4 * np.median(thin) - 2, 1.0, 9.0)) if thin.size else 1.0


def _nodes(rgb: np.ndarray, ink: np.ndarray, items: list[TextItem], wide: float) -> list[Node]:
    """Closed outlines, and solid shapes, of box size."""
    size = 2 * round(wide / 2) + 3
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    shapes = [c for c, t in zip(contours, tree[0], strict=True) if t[3] >= 0] if tree is not None else []
    reach = max(9, round(5 * wide)) | 1
    solid = cv2.morphologyEx(np.pad(ink, reach), cv2.MORPH_OPEN, np.ones((reach, reach), np.uint8))
    solid = np.ascontiguousarray(solid[reach:-reach, reach:-reach])
    shapes += cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    found: list[Node] = []
    for contour in sorted(shapes, key=cv2.contourArea, reverse=True):
        x, y, w, h = cv2.boundingRect(contour)
        area, hull = cv2.contourArea(contour), cv2.contourArea(cv2.convexHull(contour))
        if min(w, h) < 12 or area < 300 or w * h > 0.4 * ink.size or area < 0.88 * hull:
            continue
        inside = [i for i in items if x <= i.cx < x + w and y <= i.cy < y + h and i.w < 1.1 * w]
        shape = _shape(area / (w * h), contour)
        if shape == "other" or (not inside and area > 0.06 * ink.size):
            continue  # a loop that lines close around paper
        if any(_inside((x, y, w, h), n.box) for n in found):
            continue
        if sum(i.w * i.h for i in inside) < 0.015 * w * h and area > 0.03 * ink.size:
            continue
        found.append(Node((x, y, w, h), shape, _ground(rgb, x, y, w, h), sorted(inside, key=lambda i: (i.cy, i.x))))
    found.sort(key=lambda n: (round((n.box[1] + n.box[3] / 2) / 40), n.box[0]))
    return found


def _inside(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Whether a's middle lies within b."""
    x, y = a[0] + a[2] / 2, a[1] + a[3] / 2
    return b[0] <= x <= b[0] + b[2] and b[1] <= y <= b[1] + b[3]


def _shape(fill: float, contour: np.ndarray) -> str:
    """By the share of the upright rectangle around it that a shape fills: 1, pi / 4 or 1 / 2."""
    if fill > 0.86:
        return "rectangle"
    if 0.7 < fill <= 0.86:
        return "ellipse"
    corners = cv2.approxPolyDP(contour, 0.06 * cv2.arcLength(contour, True), True)
    return "diamond" if 0.42 < fill <= 0.62 and len(corners) == 4 else "other"


def _ground(rgb: np.ndarray, x: int, y: int, w: int, h: int) -> Colour:
    part = rgb[y + h // 5 : y + h - h // 5, x + w // 5 : x + w - w // 5].reshape(-1, 3)
    values, counts = pixels.counted(part)
    return tuple(int(v) for v in values[counts.argmax()])


def _joints(ink: np.ndarray, nodes: list[Node], wide: float):
    """Edges, and lines that join nothing."""
    owner = np.zeros(ink.shape, np.uint8)
    rim = round(wide) + 3
    for number, node in enumerate(nodes, start=1):
        _fill(owner, node, number, rim)
    free = ink * (owner == 0)
    reach = max(11, round(4 * wide)) | 1
    near = cv2.dilate(owner, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=8)
    edges: list[Edge] = []
    loose = []
    for k in range(1, count):
        x, y, w, h, area = stats[k]
        if max(w, h) < max(8, 3 * wide) or area < 6 * wide:
            continue
        ys, xs = np.nonzero(labels[y : y + h, x : x + w] == k)
        at = np.stack([xs + x, ys + y], axis=1)
        ends = _ends(at, near, nodes)
        if len(ends) < 2:
            if max(w, h) > 0.04 * max(ink.shape):
                loose.append(_straightened(_way(at, at[at.sum(axis=1).argmin()], at[at.sum(axis=1).argmax()])))
            continue
        deep = cv2.distanceTransform(np.pad((labels[y : y + h, x : x + w] == k).astype(np.uint8), 1), cv2.DIST_L2, 3)
        own = max(1.0, 4 * float(np.median(deep[1:-1, 1:-1][ys, xs])) - 2)
        much = {node: _ink_at(at, place, min(own, 2 * wide)) for node, place in ends.items()}
        # A wavering hand thickens every end a little, a head one of them much more.
        heads = {node: share > _HEAD and share > 0.75 * max(much.values()) for node, share in much.items()}
        edges += _pairs(at, ends, heads)
    return edges, loose


def _fill(owner: np.ndarray, node: Node, number: int, rim: int) -> None:
    x, y, w, h = node.box
    middle = (round(x + w / 2), round(y + h / 2))
    if node.shape == "ellipse":
        cv2.ellipse(owner, middle, (w // 2 + rim, h // 2 + rim), 0, 0, 360, number, -1)
    elif node.shape == "diamond":
        reach = round(1.5 * rim)
        points = [(x - reach, middle[1]), (middle[0], y - reach), (x + w + reach, middle[1]), (middle[0], y + h + reach)]
        cv2.fillPoly(owner, [np.array(points, np.int32)], number)
    else:
        cv2.rectangle(owner, (x - rim, y - rim), (x + w + rim - 1, y + h + rim - 1), number, -1)


def _ends(at: np.ndarray, near: np.ndarray, nodes: list[Node]) -> dict[int, np.ndarray]:
    """Where a line comes nearest to each box that it reaches."""
    found = {}
    touched = near[at[:, 1], at[:, 0]]
    for number in np.unique(touched[touched > 0]):
        x, y, w, h = nodes[number - 1].box
        mine = at[touched == number]
        away = np.hypot(np.maximum(np.maximum(x - mine[:, 0], mine[:, 0] - x - w), 0),
                        np.maximum(np.maximum(y - mine[:, 1], mine[:, 1] - y - h), 0))
        found[int(number) - 1] = mine[away <= away.min() + 1].mean(axis=0)
    return found


def _ink_at(at: np.ndarray, place: np.ndarray, wide: float) -> float:
    """The ink around an end, in that of a plain line."""
    reach = max(9.0, 5 * wide)
    return float((np.hypot(*(at - place).T) < reach).sum() / ((reach + 1) * wide))


def _pairs(at: np.ndarray, ends: dict[int, np.ndarray], heads: dict[int, bool]) -> list[Edge]:
    """Which ends of one drawn shape belong together."""
    names = list(ends)
    if len(names) == 2:
        a, b = names if not heads[names[0]] or heads[names[1]] else names[::-1]
        return [_edge(at, a, b, ends, heads)]
    starts, targets = [n for n in names if not heads[n]], [n for n in names if heads[n]]
    straight = sorted(((_covered(at, ends[a], ends[b]), a, b) for i, a in enumerate(names) for b in names[i + 1 :]),
                      reverse=True)
    used: set[int] = set()
    found = []
    for share, a, b in straight:  # lines that cross
        if share > 0.93 and a not in used and b not in used and len(names) % 2 == 0:
            a, b = (b, a) if heads[a] and not heads[b] else (a, b)
            found.append(_edge(at, a, b, ends, heads))
            used |= {a, b}
    if len(used) == len(names):
        return found
    if len(starts) == 1 and targets:
        return [_edge(at, starts[0], b, ends, heads) for b in targets]
    if len(targets) == 1:
        return [_edge(at, a, targets[0], ends, heads) for a in starts]
    doubt = f"Lines between {len(names)} boxes run together; which belong together is not sure."
    return [_edge(at, names[0], b, ends, heads, doubt) for b in names[1:]]


def _covered(at: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Share of the straight way between two ends that is drawn."""
    low, high = at.min(axis=0) - 3, at.max(axis=0) + 4
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    mask[at[:, 1] - low[1], at[:, 0] - low[0]] = 1
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    steps = np.linspace(a - low, b - low, max(8, int(np.hypot(*(a - b)))))
    return float(mask[steps[:, 1].round().astype(int), steps[:, 0].round().astype(int)].mean())


def _edge(at, a: int, b: int, ends, heads, doubt: str | None = None) -> Edge:
    return Edge(a, b, _straightened(_way(at, ends[a], ends[b])), (heads[a], heads[b]), doubt=doubt)


def _way(at: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A shortest way through drawn pixels from near one place to near another."""
    known = {(int(x), int(y)) for x, y in at}
    first, last = (tuple(int(v) for v in at[np.hypot(*(at - place).T).argmin()]) for place in (start, end))
    before: dict[tuple[int, int], tuple[int, int] | None] = {first: None}
    queue = deque([first])
    while queue and last not in before:
        x, y = queue.popleft()
        for step in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1), (x + 1, y + 1), (x - 1, y - 1), (x + 1, y - 1),
                     (x - 1, y + 1)):
            if step in known and step not in before:
                before[step] = (x, y)
                queue.append(step)
    way, here = [], last if last in before else first
    while here is not None:
        way.append(here)
        here = before[here]
    return np.array(way[::-1])


def _straightened(way: np.ndarray) -> list[tuple[float, float]]:
    """The corners of a way that is drawn by hand or in steps of pixels; upright and level where it nearly is."""
    long = float(np.hypot(*np.diff(way, axis=0).T).sum()) if len(way) > 1 else 0.0
    bent = cv2.approxPolyDP(way.reshape(-1, 1, 2).astype(np.int32), max(4.0, 0.045 * long), False).reshape(-1, 2)
    corners = [tuple(float(v) for v in corner) for corner in bent]
    for k in range(len(corners) - 1):
        (x0, y0), (x1, y1) = corners[k], corners[k + 1]
        if abs(x1 - x0) < 0.14 * abs(y1 - y0):
            corners[k + 1] = (x0, y1)
        elif abs(y1 - y0) < 0.14 * abs(x1 - x0):
            corners[k + 1] = (x1, y0)
    return corners


def _label(edges: list[Edge], nodes: list[Node], items: list[TextItem]) -> None:
    """Gives words beside a line to it."""
    inside = {id(i) for n in nodes for i in n.texts}
    for item in items:
        if id(item) in inside or item.angle:
            continue
        ranked = sorted(((_away(item, e), k) for k, e in enumerate(edges)))
        if ranked and ranked[0][0] < 1.8 * item.h + item.w / 2:
            edges[ranked[0][1]].label.append(item)


def _away(item: TextItem, edge: Edge) -> float:
    """Distance of a text's middle from a line."""
    best = float("inf")
    for (x0, y0), (x1, y1) in zip(edge.path, edge.path[1:]):
        long = (x1 - x0) ** 2 + (y1 - y0) ** 2
        part = np.clip(((item.cx - x0) * (x1 - x0) + (item.cy - y0) * (y1 - y0)) / long, 0, 1) if long else 0.0
        best = min(best, float(np.hypot(item.cx - x0 - part * (x1 - x0), item.cy - y0 - part * (y1 - y0))))
    return best


def words(texts: list[TextItem]) -> list[dict]:
    """Each word with its line, how sure it is, and whether that is too little."""
    found = []
    for line, item in enumerate(sorted(texts, key=lambda i: (round(i.cy / max(1.0, 0.7 * i.h)), i.x))):
        sure = iter(item.chars if [c for c, _x, _s in item.chars if c != " "] == [c for c in item.text if c != " "] else [])
        for word in item.text.split():
            own = []
            while len(own) < len(word) and (one := next(sure, None)) is not None:
                own += [one[2]] if one[0] != " " else []
            confidence = min([item.confidence, *own])
            found.append({"text": word, "line": line, "confidence": round(float(confidence), 3),
                          "uncertain": bool(confidence < _SURE)})
    return found


def as_json(found: Diagram) -> dict:
    """As it stands in the evidence."""
    nodes = [{"id": f"n{k}", "shape": n.shape, "box": list(n.box), "rgb": list(n.ground), "words": words(n.texts)}
             for k, n in enumerate(found.nodes, start=1)]
    edges = [{"from": f"n{e.start + 1}", "to": f"n{e.end + 1}", "path": [[round(x, 1), round(y, 1)] for x, y in e.path],
              "arrow_start": e.arrows[0], "arrow_end": e.arrows[1], "words": words(e.label), "doubt": e.doubt}
             for e in found.edges]
    return {"nodes": nodes, "edges": edges,
            "loose": [[[round(x, 1), round(y, 1)] for x, y in path] for path in found.loose]}
