"""Which delivered values the program shows as sure: what its proof (overlay.json) trusts, else all."""

from __future__ import annotations

import json

from .measure import folded
from .reading import day, number


class Sure:
    """Asks the proof about single values. Without a proof every value counts as shown for sure."""

    def __init__(self, files: dict[str, str]):
        proofs = [text for name, text in sorted(files.items()) if name.endswith("overlay.json")]
        self.proved = False
        self._trusted: dict[tuple[str, str], list[tuple[float | None, bool]]] = {}
        self._series: set[str] = set()
        for text in proofs:
            try:
                values = json.loads(text)["values"]
                for value in values:
                    key = (folded(str(value["series"])), _place(str(value["at"])))
                    read = value["value"] if isinstance(value["value"], (int, float)) else None
                    self._trusted.setdefault(key, []).append((read, value["trusted"] is True))
                    self._series.add(key[0])
            except (ValueError, KeyError, TypeError):
                continue
            self.proved = True

    def has(self, series: str, at: str, value: float | None = None) -> bool:
        """Whether a delivered value is shown as sure. A value that the proof does not name is not."""
        if not self.proved:
            return True
        name = folded(series)
        if name not in self._series and len(self._series) == 1:
            name = next(iter(self._series))  # a lone series may go by another name in the figure
        found = self._trusted.get((name, _place(at)), [])
        near = [is_trusted for read, is_trusted in found
                if value is None or read is None or abs(read - value) <= 1e-4 * max(abs(read), abs(value))]
        return bool(near) and all(near)


def _place(at: str) -> str:
    """A place by its number or its day, so that the same date in another form is the same place."""
    when = day(at) if number(at) is None else None
    return folded(at) if when is None else f"day {when:g}"
