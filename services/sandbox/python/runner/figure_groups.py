"""Series made of several artists: bars, histograms, error bars, stems, boxes, violins, pies.

Every reader takes the view of the axes (figure_series.View) and returns one series."""

from __future__ import annotations

import numpy as np

from .figure_calls import note_of
from .figure_values import colour, cut, floats, kept, label, number, numbers, palette


def label_of_bars(container) -> str | None:
    """The container's label, or that of its first bar when that stands for all, as `hist` sets it."""
    names = [label(patch) for patch in container.patches[:2]]
    return label(container) or (names[0] if names and (len(names) == 1 or names[1] is None) else None)


def bars(view, container, present) -> dict:
    """A bar container: a histogram if `hist` drew it or its bars touch, else bars."""
    patches = [patch for patch in container.patches if id(patch) in present]
    is_lying = container.orientation == "horizontal"
    box = np.array([[p.get_x(), p.get_y(), p.get_width(), p.get_height()] for p in patches], dtype=float)
    along, across = (1, 0) if is_lying else (0, 1)
    starts, widths, bottoms, heights = box[:, along], box[:, along + 2], box[:, across], box[:, across + 2]
    position_axis, value_axis = (view.y, view.x) if is_lying else (view.x, view.y)
    note = note_of(container.patches[0])
    common = {
        "orientation": "horizontal" if is_lying else "vertical",
        "label": label_of_bars(container),
        **palette([patch.get_facecolor() for patch in patches]),
    }
    if note and note.kind == "hist" and len(patches) == len(note.data["counts"]):
        edges = note.data["edges"]
        return {"type": "histogram", **common, **_bins(view, edges, heights, bottoms, position_axis), **_manner(note)}
    if _touch(starts, widths, position_axis):
        edges = np.append(starts, starts[-1] + widths[-1])
        found = _bins(view, edges, heights, bottoms, position_axis)
        return {"type": "histogram", **common, **found, "recognised_by": "touching bars"}
    keep = kept(len(patches), view.points, heights)
    keep_all = np.arange(len(patches)) if keep is None else keep
    centres = starts + widths / 2
    found = {
        "type": "bar",
        **common,
        "positions": position_axis.places(centres[keep_all]),
        "widths": _one_or_all(np.abs(widths[keep_all])),
        "bottoms": _one_or_all(bottoms[keep_all], value_axis),
        "heights": numbers(heights[keep_all]),
        **cut(len(patches), keep),
    }
    if found["label"] is None and any(labels := [label(patches[i]) for i in keep_all]):
        found["labels"] = labels
    names = [position_axis.name_at(centre) for centre in centres[keep_all]]
    if any(names):
        found["categories"] = names
    if value_axis.unit == "time":  # heights are days then; the end of the bar is what can be read
        found["ends"] = value_axis.values((bottoms + heights)[keep_all])
    if keep is not None and "colours" in found:
        found["colour_index"] = [found["colour_index"][i] for i in keep]
    return found


def _touch(starts, widths, axis) -> bool:
    """True for three or more bars in a row without gaps, as only histograms have."""
    if len(starts) < 3 or axis.unit == "category" or not (np.isfinite(starts).all() and (widths > 0).all()):
        return False
    span = starts[-1] + widths[-1] - starts[0]
    return bool(np.allclose(starts[1:], (starts + widths)[:-1], rtol=0, atol=1e-6 * span))


def _bins(view, edges, counts, bottoms, axis) -> dict:
    """Edges and counts; of too many bins the first ones."""
    shown = min(len(counts), view.points)
    found = {"edges": axis.values(edges[: shown + 1]), "counts": numbers(counts[:shown])}
    if np.any(floats(bottoms) != 0):
        found["bottoms"] = numbers(floats(bottoms)[:shown])
    return found if shown == len(counts) else {**found, "truncated": True, "count": len(counts)}


def _manner(note) -> dict:
    return {name: note.data[name] for name in ("density", "weighted", "cumulative", "stacked")}


def _one_or_all(values, axis=None):
    """A single value where all are the same (bars of one width on one base)."""
    values = values[:1] if len(values) and np.allclose(values, values[0], rtol=1e-9, atol=0) else values
    told = axis.values(values) if axis is not None else numbers(values)
    return told[0] if len(told) == 1 else told


def outlined_histogram(view, polygon, note) -> dict:
    """What `hist` drew as one polygon (step, stepfilled)."""
    is_lying = note.data["orientation"] == "horizontal"
    return {
        "type": "histogram",
        "orientation": note.data["orientation"],
        "label": label(polygon),
        "colour": colour(polygon.get_facecolor()) or colour(polygon.get_edgecolor()),
        **_bins(view, note.data["edges"], note.data["counts"], 0, view.y if is_lying else view.x),
        **_manner(note),
    }


