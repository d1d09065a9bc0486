"""The data of a whole figure as one strict JSON text of bounded size.

The text starts with `{"darkroom_figure":1`. Numbers are data values, times are ISO texts in UTC, sizes are
inches, positions are shares of the figure from its lower left corner."""

from __future__ import annotations

import json
import warnings

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes

from . import figure_series
from .figure_texts import legend, smallest, texts
from .figure_values import number, numbers, text

VERSION = 1
BYTES = 2_000_000  # of the whole text
POINTS = 10_000  # of one series
ROOM = 40_000  # points of all series together; two numbers each of up to 20 characters fit into BYTES
SERIES = 300  # of one axes
AXES = 100


def describe(figure, dpi=None, crop=None) -> str:
    """The JSON text of a figure that has just been saved.

    `dpi` and `crop` are what was given to savefig as dpi and bbox_inches. Raises what matplotlib raises
    for a figure that cannot be read at all; a single series that cannot be read is only named.
    """
    # What reading the artists warns about was already said when they were drawn.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        shown = _shown_axes(figure)
        points = _share(shown)
        for squeeze in (1, 4, 16, 64, 256):
            most = max(1, SERIES // squeeze)
            document = _document(figure, shown, max(8, points // squeeze), most, dpi, crop)
            if squeeze > 1:
                document["truncated"] = True
            said = json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
            if len(said.encode()) <= BYTES:
                return said
        document = {**_head(figure, dpi, crop), "truncated": True, "axes": []}
        return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _shown_axes(figure) -> list:
    """The visible axes in the order they were made; insets and second scales follow their parent."""
    found = []
    waiting = [one for one in figure.axes if one.get_visible()]
    while waiting and len(found) < AXES:
        one = waiting.pop(0)
        if one not in found:
            found.append(one)
            waiting = [child for child in one.child_axes if child.get_visible()] + waiting
    return found


def _share(shown) -> int:
    """Points each series may have so that all of them fit."""
    sizes = []
    for axes in shown:
        artists = [*axes.lines, *axes.collections, *axes.images][:SERIES]
        sizes += [figure_series.size_of(artist) for artist in artists]
        sizes += [len(held) for held in axes.containers[:SERIES] if isinstance(held, tuple)]
    points = POINTS
    while points > 8 and sum(min(size, points) for size in sizes) > ROOM:
        points = points * 3 // 4
    return points


def _head(figure, dpi, crop) -> dict:
    width, height = figure.get_size_inches()
    given = rcParams["savefig.dpi"] if dpi is None else dpi
    dots = figure.dpi if given == "figure" else given
    crop = rcParams["savefig.bbox"] if crop is None else crop
    return {
        "darkroom_figure": VERSION,
        "size": {"width": number(width), "height": number(height), "dpi": number(dots)},
        # The picture then shows another rectangle than the figure, and positions are not shares of it.
        "cropped": crop is not None and crop != "standard",
        "title": text(figure.get_suptitle()),
    }


def _document(figure, shown, points, most, dpi, crop) -> dict:
    document = _head(figure, dpi, crop)
    document["text_size"] = {"smallest": smallest(figure)}  # points
    document["axes"] = [_readable(axes, shown, points, most) for axes in shown]
    if len(figure.axes) > AXES:
        document["truncated"] = True
    document["legends"] = [legend(one) for one in figure.legends if one.get_visible()]
    document["texts"] = [
        {"text": said, "x": number(one.get_position()[0]), "y": number(one.get_position()[1])}
        for one in figure.texts[:most]
        if one.get_visible() and (said := text(one.get_text())) and one is not getattr(figure, "_suptitle", None)
    ]
    return document


def _readable(axes, shown, points, most) -> dict:
    """An axes, or only its kind with the reason why it cannot be read."""
    try:
        return _axes(axes, shown, points, most)
    except Exception as error:
        return {"kind": type(axes).__name__, "problem": f"{type(error).__name__}: {error}"[:200]}


def _axes(axes, shown, points, most) -> dict:
    bar = getattr(axes, "_colorbar", None)
    if bar is not None or not isinstance(axes, Axes):
        view, series, left_out = figure_series.View(axes, points), [], 0  # only an axis; colours are no data
    else:
        view, series, left_out = figure_series.read(axes, points, most)
    titles = [axes.get_title(place) for place in ("center", "left", "right")] if isinstance(axes, Axes) else []
    found = {
        "kind": axes.name if isinstance(axes.name, str) else type(axes).__name__,
        **_role(axes, bar, shown),
        "position": _position(axes),
        "cell": _cell(axes),
        "title": text(" / ".join(title for title in titles if title)),
        **{name: getattr(view, name).describe() for name in getattr(axes, "_orientation", axes._axis_map)},
        "legend": legend(axes.get_legend()) if isinstance(axes, Axes) else None,
        "series": series,
        "texts": texts(view, most),
    }
    return {**found, "truncated": True, "series_left_out": left_out} if left_out else found


def _role(axes, bar, shown) -> dict:
    """What the axes is for: a plot of its own, or belonging to another one given by its index."""
    if bar is not None:
        owner = getattr(bar.mappable, "axes", None)
        name = text(bar.cmap.name)
        return {"role": "colour_bar", "of": shown.index(owner) if owner in shown else None, "colour_map": name}
    for index, other in enumerate(shown):
        if axes in other.child_axes:
            return {"role": "inset" if isinstance(axes, Axes) else "second_scale", "of": index}
        if other is axes:
            break
        is_shared = axes.get_shared_x_axes().joined(axes, other) or axes.get_shared_y_axes().joined(axes, other)
        if is_shared and np.allclose(axes.bbox.bounds, other.bbox.bounds):
            return {"role": "twin", "of": index}
    for index, other in enumerate(shown):
        if axes.get_subplotspec() is None and other is not axes and getattr(other, "_colorbar", None) is None:
            x, y, width, height = axes.bbox.bounds
            left, bottom, across, up = other.bbox.bounds
            if left < x and bottom < y and x + width < left + across and y + height < bottom + up:
                return {"role": "inset", "of": index}
    return {"role": "plot"}


def _position(axes) -> list:
    """[left, bottom, width, height] as shares of the whole figure."""
    whole = axes.get_figure(root=True).bbox
    x, y, width, height = axes.bbox.bounds
    shares = [(x - whole.x0) / whole.width, (y - whole.y0) / whole.height, width / whole.width, height / whole.height]
    return numbers(np.round(shares, 5))


def _cell(axes):
    """Where the axes stands in its grid, counted from 0 at the upper left, or null outside a grid."""
    place = axes.get_subplotspec()
    if place is None or getattr(axes, "_colorbar", None) is not None:
        return None
    for _bar in getattr(axes, "_colorbars", []):  # each made a grid of its own within the cell
        place = getattr(place.get_gridspec(), "_subplot_spec", place)
    rows, columns = place.get_gridspec().get_geometry()
    return {
        "row": place.rowspan.start, "column": place.colspan.start, "row_span": len(place.rowspan),
        "column_span": len(place.colspan), "rows": rows, "columns": columns,
    }
