"""Tables: the ruled grid, or the columns that aligned text implies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import cut, numerals, ocr, pixels
from .image import Picture
from .lines import Line, Lines
from .ocr import TextItem

DOUBTFUL = 0.93  # readings less sure than this get a second look


@dataclass
class Cell:
    """One cell: its text (empty when blank), certainty, tight box in pixels."""

    text: str
    confidence: float
    box: list[int]


@dataclass
class Table:
    """Edges in pixels, ``columns`` and ``rows`` one longer than the cell counts."""

    columns: list[float]
    rows: list[float]
    ruled: bool
    cells: list[list[Cell]]
    items: list[TextItem]

    @property
    def filled(self) -> float:
        """Share of cells that hold text."""
        flat = [c for row in self.cells for c in row]
        return sum(bool(c.text) for c in flat) / max(1, len(flat))

    def box(self) -> list[int]:
        """``[x, y, w, h]``."""
        x, y = self.columns[0], self.rows[0]
        return [round(x), round(y), round(self.columns[-1] - x), round(self.rows[-1] - y)]


def ruled_grid(lines: Lines, items: list[TextItem]) -> tuple[list[float], list[float]] | None:
    """Column and row edges of the best ruled table, or None.

    A chart with a full grid looks the same, so most cells must hold text.
    """
    best: tuple[float, list[float], list[float]] | None = None
    for seed in lines.horizontal:
        flat = [h for h in lines.horizontal
                if abs(h.start - seed.start) < 12 and abs(h.end - seed.end) < 12 and h.cover > 0.5]
        if len(flat) < 2:
            continue
        left, right = min(h.start for h in flat), max(h.end for h in flat)
        top, bottom = flat[0].pos, flat[-1].pos
        if bottom - top < 20:
            continue
        tall = [v for v in lines.vertical if left - 8 < v.pos < right + 8 and v.cover > 0.5
                and min(v.end, bottom) - max(v.start, top) > 0.5 * (bottom - top)]
        columns, rows = _places(tall, 8), _places(flat, 8)
        if len(tall) and columns[0] > left + 12:
            columns.insert(0, left)
        if len(tall) and columns[-1] < right - 12:
            columns.append(right)
        if len(columns) < 3 or len(rows) < 3:
            continue
        filled, total = _occupancy(columns, rows, items)
        if total and filled / total >= 0.4 and filled >= 4:
            score = filled + 0.01 * total
            if best is None or score > best[0]:
                best = (score, columns, rows)
    return (best[1], best[2]) if best else None


def _places(rules: list[Line], apart: float) -> list[float]:
    """Positions of rules, double rules merged."""
    places: list[float] = []
    for rule in sorted(rules, key=lambda r: r.pos):
        if not places or rule.pos - places[-1] > apart:
            places.append(rule.pos)
    return places


def _occupancy(columns: list[float], rows: list[float], items: list[TextItem]) -> tuple[int, int]:
    taken = set()
    for item in items:
        c, r = np.searchsorted(columns, item.cx) - 1, np.searchsorted(rows, item.cy) - 1
        if 0 <= c < len(columns) - 1 and 0 <= r < len(rows) - 1:
            taken.add((int(c), int(r)))
    return len(taken), (len(columns) - 1) * (len(rows) - 1)


def find(picture: Picture, items: list[TextItem], lines: Lines, notes: list[str]) -> Table | None:
    """The ruled table in the picture, with every cell read."""
    grid = ruled_grid(lines, items)
    if grid is None:
        return None
    columns, rows = grid
    return _filled(picture, columns, rows, _split_at(items, columns), True, notes)


def from_alignment(picture: Picture, items: list[TextItem], notes: list[str]) -> Table | None:
    """A table without column rules, from text standing in rows and columns."""
    words = [w for i in items if i.angle == 0 and abs(i.slant) < 10 for w in _words(i)]
    rows = _rows(words)
    wide = [r for r in rows if len(r) >= 2]
    if len(wide) < 3:
        return None
    start, end = _longest_block(rows)
    block = rows[start:end]
    wide = [r for r in block if len(r) >= 2]
    if len(wide) < 3:
        return None
    columns = _column_edges(wide)
    if len(columns) < 3:
        return None
    inside = [w for r in block for w in r]
    cells_per_row = [len({int(np.searchsorted(columns, w.cx)) for w in r}) for r in block]
    if np.mean(np.array(cells_per_row) >= 2) < 0.7:
        return None
    texts = [w.text for w in inside]
    numbers = np.mean([numerals.looks_numeric(t) for t in texts])
    length = float(np.median([len(t) for t in texts]))
    if length > 28 or (numbers < 0.12 and (len(columns) < 4 or len(block) < 4)):
        return None
    middles = [float(np.mean([w.cy for w in r])) for r in block]
    tall = float(np.median([w.h for w in inside]))
    edges = [(a + b) / 2 for a, b in zip(middles, middles[1:], strict=False)]
    edges = [min(w.y for w in block[0]) - 0.4 * tall, *edges, max(w.bottom for w in block[-1]) + 0.4 * tall]
    return _filled(picture, columns, edges, inside, False, notes)


def _words(item: TextItem) -> list[TextItem]:
    """Split a line where a blank is wider than any word space."""
    if not item.chars or " " not in item.text and len(item.chars) < 4:
        return [item]
    return _cut(item, [(a[1] + b[1]) / 2 for a, b in _wide_gaps(item)])


def _wide_gaps(item: TextItem) -> list[tuple]:
    solid = [c for c in item.chars if c[0] != " "]
    pitch = np.median([b[1] - a[1] for a, b in zip(solid, solid[1:], strict=False)]) if len(solid) > 1 else 0
    return [(a, b) for a, b in zip(solid, solid[1:], strict=False)
            if b[1] - a[1] > max(1.9 * item.h, 3.5 * pitch)]


def _cut(item: TextItem, places: list[float]) -> list[TextItem]:
    """Cut a line at x positions into separate items."""
    places = sorted(p for p in places if item.x < p < item.right)
    if not places or not item.chars:
        return [item]
    parts = []
    for a, b in zip([item.x - 1, *places], [*places, item.right + 1], strict=True):
        chars = [c for c in item.chars if a <= c[1] < b]
        text = "".join(c[0] for c in chars).strip()
        if not text:
            continue
        solid = [c for c in chars if c[0] != " "]
        pad = 0.3 * item.h
        x0, x1 = max(a, item.x, solid[0][1] - pad), min(b, item.right, solid[-1][1] + pad)
        parts.append(TextItem(text, x0, item.y, max(1.0, x1 - x0), item.h,
                              float(np.mean([c[2] for c in solid])), chars=chars))
    return parts or [item]


def _split_at(items: list[TextItem], columns: list[float]) -> list[TextItem]:
    """Cut lines that run across column rules."""
    out = []
    for item in items:
        crossing = [c for c in columns[1:-1] if item.x + 0.4 * item.h < c < item.right - 0.4 * item.h]
        out.extend(_cut(item, crossing) if crossing and item.angle == 0 else [item])
    return out


def _rows(words: list[TextItem]) -> list[list[TextItem]]:
    """Words grouped into text rows, top to bottom, each left to right."""
    rows: list[list[TextItem]] = []
    for word in sorted(words, key=lambda w: w.cy):
        if rows and abs(np.mean([w.cy for w in rows[-1]]) - word.cy) < 0.55 * max(word.h, rows[-1][0].h):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(r, key=lambda w: w.x) for r in rows]


def _longest_block(rows: list[list[TextItem]]) -> tuple[int, int]:
    """The longest run of rows with two or more words and even spacing."""
    best, start = (0, 0), None
    for index, row in enumerate([*rows, []]):
        broken = len(row) < 2
        if not broken and start is not None and index - start >= 2:
            gap = row[0].cy - rows[index - 1][0].cy
            usual = np.median([rows[k + 1][0].cy - rows[k][0].cy for k in range(start, index - 1)])
            broken_gap = gap > 2.6 * usual
        else:
            broken_gap = False
        if (broken or broken_gap) and start is not None:
            if index - start > best[1] - best[0]:
                best = (start, index)
            start = None
        if not broken and start is None:
            start = index
    return best


def _column_edges(rows: list[list[TextItem]]) -> list[float]:
    """Middles of the vertical gaps that (nearly) no row's text crosses."""
    left = int(min(w.x for r in rows for w in r))
    right = int(max(w.right for r in rows for w in r)) + 1
    used = np.zeros(right - left + 1)
    for row in rows:
        for word in row:
            used[int(word.x) - left : int(word.right) - left + 1] += 1
    free = used <= 0.08 * len(rows)
    tall = float(np.median([w.h for r in rows for w in r]))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    middles = [left + (a + b - 1) / 2 for a, b in zip(edges[::2], edges[1::2], strict=True)
               if b - a >= 0.5 * tall and a > 0 and b < len(free)]
    return [left - 0.5 * tall, *middles, right + 0.5 * tall]


