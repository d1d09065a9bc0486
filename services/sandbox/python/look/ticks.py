"""Tick labels of one axis, the tick marks they belong to, and the axis fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import dates, numerals
from . import fit as fitting
from .ocr import TextItem

CLEAR = 0.5  # by how much one way to hang slanted labels onto marks must be better than any other (see ``_hang``)
UNCLEAR = 0.5  # how sure a label is that may belong to another mark


@dataclass
class Tick:
    """One labelled tick; ``pixel`` is its place along the axis, original pixels."""

    text: str
    pixel: float
    confidence: float
    items: list[TextItem]
    value: float | None = None
    marked: bool = False
    centre: float = 0.0


@dataclass
class Axis:
    """One axis. ``side`` is left, right, bottom or top; ``scale`` linear, log, date, category or None."""

    side: str
    ticks: list[Tick]
    scale: str | None = None
    fit: fitting.Fit | None = None
    label: str | None = None
    label_items: list[TextItem] = field(default_factory=list)
    offset_items: list[TextItem] = field(default_factory=list)
    factor: float = 1.0
    marks: list[float] = field(default_factory=list)

    @property
    def quality(self) -> float:
        """How convincing this is as an axis: agreeing ticks count double."""
        return (2.0 * len(self.fit.inliers) if self.fit else 0.0) + 0.5 * len(self.ticks)


def build(side: str, groups: list[list[TextItem]], marks: list[list[float]], length: float,
          typical: float, notes: list[str]) -> Axis:
    """Make an axis from label groups (one per tick) and candidate mark positions.

    ``marks`` holds several alternative lists of positions (outer ticks, inner
    ticks, grid lines); the list that explains most labels is used. ``length`` is
    the plot's extent along the axis and ``typical`` the label height, pixels.
    """
    along = 0 if side in ("bottom", "top") else 1
    ticks = [_tick(group, along) for group in groups]
    ticks.sort(key=lambda t: t.centre)
    slanted = any(abs(i.slant) > 14 for g in groups for i in g)
    axis = Axis(side, ticks, marks=_snap(ticks, marks, typical, slanted))
    numeric = [t for t in ticks if numerals.parse_lenient(t.text) is not None]
    strict = [t for t in ticks if numerals.looks_numeric(t.text)]
    if len(numeric) >= 2 and len(strict) >= 0.5 * len(ticks):
        tolerance = max(1.6, 0.006 * length)
        if not all(t.marked for t in ticks):
            tolerance = max(tolerance, 0.25 * typical)
        _fit(axis, tolerance, notes)
    if axis.fit is None and len(ticks) >= 3:
        _fit_dates(axis, max(2.5, 0.3 * typical), notes)
    if axis.fit is None and ticks:
        if len(strict) < 0.5 * len(ticks):
            axis.scale = "category"
        elif len(ticks) > 1:
            notes.append(f"The numbers on the {side} axis do not follow a straight or "
                         "logarithmic scale; it was not fitted.")
    return axis


def _tick(group: list[TextItem], along: int) -> Tick:
    ordered = sorted(group, key=lambda i: (round(i.cy / max(4, i.h * 0.6)), i.x))
    text = " ".join(i.text for i in ordered)
    if not numerals.looks_numeric(text):
        text = text.rstrip("-–—_ |") or text  # a tick mark caught with the label
    low = min((i.x, i.y)[along] for i in group)
    high = max((i.right, i.bottom)[along] for i in group)
    middle = (low + high - 1) / 2
    return Tick(text, middle, min(i.confidence for i in group), list(group), centre=middle)


def _snap(ticks: list[Tick], marks: list[list[float]], typical: float, slanted: bool) -> list[float]:
    """Move every tick from its label's centre onto the mark it belongs to.

    Returns the list of marks that explained the labels best, or nothing.
    """
    if not ticks:
        return []
    if slanted:
        return _hang(ticks, marks, typical)
    gaps = [b.centre - a.centre for a, b in zip(ticks, ticks[1:], strict=False)]
    reach = max(2.5, 0.6 * typical)
    if gaps:
        reach = min(reach, max(2.5, 0.4 * min(gaps)))
    best: tuple[float, list[float], list[float | None]] | None = None
    for places in marks:
        if not places:
            continue
        array = np.array(places)
        chosen: list[float | None] = []
        for tick in ticks:
            nearest = float(array[np.abs(array - tick.centre).argmin()])
            chosen.append(nearest if abs(nearest - tick.centre) <= reach else None)
        hits = [abs(c - t.centre) for c, t in zip(chosen, ticks, strict=True) if c is not None]
        if not hits:
            continue
        # Many more marks than labels means texture or data, which match by luck.
        surplus = max(0.0, len(places) / len(ticks) - 2.0)
        score = len(hits) - 0.25 * surplus - 0.3 * float(np.mean(hits)) / reach
        if best is None or score > best[0] + 1e-9:
            best = (score, places, chosen)
    if best is None or sum(c is not None for c in best[2]) < max(1, 0.5 * len(ticks)):
        return []
    for tick, place in zip(ticks, best[2], strict=True):
        if place is not None:
            tick.pixel, tick.marked = place, True
    return best[1]


def _hang(ticks: list[Tick], marks: list[list[float]], typical: float) -> list[float]:
    """Move slanted labels onto their marks: each hangs from its end, its middle or its beginning,
    all in the same way, so one shift must bring nearly all of them onto marks.
    """
    climbing = float(np.median([i.slant for t in ticks for i in t.items])) > 0
    ends = [max(i.right for i in t.items) for t in ticks], [min(i.x for i in t.items) for t in ticks]
    # Climbing text ends at its mark, falling text begins there.
    anchors = [ends[0] if climbing else ends[1], [t.centre for t in ticks]]
    ways: dict[tuple[float, ...], tuple[float, list[float], list[float]]] = {}
    for places in (p for p in marks if len(p) >= 2):
        array = np.array(sorted(places))
        # The box around slanted letters is only about where they are; marks far apart are told from each other all the same.
        reach = max(4.0, 0.45 * typical, 0.1 * float(np.median(np.diff(array))))
        surplus = max(0.0, len(places) / len(ticks) - 1.5)
        for is_middle, anchor in enumerate(map(np.array, anchors)):
            shifts = (array[None, :] - anchor[:, None]).ravel()
            for shift in shifts[np.abs(shifts) < 2.2 * typical]:
                nearest = array[np.abs(array[None, :] - (anchor + shift)[:, None]).argmin(axis=1)]
                off = np.abs(nearest - anchor - shift)
                if len(set(nearest.tolist())) < len(ticks) or (off <= reach).mean() < 0.8:
                    continue
                score = float((off <= reach).sum() - off.mean() / reach - 0.5 * abs(shift) / typical)
                score -= 0.25 * surplus + 0.5 * is_middle
                way = tuple(np.round(nearest / 3).tolist())  # the same marks, as seen in another strip
                if way not in ways or score > ways[way][0]:
                    ways[way] = score, nearest.tolist(), places
    if not ways:
        return []
    ranked = sorted(ways.values(), key=lambda way: -way[0])
    best = ranked[0]
    apart = [way for way in ranked[1:] if max(abs(a - b) for a, b in zip(way[1], best[1], strict=True)) > 5]
    is_clear = not apart or best[0] - apart[0][0] > CLEAR
    for tick, place in zip(ticks, best[1], strict=True):
        tick.pixel, tick.marked = float(place), True
        if not is_clear:  # the labels would hang as well from other marks
            tick.confidence = min(tick.confidence, UNCLEAR)
    return best[2]


def _fit(axis: Axis, tolerance: float, notes: list[str]) -> None:
    ticks = axis.ticks
    pixels = [t.pixel for t in ticks]
    fit = fitting.fit_ticks([t.text for t in ticks], pixels, tolerance)
    centred = fitting.fit_ticks([t.text for t in ticks], [t.centre for t in ticks],
                                max(tolerance, 3.0)) if any(t.marked for t in ticks) else None
    if centred and (fit is None or len(centred.inliers) > len(fit.inliers) + 1):
        # The marks were something else; the labels' own centres agree better.
        for tick in ticks:
            tick.pixel, tick.marked = tick.centre, False
        fit = centred
    if fit is None:
        return
    axis.fit, axis.scale = fit, "log" if fit.log else "linear"
    for index, tick in enumerate(ticks):
        if index in fit.inliers:
            tick.value = fit.values[index]
            continue
        value = fitting.corrected(fit, tick.text, tick.pixel, max(tolerance, 3.0))
        if value is not None:
            tick.value = value
            notes.append(f"Tick '{tick.text}' on the {axis.side} axis was read as {value:g}, "
                         "as its neighbours demand.")
        else:
            notes.append(f"Tick '{tick.text}' on the {axis.side} axis does not fit the others "
                         "and was left out.")
    if len(fit.inliers) == 2:
        notes.append(f"The {axis.side} axis is fitted through two ticks only.")
    if not any(t.marked for t in ticks):
        notes.append(f"No tick marks or grid lines were found on the {axis.side} axis; "
                     "the centres of the labels were used.")


def _fit_dates(axis: Axis, tolerance: float, notes: list[str]) -> None:
    """Calibrate an axis of dates in days since 1970, when most labels are dates that agree."""
    ticks = axis.ticks
    found = dates.days([t.text for t in ticks], backwards=axis.side in ("left", "right"))
    if sum(v is not None for v in found) < max(3, 0.6 * len(ticks)):
        return
    fit = fitting.fit_values([t.pixel for t in ticks], found, tolerance)
    if fit is None or len(fit.inliers) < max(3, 0.6 * len(ticks)):
        return
    axis.fit, axis.scale = fit, "date"
    for index, tick in enumerate(ticks):
        if index in fit.inliers:
            tick.value = found[index]
        else:
            notes.append(f"Tick '{tick.text}' on the {axis.side} axis does not fit the other dates "
                         "and was left out.")


def peaks(strip: np.ndarray, thickest: float) -> list[float]:
    """Centres of thin marks across a strip (axis runs along the first dimension).

    ``strip`` holds gray levels, shape (length, depth). A mark must cross the
    strip's whole depth. Sub-pixel: centre of gravity of the contrast.
    """
    if strip.shape[0] < 8 or strip.shape[1] < 1:
        return []
    values = strip.astype(float)
    paper = np.median(values)
    signed = values - paper
    # The weakest pixel across the depth: a mark reaches all the way through.
    dark = np.maximum(-signed.max(axis=1), 0)
    light = np.maximum(signed.min(axis=1), 0)
    found: list[float] = []
    for contrast in (dark, light):
        top = float(np.sort(contrast)[-2:].mean())
        if top < 8:
            continue
        on = contrast > max(5.0, 0.2 * top)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            if end - start <= thickest:
                a, b = max(0, start - 1), min(len(contrast), end + 1)
                weight = contrast[a:b]
                found.append(float((weight * np.arange(a, b)).sum() / weight.sum()))
        if found:
            break
    return found
