"""What a picture of the set is, and the list that the modules of each library add theirs to."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# What a picture shows, in the set's own words. The scorer maps the program's words to these.
KINDS = ("bar", "line", "scatter", "pie", "histogram", "table", "count", "text")


@dataclass(frozen=True)
class Picture:
    """One picture to draw: `draw` writes the file and returns its truth without kind and tags."""

    name: str
    kind: str
    library: str
    style: str
    draw: Callable[[Path, np.random.Generator], dict]
    tags: tuple[str, ...] = field(default=())


ALL: list[Picture] = []


def picture(name: str, kind: str, library: str, style: str, *tags: str):
    """Registers the decorated function as a picture. Names are unique and choose the seed."""
    if kind not in KINDS or any(other.name == name for other in ALL):
        raise ValueError(f"no new picture: {name} ({kind})")

    def register(draw):
        ALL.append(Picture(name, kind, library, style, draw, tags))
        return draw

    return register


def seeded(name: str, seed: int = 0) -> np.random.Generator:
    """The random numbers of one picture: they depend on its name and the set's seed alone, so pictures may come and go."""
    return np.random.default_rng(zlib.crc32((f"{seed}:{name}" if seed else name).encode()))


def numbers(rng: np.random.Generator, count: int, low: float, high: float, digits: int) -> list[float]:
    """Values within [low, high], rounded as somebody would have typed them."""
    return [round(float(value), digits) for value in rng.uniform(low, high, count)]


def walk(
    rng: np.random.Generator, count: int, start: float, step: float, digits: int, drift: float = 0.0
) -> list[float]:
    """A series that goes on from where it was, as measured over time."""
    steps = rng.normal(drift, step, count)
    return [round(float(value), digits) for value in start + np.cumsum(steps)]


def nice_top(value: float, ticks: int = 10) -> float:
    """Where d3 (and so Vega) ends a 'nice' axis from zero that must hold `value`."""
    power = 10 ** math.floor(math.log10(value / ticks))
    error = value / ticks / power
    step = power * (10 if error >= 50**0.5 else 5 if error >= 10**0.5 else 2 if error >= 2**0.5 else 1)
    return math.ceil(value / step - 1e-9) * step


def axis(low: float, high: float, log: bool = False) -> dict:
    """The range an axis shows; errors are stated in parts of it (of its decades, where it is logarithmic)."""
    return {"min": float(low), "max": float(high), "log": log}


def bars(categories, series: dict, value_axis: dict, *, horizontal=False, stacked=False, **texts) -> dict:
    """Truth of a bar chart. Stacked values are those of the segments, not their sums."""
    return {
        "categories": [str(category) for category in categories],
        "series": [{"name": name, "values": [float(v) for v in values]} for name, values in series.items()],
        "value_axis": value_axis,
        "horizontal": horizontal,
        "stacked": stacked,
        **texts,
    }


def lines(x, series: dict, value_axis: dict, x_axis: dict | None, x_kind: str, **texts) -> dict:
    """Truth of a line chart. `x_kind`: number or date (ISO days)."""
    return {
        "x": [float(v) if x_kind == "number" else str(v) for v in x],
        "x_kind": x_kind,
        "x_axis": x_axis,
        "series": [{"name": name, "values": [float(v) for v in values]} for name, values in series.items()],
        "value_axis": value_axis,
        **texts,
    }


def points(series: dict, x_axis: dict, value_axis: dict, **texts) -> dict:
    """Truth of a scatter chart: for each series its (x, y) pairs."""
    return {
        "series": [{"name": n, "points": [[float(x), float(y)] for x, y in pairs]} for n, pairs in series.items()],
        "x_axis": x_axis,
        "value_axis": value_axis,
        **texts,
    }


def slices(labels, values, **texts) -> dict:
    """Truth of a pie: the share of each label in per cent."""
    total = float(sum(values))
    return {"slices": [{"label": str(n), "share": 100 * float(v) / total} for n, v in zip(labels, values)], **texts}


def bins(edges, counts, value_axis: dict, **texts) -> dict:
    """Truth of a histogram: the edges of its bins and the height of each."""
    return {"edges": [float(e) for e in edges], "counts": [float(c) for c in counts], "value_axis": value_axis, **texts}
