"""Pies, tables, pages of text and counted objects held against the picture."""

from __future__ import annotations

import re

import cv2
import numpy as np

from .claims import Claim, rgb
from .reading import items, number, numbers, table, text
from .ties import Ties

SURE = 0.9  # confidence from which a recognised text is trusted
POINTS = 1.0  # percentage points a share may be off
ANGLES = 1440


def pie_claims(figure: dict, rows: list[list[str]]) -> list[Claim]:
    """Shares in per cent: of the first pie in the figure, else of a table of shares."""
    for axes in items(figure.get("axes")):
        for series in items(axes.get("series")):
            if series.get("type") == "pie":
                found = []
                for place, one in enumerate(items(series.get("slices"))[:200], start=1):
                    share = number(one.get("fraction"))
                    if share is not None:
                        found.append(Claim("share", text(one.get("label")) or f"slice {place}", 100 * share, "slice",
                                           colour=rgb(one.get("colour"))))
                return found
    if len(rows) < 2:
        return []
    head = [cell.lower() for cell in rows[0]]
    place = next((i for i, name in enumerate(head) if "share" in name or "percent" in name), 1)
    said = [(row[0], number(row[place])) for row in rows[1:200] if place < len(row)]
    known = [(name, value) for name, value in said if value is not None]
    total = sum(value for _name, value in known)
    return [Claim("share", name, 100 * value / total, "slice") for name, value in known] if total > 0 else []


def prove_pie(picture: np.ndarray, evidence: dict, claims: list[Claim], notes: list[str]) -> int:
    """Measures the sectors again around the rim; returns how many of them no share explains."""
    said = table(evidence.get("pie"))
    centre, radius = numbers(said.get("center")), numbers(said.get("radius"))
    colours = [tuple(c) for one in items(said.get("sectors"))[:60]
               if len(c := numbers(one.get("rgb"))) == 3 and None not in c]
    if len(centre) != 2 or len(radius) != 2 or None in (*centre, *radius) or not colours:
        for claim in claims:
            claim.doubt("No pie was measured in the picture.")
        return 0
    sectors = _sectors(picture, centre, radius, np.array(colours, float))
    rim = 2 * np.pi * sum(radius) / 2
    # The disc is painted over, so that samples of colours beside names are a key's and not its own sectors.
    bare = picture.copy()
    middle, size = (round(centre[0]), round(centre[1])), (round(1.04 * radius[0]) + 1, round(1.04 * radius[1]) + 1)
    rim_colour = np.median(np.concatenate([picture[0], picture[-1]]), axis=0)
    cv2.ellipse(bare, middle, size, 0, 0, 360, tuple(int(v) for v in rim_colour), -1)
    ties = Ties(bare, evidence)
    has_key = ties.keyed([colour for colour, _share, _middle in sectors])
    pairs = []
    for c, claim in enumerate(claims):
        for s, (colour, share, _middle) in enumerate(sectors):
            near = 0.0 if claim.colour is None else float(np.linalg.norm(np.array(claim.colour) - colour)) / 60
            pairs.append((abs(share - claim.value) + near * 4, c, s))
    used: dict[int, int] = {}
    for _far, c, s in sorted(pairs):
        if c not in used and s not in used.values():
            used[c] = s
    for c, claim in enumerate(claims):
        if c not in used:
            claim.doubt("No sector of the picture is left for this share.")
            continue
        colour, share, middle = sectors[used[c]]
        off = abs(share - claim.value)
        claim.residual = off / 100 * rim
        claim.error = 100 * 1.0 / rim + off
        claim.px = (centre[0] + 0.72 * radius[0] * np.sin(middle), centre[1] - 0.72 * radius[1] * np.cos(middle))
        if off > POINTS:
            claim.doubt(f"The sector measures {share:.1f} % in the picture.")
        around = [(centre[0] + part * radius[0] * np.sin(turn), centre[1] - part * radius[1] * np.cos(turn))
                  for part in (0.5, 0.7, 0.9, 1.05, 1.2, 1.35)
                  for turn in middle + np.linspace(-0.35, 0.35, 5) * 2 * np.pi * share / 100]
        reason = ties.why_not(claim.at, [colour], [] if has_key else around)
        if number(claim.at) is not None:
            reason = "A number printed on a sector is not its name."
        if reason:
            claim.doubt(reason)
    left = len(sectors) - len(used)
    if left > 0:
        notes.append(f"{left} sector{'' if left == 1 else 's'} of the pie {'has' if left == 1 else 'have'} no value.")
    return max(0, left)


