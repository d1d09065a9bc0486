"""One axis of a plot: its unit, limits and ticks, and its numbers as JSON values of that unit."""

from __future__ import annotations

import functools
import re
import sys

import numpy as np
from matplotlib import category, dates, ticker

from .figure_values import floats, number, numbers, text

TICKS = 200  # told of one axis
DAY = 86_400_000_000  # microseconds
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FAR = 3_000_000  # days from 1970 beyond which no calendar date is meant


class AxisData:
    """An axis, read after the figure was drawn. `name` is x, y or z."""

    def __init__(self, axes, name):
        self.axis = axes._axis_map[name]
        self.limits = getattr(axes, f"get_{name}lim")()
        self.converter = self.axis.get_converter()
        self.period = self._period(axes)
        self.names = self._names()
        self.fixed = self._fixed_labels()
        self.unit = self._unit()
        if self.unit == "category" and not self.names:
            self.names = dict(zip(self.fixed[0].tolist(), self.fixed[1]))

    def _period(self, axes):
        """The pandas frequency when numbers count its periods, else None."""
        formatter = type(self.axis.get_major_formatter()).__name__
        if type(self.converter).__name__ != "PeriodConverter" and formatter != "TimeSeries_DateFormatter":
            return None
        return getattr(self.axis, "freq", None) or getattr(axes, "freq", None)

    def _names(self):
        """Position -> label of an axis made of texts, else nothing."""
        if isinstance(self.converter, category.StrCategoryConverter):
            mapping = getattr(self.axis.units, "_mapping", None) or {}
            return {position: said for said, position in mapping.items()}
        return {}

    def _fixed_labels(self):
        """(positions, labels) of ticks that were both given by the code, else two empty lists."""
        formatter = self.axis.get_major_formatter()
        function = getattr(formatter, "func", None)
        is_given = isinstance(formatter, ticker.FixedFormatter) or (
            isinstance(function, functools.partial) and function.func.__name__ == "_format_with_dict"
        )
        if not is_given or not isinstance(self.axis.get_major_locator(), ticker.FixedLocator):
            return np.array([]), []
        places = floats(self.axis.get_majorticklocs())[: 10 * TICKS]
        said = [text(one) for one in formatter.format_ticks(places)]
        order = [i for i in np.argsort(places, kind="stable") if said[i]]
        return places[order], [said[i] for i in order]

    def _unit(self):
        if isinstance(self.converter, category.StrCategoryConverter):
            return "category"
        clocks = (dates.AutoDateFormatter, dates.ConciseDateFormatter, dates.DateFormatter)
        is_dated = isinstance(self.converter, (dates.DateConverter, dates._SwitchableDateConverter))
        if self.period is not None or is_dated or isinstance(self.axis.get_major_formatter(), clocks):
            return "time"
        if _name_things(*self.fixed):
            return "category"
        return "number"

    def values(self, array) -> list:
        """Numbers of this axis as JSON: ISO times (UTC), labels where all values have one, else numbers."""
        if self.unit == "time":
            return self._times(array)
        if self.names:
            found = [self.names.get(value) for value in floats(array).tolist()]
            if None not in found:
                return [text(one) for one in found]
        return numbers(array)

    def places(self, array) -> list:
        """The same without labels: where bars and cells lie on an axis of categories."""
        return numbers(array) if self.unit == "category" else self.values(array)

    def value(self, one):
        """One value, see `values`."""
        return self.values([one])[0]

    def _times(self, array) -> list:
        array = floats(array)
        if self.period is not None:
            return self._periods(array)
        known = np.isfinite(array) & (np.abs(array) < FAR)
        stamps = np.rint(np.where(known, array, 0) * DAY).astype(np.int64)
        moments = np.datetime64(dates.get_epoch(), "us") + stamps.astype("timedelta64[us]")
        return _iso(moments, known)

    def _periods(self, array) -> list:
        pandas = sys.modules["pandas"]
        known = np.isfinite(array) & (np.abs(array) < 2**53)
        whole = np.rint(np.where(known, array, 0)).astype(np.int64)
        index = pandas.PeriodIndex.from_ordinals(whole, freq=self.period)
        return _iso(index.to_timestamp().to_numpy().astype("datetime64[us]"), known)

    def name_at(self, position) -> str | None:
        """The category a position belongs to: the nearest label within half the distance of labels."""
        if not self.names or not np.isfinite(position):
            return None
        places, labels = self.ordered
        nearest = int(np.argmin(np.abs(places - position)))
        reach = 0.5 * (np.diff(places).min() if len(places) > 1 else 1.0)
        return text(labels[nearest]) if abs(places[nearest] - position) <= reach + 1e-9 else None

    @functools.cached_property
    def ordered(self):
        """Positions and labels of the categories from low to high."""
        places = sorted(self.names)
        return np.array(places, dtype=float), [self.names[place] for place in places]

    def describe(self) -> dict:
        """The axis itself. `limits` run from the start to the end of the drawn axis."""
        axis = self.axis
        found = {
            "label": text(axis.get_label_text()),
            "scale": axis.get_scale(),
            "unit": self.unit,
            "limits": self.places(self._tidy(self.limits)),
            "inverted": bool(axis.get_inverted()),
            "ticks": self._ticks(),
        }
        if axis.get_label_position() in ("bottom", "top", "left", "right"):
            found["side"] = axis.get_label_position()
        base = getattr(axis.get_transform(), "base", 10)
        if base != 10:
            found["base"] = number(base)
        zone = getattr(axis.get_major_formatter(), "tz", None)
        if self.unit == "time" and zone is not None and str(zone) != "UTC":
            found["timezone"] = text(zone)
        return found

    def _tidy(self, values) -> list:
        """Numbers without the rounding errors of computed ticks (1.2000000000000002)."""
        return values if self.unit == "time" else [float(f"{value:.13g}") for value in floats(values).tolist()]

    def _ticks(self) -> dict:
        """Positions and labels of the ticks in view whose labels are shown."""
        places, labels = [], []
        axes = self.axis.axes
        if not self.axis.get_visible() or not getattr(axes, "_axis3don", axes.axison):
            return {"at": [], "labels": []}
        low, high = sorted(floats(self.limits))
        slack = 1e-9 * (high - low)
        for at, ticks in (
            (self.axis.get_majorticklocs(), self.axis.majorTicks),
            (self.axis.get_minorticklocs(), self.axis.minorTicks),
        ):
            # The texts are those of the last drawing: formatters of the code are not called once more.
            for place, tick in zip(floats(at), ticks[: 10 * TICKS]):
                shown = [one for one in (tick.label1, tick.label2) if one.get_visible()]
                is_in_view = tick.get_visible() and low - slack <= place <= high + slack
                if shown and is_in_view and (said := _without_math(shown[0].get_text())):
                    places.append(place)
                    labels.append(said)
        return {"at": self.places(self._tidy(places[:TICKS])), "labels": labels[:TICKS]}


