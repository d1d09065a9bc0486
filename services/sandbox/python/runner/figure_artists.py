"""Series made of one artist: lines, scatters, areas, segments, reference lines and loose patches.

Every reader takes the view of the axes (figure_series.View) and an artist and returns one series, or None
for one that shows nothing."""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path

from .figure_values import colour, cut, floats, kept, label, mapped, number, numbers, palette, text


def line(view, artist):
    """A Line2D: line, step, scatter when only markers are drawn, or a reference line across the axes."""
    if hasattr(artist, "get_data_3d"):
        columns = [floats(column) for column in artist.get_data_3d()]
    else:
        columns = list(np.asarray(artist.get_xydata(), dtype=float).T)
        inside = view.in_data(artist.get_transform())
        if inside != (True, True):
            return _reference(view, artist, columns, inside)
        columns = view.moved(columns, artist.get_transform())
    count = len(columns[0])
    if count == 0:
        return None  # often left empty for the legend alone
    if view.is_error_of_bar(artist, columns):
        return None  # told as error bars, see figure_series
    keep = kept(count, view.points, *columns)
    style, marker = view.linestyle(artist), view.marker(artist)
    kind = "line" if style else "scatter"
    steps = artist.get_drawstyle()
    found = {
        "type": "step" if steps.startswith("steps") and style else kind,
        "label": label(artist),
        "colour": colour(artist.get_color() if style else artist.get_markerfacecolor()) or colour(artist.get_color()),
        "linestyle": style,
        "marker": marker,
        **view.table(keep, *columns),
        **cut(count, keep),
    }
    if found["type"] == "step":
        found["where"] = steps.partition("-")[2] or "pre"
    return found


def _reference(view, artist, columns, inside):
    """axhline and axvline: one coordinate is data, the other runs across the axes."""
    found = {
        "type": "reference_line",
        "label": label(artist),
        "colour": colour(artist.get_color()),
        "linestyle": view.linestyle(artist),
    }
    for name, values, is_data in zip("xy", columns, inside):
        if is_data and len(values) and (values == values[0]).all():
            return {**found, "axis": name, "at": getattr(view, name).value(values[0])}
    return view.other(artist)


def endless_line(view, artist):
    """axline: a line through a point with a slope in data units."""
    x, y = artist.get_xy1()
    slope, second = artist.get_slope(), artist.get_xy2()
    if slope is None and second is not None and second[0] != x:
        slope = (second[1] - y) / (second[0] - x)
    return {
        "type": "reference_line",
        "label": label(artist),
        "colour": colour(artist.get_color()),
        "linestyle": view.linestyle(artist),
        "through": [view.x.value(x), view.y.value(y)],
        "slope": None if slope is None else number(slope),
    }


def scatter(view, artist):
    """A PathCollection: points with their sizes (points squared), colours or mapped values."""
    if hasattr(artist, "_offsets3d"):
        columns = [floats(column) for column in artist._offsets3d]
    else:
        if view.in_data(artist.get_offset_transform()) != (True, True):
            return view.other(artist)
        offsets = np.ma.masked_array(artist.get_offsets(), dtype=float).filled(np.nan)
        columns = view.moved(list(offsets.T), artist.get_offset_transform())
    count = len(columns[0])
    if count == 0:
        return None  # often left empty for the legend alone
    keep = kept(count, view.points, *columns)
    found = {"type": "scatter", "label": label(artist), **view.table(keep, *columns), **cut(count, keep)}
    found |= _sizes(artist, count, keep)
    if artist.get_array() is None:
        faces = artist.get_facecolor()
        shown = faces if len(faces) else artist.get_edgecolor()  # markers like x have edges only
        return {**found, **palette(shown, keep if len(shown) == count else None)}
    values = floats(artist.get_array())
    return {**found, "values": numbers(values if keep is None else values[keep]), **mapped(artist)}


