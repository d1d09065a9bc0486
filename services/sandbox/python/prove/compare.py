"""How alike a redrawn picture and its original look: structure (SSIM) and colours."""

from __future__ import annotations

import cv2
import numpy as np

from .reading import items, number, numbers, table

WIDTH = 512  # pixels to which both are brought
TALLEST = 2048
BINS = 8  # of each channel


def pixels(picture: np.ndarray, evidence: dict, other: np.ndarray, figure: dict) -> dict:
    """``ssim`` (0 to 1) of both in gray, ``colour_cosine`` (0 to 1) of their colours without the ground.

    Where both plot areas are known these are laid on each other, so that another margin costs nothing.
    """
    boxes = _plot_box(evidence, picture), _figure_box(figure, other)
    if all(boxes):
        picture, other = (_cut(p, box) for p, box in zip((picture, other), boxes))
    height = int(np.clip(round(picture.shape[0] * WIDTH / picture.shape[1]), 16, TALLEST))
    one, two = (cv2.resize(p, (WIDTH, height), interpolation=cv2.INTER_AREA) for p in (picture, other))
    gray = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (one, two)]
    return {"ssim": round(ssim(*gray), 4), "colour_cosine": round(colour_cosine(one, two), 4)}


def _cut(picture: np.ndarray, box) -> np.ndarray:
    x, y, w, h = (int(round(v)) for v in box)
    return picture[max(0, y) : y + h, max(0, x) : x + w]


def _plot_box(evidence: dict, picture: np.ndarray):
    box = numbers(table(evidence.get("axes")).get("plot_box"))
    if len(box) == 4 and None not in box and min(box[2:]) >= 16:
        x, y, w, h = box
        if 0 <= x and 0 <= y and x + w <= picture.shape[1] + 1 and y + h <= picture.shape[0] + 1:
            return box
    return None


def _figure_box(figure: dict, picture: np.ndarray):
    """The first plot area of a figure in pixels of its picture; None where it was cropped or is a pie."""
    if not figure or figure.get("cropped"):
        return None
    for axes in items(figure.get("axes")):
        share = numbers(axes.get("position"))
        if axes.get("role") == "plot" and len(share) == 4 and None not in share:
            left, bottom, width, height = share
            box = (left * picture.shape[1], (1 - bottom - height) * picture.shape[0],
                   width * picture.shape[1], height * picture.shape[0])
            inside = -1 <= box[0] and -1 <= box[1] and box[0] + box[2] <= picture.shape[1] + 1
            return box if inside and min(box[2:]) >= 16 else None
    return None


def ssim(one: np.ndarray, two: np.ndarray) -> float:
    """Structural similarity of two gray pictures of one size (Wang et al. 2004), not below 0."""
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def mean(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    a, b = mean(one), mean(two)
    spread_a, spread_b = mean(one * one) - a * a, mean(two * two) - b * b
    both = mean(one * two) - a * b
    score = (2 * a * b + low) * (2 * both + high) / ((a * a + b * b + low) * (spread_a + spread_b + high))
    return float(np.clip(score.mean(), 0, 1))


def colour_cosine(one: np.ndarray, two: np.ndarray) -> float:
    """Cosine of the histograms of what is not ground; 1 where both are ground alone."""
    a, b = _histogram(one), _histogram(two)
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    if size == 0:
        return 1.0 if not a.any() and not b.any() else 0.0
    return float(np.clip(a @ b / size, 0, 1))


def _histogram(picture: np.ndarray) -> np.ndarray:
    flat = picture.reshape(-1, 3)
    coarse = (flat >> 4).astype(np.int32)
    codes = (coarse[:, 0] << 8) | (coarse[:, 1] << 4) | coarse[:, 2]
    ground = np.median(flat[codes == np.bincount(codes).argmax()], axis=0)
    drawn = flat[np.abs(flat.astype(np.int16) - ground).max(axis=1) > 32]
    found, _edges = np.histogramdd(drawn, bins=(BINS,) * 3, range=((0, 256),) * 3)
    # A colour near the edge of a bin is also a little of the next one.
    soft = found.copy()
    for axis in range(3):
        soft += 0.25 * (np.roll(found, 1, axis) + np.roll(found, -1, axis))
    return soft.ravel()


def wanted(evidence: dict) -> dict:
    """Kind, title, labels, ticks, legend and texts of the picture, as the look read them."""
    from .reading import text

    axes = table(evidence.get("axes"))
    sides = {side: table(axes.get(side)) for side in ("x", "y")}
    return {
        "kind": text(table(evidence.get("kind")).get("name")),
        "title": text(evidence.get("title"), 300),
        "labels": {side: text(one.get("label")) for side, one in sides.items()},
        "ticks": {side: _texts(tick.get("text") for tick in items(one.get("ticks"))) for side, one in sides.items()},
        "legend": _texts(one.get("text") for one in items(evidence.get("legend"))),
        "texts": _texts(one.get("text") for one in items(evidence.get("text"))),
    }


def redraw_of_figure(figure: dict, kind: str | None) -> dict:
    """The same of a figure that was drawn."""
    from .claims import plots
    from .reading import text

    shown = plots(figure)
    first = max(shown, key=lambda one: len(items(one.get("series"))), default={})
    sides = {side: table(first.get(side)) for side in ("x", "y")}
    entries = [entry for held in (table(first.get("legend")), *items(figure.get("legends")))
               for entry in items(held.get("entries"))]
    legend = _texts(entry.get("label") for entry in entries)
    title = text(first.get("title"), 300) or text(figure.get("title"), 300)
    ticks = {side: _texts(_listed(table(one.get("ticks")).get("labels"))) for side, one in sides.items()}
    labels = {side: text(one.get("label")) for side, one in sides.items()}
    written = _texts(one.get("text") for held in (first, figure) for one in items(held.get("texts")))
    every = [title, *labels.values(), *ticks["x"], *ticks["y"], *legend, *written]
    return {"source": "figure", "kind": kind, "title": title, "labels": labels, "ticks": ticks, "legend": legend,
            "texts": [one for one in every if one]}


def _listed(value) -> list:
    return value if isinstance(value, list) else []


def _texts(values) -> list[str]:
    from .reading import text

    return [said for value in list(values)[:500] if (said := text(value, 300))]


def fit(figure: dict, kind: str | None, evidence: dict) -> float:
    """How well a figure fits the picture, to choose among several: kind, title, ticks."""
    want, got = wanted(evidence), redraw_of_figure(figure, kind)
    score = 2.0 * (kind == want["kind"])
    score += 1.0 * bool(got["title"] and got["title"] == want["title"])
    for side in ("x", "y"):
        shared = set(want["ticks"][side]) & set(got["ticks"][side])
        score += len(shared) / max(1, len(want["ticks"][side]))
    values = sum(len(one.get("heights") or one.get("y") or one.get("slices") or ()) for axes in items(figure.get("axes"))
                 for one in items(axes.get("series"))
                 if isinstance(one.get("heights") or one.get("y") or one.get("slices") or (), list))
    return score + (number(min(values, 100)) or 0) / 1000
