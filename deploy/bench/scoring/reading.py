"""What a delivered file says, whatever shape its writer chose: cells, labelled values, points, shares."""

from __future__ import annotations

import csv
import datetime
import io
import math
import re

DATES = ("%Y-%m-%d", "%Y-%m", "%b %Y", "%B %Y", "%Y", "%d.%m.%Y", "%b %d, %Y", "%B %d, %Y", "%Y/%m/%d", "%b %d %Y")
# Names that a table may give the columns of its long form.
SERIES, ACROSS, UP = ("series", "group", "name"), ("x", "category", "label", "date"), ("y", "value")


def rows(text: str) -> list[list[str]]:
    """The rows of a CSV file that are not empty."""
    return [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]


def number(text: str) -> float | None:
    """The finite number that a text is, with thousands' commas or a percent sign at most."""
    try:
        value = float(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.strip().removesuffix("%").replace("\u2212", "-")))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def day(text: str) -> float | None:
    """The days of a date since 1970; a month is its first day."""
    text = text.strip().split("T")[0].removesuffix(" 00:00:00")
    for form in DATES:
        try:
            return float((datetime.datetime.strptime(text, form) - datetime.datetime(1970, 1, 1)).days)
        except ValueError:
            continue
    return None


def column(head: list[str], names: tuple[str, ...]) -> int | None:
    """The first column that bears one of the names."""
    lower = [cell.strip().lower() for cell in head]
    return next((lower.index(name) for name in names if name in lower), None)


def labelled(text: str) -> list[tuple[str, str, float]]:
    """(label, series, value) of a table in long form, or in wide form with labels first and a column for each series.

    A wide table of one column has the series "" only if that column is called value, y or nothing.
    """
    table = rows(text)
    if len(table) < 2:
        return []
    head, body = table[0], [row + [""] * (len(table[0]) - len(row)) for row in table[1:]]
    group, across, up = column(head, SERIES), column(head, ACROSS), column(head, UP)
    if across is not None and up is not None and (group is not None or len(head) == 2):
        found = [
            (row[across].strip(), row[group].strip() if group is not None else "", number(row[up])) for row in body
        ]
    else:
        found = [
            (row[0].strip(), name.strip(), number(row[place]))
            for row in body
            for place, name in enumerate(head)
            if place
        ]
    return [(label, series, value) for label, series, value in found if value is not None]


def points(text: str) -> list[tuple[str, float, float]]:
    """(series, x, y) of a table of points."""
    table = rows(text)
    if len(table) < 2:
        return []
    group, across, up = column(table[0], SERIES), column(table[0], ("x",)), column(table[0], ("y",))
    if across is None or up is None:
        across, up = len(table[0]) - 2, len(table[0]) - 1
    found = []
    for row in table[1:]:
        if 0 <= across < len(row) and up < len(row):
            x, y = number(row[across]), number(row[up])
            if x is not None and y is not None:
                found.append((row[group].strip() if group is not None and group < len(row) else "", x, y))
    return found


def shares(text: str) -> list[tuple[str, float]]:
    """(label, per cent) of a table of shares: the column that says so, else the first of numbers, made to add up to 100."""
    table = rows(text)
    if len(table) < 2:
        return []
    head = [cell.strip().lower() for cell in table[0]]
    place = next((i for i, name in enumerate(head) if "share" in name or "percent" in name), 1)
    found = [(row[0].strip(), number(row[place])) for row in table[1:] if place < len(row)]
    kept = [(label, value) for label, value in found if value is not None]
    total = sum(value for _label, value in kept)
    return [(label, 100 * value / total) for label, value in kept] if total > 0 else []


def chosen(files: dict[str, str], names: tuple[str, ...], ending: str) -> str | None:
    """The text of the file to score: the first of the names that is there, else the first with the ending."""
    for name in names:
        if name in files:
            return files[name]
    others = [name for name in sorted(files) if name.endswith(ending) and name != "text_stats.csv"]
    return files[others[0]] if others else None
