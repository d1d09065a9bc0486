"""Values of a chart held against its pixels: each is projected back, measured there, and judged."""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np

from . import bars, calibration, curves, names, tints
from .calibration import Axis, Calibration
from .claims import Claim
from .ink import Ink
from .reading import items, number, numbers, text
from .ties import Ties

LEAST = 2.0  # pixels that a value may lie off the ink
SHARE = 0.0075  # or this share of its axis, if that is more
WORK_PIXELS = 4_500_000  # larger pictures are measured on a smaller copy


def prove(picture: np.ndarray, evidence: dict, found: Calibration, claims: list[Claim], notes: list[str]) -> int:
    """Measures every claim in place; returns how many marks of the picture no value explains."""
    factor = (WORK_PIXELS / (picture.shape[0] * picture.shape[1])) ** 0.5
    if factor >= 1:
        return _prove(picture, evidence, found, claims, notes)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    boxes = {name: [{**one, **{key: calibration.scaled(box, factor) for key in ("box", "swatch")
                               if len(box := numbers(one.get(key))) == 4 and None not in box}}
                    for one in items(evidence.get(name))] for name in ("text", "legend")}
    missing = _prove(small, {**evidence, **boxes}, found.scaled(factor), claims, notes)
    for claim in claims:
        claim.px = None if claim.px is None else tuple((v + 0.5) / factor - 0.5 for v in claim.px)
        claim.residual = None if claim.residual is None else claim.residual / factor
    return missing


def _prove(picture: np.ndarray, evidence: dict, found: Calibration, claims: list[Claim], notes: list[str]) -> int:
    texts = [(box, one) for one in items(evidence.get("text")) if len(box := numbers(one.get("box"))) == 4
             and None not in box]
    legend = _legend(evidence)
    inside = [box for box, one in texts if one.get("role") != "legend"]
    samples = [box for one in items(evidence.get("legend")) if len(box := numbers(one.get("swatch"))) == 4
               and None not in box]
    ink = Ink(picture, found.box, inside, [(box, rgb) for _name, box, rgb in legend if box], samples, _paper(evidence))
    _turn(claims, found)
    _place(claims, found)
    known = [np.array(rgb, float) for _name, _box, rgb in legend]
    colours = ink.colours([tuple(one) for one in known])
    masks = ink.masks(colours)
    series: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        series[claim.series, claim.axis].append(claim)
    wanted = _wanted(series, legend, colours)
    looked = _Looked(ink, found, colours, masks, text_of(evidence) == "scatter")
    left, ties = dict(wanted), Ties(picture, evidence)
    taken: set[int] = set()
    # Series whose colour is known take theirs first; others get the free colour that fits them best.
    for key in sorted(series, key=lambda one: len(wanted[one])):
        choices = [c for c in left[key] if c not in taken] or left[key]
        best = _best(looked, series[key], choices, stacked=len(series) > 1)
        if best is None:
            for claim in series[key]:
                claim.doubt("Nothing is drawn in the picture in the colour of this series.")
            continue
        taken.update(best)
        looked.settle(series[key], best, len(series) > 1)
        tints.doubt(looked, series[key], best, [name for name, _box, _rgb in legend], tints.least(evidence))
        if len(series) > 1:  # with one series its name means nothing
            places = [claim.px for claim in series[key] if claim.px is not None]
            reason = ties.why_not(key[0], [colours[c] for c in best], places)
            for claim in series[key] if reason else ():
                claim.doubt(reason)
    for claim in claims:
        _judge(claim, found, picture.shape)
    curves.doubt_hidden(claims)
    _printed(claims, texts, found)
    return looked.missing(taken, notes)


def _paper(evidence: dict):
    ground = evidence.get("background")
    rgb = numbers(ground.get("rgb")) if isinstance(ground, dict) else []
    return rgb if len(rgb) == 3 and None not in rgb else None


