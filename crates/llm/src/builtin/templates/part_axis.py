"""Reading values off a calibrated axis."""

import numpy as np


def to_value(axis, pixel):
    """The value at a pixel position, by the line fitted through the axis ticks."""
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
