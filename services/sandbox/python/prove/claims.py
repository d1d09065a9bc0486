"""Values that a run says it read: from the data of the figure it drew, or from its CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import names
from .reading import MAX_ROWS, items, number, numbers, table, text

MARKED = ("bar", "histogram", "line", "step", "scatter", "stem", "error_bars", "area")


@dataclass
class Claim:
    """One value. ``series`` and ``at`` name it as delivered.

    ``kind`` is bar, line, point. ``place`` is where it stands on the axis across its value: a number
    (or a date's days), with ``name`` where that is a word; ``start`` is where a bar begins in units of value.
    What follows is found by measuring: ``px``, ``residual``, ``error``, ``why`` (empty when trusted).
    ``box`` (x, y, w, h) is that of a text, which a mark in its middle would hide.
    """

    series: str
    at: str
    value: float | str | None
    kind: str = "line"
    place: float | None = None
    name: str | None = None
    start: float = 0.0
    lying: bool = False
    axis: str = "y"
    colour: tuple[int, int, int] | None = None
    dated: bool = False
    px: tuple[float, float] | None = None
    box: tuple[float, float, float, float] | None = None
    way: list | None = None  # the corners of a drawn line
    residual: float | None = None
    error: float | None = None
    why: list[str] = field(default_factory=list)

    def doubt(self, reason: str) -> None:
        """Notes a reason not to trust the value, once."""
        if reason not in self.why:
            self.why.append(reason)


def rgb(said) -> tuple[int, int, int] | None:
    """The colour of ``#rrggbb`` or ``#rrggbbaa``; what shines through is taken as white."""
    if not isinstance(said, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?", said):
        return None
    red, green, blue = (int(said[i : i + 2], 16) for i in (1, 3, 5))
    alpha = int(said[7:9], 16) / 255 if len(said) == 9 else 1.0
    return tuple(round(c * alpha + 255 * (1 - alpha)) for c in (red, green, blue))


def plots(figure: dict) -> list[dict]:
    """The axes of a figure that show data of their own."""
    return [one for one in items(figure.get("axes"))[:50] if one.get("role") in ("plot", None)]


def of_figure(figure: dict, notes: list[str]) -> list[Claim]:
    """The values of the first plot of a figure that has any, with those of its second value axis."""
    everything = items(figure.get("axes"))[:50]
    chosen = max(plots(figure), key=lambda axes: len(items(axes.get("series"))), default=None)
    if chosen is None:
        return []
    found = _of_axes(chosen, "y")
    place = everything.index(chosen)
    for twin in everything:
        if twin.get("role") == "twin" and twin.get("of") == place:
            found += _of_axes(twin, "y2")
    if any(one.get("truncated") for one in (figure, chosen)):
        notes.append("The figure's data was cut short; only what it holds was measured.")
    if len(found) > MAX_ROWS:
        notes.append(f"The figure has {len(found)} values; the first {MAX_ROWS} were measured.")
    return found[:MAX_ROWS]


def _of_axes(axes: dict, axis: str) -> list[Claim]:
    found: list[Claim] = []
    series = [one for one in items(axes.get("series")) if one.get("type") in MARKED][:100]
    for count, one in enumerate(series, start=1):
        name = text(one.get("label")) or ("value" if len(series) == 1 else f"series {count}")
        common = {"series": name, "axis": axis, "colour": rgb(one.get("colour"))}
        if one["type"] in ("bar", "histogram"):
            found += _bars(one, common)
        else:
            found += _points(one, common)
        if len(found) > MAX_ROWS:
            break
    return found


def _listed(value, count: int, default: float) -> list:
    """A list as long as ``count`` of what may be one value for all."""
    if isinstance(value, list):
        given = numbers(value)
        return (given + [default] * count)[:count]
    one = number(value)
    return [default if one is None else one] * count


def _bars(series: dict, common: dict) -> list[Claim]:
    lying = series.get("orientation") == "horizontal"
    heights = numbers(series.get("heights") if series["type"] == "bar" else series.get("counts"))
    bottoms = _listed(series.get("bottoms"), len(heights), 0.0)
    named = series.get("categories") if isinstance(series.get("categories"), list) else []
    if series["type"] == "histogram":
        edges, dated = _places(series.get("edges"))
        places = [None if None in pair else sum(pair) / 2 for pair in zip(edges, edges[1:])]
    else:
        places, dated = _places(series.get("positions"))
    colours = [rgb(one) for one in series["colours"]] if isinstance(series.get("colours"), list) else []
    index = series.get("colour_index") if isinstance(series.get("colour_index"), list) else []
    found = []
    for i, height in enumerate(heights):
        if height is None or i >= len(places):
            continue
        name = text(named[i]) if i < len(named) else None
        own = dict(common)
        if i < len(index) and isinstance(index[i], int) and 0 <= index[i] < len(colours):
            own["colour"] = colours[index[i]]
        found.append(Claim(at=name or _said(places[i], dated), value=height, kind="bar", place=places[i], name=name,
                           start=bottoms[i] or 0.0, lying=lying, dated=dated, **own))
    return found


def _points(series: dict, common: dict) -> list[Claim]:
    kind = "point" if series["type"] == "scatter" else "line"
    x, y = series.get("x"), series.get("y1" if series["type"] == "area" else "y")
    if not isinstance(x, list) or not isinstance(y, list):
        return []
    if series["type"] == "area":  # the curve away from the axis is the one that was read
        other = numbers(series.get("y2"))
        y = [max((a, b), key=lambda v: abs(v or 0)) for a, b in zip(numbers(y), other)] if other else y
    places, dated = _places(x)
    words = None
    if not any(place is not None for place in places):
        words, places = [text(one) for one in x[:MAX_ROWS]], [float(i) for i in range(min(len(x), MAX_ROWS))]
    found = []
    for i, (place, value) in enumerate(zip(places, numbers(y))):
        if value is None or place is None:
            continue
        name = words[i] if words else None
        found.append(Claim(at=name or _said(place, dated), value=value, kind=kind, place=place, name=name,
                           dated=dated, **common))
    return found


def _places(values) -> tuple[list[float | None], bool]:
    """Numbers of a list, or the days of its dates; whether they are dates."""
    if not isinstance(values, list):
        return [], False
    first = next((one for one in values if one is not None), None)
    if isinstance(first, str):
        days = [names.day(one) for one in values[: MAX_ROWS + 1]]
        if sum(one is not None for one in days) > 0.5 * len(days):
            return days, True
        return [None] * len(days), False  # words, even where some look like numbers
    return numbers(values[: MAX_ROWS + 1]), False


def _said(place: float | None, dated: bool) -> str:
    if place is None:
        return ""
    return (names.iso(place) or "") if dated else f"{place:.10g}"


def of_table(rows: list[list[str]], kind: str) -> list[Claim]:
    """The values of a table in long form (series, x or category, y or value) or with a column for each series."""
    if len(rows) < 2:
        return []
    head, body = rows[0], rows[1 : MAX_ROWS + 1]
    lower = [cell.strip().lower() for cell in head]

    def column(*wanted):
        return next((lower.index(name) for name in wanted if name in lower), None)

    group = column("series", "group", "name")
    across, up = column("x", "category", "label", "date", "bin"), column("y", "value", "count", "height")
    mark = {"bar": "bar", "scatter": "point"}.get(kind, "line")
    found = []
    order: dict[str, int] = {}
    for row in body:
        row = row + [""] * (len(head) - len(row))
        if across is not None and up is not None and (group is not None or len(head) == 2):
            columns = [(row[across], row[group] if group is not None else "value", row[up])]
        else:
            columns = [(row[0], head[i], row[i]) for i in range(1, len(head))]
        for at, series, said in columns:
            value = number(said)
            if value is None:
                continue
            day = names.day(at)
            place = number(at) if day is None else day
            name = at if place is None or mark == "bar" else None
            spot = order.setdefault(at, len(order))
            found.append(Claim(series=text(series) or "value", at=text(at) or "", value=value, kind=mark,
                               place=float(spot) if name and day is None else place, name=name,
                               dated=day is not None))
    return found[:MAX_ROWS]


def kind_of(figure: dict) -> str | None:
    """What a figure is, by what is drawn: bar, line, scatter, pie, table or other; None for nothing."""
    drawn = [one.get("type") for axes in items(figure.get("axes")) for one in items(axes.get("series"))]
    for name, types in (("pie", ("pie",)), ("bar", ("bar", "histogram")), ("line", ("line", "step", "area")),
                        ("scatter", ("scatter", "error_bars", "stem")), ("table", ("table",))):
        if any(one in types for one in drawn):
            return name
    return "other" if drawn else None


def doubts(claims: list[Claim], rows: list[list[str]]) -> int:
    """Makes doubtful what the script itself doubted (columns series, at, reason); how many rows met nothing."""
    if len(rows) < 2:
        return 0
    head = [cell.strip().lower() for cell in rows[0]]
    if "reason" not in head:
        return 0
    unmet = 0
    for row in rows[1:]:
        said = table(dict(zip(head, row)))
        series, at = said.get("series", "").strip(), said.get("at", "").strip()
        reason = text(said.get("reason"), 300) or "The code that read it was not sure."
        met = [claim for claim in claims if _means(series, claim.series) and _means(at, claim.at)]
        if not met and series and at:  # a lone series may bear another name in the figure
            alone = len({claim.series for claim in claims}) == 1
            met = [claim for claim in claims if alone and _means(at, claim.at)]
        for claim in met:
            claim.doubt(reason)
        unmet += not met
    return unmet


def _means(wanted: str, name: str) -> bool:
    """Whether a name of the doubts is this one; an empty one means all."""
    if not wanted or names.folded(wanted) == names.folded(name):
        return True
    one, two = number(wanted), number(name)
    if one is not None and two is not None:
        return abs(one - two) <= 1e-6 * max(abs(one), abs(two))
    one, two = names.day(wanted), names.day(name)
    return one is not None and two is not None and abs(one - two) < 0.5