def _filled(picture: Picture, columns: list[float], rows: list[float], items: list[TextItem],
            ruled: bool, notes: list[str]) -> Table:
    grid: list[list[list[TextItem]]] = [[[] for _ in columns[1:]] for _ in rows[1:]]
    used = []
    for item in items:
        c, r = int(np.searchsorted(columns, item.cx)) - 1, int(np.searchsorted(rows, item.cy)) - 1
        if 0 <= c < len(columns) - 1 and 0 <= r < len(rows) - 1:
            grid[r][c].append(item)
            used.append(item)
    cells = [[_cell(group, [round(columns[c]), round(rows[r]), round(columns[c + 1] - columns[c]),
                            round(rows[r + 1] - rows[r])]) for c, group in enumerate(line)]
             for r, line in enumerate(grid)]
    table = Table(list(columns), list(rows), ruled, cells, used)
    _second_look(picture, table, grid, notes)
    return table


def _cell(group: list[TextItem], area: list[int]) -> Cell:
    if not group:
        return Cell("", 1.0, area)
    text = " ".join(w.text for row in _rows(group) for w in row)
    x0, y0 = min(i.x for i in group), min(i.y for i in group)
    x1, y1 = max(i.right for i in group), max(i.bottom for i in group)
    return Cell(text, min(i.confidence for i in group), [round(x0), round(y0), round(x1 - x0), round(y1 - y0)])