def stairs(view, patch) -> dict:
    """A step patch: values between edges."""
    values, edges, baseline = patch.get_data()
    is_lying = patch.orientation == "horizontal"
    below = np.zeros(len(values)) if baseline is None else np.broadcast_to(floats(baseline), len(values))
    return {
        "type": "histogram",
        "orientation": patch.orientation,
        "label": label(patch),
        "colour": colour(patch.get_facecolor()) or colour(patch.get_edgecolor()),
        **_bins(view, edges, floats(values), below, view.y if is_lying else view.x),
        "recognised_by": "stairs",
    }


def error_bars(view, container, present) -> dict:
    """Points with the ends of their error bars as data values; null where a point has none."""
    line, _caps, columns = container.lines
    columns = [column for column in columns if id(column) in present]
    names = [name for name, is_there in (("x", container.has_xerr), ("y", container.has_yerr)) if is_there]
    ends = {name: _ends(column, name) for name, column in zip(names, columns)}
    bar = view.bar_of_errors.get(id(container))
    if line is not None:
        x, y = floats(line.get_xdata(orig=False)), floats(line.get_ydata(orig=False))
    elif bar is not None:
        x, y = _bar_ends(bar)
    elif ends:  # drawn without points: only the place across the bars is known
        name, (place, _low, _high) = next(iter(ends.items()))
        nothing = np.full(len(place), np.nan)
        x, y = (place, nothing) if name == "y" else (nothing, place)
    else:
        x = y = np.array([])
    keep = kept(len(x), view.points, x, y)
    keep_all = np.arange(len(x)) if keep is None else keep
    found = {
        "type": "error_bars",
        "label": label(container) or (label_of_bars(bar) if bar is not None else None),
        **({"of": view.index_of[id(bar)]} if id(bar) in view.index_of else {}),
        "colour": colour(line.get_color()) if line is not None else None,
        "marker": view.marker(line) if line is not None else None,
        "linestyle": view.linestyle(line) if line is not None else None,
        "x": view.x.values(x[keep_all]),
        "y": view.y.values(y[keep_all]),
    }
    for name, (place, low, high) in ends.items():
        axis, across = (view.x, y) if name == "x" else (view.y, x)
        for side, end in (("low", low), ("high", high)):
            found[f"{name}_{side}"] = axis.values(_aligned(across, place, end)[keep_all])
    return {**found, **cut(len(x), keep)}


def _ends(column, name):
    """(place, low, high) of the bars of one direction."""
    bars_ = [path.vertices for path in column.get_paths() if len(path.vertices) >= 2]
    points = np.array([[floats(bar[0]), floats(bar[-1])] for bar in bars_]).reshape(-1, 2, 2)
    along = 0 if name == "x" else 1
    return points[:, 0, 1 - along], points[:, 0, along], points[:, 1, along]


def _aligned(across, place, end):
    """`end` for every point, found by its place when only some points have bars (errorevery)."""
    if len(end) == len(across):
        return end
    at = dict(zip(place.tolist(), end.tolist()))
    return np.array([at.get(value, np.nan) for value in across.tolist()])


def _bar_ends(container):
    box = np.array([[p.get_x(), p.get_y(), p.get_width(), p.get_height()] for p in container.patches], dtype=float)
    if container.orientation == "horizontal":
        return box[:, 0] + box[:, 2], box[:, 1] + box[:, 3] / 2
    return box[:, 0] + box[:, 2] / 2, box[:, 1] + box[:, 3]


def stem(view, container, _present) -> dict:
    """Heads of the stems and where the stems start."""
    x, y = floats(container.markerline.get_xdata(orig=False)), floats(container.markerline.get_ydata(orig=False))
    base = container.baseline
    is_lying = len(np.unique(floats(base.get_xdata(orig=False)))) == 1 and len(np.unique(x)) > 1
    foot = floats(base.get_xdata(orig=False) if is_lying else base.get_ydata(orig=False))
    keep = kept(len(x), view.points, x, y)
    keep_all = np.arange(len(x)) if keep is None else keep
    return {
        "type": "stem",
        "orientation": "horizontal" if is_lying else "vertical",
        "label": label(container),
        "colour": colour(container.markerline.get_color()),
        "x": view.x.values(x[keep_all]),
        "y": view.y.values(y[keep_all]),
        "bottom": number(foot[0]) if len(foot) else None,
        **cut(len(x), keep),
    }


def pie(_view, wedges) -> dict:
    """Slices of one pie. Angles are in degrees, counterclockwise from the right."""
    slices = []
    for wedge in wedges:
        note = note_of(wedge)
        data = note.data if note else {}
        slices.append(
            {
                "label": label(wedge),
                "fraction": number(data.get("fraction", (wedge.theta2 - wedge.theta1) / 360)),
                "value": number(data["value"]) if "value" in data else None,
                "start": number(wedge.theta1),
                "end": number(wedge.theta2),
                "colour": colour(wedge.get_facecolor()),
            }
        )
    first = wedges[0]
    note = note_of(first)
    return {
        "type": "pie",
        "radius": number(first.r),
        "inner_radius": number(first.r - first.width) if first.width is not None else 0,
        "counterclockwise": note.data["counterclockwise"] if note else None,
        "slices": slices,
    }