def text_of(evidence: dict) -> str:
    """The kind that the look saw."""
    kind = evidence.get("kind")
    return text(kind.get("name")) or "other" if isinstance(kind, dict) else "other"


def _legend(evidence: dict) -> list[tuple[str, list | None, tuple[int, int, int]]]:
    found = []
    for one in items(evidence.get("legend"))[:60]:
        rgb, box = numbers(one.get("rgb")), numbers(one.get("box"))
        if len(rgb) == 3 and all(v is not None and 0 <= v <= 255 for v in rgb):
            found.append((text(one.get("text")) or "", box if len(box) == 4 and None not in box else None,
                          tuple(int(v) for v in rgb)))
    return found


def _turn(claims: list[Claim], found: Calibration) -> None:
    """Bars that were redrawn the other way round than they lie in the picture are turned."""
    standing = [claim for claim in claims if claim.kind == "bar"]
    if not standing or found.x.measured == found.y.measured:
        wide = [c for c in standing if c.name]
        if not wide or not (found.x.measured and found.y.measured):
            return
        words = {names.folded(c.name) for c in wide}
        on = {axis.name: sum(names.folded(t.text) in words for t in axis.ticks) for axis in (found.x, found.y)}
        if on["x"] == on["y"]:
            return
        lying = on["y"] > on["x"]
    else:
        lying = found.x.measured
    for claim in standing:
        claim.lying = lying


def _across(claim: Claim, found: Calibration) -> tuple[Axis, Axis]:
    """The axis a claim's place is on, and the one its value is on."""
    up = found.y2 if claim.axis == "y2" and found.y2 else found.y
    return (found.y, found.x) if claim.lying else (found.x, up)


def _place(claims: list[Claim], found: Calibration) -> None:
    """Projects the claims onto the picture: ``px`` of those that have a place there."""
    groups: dict[bool, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.lying].append(claim)
    for lying, group in groups.items():
        axis = found.y if lying else found.x
        spots = _spots(group, axis)
        pieces = calibration.in_pieces(axis)
        for index, claim in enumerate(group):
            _axis, value_axis = _across(claim, found)
            at = spots.get(index)
            end = value_axis.pixel(_end(claim))
            if not value_axis.measured:
                claim.doubt(f"The {value_axis.name} axis of the picture has no scale that could be read.")
            elif end is None:
                claim.doubt(f"The value has no place on the {value_axis.name} axis of the picture.")
            if pieces and claim.kind != "bar" and claim.name is not None:
                claim.doubt(pieces)
            if at is None:
                claim.doubt(f"Its place on the {axis.name} axis of the picture was not found.")
            if at is not None and end is not None:
                claim.px = (end, at) if lying else (at, end)


def _end(claim: Claim) -> float | None:
    value = number(claim.value)
    return None if value is None else value + claim.start


def _spots(group: list[Claim], axis: Axis) -> dict[int, float]:
    """Pixels across, by the place of a claim in its group."""
    named = [claim for claim in group if claim.name is not None]
    found: dict[int, float] = {}
    if named:
        # Bars of a group stand beside their name; the name itself is where their middle is.
        middles: dict[str, list[float]] = defaultdict(list)
        for claim in named:
            middles[claim.name].append(claim.place if claim.place is not None else 0.0)
        words = list(middles)
        centres = [float(np.mean(middles[word])) for word in words]
        met = calibration.categories(axis, words, centres)
        steps = [abs(b - a) for a, b in zip(sorted(centres), sorted(centres)[1:]) if b - a > 0.2]
        pixels = sorted(p for p, _tick in met.values())
        unit = min(np.diff(pixels), default=0) / min(steps) if steps and len(pixels) > 1 else 0.0
        tick_of = {words[w]: hit for w, hit in met.items()}
        centre_of = dict(zip(words, centres))
        for index, claim in enumerate(group):
            hit = tick_of.get(claim.name)
            if hit is not None:
                offset = (claim.place or 0.0) - centre_of[claim.name]
                direction = -1 if _falls(met, centres) else 1
                found[index] = hit[0] + direction * offset * unit
                tick = hit[1]
                if tick is not None and tick.confidence < calibration.SURE:
                    claim.doubt(f"Its name was read from the picture with only {tick.confidence:.0%} confidence.")
                elif tick is not None and names.folded(tick.text) != names.folded(claim.name):
                    claim.doubt(f"The picture says “{tick.text}” at this place.")
            elif axis.measured and (place := _number_in(claim.name)) is not None:
                at = axis.pixel(place)
                if at is not None:
                    found[index] = at
    for index, claim in enumerate(group):
        if index not in found and claim.name is None and (at := axis.pixel(claim.place)) is not None:
            if claim.dated == (axis.scale == "date"):
                found[index] = at
        if index not in found and claim.name is None and not axis.measured and claim.at:
            tick = next((t for t in axis.ticks if names.folded(t.text) == names.folded(claim.at)), None)
            if tick is not None:
                found[index] = tick.pixel
    return found


