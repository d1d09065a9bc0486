"""Everything drawn into one axes, as a list of series in drawing order."""

from __future__ import annotations

import numpy as np
from matplotlib import axis, collections, container, contour, image, lines, patches, quiver, spines, table, text
from matplotlib.axes._base import _AxesBase

from . import figure_artists, figure_boxes, figure_grids, figure_groups
from .figure_axis import AxisData
from .figure_calls import note_of
from .figure_values import floats, label

CONTAINERS = {
    container.BarContainer: figure_groups.bars,
    container.ErrorbarContainer: figure_groups.error_bars,
    container.StemContainer: figure_groups.stem,
}
# In this order: the first class an artist belongs to decides.
ARTISTS = (
    (lines.AxLine, figure_artists.endless_line),
    (lines.Line2D, figure_artists.line),
    (contour.ContourSet, figure_grids.contour),
    ((collections.QuadMesh, collections.PolyQuadMesh), figure_grids.mesh),
    (image.AxesImage, figure_grids.image),
    (collections.FillBetweenPolyCollection, figure_artists.area),
    (collections.EventCollection, figure_artists.events),
    (quiver.Barbs, figure_artists.arrows),
    (quiver.Quiver, figure_artists.arrows),
    (patches.StepPatch, figure_groups.stairs),
    (table.Table, figure_artists.table),
)
FURNITURE = (axis.Axis, spines.Spine, text.Text, _AxesBase)


class View:
    """What the readers of series need to know of one axes. `points` bounds each series."""

    def __init__(self, axes, points):
        self.axes = axes
        self.points = points
        self.x, self.y = AxisData(axes, "x"), AxisData(axes, "y")
        self.z = AxisData(axes, "z") if "z" in axes._axis_map else None
        held = [
            one for one in axes.containers
            if isinstance(one, container.BarContainer) and len(one) and hasattr(one[0], "get_x")  # not in 3D
        ]
        self.bar_of_errors = {id(bar.errorbar): bar for bar in held if bar.errorbar is not None}
        self.bars = [(bar, *figure_groups._bar_ends(bar)) for bar in held]
        self.index_of = {}  # id of a bar container -> index of its series
        self.bar_errors = {}  # id of a bar container -> [(place, low, high)] drawn as plain lines

    def in_data(self, transform):
        """(x, y): which coordinates of an artist with this transform are data values."""
        if transform is self.axes.transData:
            return True, True
        return tuple(map(bool, transform.contains_branch_seperately(self.axes.transData)))

    def moved(self, columns, transform):
        """Data values of points whose transform does something before the one of the axes."""
        if transform is self.axes.transData or transform == self.axes.transData:
            return columns
        return list(np.asarray((transform - self.axes.transData).transform(np.column_stack(columns))).T)

    def table(self, keep, *columns) -> dict:
        """The kept points as x, y and for 3D axes z."""
        axes = (self.x, self.y, self.z)
        return {
            name: axis_.values(column if keep is None else column[keep])
            for name, axis_, column in zip("xyz", axes, columns)
        }

    def linestyle(self, artist):
        """The name matplotlib has for the dashes, or null for no line."""
        style = artist.get_linestyle()
        return None if style in ("None", "none", "", " ", None) else str(style)

    def marker(self, artist):
        """The marker's short name, "custom" for a drawn one, or null for none."""
        marker = artist.get_marker()
        if marker in ("None", "none", "", " ", None) if isinstance(marker, (str, type(None))) else False:
            return None
        return str(marker)[:50] if isinstance(marker, (str, int)) else "custom"

    def other(self, artist) -> dict:
        """An artist that is only named."""
        return {"type": "other", "artist": type(artist).__name__, "label": label(artist)}

    def is_error_of_bar(self, artist, columns) -> bool:
        """Remembers an unlabelled straight line over a bar's end as its error bar, as seaborn draws them."""
        x, y = columns[:2]
        if not self.bars or len(x) not in (2, 8) or label(artist) is not None or len(columns) > 2:
            return False
        stroke = slice(0, 2) if len(x) == 2 else slice(3, 5)  # eight points: with caps
        for bar, ends_x, ends_y in self.bars:
            is_lying = bar.orientation == "horizontal"
            place, run = (y[stroke], x[stroke]) if is_lying else (x[stroke], y[stroke])
            places, ends = (ends_y, ends_x) if is_lying else (ends_x, ends_y)
            low, high = min(run), max(run)
            hit = (np.abs(places - place[0]) < 1e-9) & (low <= ends) & (ends <= high)
            if place[0] == place[1] and hit.any():
                self.bar_errors.setdefault(id(bar), []).append((place[0], ends[hit][0], low, high))
                return True
        return False