def _sectors(picture: np.ndarray, centre, radius, colours: np.ndarray) -> list[tuple[np.ndarray, float, float]]:
    """(colour, per cent, middle angle clockwise from the top) of runs of one colour around the pie."""
    turn = (np.arange(ANGLES) + 0.5) * 2 * np.pi / ANGLES
    votes = []
    for part in (0.7, 0.76, 0.82, 0.88, 0.93):
        xs = np.clip(np.round(centre[0] + part * radius[0] * np.sin(turn)), 0, picture.shape[1] - 1).astype(int)
        ys = np.clip(np.round(centre[1] - part * radius[1] * np.cos(turn)), 0, picture.shape[0] - 1).astype(int)
        votes.append(np.linalg.norm(picture[ys, xs][:, None].astype(float) - colours[None], axis=2))
    owner = np.median(np.array(votes), axis=0).argmin(axis=1)
    starts = np.flatnonzero(owner != np.roll(owner, 1))
    if len(starts) == 0:
        return [(colours[owner[0]], 100.0, 0.0)]
    found = []
    for start, stop in zip(starts, [*starts[1:], starts[0] + ANGLES]):
        if stop - start >= ANGLES / 250:
            found.append([colours[owner[start]], stop - start, (start + stop) / 2 * 2 * np.pi / ANGLES])
    joined = [found[0]] if found else []
    for one in found[1:]:  # what was left out between two runs of one colour was a border or a text
        if np.array_equal(one[0], joined[-1][0]):
            joined[-1][1] += one[1]
        else:
            joined.append(one)
    total = sum(one[1] for one in joined) or 1
    return [(one[0], 100 * one[1] / total, one[2]) for one in joined]


def table_claims(evidence: dict, rows: list[list[str]], notes: list[str]) -> tuple[list[Claim], int]:
    """Every delivered cell beside the recognised one; and how many recognised cells are not delivered."""
    seen = [[one for one in row if isinstance(one, dict)] for row in table(evidence.get("table")).get("cells") or []
            if isinstance(row, list)][:500]
    seen = [row for row in seen if any(text(cell.get("text")) for cell in row)]
    if not rows or not seen:
        return [], 0
    read = [[text(cell.get("text"), 300) or "" for cell in row] for row in seen]
    pairs = _rows(rows[:500], read)
    claims, met = [], set()
    for r, row in enumerate(rows[:500]):
        columns = dict(_columns(row, read[pairs[r]])) if r in pairs else {}
        for c, cell in enumerate(row):
            if not cell:
                continue
            head = rows[0][c] if c < len(rows[0]) and rows[0][c] else f"column {c + 1}"
            claim = Claim(head, row[0] if r and row[0] else f"row {r + 1}", cell, "cell")
            claims.append(claim)
            if c not in columns:
                claim.doubt("No cell of the picture was recognised for it.")
                continue
            other = seen[pairs[r]][columns[c]]
            met.add((pairs[r], columns[c]))
            _cell(claim, other, read[pairs[r]][columns[c]])
    missing = sum(1 for r, row in enumerate(read) for c, said in enumerate(row) if said and (r, c) not in met)
    if missing:
        notes.append(f"{missing} recognised cells of the picture were not delivered.")
    return claims, missing


def _plain(said: str) -> str:
    return "".join(said.replace("\u2212", "-").split())


def _cell(claim: Claim, seen: dict, said: str) -> None:
    box, sure = numbers(seen.get("box")), number(seen.get("confidence"))
    if len(box) == 4 and None not in box:
        claim.px, claim.box = (box[0] + box[2] / 2, box[1] + box[3] / 2), tuple(box)
    one, other = number(claim.value), number(said)
    same = _plain(claim.value) == _plain(said) or (one is not None and one == other)
    if not same:
        claim.doubt(f"The picture was read as “{said[:60]}” here." if said else "The cell is blank in the picture.")
    elif sure is None or sure < SURE:
        claim.doubt(f"The text was recognised with only {sure or 0:.0%} confidence.")


def _rows(rows: list[list[str]], read: list[list[str]]) -> dict[int, int]:
    """Which recognised row a delivered one is: in order on both sides, with the most cells in common."""
    sets = [{_plain(cell) for cell in row if cell} for row in rows]
    others = [{_plain(cell) for cell in row if cell} for row in read]
    score = np.array([[len(a & b) + 0.01 for b in others] for a in sets])
    best = np.zeros((len(rows) + 1, len(read) + 1))
    for i in range(len(rows) - 1, -1, -1):
        for j in range(len(read) - 1, -1, -1):
            best[i, j] = max(best[i + 1, j], best[i, j + 1], best[i + 1, j + 1] + score[i, j])
    found, i, j = {}, 0, 0
    while i < len(rows) and j < len(read):
        if best[i, j] == best[i + 1, j + 1] + score[i, j]:
            found[i] = j
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return found


