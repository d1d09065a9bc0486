"""Pictures of several charts: every panel is measured as a picture of its own, and taken back to its place."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from . import calibration, charts, claims
from .reading import items, numbers

MOST = 9
CHARTS = ("bar", "line", "scatter", "pie")


@dataclass
class Panel:
    """What was measured of one: ``corner`` is where its pixels begin in the picture, ``found`` its axes (None: none)."""

    number: int
    kind: str
    box: tuple[int, int, int, int]
    found: calibration.Calibration | None
    values: list[claims.Claim]
    missing: int = 0

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top of the panel in the picture."""
        return self.box[:2]


def measured(one, figure: dict, values_of) -> list[Panel]:
    """All panels of the run's picture. ``values_of(run, figure, axes)`` measures the values of a single chart."""
    told = items(one.evidence.get("panels"))[:MOST]
    found = []
    for number, evidence in enumerate(told, start=1):
        box = numbers(evidence.get("box"))
        if len(box) != 4 or None in box or one.picture is None:
            continue
        x, y, w, h = (max(0, int(v)) for v in box)
        part = one.picture[y : y + h, x : x + w]
        if min(part.shape[:2]) < 8:
            continue
        sub = copy.copy(one)
        sub.picture, sub.evidence, sub.kind = part, evidence, charts.text_of(evidence)
        sub.notes, sub.part = [], f"panel_{number}_"
        drawn = axes_of(figure, number, told)
        axes = sub.attempt("The axes", lambda sub=sub: calibration.read(sub.evidence))
        values, missing = sub.attempt("The values", lambda sub=sub, drawn=drawn, axes=axes: values_of(sub, drawn, axes),
                                      ([], 0))
        sub.attempt("The script's own doubts", lambda sub=sub, values=values: claims.doubts(values, sub.doubts()), 0)
        for claim in values:
            claim.series = f"panel {number}: {claim.series}"
            claim.px = claim.px and (claim.px[0] + x, claim.px[1] + y)
            claim.box = claim.box and (claim.box[0] + x, claim.box[1] + y, *claim.box[2:])
        one.notes += [f"Panel {number}: {note}" for note in sub.notes]
        if not values and sub.kind in CHARTS:
            one.notes.append(f"Panel {number} has no values.")
        found.append(Panel(number, sub.kind, (x, y, w, h), axes if sub.kind in CHARTS[:3] else None, values, missing))
    return found


def axes_of(figure: dict, number: int, told: list[dict]) -> dict:
    """The figure with only the axes that redraw one panel: those of the same title, or in the same order where there
    are as many axes as panels; empty where neither holds."""
    everything = items(figure.get("axes"))[:50]
    plots = claims.plots(figure)
    title = told[number - 1].get("title")
    named = [plot for plot in plots if title and plot.get("title") == title]
    titles = [one.get("title") for one in told]
    if len(named) == 1 and titles.count(title) == 1:
        chosen = named[0]
    elif len(plots) == len(told):
        chosen = plots[number - 1]
    else:
        return {}
    place = everything.index(chosen)
    twins = [{**one, "of": 0} for one in everything if one.get("role") == "twin" and one.get("of") == place]
    return {**figure, "axes": [chosen, *twins]}
