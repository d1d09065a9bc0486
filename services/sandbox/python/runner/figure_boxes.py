"""Box plots and violins, read from the artists one call drew."""

from __future__ import annotations

import numpy as np

from .figure_calls import note_of
from .figure_values import colour, floats, kept, label, numbers


def boxes(view, artists) -> dict:
    """The boxes of one call. All numbers are where the lines stand now, on the value axis."""
    parts = {}
    for artist in artists:
        note = note_of(artist)
        parts.setdefault(note.index, {}).setdefault(note.role, []).append((note, artist))
    orientation = note_of(artists[0]).data["orientation"]
    is_lying = orientation == "horizontal"
    shown = [_box(view, parts[index], is_lying) for index in sorted(parts)[: view.points]]
    labels = {name for box in shown if (name := box.pop("series_label"))}
    return {
        "type": "box",
        "orientation": orientation,
        "label": labels.pop() if len(labels) == 1 else None,
        "boxes": shown,
        **({"truncated": True, "count": len(parts)} if len(shown) < len(parts) else {}),
    }


def _box(view, roles, is_lying) -> dict:
    """One box from its parts: whisker lines run from the box to the whisker's end."""
    position_axis, value_axis = (view.y, view.x) if is_lying else (view.x, view.y)

    def data(artist):
        x, y = floats(artist.get_xdata(orig=False)), floats(artist.get_ydata(orig=False))
        return (y, x) if is_lying else (x, y)

    low, high, place = [np.nan, np.nan], [np.nan, np.nan], np.nan
    for note, whisker in roles.get("whiskers", []):
        places, values = data(whisker)
        if note.data["end"] == 0:
            low, place = values, places[0]
        else:
            high, place = values, places[0]
    said = next((note.data["label"] for found in roles.values() for note, _ in found), None)
    body = [artist for _, artist in roles.get("boxes", [])]
    is_filled = bool(body) and hasattr(body[0], "get_facecolor")
    found = {
        "label": position_axis.name_at(place) or (None if said is None else str(said)[:500] or None),
        "position": position_axis.places([place])[0],
        "q1": value_axis.value(low[0]),
        "median": _level(roles, "medians", data, value_axis),
        "q3": value_axis.value(high[0]),
        "whisker_low": value_axis.value(low[-1]),
        "whisker_high": value_axis.value(high[-1]),
        "colour": colour(body[0].get_facecolor() if is_filled else body[0].get_color()) if body else None,
        "series_label": next((name for _, part in [*roles.get("boxes", []), *roles.get("medians", [])]
                              if (name := label(part))), None),
    }
    if "fliers" in roles:
        values = data(roles["fliers"][0][1])[1]
        keep = kept(len(values), view.points, values)
        found["fliers"] = value_axis.values(values if keep is None else values[keep])
        if keep is not None:
            found |= {"truncated": True, "flier_count": len(values)}
    if "means" in roles:
        found["mean"] = _level(roles, "means", data, value_axis)
    return found


def _level(roles, role, data, axis):
    """The value a median or mean stands at, null if it is not drawn."""
    if role not in roles:
        return None
    values = data(roles[role][0][1])[1]
    return axis.value(values[0]) if len(values) else None


def violins(view, artists) -> dict:
    """Outlines of the violins of one call (value against half-width) and the lines drawn on them."""
    roles = {}
    for artist in artists:
        note = note_of(artist)
        roles.setdefault(note.role, []).append(artist)
    orientation = note_of(artists[0]).data["orientation"]
    along = 0 if orientation == "horizontal" else 1
    value_axis, position_axis = (view.x, view.y) if along == 0 else (view.y, view.x)
    shown = []
    for body in roles.get("bodies", []):
        paths = body.get_paths()
        points = paths[0].vertices if paths else np.empty((0, 2))
        n = (len(points) - 3) // 2  # both sides, a start, an end and the closing point
        if n < 1:
            shown.append({"position": None})
            continue
        values, right = points[1 : n + 1, along], points[1 : n + 1, 1 - along]
        left = points[n + 2 : 2 * n + 2, 1 - along][::-1]
        keep = kept(n, max(2, view.points // 4), right - left)
        rows = np.arange(n) if keep is None else keep
        place = (left.min() + left.max() + right.min() + right.max()) / 4
        one_sided = np.ptp(left) == 0 or np.ptp(right) == 0
        if one_sided:
            place = left[0] if np.ptp(left) == 0 else right[0]
        shown.append(
            {
                "label": position_axis.name_at(place),
                "position": position_axis.places([place])[0],
                "values": value_axis.values(values[rows]),
                "widths": numbers(np.abs(right - left)[rows]),
                "colour": colour(body.get_facecolor()[0]) if len(body.get_facecolor()) else None,
            }
        )
    levels = {}
    for role, name in (("cmeans", "means"), ("cmedians", "medians"), ("cmins", "minima"), ("cmaxes", "maxima")):
        for lines in roles.get(role, []):
            levels[name] = value_axis.values([path.vertices[0][along] for path in lines.get_paths()])
    return {"type": "violin", "orientation": orientation, "violins": shown, **levels}
