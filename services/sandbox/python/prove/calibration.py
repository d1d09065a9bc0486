"""The axes of the picture as the look saw them: from values to pixels and back, and how far to believe them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace

import numpy as np

from . import names
from .reading import items, number, numbers, table, text

MAX_RESIDUAL = 1.5  # pixels a labelled tick may lie off a scale that is believed
SHARE = 0.002  # or this share of the axis, if that is more: large pictures are measured on smaller copies
MIN_TICKS = 3  # labelled ticks a believed scale rests on
_YEAR = re.compile(r"(?:19|20)\d\d")
SURE = 0.8  # confidence in the text of a tick from which it is believed


@dataclass
class Tick:
    """A labelled tick; ``pixel`` along the axis, ``value`` None for words."""

    text: str
    value: float | None
    pixel: float
    confidence: float


@dataclass
class Axis:
    """One axis. ``name`` is x, y or y2; value = slope * pixel + intercept, of log10(value) on a log
    scale and of days since 1970 on a date scale. ``length`` is that of the plot area in pixels."""

    name: str
    label: str | None
    scale: str | None
    ticks: list[Tick]
    length: float
    slope: float | None = None
    intercept: float | None = None
    residual: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def measured(self) -> bool:
        """Whether values have places on it."""
        return self.slope is not None

    def pixel(self, value) -> float | None:
        """Where a number (or a date's days) lies, in pixels; None where it cannot."""
        if value is None or self.slope is None:
            return None
        if self.scale == "log":
            if value <= 0:
                return None
            value = math.log10(value)
        at = (value - self.intercept) / self.slope
        return at if abs(at) < 1e7 else None

    def error(self, value: float | None, pixels: float) -> float | None:
        """What so many pixels are in units of the axis, at a value."""
        if self.slope is None or value is None:
            return None
        if self.scale != "log":
            return abs(self.slope) * pixels
        try:
            return abs(value) * (10.0 ** (abs(self.slope) * pixels) - 1)
        except OverflowError:
            return None

    def reach(self) -> tuple[float, float] | None:
        """First and last pixel that the labelled ticks vouch for: half a tick beyond the outermost."""
        at = sorted(tick.pixel for tick in self.ticks)
        if not at:
            return None
        steps = np.diff(at)
        half = 0.5 * float(np.median(steps)) if len(steps) else 0.0
        return at[0] - half - 1, at[-1] + half + 1

    def points(self) -> list[Tick]:
        """The ticks that carry a number or date, or all for words."""
        known = [tick for tick in self.ticks if tick.value is not None]
        return known or self.ticks


@dataclass
class Calibration:
    """Both axes, perhaps a second one for values, and the plot area ``box`` (x, y, w, h)."""

    box: tuple[float, float, float, float]
    x: Axis
    y: Axis
    y2: Axis | None

    def scaled(self, factor: float) -> Calibration:
        """The same of a picture that was made smaller or larger by a factor."""
        axes = [None if axis is None else _scaled(axis, factor) for axis in (self.x, self.y, self.y2)]
        return Calibration(tuple(scaled(self.box, factor)), *axes)


def scaled(box, factor: float) -> list[float]:
    """A box (x, y, w, h) in pixel centres of a picture that was scaled."""
    x, y, w, h = box
    return [(x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5, w * factor, h * factor]


def _scaled(axis: Axis, factor: float) -> Axis:
    ticks = [replace(tick, pixel=(tick.pixel + 0.5) * factor - 0.5) for tick in axis.ticks]
    other = replace(axis, ticks=ticks, length=axis.length * factor, residual=axis.residual * factor,
                    problems=list(axis.problems))
    if axis.slope is not None:
        other.slope = axis.slope / factor
        other.intercept = axis.intercept + axis.slope * (0.5 / factor - 0.5)
    return other


def read(evidence: dict) -> Calibration | None:
    """The calibration in the evidence, or None where the picture has no axes."""
    axes = table(evidence.get("axes"))
    box = numbers(axes.get("plot_box"))
    if len(box) != 4 or None in box or min(box[2:]) < 4:
        return None
    y2 = table(axes.get("y2"))
    return Calibration(
        tuple(box), _axis("x", table(axes.get("x")), box[2]), _axis("y", table(axes.get("y")), box[3]),
        _axis("y2", y2, box[3]) if y2 else None,
    )


def _axis(name: str, said: dict, length: float) -> Axis:
    ticks = []
    for one in items(said.get("ticks"))[:400]:
        pixel = number(one.get("pixel"))
        if pixel is not None:
            sure = number(one.get("confidence"))
            value = number(one.get("value")) if not isinstance(one.get("value"), str) else None
            ticks.append(Tick(text(one.get("text")) or "", value, pixel, 1.0 if sure is None else sure))
    scale = said.get("scale") if said.get("scale") in ("linear", "log", "category", "date") else None
    axis = Axis(name, text(said.get("label")), scale, ticks, length)
    fit = table(said.get("fit"))
    slope, intercept = number(fit.get("slope")), number(fit.get("intercept"))
    if slope in (None, 0.0) or intercept is None:
        if scale in ("category", "date", None) and not _dated(axis):
            axis.scale = "category" if scale == "date" else scale
        return axis
    axis.slope, axis.intercept = slope, intercept
    axis.residual = number(fit.get("max_residual_px")) or 0.0
    _judge(axis, _slack(axis))
    return axis


def _dated(axis: Axis) -> bool:
    """Makes a scale of dates from ticks that all are dates, in order. False where they are not."""
    days = [names.day(tick.text) for tick in axis.ticks]
    known = [(tick.pixel, one) for tick, one in zip(axis.ticks, days) if one is not None]
    if len(known) < 3 or len(known) < 0.7 * len(days):
        return False
    at, when = np.array(known).T
    if len(set(at)) < 2 or len(set(when)) < 2:
        return False
    slope, intercept = np.polyfit(at, when, 1)
    if slope == 0 or np.abs((when - intercept) / slope - at).max() > 4:
        return False
    for tick, one in zip(axis.ticks, days):
        tick.value = one
    axis.scale, axis.slope, axis.intercept = "date", float(slope), float(intercept)
    axis.residual = float(np.abs((when - intercept) / slope - at).max())
    _judge(axis, _slack(axis))
    return True


def _slack(axis: Axis) -> float:
    """How far ticks may lie off the scale. Months have 28 to 31 days, so monthly ticks that are drawn evenly lie off by
    up to two days."""
    when = sorted(tick.value for tick in axis.ticks if tick.value is not None)
    usual = max(MAX_RESIDUAL, SHARE * axis.length)
    if axis.scale != "date" or len(when) < 2 or min(np.diff(when)) < 28:
        return usual
    return max(usual, 2 / abs(axis.slope))


def _judge(axis: Axis, limit: float) -> None:
    """Says what keeps the scale from being believed, by the ticks themselves and not by what the fit says of itself."""
    off = [abs(at - tick.pixel) for tick in axis.ticks if tick.value is not None
           and (at := axis.pixel(tick.value)) is not None]
    on_scale = [one for one in off if one <= limit]
    sure = sum(tick.confidence >= SURE for tick in axis.ticks if tick.value is not None)
    if len(on_scale) < MIN_TICKS:
        axis.problems.append(f"The scale of the {axis.name} axis rests on only {len(on_scale)} labelled ticks.")
    elif len(on_scale) < 0.7 * len(off):
        axis.problems.append(
            f"{len(off) - len(on_scale)} of {len(off)} labelled ticks of the {axis.name} axis contradict its scale.")
    elif axis.residual > limit:
        axis.problems.append(
            f"The ticks of the {axis.name} axis lie up to {axis.residual:.1f} px off its scale.")
    elif sure < MIN_TICKS:
        axis.problems.append(f"The tick labels of the {axis.name} axis could hardly be read.")
    years = [tick.confidence for tick in axis.ticks if tick.value is not None and _YEAR.search(tick.text)]
    if axis.scale == "date" and years and max(years) < SURE:  # the others count from it: a misread one moves all of them
        axis.problems.append(f"The year on the {axis.name} axis could hardly be read.")


def categories(axis: Axis, wanted: list[str], positions: list[float]) -> dict[int, tuple[float, Tick | None]]:
    """Pixel and tick of named places, by their index.

    A name is its tick's; one that no tick bears lies where its position is among those that were
    found (their spacing is even). Names that nothing places are left out.
    """
    ticks = [tick for tick in axis.ticks if tick.text]
    met = names.pairs(wanted, [tick.text for tick in ticks])
    found: dict[int, tuple[float, Tick | None]] = {w: (ticks[t].pixel, ticks[t]) for w, t in met.items()}
    if len(found) < 2 or len(found) == len(wanted):
        return found
    at = np.array([positions[w] for w in found])
    pixels = np.array([found[w][0] for w in found])
    if np.ptp(at) == 0:
        return found
    slope, intercept = np.polyfit(at, pixels, 1)
    if np.abs(slope * at + intercept - pixels).max() > 3:
        return found
    for w, position in enumerate(positions):
        if w not in found and position is not None:
            found[w] = (float(slope * position + intercept), None)
    return found


def in_pieces(axis: Axis) -> str | None:
    """Why the labels of an axis without a scale cannot name places along a line; None where nothing speaks against it.

    Labels of a line stand at even distances, each under its own place: where two stand much closer than the others, or
    out of order, one was read in pieces, and where two say the same, neither says which place it is.
    """
    ticks = [tick for tick in axis.ticks if tick.text]
    if axis.measured or len(ticks) < MIN_TICKS:
        return None
    steps = np.diff([tick.pixel for tick in ticks])
    steps = steps if np.median(steps) >= 0 else -steps
    if steps.min() < 0.5 * np.median(steps):
        return f"The labels of the {axis.name} axis stand at uneven distances: some were read in pieces."
    if len({names.folded(tick.text) for tick in ticks}) < len(ticks):
        return f"Labels of the {axis.name} axis say the same at different places."
    return None


def spot(axis: Axis, box, pixel: float) -> tuple[float, float]:
    """Where on the axis beside a plot area ``box`` a pixel of it lies."""
    x, y, w, h = box
    return (pixel, y + h) if axis.name == "x" else (x if axis.name == "y" else x + w, pixel)


def as_json(axis: Axis, box, back) -> dict:
    """The axis as ``overlay.json`` tells it; ``back`` takes a place of the evidence to the original."""
    points = [{"pixel": round(t.pixel, 2), "value": t.value, "text": t.text,
               "px": [round(v, 2) for v in back(*spot(axis, box, t.pixel))]} for t in axis.points()[:100]]
    return {"scale": axis.scale, "label": axis.label, "points": points, "slope": axis.slope,
            "intercept": axis.intercept}
