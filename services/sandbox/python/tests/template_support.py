"""The constants that the built-in rules write into their scripts, made from evidence as `constants.rs` does."""

from __future__ import annotations

import sys
from pathlib import Path

TEMPLATES = Path(__file__).parents[4] / "crates/llm/src/builtin/templates"
sys.path.insert(0, str(TEMPLATES))


def axis(said: dict) -> dict:
    """One axis."""
    fit = said["fit"]
    measured = {} if fit is None else {
        "slope": fit["slope"], "intercept": fit["intercept"], "residual_px": fit["max_residual_px"],
        "fitted": sum(tick["value"] is not None for tick in said["ticks"])}
    return {"label": said["label"], "scale": said["scale"], **measured,
            "ticks": [[tick["text"], tick["pixel"]] for tick in said["ticks"]], "unsure": []}


def chart(seen: dict) -> dict:
    """What the readers of charts need beside the picture."""
    made = {"title": seen["title"], "legend": [{"name": e["text"], "rgb": e["rgb"], "box": e["box"],
                                                "swatch": e["swatch"]} for e in seen["legend"]]}
    if seen["kind"]["name"] == "pie":
        words = [[t["text"], [t["box"][0] + t["box"][2] / 2, t["box"][1] + t["box"][3] / 2]]
                 for t in seen["text"] if t["role"] != "title"]
        disc = seen.get("pie") and [*seen["pie"]["center"], *seen["pie"]["radius"]]
        return {**made, "words": words, "disc": disc}
    axes = seen["axes"]
    return {**made, "plot_box": axes["plot_box"], "x_axis": axis(axes["x"]), "y_axis": axis(axes["y"])}


def panels(seen: dict, image: str, out: str) -> dict:
    """What the reader of several charts needs."""
    parts = []
    for panel in seen["panels"]:
        kind = panel["kind"]["name"]
        place = {"area": panel["box"], "place": [panel["row"], panel["column"]]}
        parts.append({**place, "kind": kind, **chart(panel)} if kind in ("bar", "line", "scatter", "pie")
                     else {**place, "kind": "other", "title": panel["title"], "reason": "It is no chart."})
    grid = [1 + max(panel[name] for panel in seen["panels"]) for name in ("row", "column")]
    return {"image": image, "out": out, "title": seen["title"], "grid": grid, "panels": parts}