def _falls(met: dict, centres: list[float]) -> bool:
    """Whether positions rise while pixels fall."""
    pairs = sorted((centres[w], hit[0]) for w, hit in met.items())
    return len(pairs) > 1 and pairs[0][1] > pairs[-1][1]


def _number_in(name: str) -> float | None:
    """The middle that the name of a bin means: "10-20", "2 (bar 3)", "7.5"."""
    day = names.day(name)
    if day is not None:
        return day
    said = name.split(" (")[0].replace("–", "-").replace(" to ", "-")
    if (one := number(said)) is not None:
        return one
    parts = [number(part) for part in said.strip("[]()").replace("..", "-").rsplit("-", 1)]
    return sum(parts) / 2 if len(parts) == 2 and None not in parts else None


def _wanted(series, legend, colours) -> dict[tuple[str, str], list[tuple[int, ...]]]:
    """Which colours may be those of a series: that of its name in the legend, else its own in the figure, else any."""
    met = names.pairs([name for name, _axis in series], [name for name, _box, _rgb in legend])
    found = {}
    for place, (key, claims) in enumerate(series.items()):
        if place in met:
            found[key] = [(met[place],)]
            continue
        free = [(c,) for c in range(len(colours)) if len(series) == 1 or c not in met.values()]
        own = {claim.colour for claim in claims if claim.colour is not None}
        near = [(c,) for (c,) in free if any(np.linalg.norm(colours[c] - np.array(one)) < 45 for one in own)]
        found[key] = near if len(near) == 1 and not (len(own) > 1) else free
        if len(series) == 1 and len(colours) > 1:
            found[key] = [*found[key], tuple(range(len(colours)))]  # bars may each have a colour of their own
    return found