def _columns(row: list[str], read: list[str]) -> list[tuple[int, int]]:
    """Cells beside each other: by place, or by their texts where a row has more or fewer cells."""
    if len(row) == len(read):
        return [(c, c) for c in range(len(row))]
    left = list(range(len(read)))
    found = []
    for c, cell in enumerate(row):
        hit = next((k for k in left if _plain(read[k]) == _plain(cell)), None)
        if hit is not None and cell:
            left.remove(hit)
            found.append((c, hit))
    return found


def text_claims(evidence: dict, delivered: str) -> list[Claim]:
    """Every recognised line, and whether its words stand in what was delivered."""
    words = set(re.findall(r"\w+", delivered.casefold()))
    found = []
    for place, one in enumerate(items(evidence.get("text")), start=1):
        said, box = text(one.get("text"), 300), numbers(one.get("box"))
        own = re.findall(r"\w+", (said or "").casefold())
        if not own:
            continue
        claim = Claim("text", f"line {place}", said, "words")
        if len(box) == 4 and None not in box:
            claim.px, claim.box = (box[0] + box[2] / 2, box[1] + box[3] / 2), tuple(box)
        lost = [word for word in own if word not in words]
        sure = number(one.get("confidence")) or 0.0
        if lost:
            claim.doubt(f"Not in the delivered text: {', '.join(lost[:5])}.")
        elif sure < SURE:
            claim.doubt(f"The line was recognised with only {sure:.0%} confidence.")
        found.append(claim)
    return found


def object_claims(rows: list[list[str]]) -> list[Claim]:
    """Marks of a table with places in pixels (x, y or centre_x, centre_y)."""
    if len(rows) < 2:
        return []
    head = [cell.strip().lower() for cell in rows[0]]

    def column(*wanted):
        return next((head.index(name) for name in wanted if name in head), None)

    x, y = column("centre_x", "center_x", "x", "x_px", "cx"), column("centre_y", "center_y", "y", "y_px", "cy")
    size = column("diameter_px", "diameter", "area_px", "area")
    if x is None or y is None:
        return []
    found = []
    for place, row in enumerate(rows[1:], start=1):
        at = [number(row[i]) if i < len(row) else None for i in (x, y)]
        if None not in at:
            value = number(row[size]) if size is not None and size < len(row) else None
            found.append(Claim("objects", str(place), value, "object", px=(at[0], at[1])))
    return found


def prove_objects(picture: np.ndarray, claims: list[Claim], notes: list[str]) -> tuple[int, list[float | None]]:
    """Looks whether every mark lies on something that differs from the ground. How many things have no mark, and for
    each mark the diameter in pixels of a circle of its thing's area; None where several marks share one."""
    scale = min(1.0, 1000 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.2), cv2.COLOR_RGB2LAB).astype(np.float32)
    rim = np.concatenate([lab[:3].reshape(-1, 3), lab[-3:].reshape(-1, 3), lab[:, :3].reshape(-1, 3),
                          lab[:, -3:].reshape(-1, 3)])
    # The ground may be lit unevenly: what is far wider than an object is taken as ground.
    wide = max(31, max(lab.shape[:2]) // 3) | 1
    even = cv2.GaussianBlur(np.where(_far(lab, np.median(rim, axis=0))[..., None] > 60, np.median(rim, axis=0), lab)
                            .astype(np.float32), (0, 0), wide / 3)
    away = np.clip(np.linalg.norm(lab - even, axis=2), 0, 255).astype(np.uint8)
    _level, mask = cv2.threshold(away, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(mask, contours, -1, 1, -1)
    ground = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) / scale
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask)
    met: set[int] = set()
    under: list[int] = []
    limit = max(2.0, 0.01 * float(np.hypot(*picture.shape[:2])))
    for claim in claims:
        x, y = (int(round(v * scale)) for v in claim.px)
        if not (0 <= x < mask.shape[1] and 0 <= y < mask.shape[0]):
            claim.doubt("It lies outside of the picture.")
            under.append(0)
            continue
        claim.residual = float(ground[y, x])
        if claim.residual > limit:
            claim.doubt(f"Nothing stands out from the ground within {claim.residual:.0f} pixels.")
        met.add(int(labels[y, x]))
        under.append(int(labels[y, x]))
    sizes = stats[:, cv2.CC_STAT_AREA]
    usual = np.median([sizes[m] for m in met if m] or [0])
    left = [c for c in range(1, count) if c not in met and usual and sizes[c] >= 0.4 * usual]
    if left:
        notes.append(f"{len(left)} thing{'' if len(left) == 1 else 's'} that stand{'s' if len(left) == 1 else ''} "
                     "out from the ground have no mark.".replace("have", "has" if len(left) == 1 else "have"))
    across = [2 * float(np.sqrt(sizes[m] / np.pi)) / scale if m and under.count(m) == 1 else None for m in under]
    return len(left), across


def _far(lab: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.linalg.norm(lab - colour, axis=2)