def read(axes, points, most) -> tuple[View, list, int]:
    """The view of an axes, at most `most` series of at most `points` points each, and how many were left out."""
    view = View(axes, points)
    ground = (axes.patch, axes.get_legend())
    drawn = [
        one for one in axes.get_children()
        if one.get_visible() and not isinstance(one, FURNITURE) and one not in ground
    ]
    present = {id(one) for one in drawn}
    groups = _groups(axes, drawn, present)
    found, others, done, loose = [], {}, set(), []
    skipped = 0

    def add(make, *given):
        nonlocal skipped
        if len(found) >= most:
            skipped += 1
            return
        series = _guarded(make, view, *given)
        if series is not None and series["type"] == "other":
            name = series["artist"]
            entry = others.setdefault(name, {**series, "count": 0})
            entry["count"] += 1
        elif series is not None:
            view.index_of[id(given[0])] = len(found)
            found.append(series)

    for artist in drawn:
        if loose and not _is_loose(view, artist, groups):
            add(figure_artists.rectangles, loose[: view.points])
            loose = []
        if id(artist) in groups:
            key, make, *given = groups[id(artist)]
            if key not in done:
                done.add(key)
                if make is not None:
                    add(make, *given)
        elif _is_loose(view, artist, groups):
            if artist.get_width() or artist.get_height():  # seaborn leaves empty ones for its legend
                loose.append(artist)
        else:
            add(_reader(view, artist), artist)
    if loose:
        add(figure_artists.rectangles, loose[: view.points])
    found += [_drawn_errors(view, bar) for bar, *_ in view.bars if id(bar) in view.bar_errors]
    found += others.values()
    return view, found, skipped


def _guarded(make, view, *given):
    """A series that cannot be read is named with the reason and spoils no other one."""
    try:
        return make(view, *given)
    except Exception as error:
        artist = given[0]
        while isinstance(artist, list) and artist:
            artist = artist[0]
        problem = f"{type(error).__name__}: {error}"[:200]
        return {"type": "other", "artist": type(artist).__name__, "label": None, "problem": problem}


def _groups(axes, drawn, present) -> dict:
    """id of an artist -> (key, reader, what to read) of the series it is a part of."""
    groups = {}
    calls = {}
    for artist in drawn:
        note = note_of(artist)
        if note is not None and note.kind == "hist" and not isinstance(artist, patches.Rectangle):
            groups[id(artist)] = (("hist", id(artist)), figure_groups.outlined_histogram, artist, note)
        elif note is not None and note.kind in ("box", "violin", "pie"):
            calls.setdefault((note.kind, note.call), []).append(artist)
        elif isinstance(artist, patches.Wedge):  # a pie whose call was not seen
            key = ("pie", tuple(np.round(artist.center, 6)), artist.r, artist.width)
            calls.setdefault(key, []).append(artist)
    makers = {"box": figure_boxes.boxes, "violin": figure_boxes.violins, "pie": figure_groups.pie}
    for key, members in calls.items():
        for artist in members:
            groups[id(artist)] = (key, makers[key[0]], members)
    for held in axes.containers:
        make = next((reader for kind, reader in CONTAINERS.items() if isinstance(held, kind)), None)
        if make is figure_groups.bars and "z" in axes._axis_map:
            continue  # in 3D the bars are no rectangles any more
        members = [part for part in held.get_children() if id(part) in present] if make else []
        for artist in members:
            groups.setdefault(id(artist), (id(held), make, held, present))
    return groups


def _is_loose(view, artist, groups) -> bool:
    """True for a rectangle in data coordinates that belongs to no bar container."""
    if type(artist) is not patches.Rectangle or id(artist) in groups:
        return False
    return artist.get_angle() == 0 and view.in_data(artist.get_data_transform()) == (True, True)


def _reader(view, artist):
    for kind, make in ARTISTS:
        if isinstance(artist, kind):
            return make
    if view.z is not None and not hasattr(artist, "_offsets3d"):
        return View.other
    if isinstance(artist, collections.PathCollection):
        return figure_artists.scatter
    if type(artist) is collections.LineCollection:
        return figure_artists.segments
    if type(artist) is collections.PolyCollection:
        has_places = artist.get_array() is not None and len(artist.get_offsets()) == np.size(artist.get_array())
        return figure_artists.hexagons if has_places and len(artist.get_paths()) == 1 else figure_artists.polygons
    if isinstance(artist, patches.Patch):
        return _patch
    return View.other


def _patch(view, artist):
    inside = view.in_data(artist.get_data_transform())
    if type(artist) is patches.Rectangle and inside in ((True, False), (False, True)):
        return figure_artists.span(view, artist, inside)
    if type(artist) is patches.Polygon and inside == (True, True):
        return figure_artists.polygon(view, artist)
    return view.other(artist)


def _drawn_errors(view, bar) -> dict:
    """Error bars that were drawn as plain lines over the ends of bars."""
    rows = np.array(view.bar_errors[id(bar)])[: view.points]
    is_lying = bar.orientation == "horizontal"
    along, across, name = (view.x, view.y, "x") if is_lying else (view.y, view.x, "y")
    other = "y" if is_lying else "x"
    return {
        "type": "error_bars",
        "label": figure_groups.label_of_bars(bar),
        **({"of": view.index_of[id(bar)]} if id(bar) in view.index_of else {}),
        other: across.values(rows[:, 0]),
        name: along.values(rows[:, 1]),
        f"{name}_low": along.values(rows[:, 2]),
        f"{name}_high": along.values(rows[:, 3]),
        "recognised_by": "lines over bars",
    }


def size_of(artist) -> int:
    """About how many points a series of this artist has; used only to share out the room."""
    if isinstance(artist, lines.Line2D):
        return len(floats(artist.get_xdata(orig=False)))
    if isinstance(artist, (collections.QuadMesh, image.AxesImage)):
        return int(np.size(artist.get_array())) if artist.get_array() is not None else 0
    if isinstance(artist, collections.Collection):
        offsets = len(artist.get_offsets()) if artist.get_offsets() is not None else 0
        return max(offsets, sum(len(path.vertices) for path in artist.get_paths()[:1000]))
    return 1
