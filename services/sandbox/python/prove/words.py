"""What a figure says to those who do not see it, and what keeps others from reading it."""

from __future__ import annotations

import numpy as np

from . import names
from .claims import kind_of, plots, rgb
from .reading import items, number, numbers, table, text

# Machado, Oliveira and Fernandes (2009), complete deuteranopia and protanopia, on linear RGB.
_SIGHT = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
}
_XYZ = np.array(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))
_WHITE = np.array((0.9505, 1.0, 1.089))
APART = 12.0  # CIE 1976 distance below which two areas are hard to tell apart
CONTRAST = 3.0  # WCAG 2.2, 1.4.11: graphical objects against their ground
SMALLEST = 8.0  # points
_KINDS = {"bar": "Bar chart", "line": "Line chart", "scatter": "Scatter plot", "pie": "Pie chart", "table": "Table"}


def _linear(colour) -> np.ndarray:
    share = np.array(colour, float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    xyz = _XYZ @ np.clip(linear, 0, 1) / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def apart(one, two, sight: str | None = None) -> float:
    """CIE 1976 distance of two colours (0 to 255), as seen with a kind of colour blindness or none."""
    labs = []
    for colour in (one, two):
        linear = _linear(colour)
        labs.append(_lab(linear if sight is None else np.array(_SIGHT[sight]) @ linear))
    return float(np.linalg.norm(labs[0] - labs[1]))


def contrast(one, two=(255, 255, 255)) -> float:
    """WCAG's contrast of two colours, 1 to 21."""
    light, dark = sorted((float(_XYZ[1] @ _linear(colour)) for colour in (one, two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def accessibility(figure: dict) -> list[str]:
    """Plain sentences on what keeps people from reading a figure; none where nothing was found."""
    found: list[str] = []
    for place, axes in enumerate(plots(figure)[:12]):
        where = f" in plot {place + 1}" if len(plots(figure)) > 1 else ""
        found += [one.replace("{}", where) for one in _of_axes(axes)]
        if not text(axes.get("title")) and not text(figure.get("title")):
            found.append(f"The chart{where} has no title.")
        if kind_of({"axes": [axes]}) not in (None, "pie", "table", "other"):
            for side in ("x", "y"):
                axis = table(axes.get(side))
                if not text(axis.get("label")) and axis.get("unit") != "category" and axis.get("unit") != "time":
                    found.append(f"The {side} axis{where} has no label.")
    smallest = number(table(figure.get("text_size")).get("smallest"))
    if smallest is not None and smallest < SMALLEST:
        found.append(f"The smallest text is {smallest:.3g} points high; {SMALLEST:g} points are the least to read well.")
    return list(dict.fromkeys(found))[:20]


def _of_axes(axes: dict) -> list[str]:
    shown = []
    for one in items(axes.get("series"))[:40]:
        if one.get("type") == "pie":
            shown += [(text(s.get("label")) or f"slice {i}", rgb(s.get("colour")), "pie")
                      for i, s in enumerate(items(one.get("slices")), start=1)]
        elif rgb(one.get("colour")):
            look = (one.get("type"), one.get("linestyle"), one.get("marker"))
            shown.append((text(one.get("label")) or "an unnamed series", rgb(one.get("colour")), look))
    shown = [one for one in shown if one[1]][:24]
    found, told = [], set()
    for i, (name, colour, look) in enumerate(shown):
        for other, second, other_look in shown[i + 1 :]:
            if look != other_look or colour == second and name == other:
                continue  # told apart by marker or dashes
            blind = [sight for sight in _SIGHT if apart(colour, second, sight) < APART]
            if apart(colour, second) < APART:
                found.append(f"“{name}” and “{other}” have colours that can hardly be told apart{{}}.")
            elif blind and (name, other) not in told:
                told.add((name, other))
                found.append(f"“{name}” and “{other}” look alike to people with {' or '.join(blind)}{{}}.")
        if look != "pie" and contrast(colour) < CONTRAST:
            found.append(f"“{name}” stands out too little from a white ground{{}} (contrast {contrast(colour):.1f}, "
                         f"at least {CONTRAST:g} is needed).")
    return found


def alt_text(figure: dict) -> str:
    """One or two sentences: what a figure shows, its ranges, how it goes."""
    shown = plots(figure)
    said = [_axes_text(axes, figure) for axes in shown[:4]]
    if len(shown) > 4:
        said.append(f"And {len(shown) - 4} more plots.")
    joined = " ".join(one for one in said if one) or "A figure without readable data."
    return joined if len(joined) <= 900 else joined[:899] + "…"


def _axes_text(axes: dict, figure: dict) -> str:
    kind = _KINDS.get(kind_of({"axes": [axes]}) or "", "Figure")
    title = text(axes.get("title")) or text(figure.get("title"))
    head = f"{kind} “{title}”" if title else kind
    x, y = (table(axes.get(side)) for side in ("x", "y"))
    series = [one for one in items(axes.get("series")) if _size(one)][:40]
    if not series:
        return head + "."
    if series[0].get("type") == "pie":
        parts = [(number(s.get("fraction")) or 0, text(s.get("label")) or "unnamed")
                 for s in items(series[0].get("slices"))]
        return f"{head} of {len(parts)} shares: " + ", ".join(f"{n} {100 * f:.3g} %" for f, n in parts[:8]) + "."
    if series[0].get("type") in ("bar", "histogram"):
        return _bars_text(head, x, y, series)
    about = text(y.get("label"))
    over = text(x.get("label"))
    span = _span([p for one in series for p in _listed(one.get("x"))])
    head += f" of {about}" if about else ""
    head += f" over {over}" if over else ""
    head += f" from {span}" if span else ""
    if series[0].get("type") == "scatter":
        count = sum(_size(one) for one in series)
        low_high = _span([p for one in series for p in _listed(one.get("y"))])
        named = [n for one in series if (n := text(one.get("label")))]
        groups = f" in {len(named)} groups ({', '.join(named[:6])})" if len(named) > 1 else ""
        return f"{head}: {count} points{groups}; values from {low_high}." if low_high else f"{head}: {count} points."
    ways = [f"{text(one.get('label')) or 'the line'} {way}" for one in series[:6] if (way := _way(one))]
    more = f", and {len(series) - 6} more lines" if len(series) > 6 else ""
    return f"{head}: " + "; ".join(ways) + more + "."


def _bars_text(head: str, x: dict, y: dict, series: list[dict]) -> str:
    lying = series[0].get("orientation") == "horizontal"
    value_axis, name_axis = (x, y) if lying else (y, x)
    found = []
    for one in series:
        heights = numbers(one.get("heights") or one.get("counts"))
        called = _listed(one.get("categories"))
        edges = _listed(one.get("edges"))
        for i, height in enumerate(heights):
            if height is not None:
                name = text(called[i]) if i < len(called) else None
                if name is None and i + 1 < len(edges):
                    name = f"{text(edges[i])} to {text(edges[i + 1])}"
                found.append((height, name, text(one.get("label"))))
    if not found:
        return head + "."
    about, over = text(value_axis.get("label")), text(name_axis.get("label"))
    head += f" of {about}" if about else ""
    head += f" by {over}" if over else ""
    named = [n for one in series if len(series) > 1 and (n := text(one.get("label")))]
    count = max(len(numbers(one.get("heights") or one.get("counts"))) for one in series)
    groups = f" for each of {', '.join(named[:6])}" if named else ""

    def where(one):
        called = " ".join(part for part in (one[1], f"({one[2]})" if named and one[2] else "") if part)
        return f"{one[0]:.4g}" + (f" at {called}" if called else "")

    low, high = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
    return f"{head}: {count} bars{groups}, from {where(low)} to {where(high)}."


def _listed(value) -> list:
    return value if isinstance(value, list) else []


def _size(series: dict) -> int:
    return max((len(_listed(series.get(key))) for key in ("x", "heights", "counts", "slices")), default=0)


def _span(values: list) -> str | None:
    """"low to high" of numbers or dates; None of neither."""
    known = [one for value in values[:20_000] if not isinstance(value, str) and (one := number(value)) is not None]
    if known:
        return f"{min(known):.6g} to {max(known):.6g}"
    days = sorted(one for value in values[:20_000] if (one := names.day(value)) is not None)
    return f"{names.iso(days[0])} to {names.iso(days[-1])}" if days else None


def _way(series: dict) -> str | None:
    """How a line goes from its first to its last value."""
    known = [one for one in numbers(series.get("y") or series.get("y1")) if one is not None]
    if not known:
        return None
    first, last, low, high = known[0], known[-1], min(known), max(known)
    spread = high - low
    if spread == 0 or len(known) == 1:
        return f"stays at {first:.4g}"
    if abs(last - first) < 0.1 * spread:
        return f"ends about where it starts ({first:.4g} and {last:.4g}), between {low:.4g} and {high:.4g}"
    verb = "rises" if last > first else "falls"
    turned = "" if {low, high} == {first, last} else f" (between {low:.4g} and {high:.4g})"
    return f"{verb} from {first:.4g} to {last:.4g}{turned}"