class _Looked:
    """What is drawn in each colour, found once and used for every series that may be it."""

    def __init__(self, ink: Ink, found: Calibration, colours, masks, is_scatter: bool):
        self.ink, self.found, self.colours, self.masks = ink, found, colours, masks
        self.is_scatter = is_scatter
        self.kept: dict = {}
        self.used: dict[tuple, set] = defaultdict(set)

    def _mask(self, which: tuple[int, ...]) -> np.ndarray:
        return np.any([self.masks[c] for c in which], axis=0) if len(which) > 1 else self.masks[which[0]]

    def _cover(self, which: tuple[int, ...]) -> np.ndarray:
        return self._mask(which).astype(np.float32) if len(which) > 1 else self.ink.coverage(self.colours[which[0]])

    def bars(self, which: tuple[int, ...], lying: bool) -> list[bars.Bar]:
        """The bars in these colours; of several colours those of each."""
        found = []
        for c in which:
            key = ("bars", c, lying)
            if key not in self.kept:
                mask, cover = self.masks[c], self.ink.coverage(self.colours[c])
                self.kept[key] = bars.find(mask.T, cover.T) if lying else bars.find(mask, cover)
            found += self.kept[key]
        return found

    def line(self, which) -> curves.Line:
        """The line in these colours."""
        if ("line", which) not in self.kept:
            self.kept["line", which] = curves.Line(self._mask(which), self._cover(which))
        return self.kept["line", which]

    def spots(self, which):
        """The marks in these colours."""
        if ("spots", which) not in self.kept:
            mask = self._mask(which).copy()
            x0, y0, x1, y1 = self.ink.inner
            mask[: max(0, y0 - 6)] = mask[y1 + 6 :] = False
            mask[:, : max(0, x0 - 6)] = mask[:, x1 + 6 :] = False
            self.kept["spots", which] = curves.spots(mask)
        return self.kept["spots", which]

    def measure(self, claims: list[Claim], which, stacked: bool) -> list[tuple[float | None, object]]:
        """For each claim how far it lies off what is drawn in these colours, and what that is."""
        kind = claims[0].kind
        if kind == "bar":
            return self._bars(claims, which, stacked)
        if kind == "point" or (kind == "line" and self.is_scatter):
            return self._points(claims, which)
        line = self.line(which)
        out = []
        for claim in claims:
            if claim.px is None:
                out.append((None, None))
            else:
                out.append((line.at(claim.px[0] - self.ink.left, claim.px[1] - self.ink.top), which))
        return out

    def _bars(self, claims: list[Claim], which, stacked: bool):
        lying = claims[0].lying
        found = self.bars(which, lying)
        corner = (self.ink.top, self.ink.left) if lying else (self.ink.left, self.ink.top)
        axis = self.found.x if lying else self.found.y
        x, y, w, h = self.found.box
        floor = (x if lying else y + h) - corner[1]
        places = np.array(sorted({round(_flip(c.px, lying)[0], 1) for c in claims if c.px is not None}))
        step = float(np.diff(places).min()) if len(places) > 1 else max(8.0, 0.5 * (h if lying else w))
        ranked, out = [], [(None, None)] * len(claims)
        for i, claim in enumerate(claims):
            if claim.px is None:
                continue
            middle, tip = (v - c for v, c in zip(_flip(claim.px, lying), corner))
            band = (middle - 0.5 * step, middle + 0.5 * step)
            foot = axis.pixel(claim.start)
            foot = floor if foot is None else foot - corner[1]
            if abs(tip - foot) < 1.5 and not any(min(b.right, band[1]) > max(b.left, band[0]) for b in found):
                out[i] = (0.0, None)  # a bar of no height is not seen
                continue
            for bar in found:
                off = bars.off(bar, band, tip, foot, stacked, floor)
                if off is not None:
                    ranked.append((off > 12, abs(bar.middle - middle) + off, i, off, bar))
        done: set[int] = set()
        given: set[int] = set()
        for _far, _both, i, off, bar in sorted(ranked, key=lambda one: one[:3]):
            if i not in done and id(bar) not in given:  # each bar is one value
                done.add(i)
                given.add(id(bar))
                out[i] = (off, bar)
        return out

    def _points(self, claims: list[Claim], which):
        centres, radius, holds = self.spots(which)
        out: list = [(None, None)] * len(claims)
        placed = [i for i, claim in enumerate(claims) if claim.px is not None]
        if not placed or len(centres) == 0:
            return out
        at = np.array([claims[i].px for i in placed]) - (self.ink.left, self.ink.top)
        far = np.linalg.norm(at[:, None] - centres[None], axis=2)
        room = list(holds)
        reach = max(8.0, 3 * radius)
        order = np.argsort(far, axis=None)
        order = order[far.ravel()[order] <= reach][:200_000]
        done: set[int] = set()
        for flat in order:
            i, spot = divmod(int(flat), len(centres))
            if i in done or room[spot] == 0:
                continue
            done.add(i)
            room[spot] -= 1
            out[placed[i]] = (float(far[i, spot]), ("spot", which, spot))
        return out

    def settle(self, claims: list[Claim], which, stacked: bool) -> None:
        """Writes what was measured into the claims and remembers what they explain."""
        for claim, (off, what) in zip(claims, self.measure(claims, which, stacked)):
            claim.residual = off
            if claim.px is not None and off is None:
                thing = {"bar": "bar", "point": "mark"}.get(claim.kind, "line")
                claim.doubt(f"No {thing} of this series is at this place in the picture.")
            if isinstance(what, bars.Bar):
                what.claimed = what.claimed or off is not None and off < 12
                corner = self.ink.top if claim.lying else self.ink.left
                end = claim.px[0] if claim.lying else claim.px[1]
                middle = what.middle + corner
                self._name_fits(claim, what.left + corner, what.right + corner)
                if stacked and not self._stands(what, claim):  # redrawn apart, in the picture on another bar
                    up = claim.lying == (claim.value >= 0)
                    inner = what.bottom if up else what.top
                    end = inner + (self.ink.left if claim.lying else self.ink.top)
                elif not stacked and self._is_upon_another(what, claim):
                    claim.doubt("The bar stands on another one in the picture: it may be a part of several.")
                claim.px = (end, middle) if claim.lying else (middle, end)
            elif isinstance(what, tuple) and what and what[0] == "spot":
                self.used[what[1]].add(what[2])

    def _is_upon_another(self, bar: bars.Bar, claim: Claim) -> bool:
        """Whether a bar of another colour lies between this one and the line on which its value's bar begins."""
        others = [other for c in range(len(self.colours)) for other in self.bars((c,), claim.lying) if other is not bar]
        return bars.upon(bar, others, _flip(claim.px, claim.lying)[1] - (self.ink.left if claim.lying else self.ink.top))

    def _name_fits(self, claim: Claim, left: float, right: float) -> None:
        """Doubts a bar that is called by a number which lies beside it on its axis."""
        axis = self.found.y if claim.lying else self.found.x
        at = axis.pixel(_number_in(claim.name)) if claim.name and axis.measured else None
        # At its edge, a number might as well mean the next bar.
        if at is not None and abs(at - (left + right) / 2) > max(1.5, 0.35 * (right - left)):
            claim.doubt(f"The bar does not stand at {claim.name[:40]} on the {axis.name} axis.")

    def _stands(self, bar: bars.Bar, claim: Claim) -> bool:
        """Whether the bar ends about where the value does, so that the value's own end is its place."""
        corner = self.ink.left if claim.lying else self.ink.top
        end = (claim.px[0] if claim.lying else claim.px[1]) - corner
        return min(abs(bar.top - end), abs(bar.bottom - end)) < 12

    def missing(self, taken: set[int], notes: list[str]) -> int:
        """How many marks no value explains; said in the notes."""
        total = 0
        x0, y0, x1, y1 = self.ink.inner
        every = {key: kept for key, kept in self.kept.items() if key[0] == "bars"}
        turned = {key[2] for key in every}
        lying = next(iter(turned)) if turned else False
        if every:
            found = [bar for c in range(len(self.colours)) for bar in self.bars((c,), lying)]
            explained = [bar for bar in found if bar.claimed]
            usual = np.median([bar.width for bar in explained] or [0])
            low, high = (x0, x1) if lying else (y0, y1)
            left = [bar for bar in found if not bar.claimed and 0.5 * usual <= bar.width <= 2 * usual
                    and bar.bottom - bar.top >= 4 and bar.bottom > low and bar.top < high
                    and any(bar.stands_by(other) for other in explained)  # a legend's sample does not
                    and not any(bar.within(other) for other in explained)]  # hatching
            if usual and left:
                total += len(left)
                notes.append(f"{_count(len(left), 'bar')} in the picture {_have(len(left))} no value.")
        for which, used in self.used.items():
            if len(self.spots(which)[0]) > len(used):
                left = len(self.spots(which)[0]) - len(used)
                total += left
                notes.append(f"{_count(left, 'mark')} in the picture {_have(left)} no value.")
        if any(key[0] == "line" for key in self.kept):
            wide = 0.3 * (x1 - x0)
            left = [c for c in range(len(self.colours)) if c not in taken and len(self.line((c,)).columns) > wide
                    and self.line((c,)).thick < 0.1 * (y1 - y0)]
            if left:
                total += len(left)
                notes.append(f"{_count(len(left), 'line')} in the picture {_have(len(left))} no values.")
        return total


