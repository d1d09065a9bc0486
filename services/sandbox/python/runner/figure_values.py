"""Turns what artists hold into strict JSON values: plain numbers, null for what is no number, short texts."""

from __future__ import annotations

import numpy as np
from matplotlib import colors

TEXT = 500  # characters of any one text
DISTINCT = 32  # colours of one series that are told point by point


def floats(values) -> np.ndarray:
    """Any values as a flat float array; masked and unreadable ones are NaN."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(float).filled(np.nan)
    try:
        return np.asarray(values, dtype=float).ravel()
    except (TypeError, ValueError):
        return np.array([_float(value) for value in np.ravel(np.asarray(values, dtype=object))])


def _float(value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def numbers(values) -> list:
    """A list of JSON numbers; whole numbers are written without a fraction, NaN and infinity are null."""
    array = floats(values)
    finite = np.isfinite(array)
    if finite.all():
        if array.size and (np.abs(array) < 2**53).all() and (array == np.rint(array)).all():
            return array.astype(np.int64).tolist()
        return array.tolist()
    return [number if known else None for number, known in zip(array.tolist(), finite.tolist())]


def number(value):
    """One JSON number or null."""
    found = numbers([value])
    return found[0]


def text(value) -> str | None:
    """A text without lone surrogates and of bounded length; null for an empty one."""
    said = str(value).encode("utf-8", "replace").decode("utf-8").strip()
    if len(said) > TEXT:
        said = said[: TEXT - 1] + "…"
    return said or None


def label(artist) -> str | None:
    """The label as a legend would show it; names that start with an underscore are matplotlib's own."""
    said = artist.get_label()
    return None if said is None or str(said).startswith("_") else text(said)


def colour(value) -> str | None:
    """#rrggbb, or #rrggbbaa where it is not opaque; null for none at all."""
    try:
        rgba = colors.to_rgba(value)
    except (TypeError, ValueError):
        return None
    if rgba[3] == 0:
        return None
    return colors.to_hex(rgba, keep_alpha=rgba[3] < 1)


def palette(rgba, keep=None) -> dict:
    """`colour` when all are the same, else the colours met and the index of each point's, else nothing.

    `keep`: indices of the points that are told, None for all."""
    array = np.atleast_2d(np.asarray(rgba, dtype=float))
    if array.size == 0 or array.shape[-1] != 4:
        return {"colour": None}
    if len(array) == 1:
        return {"colour": colour(array[0])}
    if keep is not None and len(array) > keep[-1]:
        array = array[keep]
    met, index = np.unique(array, axis=0, return_inverse=True)
    if len(met) == 1:
        return {"colour": colour(met[0])}
    if len(met) > DISTINCT:
        return {"colour": None, "colours_vary": True}
    return {"colour": None, "colours": [colour(one) for one in met], "colour_index": index.ravel().tolist()}


def mapped(artist) -> dict:
    """How an artist turns values into colours: name of the map, its limits and its scale."""
    norm = artist.norm
    name = type(norm).__name__.removesuffix("Norm").lower()
    return {
        "colour_map": text(artist.get_cmap().name),
        "colour_limits": [number(norm.vmin), number(norm.vmax)],
        "colour_scale": "linear" if name in ("normalize", "no") else name,
    }


def kept(count: int, cap: int, *columns: np.ndarray) -> np.ndarray | None:
    """Indices of an even sample of `cap` of `count` points with both ends and every column's extremes, or
    None when there are few enough to keep all."""
    if count <= cap:
        return None
    chosen = [np.linspace(0, count - 1, max(2, cap - 2 * len(columns))).round().astype(int)]
    for column in columns:
        if np.isfinite(column).any():
            finite = np.where(np.isfinite(column), column, np.nan)
            chosen.append([np.nanargmin(finite), np.nanargmax(finite)])
    return np.unique(np.concatenate(chosen)).astype(int)


def cut(count: int, keep) -> dict:
    """What tells that points were left out."""
    return {} if keep is None else {"truncated": True, "count": count}