def _iso(moments, known) -> list:
    """Times as ISO texts no finer than they need to be; null where not known."""
    stamps = moments.astype(np.int64)[known]
    sizes = {"D": DAY, "m": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
    unit = next(name for name, size in sizes.items() if not (stamps % size).any())
    texts = np.datetime_as_string(moments, unit=unit).tolist()
    return [one if is_known else None for one, is_known in zip(texts, known.tolist())]


def _without_math(said) -> str | None:
    """The label of a tick as one reads it: 10³ for the formula that log axes use."""
    found = re.fullmatch(r"\$\\mathdefault\{(.*)\}\$", said)
    if found is None:
        return text(said)
    plain = found[1].replace(r"\times", "×")
    return text(re.sub(r"\^\{([-0-9]+)\}", lambda power: power[1].translate(RAISED), plain))


def _plain(label) -> str:
    return label.replace("\N{MINUS SIGN}", "-").replace(",", "")


def _is_number_at(label, place) -> bool:
    """True when the label reads as the very position of its tick."""
    try:
        return np.isclose(float(_plain(label)), place)
    except ValueError:
        return False


def _is_dressed_number(label) -> bool:
    """True for 20%, $5, 3.5k, 2019: a number with at most a few signs around it."""
    bare = _plain(label).strip("%$€£°kKMB ")
    try:
        float(bare)
    except ValueError:
        return False
    return True


def _name_things(places, labels) -> bool:
    """True when labels given by the code name things, as below bars, and do not only dress up numbers."""
    if all(_is_number_at(label, place) for place, label in zip(places, labels)):
        return False
    steps = np.diff(places)
    if places[0] in (0, 0.5, 1) and np.allclose(steps, 1):
        return True  # 0, 1, 2, ... only count
    is_on_grid = np.allclose(2 * places, np.rint(2 * places)) and np.allclose(steps, np.rint(steps))
    return bool(is_on_grid) and not all(map(_is_dressed_number, labels))
