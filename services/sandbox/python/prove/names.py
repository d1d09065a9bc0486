"""Comparing names and dates as people print them."""

from __future__ import annotations

import datetime
import difflib
import re

from .reading import number

ALIKE = 0.75  # difflib's ratio from which two names mean the same: a letter misread is not another name
_DATES = ("%Y-%m-%d", "%Y-%m", "%b %Y", "%B %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d.%m.%Y", "%Y/%m/%d",
          "%b %d %Y", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_EPOCH = datetime.datetime(1970, 1, 1)


def folded(name) -> str:
    """What is compared of a name: letters and digits; numbers by value, so 2020.0 is 2020."""
    value = number(name)
    if value is not None:
        return f"{value:g}"
    return re.sub(r"[^\w]", "", str(name or "").casefold())


def likeness(one, two) -> float:
    """How alike two names are, 0 to 1; numbers are the same or other numbers."""
    a, b = folded(one), folded(two)
    if a == b:
        return 1.0 if a else 0.0
    if not a or not b or number(one) is not None or number(two) is not None:
        return 0.0
    return difflib.SequenceMatcher(None, a[:80], b[:80]).ratio()


def pairs(wanted: list, found: list) -> dict[int, int]:
    """Which of ``found`` each of ``wanted`` means, by place; each at most once, the most alike first."""
    ranked = []
    exact: dict[str, list[int]] = {}
    for place, name in enumerate(found):
        exact.setdefault(folded(name), []).append(place)
    is_small = len(wanted) * len(found) <= 40_000
    for w, name in enumerate(wanted):
        same = exact.get(folded(name), []) if folded(name) else []
        for f in same or (range(len(found)) if is_small else ()):
            ratio = likeness(name, found[f])
            if ratio >= ALIKE:
                ranked.append((-ratio, abs(w - f), w, f))
    chosen: dict[int, int] = {}
    taken: set[int] = set()
    for _ratio, _far, w, f in sorted(ranked):
        if w not in chosen and f not in taken:
            chosen[w] = f
            taken.add(f)
    return chosen


def day(said) -> float | None:
    """Days since 1970 of a date as charts and files print it (UTC), or None. A month is its first day."""
    said = str(said or "").strip().removesuffix("Z")[:32]
    if not re.search(r"\d", said) or number(said) is not None:
        return None
    for form in _DATES:
        try:
            return (datetime.datetime.strptime(said, form) - _EPOCH).total_seconds() / 86_400
        except ValueError:
            continue
    return None


def iso(days: float) -> str | None:
    """The date of days since 1970, with the time where it is not midnight; None out of reach."""
    try:
        moment = _EPOCH + datetime.timedelta(seconds=round(days * 86_400))
    except (OverflowError, ValueError):
        return None
    return moment.strftime("%Y-%m-%d" if moment.time() == datetime.time() else "%Y-%m-%dT%H:%M")
