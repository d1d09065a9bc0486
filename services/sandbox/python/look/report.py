"""Putting everything seen into the JSON contract."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from . import (
    VERSION,
    axes,
    diagram,
    image,
    kind,
    legend,
    lines,
    marks,
    ocr,
    palette,
    panels,
    pie,
    plotbox,
    prepare,
    roles,
    scale_bar,
    table,
)
from .fit import Fit
from .plotbox import Box
from .ticks import Axis

CHARTS = ("bar", "line", "scatter", "pie")
MAX_TEXT = 2000  # lines reported; more would only swamp the reader


@dataclass
class Shapes:
    """What is seen without reading: colours, rules, a tinted panel (original pixels)."""

    paper: palette.Colour
    uniform: bool
    colours: list[tuple[palette.Colour, float]]
    rules: lines.Lines
    panel: tuple[float, float, float, float] | None


def look(path: str) -> dict:
    """Everything that can be measured in the picture file at ``path``.

    Raises ``image.UnreadableImage``.
    """
    return see(image.load(path))


def see(picture: image.Picture) -> dict:
    """Everything that can be measured in a picture."""
    return measured(picture)[0]


def measured(picture: image.Picture) -> tuple[dict, np.ndarray | None]:
    """Everything that can be measured in a picture, and the picture (RGB) that places in it mean, where that is not
    the one that came."""
    original = picture
    ready, prepared = prepare.prepare(picture.full)
    if prepared is not None:
        picture = image.Picture(ready, *image.reduced(ready), [*picture.notes, *prepared.notes])
    items, seen = ocr.read_all(picture, lambda: _shapes(picture))
    _say_doubtful_texts(items, picture.notes)
    told = _told(View(original, picture, prepared, items, seen), is_whole=True)
    return told, ready if told["prepared"] is not None else None


@dataclass
class View:
    """A picture with what was read in it: ``original`` as it came, ``picture`` what is measured (the same, or
    ``prepared``), ``items`` its texts."""

    original: image.Picture
    picture: image.Picture
    prepared: prepare.Prepared | None
    items: list[ocr.TextItem]
    seen: Shapes


def _told(view: View, is_whole: bool, known: Box | None = None) -> dict:
    """Everything seen as JSON; of a whole picture with several charts, each of them. ``known`` is the plot area."""
    original, picture, prepared, items, seen = (getattr(view, f.name) for f in fields(view))
    notes, paper, rules = picture.notes, seen.paper, seen.rules
    grid = table.find(picture, items, rules, notes)
    chart = None
    if grid is None or not grid.ruled or grid.filled < 0.5:
        plotbox.without_tick_marks(items)
        split = panels.find(picture, items, rules, paper, seen.colours) if is_whole else None
        told = _several(view, split) if split is not None else None
        if told is not None:
            return told
        chart = axes.find(picture, items, rules, seen.panel, notes, known)
    if grid is None and (chart is None or chart.numeric == 0):
        grid = table.from_alignment(picture, items, notes)
    entries: list[legend.Entry] = []
    drawn = None
    disc = pie.find(picture.work, paper) if chart is None or chart.numeric < 2 else None
    if chart is not None:
        roles.assign_axes(chart, items)
        items = roles.drop_marks(picture, items, chart.box)
        entries = legend.find(picture, items, chart.box)
        drawn = _marks(picture, chart, items, entries, rules)
    texture, restored = kind.texture(original.work), prepared is not None and prepared.is_restored
    sketch = None
    if is_whole and (chart is None or chart.numeric == 0) and disc is None and (texture[0] > 0.5 or restored):
        sketch = diagram.find(picture.full, items, paper)
    verdict = kind.decide(kind.Evidence(picture.work, seen.uniform, items, chart, drawn, grid, disc, picture.scale,
                                        texture, sketch, restored))
    if prepared is not None and verdict.name in ("photo", "other"):
        # Nothing that restoring helps to read: what is said is said of the picture as it came.
        picture, chart, grid, drawn = original, None, None, None
        notes, seen = picture.notes, _shapes(picture)
        paper = seen.paper
        for item in items:
            item.x, item.y, item.w, item.h = prepared.back(item.x, item.y, item.w, item.h)
        prepared = None
    if verdict.name not in ("bar", "line", "scatter", "other"):
        chart = None
        for item in items:
            item.role = "other"
        entries = legend.find(picture, items, None) if verdict.name == "pie" else []
    if verdict.name != "table" and (grid is None or not grid.ruled):
        grid = None
    title = _title(verdict.name, items, chart, grid, disc, sketch, picture.scale)
    if chart is not None:
        roles.above_label(chart, items, title)
    roles.assign_rest(items, roles.Rest(verdict.name, chart, grid))
    if verdict.confidence < 0.5:
        notes.append(f"The kind of picture is uncertain ({verdict.name} at {verdict.confidence:.0%}).")
    if verdict.name in ("bar", "line", "scatter") and chart is not None:
        _doubts(chart, notes)
    result = _frame(View(original, picture, prepared, items, seen), notes)
    result["kind"] = {"name": verdict.name, "confidence": verdict.confidence, "scores": verdict.scores,
                      "reasons": verdict.reasons}
    result["title"] = " ".join(i.text for i in title) or None
    result["table"], result["axes"] = _table(grid), _axes(chart)
    result["legend"] = [_entry(e) for e in entries]
    if verdict.name == "diagram" and sketch is not None:
        result["diagram"] = diagram.as_json(sketch)
    if verdict.name in ("photo", "other"):
        bar = scale_bar.find(picture.full, items)
        result["scale_bar"] = bar.json() if bar is not None else None
    if verdict.name == "pie" and disc is not None:
        result["pie"] = _pie(disc, picture.scale)
    return result


def _several(view: View, split: panels.Split) -> dict | None:
    """A picture of several charts: each looked at as a picture of its own, in pixels of its own part. None where fewer
    than two of the parts turn out to be charts."""
    looks = [_panel(view, panel, split.heading) for panel in split.panels]
    # What a panel's own, closer look found may be lent to those that share its axis.
    more = [panels.moved(item, panel.area[0], panel.area[1]) for panel, (_one, own, pairs) in zip(split.panels, looks)
            for item in own if all(item is not known for known, _source in pairs)]
    for panel in panels.share(split.panels, view.items + more):
        looks[split.panels.index(panel)] = _panel(view, panel, split.heading)
    told = [{"box": list(panel.area), "row": panel.row, "column": panel.column, **one}
            for panel, (one, _own, _pairs) in zip(split.panels, looks)]
    if sum(one["kind"]["name"] in CHARTS for one in told) < 2:
        return None
    notes = list(view.picture.notes)
    for number, (panel, (one, _own, pairs)) in enumerate(zip(split.panels, looks), start=1):
        notes += panel.shared + [f"Panel {number}: {note}" for note in one["notes"]]
        for item, source in pairs:
            if source is not None:
                source.role = item.role
    for item in split.heading:
        item.role = "title"
    names = [one["kind"]["name"] for one in told]
    sure = round(min(one["kind"]["confidence"] for one in told), 2)
    result = _frame(view, notes)
    result["kind"] = {"name": "panels", "confidence": sure, "scores": {"panels": 1.0},
                      "reasons": [f"{len(told)} charts stand beside each other: {', '.join(names)}."]}
    result["title"] = " ".join(i.text for i in split.heading) or None
    result["panels"] = told
    return result


def _panel(view: View, panel: panels.Panel, heading: list[ocr.TextItem]):
    """What is seen in one panel, all of its texts, and those that were known before beside their sources."""
    part = panels.part(view.picture, panel)
    pairs = panels.texts(panel, view.items, heading)
    own = [item for item, _source in pairs]
    known = None if panel.is_disc else panels.plot_area(panel)
    return _told(View(part, part, None, own, _shapes(part)), is_whole=False, known=known), own, pairs


def _frame(view: View, notes: list[str]) -> dict:
    """What is said of any picture, with nothing yet of what is in it."""
    seen = view.seen
    return {
        "version": VERSION,
        "size": {"width": view.original.width, "height": view.original.height},
        "prepared": view.prepared.json() if view.prepared is not None else None,
        "kind": None,
        "title": None,
        "text": [_text(i) for i in view.items[:MAX_TEXT]],
        "table": None,
        "axes": None,
        "legend": [],
        "palette": [{"rgb": list(c), "hex": palette.hex_of(c), "fraction": share} for c, share in seen.colours],
        "background": {"rgb": list(seen.paper), "uniform": seen.uniform},
        "notes": list(dict.fromkeys(notes)),
    }


def _shapes(picture: image.Picture) -> Shapes:
    paper, uniform = palette.background(picture.work)
    colours = palette.dominant(picture.work, paper)
    rules = _original(lines.find(picture.gray()), picture.scale)
    panel = lines.panel(picture.work, paper)
    if panel and picture.scale != 1.0:
        panel = tuple(_up(v, picture.scale) for v in panel)
    return Shapes(paper, uniform, colours, rules, panel)


def _say_doubtful_texts(items: list[ocr.TextItem], notes: list[str]) -> None:
    if len(items) > MAX_TEXT:
        notes.append(f"{len(items)} lines of text were found; the first {MAX_TEXT} are given.")
    small = [i for i in items if i.line_height < 7]
    if items and len(small) > 0.3 * len(items):
        notes.append("Much of the text is under 7 pixels high and may be misread.")


def _up(value: float, scale: float) -> float:
    """A work position as an original position (pixel centres)."""
    return (value + 0.5) / scale - 0.5


def _original(found: lines.Lines, scale: float) -> lines.Lines:
    if scale == 1.0:
        return found
    for rule in (*found.horizontal, *found.vertical):
        rule.pos, rule.start, rule.end = (_up(v, scale) for v in (rule.pos, rule.start, rule.end))
        rule.thick /= scale
    return found


def _marks(picture: image.Picture, chart: axes.Axes, items: list, entries: list, rules: lines.Lines) -> marks.Marks:
    """Measure the marks on a copy no larger than needed, in one scale."""
    shrink = min(1.0, 1100.0 / max(picture.width, picture.height))
    rgb = picture.work
    factor = shrink / picture.scale
    if factor < 0.95:
        rgb = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    else:
        shrink = picture.scale
    box = Box(*(v * shrink for v in (chart.box.left, chart.box.top, chart.box.right, chart.box.bottom)))
    hide = [(i.x * shrink, i.y * shrink, i.right * shrink, i.bottom * shrink) for i in items
            if len(i.text) > 1 or i.text.isalnum() and i.role == "legend"]
    for entry in entries:
        x, y, w, h = entry.swatch
        hide.append((x * shrink, y * shrink, (x + w) * shrink, (y + h) * shrink))
    scaled = lines.Lines(*([lines.Line(r.pos * shrink, r.start * shrink, r.end * shrink,
                                       max(1.0, r.thick * shrink), r.cover, r.level) for r in group]
                           for group in (rules.horizontal, rules.vertical)))
    places = ([t.pixel * shrink for t in chart.x.ticks], [t.pixel * shrink for t in chart.y.ticks])
    return marks.measure(rgb, box, hide, scaled, places)


def _title(name: str, items: list, chart: axes.Axes | None, grid, disc, sketch, scale: float) -> list:
    if chart is not None:
        return roles.find_title(items, chart.box)
    if name == "table" and grid is not None:
        x, y, w, h = grid.box()
        return roles.find_title(items, Box(x, y, x + w, y + h))
    if name == "diagram" and sketch is not None:
        inside = {id(i) for n in sketch.nodes for i in n.texts} | {id(i) for e in sketch.edges for i in e.label}
        x0, y0 = min(n.box[0] for n in sketch.nodes), min(n.box[1] for n in sketch.nodes)
        x1, y1 = max(n.box[0] + n.box[2] for n in sketch.nodes), max(n.box[1] + n.box[3] for n in sketch.nodes)
        return roles.find_title([i for i in items if id(i) not in inside], Box(x0, y0, x1, y1))
    if name == "pie" and disc is not None:
        box = disc.box()
        around = Box(*(_up(v, scale) for v in (box.left, box.top, box.right, box.bottom)))
        # Sector names stand beside the disc's top edge; the title stands clear of it.
        return roles.find_title(items, Box(around.left, around.top - 0.02 * around.height,
                                           around.right, around.bottom))
    return roles.find_title(items, None, strict=True) if name in ("text", "other") else []


def _doubts(chart: axes.Axes, notes: list[str]) -> None:
    for axis, name in ((chart.x, "x"), (chart.y, "y")):
        if not axis.ticks:
            notes.append(f"No tick labels were found on the {name} axis.")
        elif axis.fit is None and axis.scale != "category":
            notes.append(f"The {name} axis could not be fitted; values along it cannot be measured.")


def _text(item: ocr.TextItem) -> dict:
    out = {"text": item.text, "box": item.box(), "confidence": round(item.confidence, 3),
           "angle": item.angle, "role": item.role}
    if item.slant:
        out["slant"] = round(item.slant, 1)
    return out


def _entry(entry: legend.Entry) -> dict:
    return {"text": entry.item.text, "rgb": list(entry.rgb), "box": entry.item.box(),
            "swatch": [int(v) for v in entry.swatch], "confidence": round(entry.item.confidence, 3)}


def _table(grid: table.Table | None) -> dict | None:
    if grid is None:
        return None
    return {
        "box": grid.box(),
        "column_edges": [round(c, 1) for c in grid.columns],
        "row_edges": [round(r, 1) for r in grid.rows],
        "ruled": grid.ruled,
        "cells": [[{"text": c.text, "confidence": round(c.confidence, 3), "box": c.box} for c in row]
                  for row in grid.cells],
    }


def _axes(chart: axes.Axes | None) -> dict | None:
    if chart is None:
        return None
    box = chart.box
    out = {"plot_box": [round(box.left), round(box.top), round(box.width), round(box.height)],
           "x": _axis(chart.x), "y": _axis(chart.y)}
    if chart.right is not None:
        out["y2"] = _axis(chart.right)
    return out


def _axis(axis: Axis) -> dict:
    return {
        "label": axis.label,
        "scale": axis.scale,
        "ticks": [{"text": t.text, "value": t.value, "pixel": round(t.pixel, 2),
                   "confidence": round(t.confidence, 3), "marked": t.marked} for t in axis.ticks],
        "fit": _fit(axis.fit),
    }


def _fit(fit: Fit | None) -> dict | None:
    if fit is None:
        return None
    return {"slope": fit.slope, "intercept": fit.intercept, "max_residual_px": round(fit.residual, 2)}


def _pie(disc: pie.Pie, scale: float) -> dict:
    return {
        "center": [round(_up(disc.cx, scale), 1), round(_up(disc.cy, scale), 1)],
        "radius": [round(disc.rx / scale, 1), round(disc.ry / scale, 1)],
        "sectors": [{"rgb": list(c), "hex": palette.hex_of(c), "share": s} for c, s in disc.shares],
    }