def _sizes(artist, count, keep) -> dict:
    sizes = floats(artist.get_sizes())
    if len(sizes) == 0 or (sizes == sizes[0]).all():
        return {"size": number(sizes[0])} if len(sizes) else {}
    sizes = np.resize(sizes, count)  # drawn in a cycle, as matplotlib does
    return {"sizes": numbers(sizes if keep is None else sizes[keep])}


def hexagons(view, artist):
    """hexbin: centres of the hexagons and their values."""
    offsets = np.ma.masked_array(artist.get_offsets(), dtype=float).filled(np.nan)
    keep = kept(len(offsets), view.points, *offsets.T)
    values = floats(artist.get_array())
    return {
        "type": "hexbin",
        "label": label(artist),
        **view.table(keep, *offsets.T),
        "values": numbers(values if keep is None else values[keep]),
        **mapped(artist),
        **cut(len(offsets), keep),
    }


def area(view, artist):
    """fill_between: the two curves; regions are parted by a null."""
    is_lying = artist.t_direction == "y"
    step = getattr(artist, "_step", None)
    columns = ([], [], [])
    for path in artist.get_paths():
        points = path.vertices[:-1] if _is_closed(path) else path.vertices
        points = points[:, ::-1] if is_lying else points
        n = (len(points) - 2) // 2
        if n < 1:
            continue
        rows = slice(None, None, 2 if step in ("pre", "post") else 1)  # steps are drawn with doubled points
        parts = points[1 : n + 1, 0], points[1 : n + 1, 1], points[n + 2 : 2 * n + 2, 1][::-1]
        for column, part in zip(columns, parts):
            column.extend([*([[np.nan]] if column else []), part[rows]])
    place, one, two = (np.concatenate(column) if column else np.array([]) for column in columns)
    if len(place) == 0:
        return None
    keep = kept(len(place), view.points, one, two)
    if keep is not None:
        place, one, two = place[keep], one[keep], two[keep]
    names = ("y", "x1", "x2") if is_lying else ("x", "y1", "y2")
    along, across = (view.y, view.x) if is_lying else (view.x, view.y)
    found = {
        "type": "area",
        "label": label(artist),
        **palette(artist.get_facecolor()[:1]),
        names[0]: along.values(place),
        names[1]: across.values(one),
        names[2]: across.values(two),
        **cut(sum(map(len, columns[0])), keep),
    }
    return {**found, "step": step} if step else found


def _is_closed(path) -> bool:
    return path.codes is not None and len(path.codes) > 0 and path.codes[-1] == Path.CLOSEPOLY


def segments(view, artist):
    """A LineCollection: straight pieces as their two ends, longer ones as lines parted by nulls."""
    if view.in_data(artist.get_transform()) != (True, True):
        return view.other(artist)
    paths = [floats(path.vertices).reshape(-1, 2) for path in artist.get_paths()[: view.points]]
    paths = [path for path in paths if len(path)]
    count = len(artist.get_paths())
    if not paths:
        return None
    found = {"type": "segments", "label": label(artist), **palette(artist.get_colors())}
    if all(len(path) == 2 for path in paths):
        ends = np.array(paths)
        for number_, name in enumerate(("1", "2")):
            found["x" + name] = view.x.values(ends[:, number_, 0])
            found["y" + name] = view.y.values(ends[:, number_, 1])
        return {**found, **({"truncated": True, "count": count} if count > len(paths) else {})}
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([piece for path in paths for piece in (path, gap)])[:-1]
    total = len(points)
    points = points[: view.points]
    is_cut = total > len(points) or count > view.points
    found |= {"x": view.x.values(points[:, 0]), "y": view.y.values(points[:, 1])}
    return {**found, **({"truncated": True, "count": total} if is_cut else {})}


def events(view, artist):
    """eventplot: the places of one row of events."""
    is_lying = artist.get_orientation() == "horizontal"
    axis = view.x if is_lying else view.y
    column = 0 if is_lying else 1
    places = np.array([path.vertices[0][column] for path in artist.get_paths() if len(path.vertices)], dtype=float)
    keep = kept(len(places), view.points, places)
    return {
        "type": "events",
        "orientation": "horizontal" if is_lying else "vertical",
        "label": label(artist),
        **palette(artist.get_colors()),
        "row": number(artist.get_lineoffset()),
        "positions": axis.values(places if keep is None else places[keep]),
        **cut(len(places), keep),
    }