def _second_look(picture: Picture, table: Table, grid: list, notes: list[str]) -> None:
    """Read doubtful cells again, enlarged: blank ones with ink, unsure ones, and
    words standing in a column of numbers."""
    wanted: list[tuple[int, int]] = []
    for c in range(len(table.columns) - 1):
        body = [row[c].text for row in table.cells[1:] if row[c].text]
        numeric = bool(body) and np.mean([numerals.looks_numeric(t) for t in body]) >= 0.6
        for r, row in enumerate(table.cells):
            cell = row[c]
            area = _inner(table, r, c)
            if not cell.text:
                if _has_ink(picture, area):
                    wanted.append((r, c))
            elif len(_rows(grid[r][c])) == 1 and (
                cell.confidence < DOUBTFUL or (numeric and r > 0 and not numerals.looks_numeric(cell.text))
            ):
                wanted.append((r, c))
    wanted = wanted[:150]
    cuts = [_inner(table, r, c) for r, c in wanted]
    doubtful = 0
    for (r, c), area, (text, sure, _) in zip(wanted, cuts, ocr.read_boxes(picture, cuts, 2.0), strict=True):
        cell, text = table.cells[r][c], text.strip()
        better = sure > cell.confidence or (not cell.text and sure > 0.6)
        fixes = numerals.looks_numeric(text) and not numerals.looks_numeric(cell.text) and sure > 0.6
        if text and (better or (fixes and cell.text)):
            if not cell.text:
                x0, y0, x1, y1 = cut.tighten(picture.full, *area)
                cell.box = [round(x0), round(y0), round(x1 - x0), round(y1 - y0)]
            cell.text, cell.confidence = text, sure
        doubtful += bool(cell.text) and cell.confidence < 0.8
    if doubtful:
        notes.append(f"{doubtful} table cells were hard to read; see their confidence.")


def _inner(table: Table, r: int, c: int) -> tuple[float, float, float, float]:
    inset = 3 if table.ruled else 0
    return (table.columns[c] + inset, table.rows[r] + inset,
            table.columns[c + 1] - inset, table.rows[r + 1] - inset)


def _has_ink(picture: Picture, area: tuple[float, float, float, float]) -> bool:
    x0, y0, x1, y1 = (max(0, int(v)) for v in area)
    patch = picture.full[y0:y1, x0:x1]
    if patch.size == 0 or patch.shape[0] < 6 or patch.shape[1] < 6:
        return False
    ink = pixels.apart(patch, pixels.middle(patch)) > 70
    return 4 <= ink.sum() < 0.5 * ink.size
