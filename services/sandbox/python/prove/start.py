"""One proof from request to files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

# Must be set before the numeric libraries are loaded: nothing here is worth a thread.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2
import numpy as np

cv2.setNumThreads(1)

from . import VERSION, calibration, charts, claims, compare, diagrams, others, overlay, panels, sizes, words
from .frame import Frame
from .reading import Folder, items, number, text

SECONDS = 10.0  # of processor time, after which nothing that costs much is begun; a busy machine changes no result
FIGURE, PICTURES = "application/vnd.darkroom.figure+json", ("image/png", "image/jpeg")
DOUBTS = "doubts.csv"
CHARTS = ("bar", "line", "scatter")


class Run:
    """What is known of one request."""

    def __init__(self, request: dict, inputs: str):
        self.notes: list[str] = []
        self.part = ""  # of a picture of several charts, what the files of one are called
        self.panels: list[panels.Panel] = []
        self.begin = time.process_time()
        self.folder = Folder(inputs, self.notes)
        self.index = int(number(request.get("index")) or 0)
        self.count = int(number(request.get("count")) or 1)
        self.outputs = [one for one in items(request.get("outputs"))[:200] if text(one.get("name"))]
        self.original = self.folder.picture(request.get("picture"), "The picture")
        self.evidence = self.folder.json(request.get("evidence"), "The evidence")
        self.frame = None
        if self.original is not None:
            self.frame = self.attempt("What was done to the picture", lambda: Frame(self.original, self.evidence))
        # Everything is measured on the picture that the places in the evidence mean.
        self.picture = self.frame.picture if self.frame else None
        self.kind = charts.text_of(self.evidence)
        self.figures = {}
        for one in self.outputs:
            if one.get("media_type") != FIGURE:
                continue
            if not self.in_time():
                self.notes.append("There was no time left to read all figures.")
                break
            found = self.folder.json(one.get("file"), one["name"][:100])
            if found.get("darkroom_figure"):
                self.figures[stem(one["name"])] = found

    def in_time(self) -> bool:
        """Whether there is time left for what costs much."""
        return time.process_time() - self.begin < SECONDS

    def own(self, outputs: list[dict]) -> list[dict]:
        """Of several pictures the files that bear this one's prefix, where any does."""
        prefix = f"image_{self.index + 1}_"
        mine = [one for one in outputs if one["name"].startswith(prefix)]
        mine = mine if self.count > 1 and mine else outputs
        return [one for one in mine if self.part in one["name"]]

    def attempt(self, what: str, step, otherwise=None):
        """A step that a stranger's file may break: that it did is noted, and the rest goes on."""
        try:
            with np.errstate(all="ignore"):
                return step()
        except Exception as error:  # by design: hostile files must not end the proof
            self.notes.append(f"{what} could not be measured ({type(error).__name__}).")
            return otherwise

    def csv(self, *wanted: str) -> list[list[str]]:
        """The rows of the first delivered table of these names, else of the first that is no doubts or statistics."""
        tables = [one for one in self.own(self.outputs) if one["name"].lower().endswith(".csv")]
        named = [one for want in wanted for one in tables if one["name"].endswith(want)]
        rest = [one for one in tables if not one["name"].endswith((DOUBTS, "text_stats.csv"))]
        for one in (named or rest)[:1]:
            return self.folder.rows(one.get("file"), one["name"][:100])
        return []

    def doubts(self) -> list[list[str]]:
        """The rows of what the script doubted, if it left any."""
        found = [one for one in self.own(self.outputs) if one["name"].endswith(DOUBTS)]
        return self.folder.rows(found[0].get("file"), DOUBTS) if found else []


def stem(name: str) -> str:
    """The name without ".figure.json" or its ending, as a figure and its picture share it."""
    return name.removesuffix(".figure.json") if name.endswith(".figure.json") else name.rpartition(".")[0]


def run(request: str | dict, inputs: str, out: str) -> None:
    """See ``prove.main``."""
    asked = json.loads(request) if isinstance(request, str) else request
    if not isinstance(asked, dict):
        raise ValueError("the request is no JSON object")
    one = Run(asked, inputs)
    measured, shown = measure(one)
    _write(out, "measure.json", measured)
    if shown is not None:
        _write(out, "overlay.json", shown[0])
        if shown[1] is not None:
            ok, data = cv2.imencode(".png", cv2.cvtColor(shown[1], cv2.COLOR_RGB2BGR))
            if ok:
                (Path(out) / "overlay.png").write_bytes(data.tobytes())


def _write(out: str, name: str, value: dict) -> None:
    said = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    (Path(out) / name).write_text(said.encode("utf-8", "replace").decode("utf-8"), encoding="utf-8")


