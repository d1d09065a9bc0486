"""Dates printed along an axis, as days since 1970-01-01."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan januar january", "feb februar february", "mar mär märz mrz march maerz", "apr april", "may mai",
         "jun june juni", "jul july juli", "aug august", "sep sept september", "oct okt october oktober",
         "nov november", "dec dez december dezember"), start=1)
    for name in names.split()
}
_YEAR = r"(?:19|20)\d\d"
_NUMERIC = (
    (re.compile(rf"^({_YEAR})[-/.](\d{{1,2}})[-/.](\d{{1,2}})$"), (0, 1, 2)),
    (re.compile(rf"^(\d{{1,2}})\.(\d{{1,2}})\.({_YEAR})$"), (2, 1, 0)),
    (re.compile(rf"^({_YEAR})[-/](\d{{1,2}})$"), (0, 1, None)),
)
_EPOCH = datetime.date(1970, 1, 1)


@dataclass
class Part:
    """What one label says of a date; None for what it leaves to its neighbours."""

    year: int | None
    month: int | None
    day: int | None


def part(text: str) -> Part | None:
    """What a label says of a date, or None when it names no month and no year."""
    plain = re.sub(r"\s+", " ", text.strip()).replace("–", "-").replace("—", "-")
    for pattern, order in _NUMERIC:
        if match := pattern.match(plain):
            year, month, day = (int(match[k + 1]) if k is not None else None for k in order)
            return Part(year, month, day) if 1 <= (month or 1) <= 12 and 1 <= (day or 1) <= 31 else None
    if re.fullmatch(_YEAR, plain):
        return Part(int(plain), None, None)
    words = re.findall(r"[^\W\d_]+|\d+", plain)
    month = [_MONTHS.get(word.casefold()) for word in words if not word.isdigit()]
    if len(month) != 1 or month[0] is None or len(words) > 3:
        return None
    year = day = None
    for word in (w for w in words if w.isdigit()):
        if re.fullmatch(rf"\d?{_YEAR}", word) and year is None:  # "Jul12023": a blank read as a stroke
            year = int(word[-4:])
        elif len(word) == 2 and "'" in plain.replace("’", "'") and year is None:
            year = 2000 + int(word)
        elif len(word) <= 2 and 1 <= int(word) <= 31 and day is None:
            day = int(word)
        else:
            return None
    return Part(year, month[0], day)


def days(texts: list[str], backwards: bool = False) -> list[float | None]:
    """Days since 1970 of labels in the order of their axis; None where there is no date.

    A label that leaves out its year has that of the label before it, or the next one
    when its month has come round. Without a year anywhere, months are only names.
    """
    ordered = texts[::-1] if backwards else texts
    parts = [part(text) for text in ordered]
    first = next((k for k, p in enumerate(parts) if p and p.year is not None), None)
    if first is None or not any(p and p.month for p in parts):
        return [None] * len(texts)
    found: list[float | None] = [None] * len(texts)
    year, last = _year_at_start(parts[: first + 1]), 0
    for place, seen in enumerate(parts):
        if seen is None:
            continue
        month = seen.month or 1
        if seen.year is not None:
            year = seen.year
        elif month < last:
            year += 1
        last = month
        try:
            found[place] = float((datetime.date(year, month, seen.day or 1) - _EPOCH).days)
        except ValueError:
            continue
    return found[::-1] if backwards else found


def _year_at_start(parts: list[Part | None]) -> int:
    """The year of the first label, counted back from the first one that prints its own."""
    known = [p for p in parts if p]
    months = [p.month or 1 for p in known]
    return known[-1].year - sum(b < a for a, b in zip(months, months[1:], strict=False))


def iso(day: float) -> str:
    """A number of days as a calendar date, "2024-02-29"; rounded to the nearest day.

    Raises OverflowError beyond the years 1 to 9999.
    """
    return (_EPOCH + datetime.timedelta(days=round(day))).isoformat()
