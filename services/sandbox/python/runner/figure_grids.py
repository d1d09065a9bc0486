"""Series that are grids of values: heat maps, images and contours."""

from __future__ import annotations

import numpy as np

from .figure_values import floats, label, mapped, number, numbers, palette

CELLS = 10_000  # more than this and only the shape is told


def image(view, artist):
    """imshow: the values of a small matrix, else its shape. Row 0 is at the end `origin` names."""
    array = artist.get_array()
    found = {
        "type": "image",
        "label": label(artist),
        "shape": list(np.shape(array)),
        "extent": _extent(view, artist),
        "origin": getattr(artist, "origin", None),
    }
    if np.ndim(array) != 2:
        return found  # a picture: its pixels are colours
    found |= mapped(artist)
    if np.size(array) > min(CELLS, view.points):
        return found | _range(array)
    return {**found, "type": "heatmap", "values": _rows(array)}


def _extent(view, artist):
    """[left, right, bottom, top] in data values."""
    left, right, bottom, top = artist.get_extent()
    return [*view.x.places([left, right]), *view.y.places([bottom, top])]


def _rows(array) -> list:
    width = np.shape(array)[1]
    flat = numbers(np.ma.getdata(array) if np.ma.getmask(array) is np.ma.nomask else array)
    return [flat[start : start + width] for start in range(0, len(flat), width)] if width else []


def _range(array) -> dict:
    values = floats(array)
    values = values[np.isfinite(values)]
    ends = [number(values.min()), number(values.max())] if len(values) else None
    return {"truncated": True, "count": int(np.size(array)), "value_range": ends}


def mesh(view, artist):
    """pcolormesh and pcolor: values with the edges of the cells, or their centres when shaded smoothly."""
    corners = np.ma.filled(np.ma.asarray(artist._coordinates, dtype=float), np.nan)
    rows, columns = corners.shape[:2]
    array = artist.get_array()
    is_smooth = artist._shading == "gouraud"
    shape = (rows, columns) if is_smooth else (rows - 1, columns - 1)
    found = {"type": "heatmap", "label": label(artist), "shape": list(shape), "origin": "lower"}
    if array is None or np.size(array) != shape[0] * shape[1]:
        return {**found, "type": "image"}  # colours were given cell by cell
    found |= mapped(artist)
    names = ("x_centres", "y_centres") if is_smooth else ("x_edges", "y_edges")
    x, y = corners[0, :, 0], corners[:, 0, 1]
    is_straight = _same(corners[:, :, 0], x[None, :]) and _same(corners[:, :, 1], y[:, None])
    is_small = np.size(array) <= min(CELLS, view.points)
    if is_straight and max(rows, columns) <= view.points:
        found |= {names[0]: view.x.places(x), names[1]: view.y.places(y)}
    elif not is_straight:
        found["irregular"] = True
    return {**found, "values": _rows(np.reshape(array, shape))} if is_small else found | _range(array)


def _same(whole, line) -> bool:
    return bool(np.array_equal(whole, np.broadcast_to(line, whole.shape), equal_nan=True))


def contour(_view, artist):
    """Contour levels; between which two levels a place lies is only in the picture."""
    found = {
        "type": "contour",
        "label": label(artist),
        "filled": bool(artist.filled),
        "levels": numbers(artist.levels[:1000]),
    }
    if getattr(artist, "colors", None) is not None:
        return found | palette(artist.get_facecolor() if artist.filled else artist.get_edgecolor())
    return found | mapped(artist)