def polygons(view, artist):
    """A PolyCollection: rectangles (broken_barh) are told, other shapes only named."""
    boxes = [_rectangle(path) for path in artist.get_paths()[: view.points]]
    if not boxes or None in boxes or view.in_data(artist.get_transform()) != (True, True):
        return view.other(artist)
    count = len(artist.get_paths())
    found = {"type": "rectangles", "label": label(artist), **palette(artist.get_facecolor()), **_corners(view, boxes)}
    return {**found, **({"truncated": True, "count": count} if count > len(boxes) else {})}


def _rectangle(path):
    """(x1, y1, x2, y2) of a path that is an upright rectangle, else None."""
    points = path.vertices
    if len(points) not in (4, 5) or not np.isfinite(points).all():
        return None
    corners = points[:4]
    low, high = corners.min(axis=0), corners.max(axis=0)
    at_corner = ((corners == low) | (corners == high)).all()
    return (*low, *high) if at_corner and len(np.unique(corners, axis=0)) == 4 else None


def rectangles(view, patches):
    """Loose rectangles drawn one after the other."""
    boxes = [(p.get_x(), p.get_y(), p.get_x() + p.get_width(), p.get_y() + p.get_height()) for p in patches]
    names = [label(patch) for patch in patches]
    found = {"type": "rectangles", **palette([patch.get_facecolor() for patch in patches]), **_corners(view, boxes)}
    return {**found, "labels": names} if any(names) else found


def _corners(view, boxes) -> dict:
    table = np.array([floats(box) for box in boxes])
    axes = (view.x, view.y, view.x, view.y)
    return {name: axis.values(table[:, i]) for i, (name, axis) in enumerate(zip(("x1", "y1", "x2", "y2"), axes))}


def span(view, patch, inside):
    """axhspan and axvspan: a band across the axes."""
    found = {"type": "span", "label": label(patch), "colour": colour(patch.get_facecolor())}
    starts, sizes = (patch.get_x(), patch.get_y()), (patch.get_width(), patch.get_height())
    for name, start, size, is_data in zip("xy", starts, sizes, inside):
        if is_data:
            return {**found, "axis": name, "from": getattr(view, name).value(start),
                    "to": getattr(view, name).value(start + size)}
    return view.other(patch)


def polygon(view, patch):
    """A filled polygon (`fill`) by its corners."""
    points = floats(patch.get_xy()).reshape(-1, 2)
    shown = points[: view.points]
    found = {"type": "polygon", "label": label(patch), "colour": colour(patch.get_facecolor()),
             "x": view.x.values(shown[:, 0]), "y": view.y.values(shown[:, 1])}
    return {**found, **({"truncated": True, "count": len(points)} if len(shown) < len(points) else {})}


def arrows(view, artist):
    """quiver and barbs: where the arrows stand and what they mean."""
    names = "XYUV" if hasattr(artist, "X") else "xyuv"  # barbs use small letters
    x, y, u, v = (floats(getattr(artist, name)) for name in names)
    keep = kept(len(x), max(2, view.points // 2), x, y)
    rows = np.arange(len(x)) if keep is None else keep
    return {"type": "arrows", "label": label(artist), **view.table(keep, x, y), "u": numbers(u[rows]),
            "v": numbers(v[rows]), **cut(len(x), keep)}


def table(_view, artist):
    """A table drawn into the axes, row by row."""
    cells = artist.get_celld()
    rows = sorted({row for row, _ in cells})[:100]
    columns = sorted({column for _, column in cells})[:50]
    said = [[text(cells[r, c].get_text().get_text()) if (r, c) in cells else None for c in columns] for r in rows]
    return {"type": "table", "rows": said, **({"truncated": True, "count": len(cells)}
                                              if len(rows) * len(columns) < len(cells) else {})}
