"""Fitting tick values to pixels so that one misread tick cannot spoil an axis."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from . import numerals


@dataclass
class Fit:
    """``value = slope * pixel + intercept``; of log10(value) when ``log``.

    ``inliers`` are indices of the ticks that agree; ``residual`` is the largest
    distance of those from the line, in pixels.
    """

    slope: float
    intercept: float
    residual: float
    inliers: list[int]
    log: bool
    values: list[float | None]

    def at(self, pixel: float) -> float:
        """Value at a pixel position."""
        raw = self.slope * pixel + self.intercept
        return 10.0**raw if self.log else raw

    def pixel_of(self, value: float) -> float:
        """Pixel position of a value (inverse of :meth:`at`)."""
        raw = math.log10(value) if self.log else value
        return (raw - self.intercept) / self.slope


def fit_ticks(texts: list[str], pixels: list[float], tolerance: float) -> Fit | None:
    """The best straight (or logarithmic) axis through the readable ticks.

    ``tolerance`` is how far a tick may lie from the line, pixels. Readings are
    tried with decimal point and with decimal comma; the reading that explains
    more ticks wins, the point on a draw. Returns None when fewer than two agree.
    """
    texts = _powers(texts)
    best: Fit | None = None
    for comma in (False, True):
        values = [numerals.parse_lenient(t, comma) for t in texts]
        for log in (False, True):
            fit = _robust(pixels, values, tolerance, log)
            if log and (digits := _with_digits(texts, pixels, values, tolerance)):
                fit = digits
            if fit and (best is None or _rank(fit) > _rank(best)):
                best = fit
    if best is None:
        return None
    readable = sum(numerals.parse_lenient(t) is not None for t in texts)
    if len(best.inliers) < 2 or (readable > 2 and len(best.inliers) < max(2, 0.5 * readable)):
        return None
    return best


def _powers(texts: list[str]) -> list[str]:
    """Among powers of ten a raised 0 that was read as a degree sign is an exponent."""
    powers = sum(bool(re.match(r"^[-−]?10(\^|[⁰¹²³⁴-⁹⁻])", t.strip())) for t in texts)
    return [re.sub(r"^10[º°oO]$", "10^0", t.strip()) for t in texts] if powers >= 2 else texts


def fit_values(pixels: list[float], values: list[float | None], tolerance: float) -> Fit | None:
    """The best straight axis through ticks whose values are known; None when fewer than two agree."""
    return _robust(pixels, values, tolerance, False)


def _rank(fit: Fit) -> tuple[float, float]:
    # A log axis needs at least three ticks to be told from a straight one.
    return len(fit.inliers) - (0.5 if fit.log else 0.0), -fit.residual


def _with_digits(texts: list[str], pixels: list[float], values: list[float | None],
                 tolerance: float) -> Fit | None:
    """A log axis whose minor ticks print their digit alone: 100, 2, 5, 1000, 2, 5.

    The decades are fitted first; a digit then stands for that many of its decade.
    """
    digits = {i for i, t in enumerate(texts) if t.strip() in "23456789" and len(t.strip()) == 1}
    if len(digits) < 2:
        return None
    decades = [None if i in digits else v for i, v in enumerate(values)]
    known = [(p, math.log10(v)) for p, v in zip(pixels, decades, strict=True) if v is not None and v > 0]
    if len(known) < 2 or len({round(y, 6) for _, y in known}) < 2 or any(abs(y - round(y)) > 1e-6 for _, y in known):
        return None
    slope, intercept = _least_squares(*(np.array(side) for side in zip(*known, strict=True)))
    if slope == 0:
        return None
    full = list(decades)
    for i in digits:
        exponent = round(slope * pixels[i] + intercept - math.log10(int(texts[i])))
        full[i] = int(texts[i]) * 10.0**exponent
    fit = _robust(pixels, full, tolerance, True)
    return fit if fit and len(fit.inliers) >= 0.8 * len(texts) else None


def _robust(pixels: list[float], values: list[float | None], tolerance: float, log: bool) -> Fit | None:
    known = [i for i, v in enumerate(values) if v is not None and (not log or v > 0)]
    if len(known) < (3 if log else 2):
        return None
    x = np.array([pixels[i] for i in known], float)
    raw = np.array([values[i] for i in known], float)
    y = np.log10(raw) if log else raw
    if log and y.max() - y.min() < 0.9:
        return None
    pairs = np.array(list(combinations(range(len(known)), 2)))
    a, b = pairs[:: max(1, len(pairs) // 600)].T
    apart = (np.abs(x[b] - x[a]) >= 4) & (y[a] != y[b])
    if not apart.any():
        return None
    a, b = a[apart], b[apart]
    # One row per pair of ticks: how far every tick is from the line through the two.
    slopes = (y[b] - y[a]) / (x[b] - x[a])
    off = np.abs((y - y[a][:, None]) / slopes[:, None] - (x - x[a][:, None]))
    good = off <= tolerance
    agreeing, spread = good.sum(axis=1), np.where(good, off, 0.0).sum(axis=1)
    best = good[np.lexsort((spread, -agreeing))[0]]
    if best.sum() < 2:
        return None
    slope, intercept = _least_squares(x[best], y[best])
    if slope == 0 or not math.isfinite(slope):
        return None
    off = np.abs((y[best] - intercept) / slope - x[best])
    inliers = [known[i] for i in np.flatnonzero(best)]
    return Fit(slope, intercept, float(off.max()), inliers, log, list(values))


def _least_squares(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    middle = x.mean()
    spread = ((x - middle) ** 2).sum()
    slope = float(((x - middle) * (y - y.mean())).sum() / spread) if spread else 0.0
    return slope, float(y.mean() - slope * middle)


def corrected(fit: Fit, text: str, pixel: float, tolerance: float) -> float | None:
    """What a misread tick must say, when its reading is one small slip away.

    A lost minus sign, a lost or added digit or a lost decimal point are slips;
    anything else stays unknown.
    """
    value = fit.at(pixel)
    wanted = _nice(fit, value, tolerance)
    if wanted is None:
        return None
    read = numerals.parse_lenient(text)
    if read is not None and math.isclose(-read, wanted, rel_tol=1e-6, abs_tol=1e-12):
        return wanted
    printed = [c for c in numerals.clean(text) if c.isdigit()]
    digits = [c for c in f"{abs(wanted):.10g}" if c.isdigit()]
    if printed and digits and _edits("".join(printed), "".join(digits)) <= 1 and len(digits) > 1:
        return wanted
    if read is None and len(text) <= len(digits) + 2 and len(fit.inliers) >= 3:
        return wanted if not text.isalpha() or len(text) <= 2 else None
    return None


def _nice(fit: Fit, value: float, tolerance: float) -> float | None:
    """The regular tick value nearest to ``value``, if the inliers are regular."""
    known = sorted(v for i in fit.inliers if (v := fit.values[i]) is not None)
    if len(known) < 2:
        return None
    if fit.log:
        exponent = round(math.log10(value)) if value > 0 else 0
        return 10.0**exponent if value > 0 else None
    step = min(b - a for a, b in zip(known, known[1:], strict=False))
    if step <= 0:
        return None
    wanted = known[0] + round((value - known[0]) / step) * step
    wanted = float(f"{wanted:.10g}")
    return wanted if abs(wanted - value) <= abs(fit.slope) * tolerance * 1.5 else None


def _edits(a: str, b: str) -> int:
    """Levenshtein distance of two short strings."""
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        row, last = [i], row
        for j, cb in enumerate(b, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (ca != cb)))
    return row[-1]
