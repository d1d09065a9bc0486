"""Remembers what matplotlib's artists alone do not tell: which call drew them, and its bins or values.

Only `hist`, `bxp` (all box plots), `violin` and `pie` are followed. Notes hang on the artists weakly and
hold plain data, so that they neither keep figures alive nor change what the code sees.
"""

import functools
import inspect
import itertools
import weakref
from dataclasses import dataclass, field

from matplotlib import rcParams

# See figures.py: warnings must name the line of the code and not this file.
__name__ = "matplotlib.darkroom_figure_calls"


@dataclass
class Note:
    """An artist's part in a call: artists of one call share `call`; `index` counts boxes, slices, bodies."""

    call: int
    kind: str
    role: str
    index: int
    data: dict = field(default_factory=dict)


_notes = weakref.WeakKeyDictionary()
_numbers = itertools.count(1)


def note_of(artist):
    """The note on an artist, or None."""
    return _notes.get(artist)


def forget():
    """Drops all notes."""
    _notes.clear()


def followed(original, after):
    """`original` with the same signature and result, after which `after(result, self, args, kwargs)` is called."""

    @functools.wraps(original)
    def call(owner, *args, **kwargs):
        result = original(owner, *args, **kwargs)
        after(result, owner, args, kwargs)
        return result

    return call


def install(tell):
    """Follows the calls. `tell` gets a line when a note cannot be taken, which the code never notices."""
    from matplotlib.axes import Axes

    for name, take in {"hist": hist, "bxp": box, "violin": violin, "pie": pie}.items():
        original = getattr(Axes, name)
        setattr(Axes, name, followed(original, taking(name, take, inspect.signature(original), tell)))


def taking(name, take, signature, tell):
    """A follower that binds the arguments by name and survives whatever `take` does."""

    def after(result, owner, args, kwargs):
        try:
            bound = signature.bind(owner, *args, **kwargs)
            bound.apply_defaults()
            take(result, bound.arguments, next(_numbers))
        except Exception as error:
            tell(f"figure data: {name} not noted: {type(error).__name__}: {error}")

    return after


def hist(result, given, call):
    """Notes bins and counts on the first patch of each data set."""
    tops, edges, patches = result
    many = len(patches) > 0 and not hasattr(patches[0], "get_path")  # bars or polygons of several data sets
    groups = list(patches) if many else [patches]
    rows = list(tops) if many else [tops]
    is_stacked = bool(given["stacked"]) or given["histtype"] == "barstacked"
    below = 0
    for index, (group, top) in enumerate(zip(groups, rows)):
        data = {
            "edges": edges,
            "counts": top - below,
            "orientation": given["orientation"],
            "density": bool(given["density"]),
            "weighted": given["weights"] is not None,
            "cumulative": bool(given["cumulative"]),
            "stacked": is_stacked,
        }
        below = top if is_stacked else 0
        if len(group):
            _notes[group[0]] = Note(call, "hist", given["histtype"], index, data)


def box(result, given, call):
    """Notes the parts of each box; whiskers and caps come in pairs."""
    orientation = given["orientation"]
    if given.get("vert") is False or not rcParams["boxplot.vertical"]:
        orientation = "horizontal"
    labels = [stats.get("label") for stats in given["bxpstats"]]
    for role, artists in result.items():
        share = 2 if role in ("whiskers", "caps") else 1
        for number, artist in enumerate(artists):
            index = number // share
            data = {"orientation": orientation, "label": labels[index], "end": number % share}
            _notes[artist] = Note(call, "box", role, index, data)


def violin(result, given, call):
    """Notes the bodies and the lines of a violin plot."""
    orientation = given["orientation"]
    if given.get("vert") is not None:
        orientation = "vertical" if given["vert"] else "horizontal"
    data = {"orientation": orientation}
    for role, artists in result.items():
        for index, artist in enumerate(artists if role == "bodies" else [artists]):
            _notes[artist] = Note(call, "violin", role, index, data)


def pie(result, given, call):
    """Notes the value and the share of each slice."""
    wedges = result[0]
    values, shares = getattr(result, "values", None), getattr(result, "fracs", None)
    for index, wedge in enumerate(wedges):
        data = {"counterclockwise": bool(given["counterclock"])}
        if values is not None and shares is not None:
            data |= {"value": values[index], "fraction": shares[index]}
        _notes[wedge] = Note(call, "pie", "wedge", index, data)
