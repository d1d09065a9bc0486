"""Reading values off a calibrated axis."""

import datetime

import numpy as np


def to_value(axis, pixel):
    """The value at a pixel position, by the line fitted through the axis ticks.

    On an axis of dates these are days since 1970-01-01.
    """
    value = axis["slope"] * np.asarray(pixel, float) + axis["intercept"]
    return 10.0**value if axis["scale"] == "log" else value


def reading_error(axis):
    """How far a reading may be off, as text: the ticks' own misfit plus one pixel."""
    pixels = axis["residual_px"] + 1.0
    if axis["scale"] == "log":
        return f"±{100 * (10 ** abs(axis['slope'] * pixels) - 1):.2g} %"
    return f"±{abs(axis['slope']) * pixels:.2g}"


def round_values(axis, values):
    """Values without digits that one pixel cannot carry."""
    if axis["scale"] == "log":
        return [float(f"{value:.4g}") for value in values]
    decimals = int(np.ceil(-np.log10(abs(axis["slope"])))) + 1
    return [round(float(value), decimals) for value in values]


def iso_date(days):
    """A number of days since 1970-01-01 as a calendar date."""
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=round(float(days)))).isoformat()


def nice_step(axis, least):
    """The smallest round step of an axis (1, 2 or 5 times a power of ten; of dates: whole days,
    weeks) that is at least so many pixels long."""
    shortest = least * abs(axis["slope"])
    if axis["scale"] == "date":
        return next((days for days in (1, 2, 7, 14, 28) if days >= shortest), np.ceil(shortest))
    power = 10.0 ** np.floor(np.log10(shortest))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.999 * shortest)