def _flip(px: tuple[float, float], lying: bool) -> tuple[float, float]:
    """(across, along the value) of a place."""
    return (px[1], px[0]) if lying else px


def _count(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _best(looked: _Looked, claims: list[Claim], choices: list[tuple[int, ...]], stacked: bool):
    """The colours in which the claims fit best: the most within reach, then the nearest."""
    ranked = []
    for which in choices:
        off = [one for one, _what in looked.measure(claims, which, stacked)]
        near = [one for one in off if one is not None]
        ranked.append((-sum(one <= 3 for one in near), -len(near), float(np.median(near)) if near else np.inf,
                       len(which), which))
    if not ranked or min(ranked)[1] == 0:
        return choices[0] if len(choices) == 1 else None
    return min(ranked)[-1]


def _judge(claim: Claim, found: Calibration, shape) -> None:
    """Error and trust of a measured claim."""
    across, up = _across(claim, found)
    pixels = 0.5 + max(up.residual, 0.0) + (claim.residual or 0.0)
    end = _end(claim)
    claim.error = up.error(end, pixels)
    if claim.px is None:
        return
    for problem in (*up.problems, *(across.problems if across.measured and claim.kind != "bar" else ())):
        claim.doubt(problem)
    x, y = claim.px
    if not (-1 <= x <= shape[1] and -1 <= y <= shape[0]):
        claim.doubt("It lies outside of the picture.")
    tip = up.pixel(end)
    for axis, at in ((up, tip), (across, y if claim.lying else x)):
        reach = axis.reach() if axis.measured else None
        if reach and at is not None and not reach[0] <= at <= reach[1] and not (axis is across and claim.kind == "bar"):
            claim.doubt(f"It lies beyond the labelled ticks of the {axis.name} axis.")
    limit = max(LEAST, SHARE * (max(found.box[2:]) if claim.kind == "point" else up.length))
    if claim.residual is not None and claim.residual > limit:
        thing = {"bar": "end of the bar", "point": "nearest mark"}.get(claim.kind, "line")
        claim.doubt(f"The {thing} is {claim.residual:.1f} pixels away in the picture.")


def _printed(claims: list[Claim], texts, found: Calibration) -> None:
    """Doubts bars beside which the picture prints another number."""
    standing = [claim for claim in claims if claim.kind == "bar" and claim.px is not None and not claim.start]
    labels = [(box, value) for box, one in texts if one.get("role") == "value_label"
              and (value := number(one.get("text"))) is not None]
    if len(labels) < 2 or len(labels) < 0.6 * len(standing):
        return  # a number or two may say anything
    for claim in standing:
        along = 0 if claim.lying else 1
        near = []
        for (x, y, w, h), value in labels:
            middle = (x + w / 2, y + h / 2)
            if abs(middle[1 - along] - claim.px[1 - along]) <= max(w, h) / 2 + 2:
                near.append((abs(middle[along] - claim.px[along]), value))
        if not near:
            continue
        away, value = min(near)
        _across_axis, up = _across(claim, found)
        one, other = up.pixel(value), up.pixel(number(claim.value))
        if away < 40 and one is not None and other is not None and abs(one - other) > max(4.0, 0.02 * up.length):
            claim.doubt(f"The picture prints {value:g} beside it.")
