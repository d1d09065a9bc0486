"""Saying which values are in doubt: doubts.csv beside the values."""

import pandas as pd

UNSURE = 1.0  # pixels that ticks may miss the fitted line by


def axis_doubts(axis, what):
    """Doubts on everything read off one axis: (series, at, reason), empty for all values."""
    if "slope" not in axis:
        return []
    if axis.get("fitted", 3) < 3:
        return [("", "", f"the {what} axis is calibrated by fewer than three ticks")]
    if axis["residual_px"] > UNSURE:
        return [("", "", f"the ticks of the {what} axis miss its line by up to "
                         f"{axis['residual_px']:.1f} pixels")]
    return []


def is_beyond(axis, pixel):
    """Whether a place lies beyond the outermost ticks by more than two thirds of their step."""
    places = sorted(place for _, place in axis["ticks"])
    if len(places) < 2:
        return True
    step = min(b - a for a, b in zip(places, places[1:]))
    return pixel < places[0] - 0.67 * max(step, 8) or pixel > places[-1] + 0.67 * max(step, 8)


def same_printed(value):
    """A category or x as it stands in values.csv."""
    return "" if value is None else str(value)


def save_doubts(picture, doubts, keys):
    """Save doubts.csv; return a sentence on how many values are in doubt, or nothing.

    `doubts` are (series, at, reason), empty series or place for all; `keys` are the (series, at)
    of all values.
    """
    if not doubts:
        return ""
    rows = list(dict.fromkeys((series, same_printed(at), reason) for series, at, reason in doubts))
    pd.DataFrame(rows, columns=["series", "at", "reason"]).to_csv(
        picture["out"] + "doubts.csv", index=False)
    name = picture["out"].rpartition("/")[2] + "doubts.csv"
    return (f" {count_doubted(keys, rows)} of {len(keys)} values are in doubt: {name} says which "
            "and why.")


def count_doubted(keys, doubts):
    """How many of the (series, at) keys some doubt covers."""
    return sum(
        any(series in ("", key[0]) and same_printed(at) in ("", same_printed(key[1]))
            for series, at, _ in doubts)
        for key in keys
    )