def _finite(value):
    """Plain JSON values; what is no finite number is null."""
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def measure(one: Run) -> tuple[dict, tuple[dict, np.ndarray | None] | None]:
    """``measure.json``, and ``overlay.json`` with its picture where there is anything to show."""
    name, figure = one.attempt("Which figure belongs to the picture", lambda: _chosen(one), (None, {}))
    kind = claims.kind_of(figure) if figure else None
    found = one.attempt("The axes of the picture", lambda: calibration.read(one.evidence))
    values, missing = one.attempt("The values", lambda: _values(one, figure, found), ([], 0))
    if figure and one.kind in CHARTS and not _is_like(one, figure, kind) and not _are_inside(one, values):
        one.notes.append("No delivered figure redraws this picture.")
        name, figure, kind, values, missing = None, {}, None, [], 0
    rows = [] if one.kind == "panels" else one.attempt("The script's own doubts", one.doubts, [])
    unmet = one.attempt("The script's own doubts", lambda: claims.doubts(values, rows), 0) if values else 0
    if unmet:
        one.notes.append(f"{unmet} lines of {DOUBTS} name no value that was measured.")
    drawn = _drawn(one, name)
    redraw = None
    if figure and name:
        redraw = one.attempt("The figure's texts", lambda: compare.redraw_of_figure(figure, kind))
    elif drawn is not None and one.in_time() and one.kind in (*CHARTS, "pie", "other"):
        redraw = one.attempt("The delivered picture's texts", lambda: _by_ocr(one, name))
    pixels = None
    if drawn is not None and one.picture is not None:
        pixels = one.attempt("Likeness", lambda: compare.pixels(one.picture, one.evidence, drawn, figure))
    result = {
        "version": VERSION,
        "input_kind": one.kind,
        "output": name,
        "redraw": redraw,
        "wanted": one.attempt("The evidence", lambda: compare.wanted(one.evidence)),
        "pixels": pixels,
        "values": _summary(values, missing),
        "accessibility": [],
        "alt_texts": {},
        "notes": one.notes,
    }
    for output in one.own(one.outputs):
        data = one.figures.get(stem(output["name"]))
        if data and output.get("media_type") in (*PICTURES, "image/svg+xml"):
            said = one.attempt("The alt text", lambda data=data: words.alt_text(data))
            if said:
                result["alt_texts"][text(output["name"]) or ""] = said
    if figure:
        result["accessibility"] = one.attempt("Accessibility", lambda: words.accessibility(figure), [])
    shown = one.attempt("The overlay", lambda: _overlay(one, found, values)) if values else None
    result["notes"] = list(dict.fromkeys(one.notes))[:100]
    return result, shown


def _chosen(one: Run) -> tuple[str | None, dict]:
    """The delivered picture that redraws this one, with its figure's data; none for tables, pages and photos."""
    if one.kind in ("table", "text", "photo", "diagram"):
        return None, {}
    pictures = [o for o in one.own(one.outputs) if o.get("media_type") in PICTURES]
    ranked = [(compare.fit(one.figures[stem(o["name"])], claims.kind_of(one.figures[stem(o["name"])]), one.evidence), o)
              for o in pictures if stem(o["name"]) in one.figures]
    if ranked:
        best = max(ranked, key=lambda pair: pair[0])[1]
        return best["name"], one.figures[stem(best["name"])]
    lone = [figure for name, figure in one.figures.items()]  # saved as something that shows no pixels, such as PDF
    if lone and not pictures:
        return None, lone[0]
    usual = [o for o in pictures if "overlay" not in o["name"] and "palette" not in o["name"]]
    return (usual[0]["name"], {}) if usual and one.kind in (*CHARTS, "pie", "other") else (None, {})


def _is_like(one: Run, figure: dict, kind: str | None) -> bool:
    """Whether a figure says the same as the picture at all: its kind, and its title, a label or a few ticks."""
    want, got = compare.wanted(one.evidence), compare.redraw_of_figure(figure, kind)
    if want["kind"] != kind:
        return False
    said = {text for text in (want["title"], *want["labels"].values(), *want["legend"]) if text}
    again = {text for text in (got["title"], *got["labels"].values(), *got["legend"]) if text}
    shared = {side: len(set(want["ticks"][side]) & set(got["ticks"][side])) for side in ("x", "y")}
    return bool(said & again) or min(shared.values()) >= 1 and sum(shared.values()) >= 3


def _are_inside(one: Run, values: list[claims.Claim]) -> bool:
    """Whether most values have a place on the picture."""
    height, width = one.picture.shape[:2] if one.picture is not None else (0, 0)
    placed = sum(claim.px is not None and 0 <= claim.px[0] <= width and 0 <= claim.px[1] <= height for claim in values)
    return 2 * placed > len(values)


def _drawn(one: Run, name: str | None) -> np.ndarray | None:
    """The pixels of the chosen output."""
    output = next((o for o in one.outputs if o["name"] == name), None)
    return one.folder.picture(output.get("file"), name[:100]) if output else None


def _by_ocr(one: Run, name: str) -> dict:
    """What the look reads in a delivered picture that has no figure's data."""
    from look import image, models, report

    models.load()
    output = next(o for o in one.outputs if o["name"] == name)
    data = one.folder.read(output.get("file"), 64 << 20, name[:100])
    seen = compare.wanted(report.see(image.decode(data)))
    return {"source": "ocr", **seen}


