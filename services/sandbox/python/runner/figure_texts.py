"""Legends and the texts written into a plot."""

from __future__ import annotations

from matplotlib import patches
from matplotlib.text import Annotation, Text

from .figure_values import colour, number, text

ENTRIES = 200
TEXTS = 1000  # of one axes


def legend(found) -> dict | None:
    """Title and entries of a legend; null for none."""
    if found is None or not found.get_visible():
        return None
    entries = [
        {"label": text(said.get_text()), "colour": _colour_of(handle)}
        for handle, said in zip(found.legend_handles, found.get_texts()[:ENTRIES])
    ]
    return {"title": text(found.get_title().get_text()), "entries": entries}


def _colour_of(handle) -> str | None:
    """The colour a reader matches the entry by: of the surface, else of the line."""
    is_marked = hasattr(handle, "get_marker") and handle.get_marker() not in ("None", "none", "", " ", None)
    for name in ("get_facecolor", "get_markerfacecolor", "get_color", "get_edgecolor"):
        if name == "get_markerfacecolor" and not is_marked:
            continue
        if hasattr(handle, name):
            value = getattr(handle, name)()
            if getattr(value, "ndim", 1) == 2:
                value = value[0] if len(value) else "none"
            elif isinstance(value, list):
                value = value[0] if value else "none"
            if (said := colour(value)) is not None:
                return said
    return None


def texts(view, most) -> list:
    """Texts written into the axes: `x` and `y` are data values or shares of the axes, as `coordinates` says."""
    found = []
    for artist in view.axes.texts:
        said = text(artist.get_text())
        if said is None or not artist.get_visible():
            continue
        if len(found) >= min(TEXTS, 4 * most):
            break
        x, y, coordinates = _place(view, artist)
        found.append({"text": said, "x": x, "y": y, "coordinates": coordinates})
    return found


def smallest(figure) -> float | None:
    """Size in points of the smallest text that is shown; None where there is none."""
    sizes = [one.get_fontsize() for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    return number(min(sizes)) if sizes else None


def _place(view, artist):
    """(x, y, kind of coordinates) of what a text is about; null where it hangs on something else."""
    axes = view.axes
    if view.z is not None:
        return None, None, "other"  # drawn where the projection put it
    if isinstance(artist, Annotation):
        kind = artist.xycoords
        if isinstance(kind, patches.Rectangle):  # bar_label puts texts into bars
            (x, y), (across, up) = kind.get_xy(), artist.xy
            return view.x.value(x + across * kind.get_width()), view.y.value(y + up * kind.get_height()), "data"
        if kind == "data" or kind is axes.transData:
            x, y = axes.convert_xunits(artist.xy[0]), axes.convert_yunits(artist.xy[1])
            return view.x.value(x), view.y.value(y), "data"
        if kind == "axes fraction" or kind is axes.transAxes:
            return number(artist.xy[0]), number(artist.xy[1]), "axes"
        return None, None, "other"
    transform = artist.get_transform()
    x, y = artist.get_unitless_position()
    if transform == axes.transAxes:
        return number(x), number(y), "axes"
    if transform.contains_branch(axes.transData):
        inside = transform.contains_branch_seperately(axes.transData)
        return (view.x.value(x), view.y.value(y), "data") if all(inside) else (None, None, "other")
    return None, None, "other"
