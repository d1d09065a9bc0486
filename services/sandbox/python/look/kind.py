"""Deciding what kind of picture this is, with reasons in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .axes import Axes
from .diagram import Diagram
from .marks import Marks
from .ocr import TextItem
from .pie import Pie
from .table import Table

NAMES = ("table", "bar", "line", "scatter", "pie", "diagram", "text", "photo", "other")


@dataclass
class Evidence:
    """Everything the decision rests on."""

    rgb: np.ndarray
    uniform: bool
    items: list[TextItem]
    axes: Axes | None
    marks: Marks | None
    table: Table | None
    pie: Pie | None
    scale: float
    texture: tuple[float, float]  # of the picture as it came, see ``texture``
    diagram: Diagram | None = None
    restored: bool = False  # noise or smear was taken away, and a drawing came out


@dataclass
class Kind:
    """The decision; ``scores`` are independent strengths from 0 to 1."""

    name: str
    confidence: float
    scores: dict[str, float]
    reasons: list[str]


def decide(seen: Evidence) -> Kind:
    """Weigh the evidence. The strongest kind wins; confidence shrinks with its rival."""
    scores = dict.fromkeys(NAMES, 0.0)
    why: dict[str, list[str]] = {name: [] for name in NAMES}
    scores["other"] = 0.2
    why["other"].append("Nothing seen is typical of a chart, table, text page or photo.")
    flat, tones = seen.texture
    drawn = 1.0 if seen.restored else flat
    _text(seen, drawn, scores, why)
    _table(seen, scores, why)
    _pie(seen, scores, why)
    _chart(seen, drawn, scores, why)
    _photo(seen, flat, tones, scores, why)
    _diagram(seen, scores, why)
    ranked = sorted(scores, key=lambda n: -scores[n])
    first, second = scores[ranked[0]], scores[ranked[1]]
    confidence = first * (1.0 - 0.5 * (second / first) ** 2) if first else 0.0
    return Kind(ranked[0], round(confidence, 2), {n: round(scores[n], 2) for n in NAMES}, why[ranked[0]])


def texture(rgb: np.ndarray) -> tuple[float, float]:
    """Share of pixels equal to their right neighbour, and how many gray tones occur.

    Drawn pictures are mostly flat and use few tones; camera pictures are neither.
    """
    step = max(1, int((rgb.shape[0] * rgb.shape[1] / 600_000) ** 0.5))
    rows = rgb[::step]
    if rows.shape[1] < 2:
        return 1.0, 0.0
    red, green, blue = (c[:, 1:] == c[:, :-1] for c in cv2.split(rows))
    flat = float((red & green & blue).mean())
    tones = np.bincount(rgb[::step, ::step, 1].ravel(), minlength=256) / rgb[::step, ::step, 1].size
    return flat, float((tones > 0.0008).sum() / 256)


def _text(seen: Evidence, flat: float, scores: dict, why: dict) -> None:
    height, width = seen.rgb.shape[:2]
    area = height * width / seen.scale**2
    lines = [i for i in seen.items if len(i.text) >= 2 and i.confidence > 0.6]
    words = sum(len(i.text.split()) for i in lines)
    long_lines = [i for i in lines if len(i.text) >= 18 or len(i.text.split()) >= 4]
    cover = sum(i.w * i.h for i in lines) / area
    if not lines:
        return
    share = sum(len(i.text) for i in long_lines) / max(1, sum(len(i.text) for i in lines))
    score = min(0.9, 0.32 + 0.05 * len(long_lines) + 0.9 * cover) * (0.35 + 0.65 * share)
    if words < 6 or len(long_lines) < 2:
        score *= 0.5
        if cover > 0.12 and flat > 0.5:
            score = max(score, 0.4)
    if seen.axes is not None and (seen.axes.numeric or (seen.marks and seen.marks.ink > 0.02)):
        score *= 0.4
    scores["text"] = score
    why["text"].append(f"{len(lines)} lines of text with {words} words cover {cover:.0%} of the picture.")
    if share > 0.6:
        why["text"].append("Most of them are long lines, as in running text or code.")


def _table(seen: Evidence, scores: dict, why: dict) -> None:
    table = seen.table
    if table is None:
        return
    rows, columns = len(table.rows) - 1, len(table.columns) - 1
    covered = sum(len(i.text) for i in table.items) / max(1, sum(len(i.text) for i in seen.items))
    score = (0.62 if table.ruled else 0.42) + 0.3 * table.filled * min(1.0, covered + 0.2)
    score += 0.05 if rows >= 3 and columns >= 3 else 0.0
    if not table.ruled:
        score += 0.12 * (table.filled > 0.85) + 0.08 * (rows >= 4)
        if covered < 0.5:
            score *= 0.6
    if seen.axes is not None and seen.axes.numeric:
        score *= 0.45 if not table.ruled else 0.8
    scores["table"] = min(0.98, score)
    edge = "ruled lines form" if table.ruled else "aligned text forms"
    why["table"].append(f"{edge.capitalize()} {rows} rows and {columns} columns.")
    why["table"].append(f"{table.filled:.0%} of the cells hold text.")


def _diagram(seen: Evidence, scores: dict, why: dict) -> None:
    found = seen.diagram
    if found is None:
        return
    named = sum(bool(n.texts) for n in found.nodes)
    inside = sum(len(i.text) for n in found.nodes for i in n.texts)
    beside = sum(len(i.text) for e in found.edges for i in e.label)
    covered = (inside + beside) / max(1, sum(len(i.text) for i in seen.items))
    scores["diagram"] = min(0.95, 0.5 + 0.05 * min(5, named) + 0.04 * min(5, len(found.edges))) * min(1.0, covered + 0.35)
    why["diagram"].append(f"{len(found.nodes)} boxes, {named} with words, are joined by {len(found.edges)} lines.")


def _pie(seen: Evidence, scores: dict, why: dict) -> None:
    pie = seen.pie
    if pie is None or pie.agreement < 0.6:
        return
    scores["pie"] = min(0.97, 0.45 + 0.5 * pie.agreement + 0.02 * min(4, len(pie.shares)))
    if not seen.uniform:
        scores["pie"] *= 0.5
    if seen.axes is not None and seen.axes.numeric == 2:
        scores["pie"] *= 0.3
    why["pie"].append(f"A disc is divided into {len(pie.shares)} sectors of even colour.")


def _chart(seen: Evidence, flat: float, scores: dict, why: dict) -> None:
    axes, marks = seen.axes, seen.marks
    if axes is None or marks is None:
        return
    base = (0.5, 0.78, 0.86)[axes.numeric]
    if flat < 0.45 and not seen.uniform:
        base *= 0.5
    told = (f"A plot area with {len(axes.x.ticks)} tick labels on x and {len(axes.y.ticks)} on y "
            f"({axes.numeric} of the two axes have a number scale).")
    for name in ("bar", "line", "scatter"):
        why[name].append(told)
    category = "category" in (axes.x.scale, axes.y.scale)
    if marks.ink > 0.9 or (marks.colours >= 8 and marks.ink > 0.8):
        scores["other"] = max(scores["other"], 0.6)
        why["other"] = [told, "The plot area is filled throughout, as in a heat map or an image."]
        base *= 0.45
    bars = marks.bar_share
    count = len(marks.rectangles)
    if bars > 0.35 and (count >= 2 or marks.steps >= 2 or category or (count and bars > 0.8)):
        scores["bar"] = base * (0.62 + 0.38 * min(1.0, bars * 1.15)) + (0.06 if category else 0.0)
        lie = "upright" if marks.upright else "lying"
        why["bar"].append(f"{count} {lie} rectangles of equal thickness on a common base make up "
                          f"{bars:.0%} of what is drawn." if count else
                          f"Touching bars form a stepped outline with {marks.steps} flat tops.")
    if marks.floating and bars < 0.35:
        scores["other"] = max(scores["other"], 0.55)
        why["other"] = [told, "Rectangles of equal width float without a common base, as in a box plot."]
    if marks.lines and marks.line_reach > 0.1:
        # Whiskers and error bars are short; curves span a good part of the plot.
        strength = 0.62 + 0.38 * min(1.0, marks.line_reach / 0.6) if marks.line_reach > 0.2 else 0.4
        if bars > 0.35:
            strength *= 0.55
        many_dots = marks.dots >= 12 and marks.dots > 8 * marks.lines
        scores["line"] = base * strength * (0.75 if many_dots else 1.0)
        why["line"].append(f"{marks.lines} thin curve(s) span up to {marks.line_reach:.0%} of the plot width.")
    if marks.areas and not scores["line"]:
        scores["line"] = base * (0.75 if bars < 0.35 else 0.5)
        why["line"].append("A filled area with an uneven upper edge spans the plot.")
    if marks.dots >= 3:
        strength = 0.55 + 0.45 * min(1.0, marks.dots / 12)
        if bars > 0.35:
            strength *= 0.5
        if marks.lines and marks.line_reach > 0.3:
            strength *= 0.7 if marks.dots < 12 or marks.dots <= 8 * marks.lines else 0.98
        if axes.numeric < 2:
            strength *= 0.9
        scores["scatter"] = base * strength
        why["scatter"].append(f"{marks.dots} separate small marks of similar size lie in the plot area.")
    if not any(scores[n] > 0.36 for n in ("bar", "line", "scatter")):
        scores["other"] = max(scores["other"], 0.45)
        why["other"] = [told, "What is drawn inside is neither bars, nor curves, nor points."]


def _photo(seen: Evidence, flat: float, tones: float, scores: dict, why: dict) -> None:
    height, width = seen.rgb.shape[:2]
    if min(height, width) < 16:
        return
    printed = [i for i in seen.items if len(i.text) >= 3 and i.confidence > 0.8]
    cover = sum(i.w * i.h for i in printed) * seen.scale**2 / (height * width)
    score = 0.95 * min(1.0, max(0.0, (0.82 - flat) / 0.2)) * min(1.0, tones / 0.2)
    if tones > 0.35 and not seen.uniform:
        score = max(score, 0.6)
    if seen.uniform:
        score *= 0.75
    score *= max(0.25, 1.0 - 3.5 * cover)
    if seen.restored:
        score *= 0.7  # what is left when noise is gone tells drawings from photos better than the noise did
    if seen.axes is not None and seen.axes.numeric == 2:
        score *= 0.3
    scores["photo"] = score
    why["photo"].append(f"Only {flat:.0%} of neighbouring pixels are equal and {tones:.0%} of all gray tones "
                        "occur, as in a camera picture.")