def _values(one: Run, figure: dict, found) -> tuple[list[claims.Claim], int]:
    """Everything delivered that has a place on the picture, measured; and how much of the picture has no value."""
    if one.picture is None:
        return [], 0
    if one.kind == "panels":
        one.panels = panels.measured(one, figure, _values)
        return [claim for panel in one.panels for claim in panel.values], sum(panel.missing for panel in one.panels)
    if one.kind == "diagram":
        named = [o for o in one.own(one.outputs) if o["name"].endswith("diagram.json")]
        told = one.folder.json(named[0].get("file"), named[0]["name"][:100]) if named else {}
        return diagrams.prove(one.picture, one.evidence, diagrams.claims_of(told))
    if one.kind == "table":
        return others.table_claims(one.evidence, one.csv("table.csv", "values.csv"), one.notes)
    if one.kind == "text":
        return _words(one)
    if one.kind == "photo":
        rows = one.csv("objects.csv", "points.csv")
        values = others.object_claims(rows)
        if not values:
            return [], 0
        missing, measured = others.prove_objects(sizes.without_bar(one.picture, one.evidence), values, one.notes)
        sizes.prove(one.picture, one.evidence, values, sizes.read(rows, one.evidence), measured)
        return values, missing
    if one.kind == "pie":
        values = others.pie_claims(figure, [] if figure else one.csv("shares.csv", "values.csv"))
        return values, others.prove_pie(one.picture, one.evidence, values, one.notes) if values else 0
    if found is None:
        return [], 0
    values = claims.of_figure(figure, one.notes) if figure else []
    if not values:
        values = claims.of_table(one.csv("values.csv", "points.csv"), one.kind)
    if not values:
        return [], 0
    return values, charts.prove(one.picture, one.evidence, found, values, one.notes)


def _words(one: Run) -> tuple[list[claims.Claim], int]:
    texts = [o for o in one.own(one.outputs) if o["name"].lower().endswith((".txt", ".md", ".html", ".json"))]
    said = " ".join(one.folder.text(o.get("file"), o["name"][:100]) for o in texts[:5])
    return (others.text_claims(one.evidence, said), 0) if said else ([], 0)


def _summary(values: list[claims.Claim], missing: int) -> dict | None:
    if not values:
        return None
    off = sorted(claim.residual for claim in values if claim.residual is not None)
    trusted = sum(not claim.why for claim in values)
    return {
        "total": len(values), "trusted": trusted, "doubtful": len(values) - trusted,
        "median_residual_px": _rounded(off[len(off) // 2] if off else None),
        "p90_residual_px": _rounded(off[min(len(off) - 1, int(0.9 * len(off)))] if off else None),
        "missing": missing,
    }


def _rounded(value, digits: int = 2):
    return None if value is None else round(float(value), digits)


def _overlay(one: Run, found, values: list[claims.Claim]) -> tuple[dict, np.ndarray | None]:
    summary = _summary(values, 0)
    height, width = one.original.shape[:2]
    back = one.frame.back
    axes = None
    if found is not None and one.kind in CHARTS:
        axes = {axis.name: calibration.as_json(axis, found.box, back) for axis in (found.x, found.y, found.y2)
                if axis is not None}
    parts = []
    for panel in one.panels:
        shifted = _from(back, panel.corner)
        ticks = panel.found and {axis.name: calibration.as_json(axis, panel.found.box, shifted)
                                 for axis in (panel.found.x, panel.found.y, panel.found.y2) if axis is not None}
        parts.append({"panel": panel.number, "kind": panel.kind, "box": list(panel.box), "calibration": ticks})
    drawn_axes = [(panel.found, panel.corner) for panel in one.panels if panel.found is not None]
    drawn_axes += [(found, (0, 0))] if axes else []
    told = {
        "version": VERSION,
        "picture": {"width": width, "height": height},
        "calibration": axes,
        "panels": parts,
        "scale_bar": sizes.as_json(one.evidence, back) if one.kind == "photo" else None,
        "values": [_told(claim, back) for claim in values],
        "summary": {key: summary[key] for key in ("total", "trusted", "doubtful", "median_residual_px")},
    }
    drawn = one.attempt("The overlay's picture",
                        lambda: overlay.draw(one.original, drawn_axes, values, back))
    return told, drawn


def _from(back, corner: tuple[int, int]):
    """The way back to the original for places that count from a corner."""
    return lambda x, y: back(x + corner[0], y + corner[1])


def _told(claim: claims.Claim, back) -> dict:
    value = claim.value if isinstance(claim.value, str) else number(claim.value)
    return {
        "series": claim.series, "at": claim.at, "value": value,
        "error": None if claim.error is None else float(f"{claim.error:.3g}"),
        "px": None if claim.px is None else [round(v, 2) for v in back(*claim.px)],
        "residual_px": _rounded(claim.residual), "trusted": not claim.why, "why": " ".join(claim.why),
    }
