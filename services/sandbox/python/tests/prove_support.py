"""Charts whose truth is known, with the evidence a look would leave, and proofs of what is claimed about them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import prove
from matplotlib.colors import to_rgb

FIGURE = "application/vnd.darkroom.figure+json"


class Chart:
    """A drawn picture: its PNG and its evidence, places known from matplotlib and not from any reading."""

    def __init__(self, figure, axes, kind: str, folder: Path):
        self.path = folder / "image.png"
        figure.savefig(self.path, dpi=100)
        figure.canvas.draw()
        self.height = figure.bbox.height
        self.axes = axes
        box = axes.bbox
        self.evidence = {
            "version": 1,
            "size": {"width": int(figure.bbox.width), "height": int(figure.bbox.height)},
            "kind": {"name": kind, "confidence": 0.9},
            "title": axes.get_title() or None,
            "text": self._texts(figure),
            "axes": {"plot_box": [box.x0, self.height - box.y1, box.width, box.height],
                     "x": self._axis(axes, "x"), "y": self._axis(axes, "y")},
            "legend": self._legend(axes),
            "background": {"rgb": [255, 255, 255], "uniform": True},
            "table": None,
            "notes": [],
        }
        plt.close(figure)

    def _box(self, artist) -> list[float]:
        box = artist.get_window_extent()
        return [box.x0, self.height - box.y1, box.width, box.height]

    def _axis(self, axes, side: str) -> dict:
        axis = axes.xaxis if side == "x" else axes.yaxis
        scale = axis.get_scale()
        low, high = sorted(axis.get_view_interval())
        ticks = []
        for at, label in zip(axis.get_majorticklocs(), axis.get_majorticklabels()):
            if low <= at <= high and label.get_text():
                said = label.get_text().replace("\N{MINUS SIGN}", "-")
                spot = axes.transData.transform((at, 1) if side == "x" else (1, at))
                pixel = spot[0] - 0.5 if side == "x" else self.height - spot[1] - 0.5
                is_word = not said.lstrip("-").replace(".", "", 1).isdigit() and scale != "log"
                ticks.append({"text": said, "value": None if is_word else float(at), "pixel": float(pixel),
                              "confidence": 1.0, "marked": True})
        known = [tick for tick in ticks if tick["value"] is not None]
        fit = None
        if len(known) >= 2:
            values = [np.log10(tick["value"]) if scale == "log" else tick["value"] for tick in known]
            slope, intercept = np.polyfit([tick["pixel"] for tick in known], values, 1)
            fit = {"slope": float(slope), "intercept": float(intercept), "max_residual_px": 0.1}
        label = axis.get_label_text() or None
        return {"label": label, "scale": (scale if fit else "category"), "ticks": ticks, "fit": fit}

    def _legend(self, axes) -> list[dict]:
        legend = axes.get_legend()
        found = []
        for handle, said in zip(legend.legend_handles, legend.get_texts()) if legend else ():
            colour = handle.get_facecolor() if hasattr(handle, "get_facecolor") else handle.get_color()
            rgb = [round(255 * v) for v in to_rgb(colour[0] if getattr(colour, "ndim", 1) == 2 else colour)]
            found.append({"text": said.get_text(), "rgb": rgb, "box": self._box(said)})
        return found

    def _texts(self, figure) -> list[dict]:
        return [{"text": one.get_text(), "box": self._box(one), "confidence": 1.0, "angle": 0, "role": "other"}
                for one in figure.findobj(matplotlib.text.Text) if one.get_text().strip() and one.get_visible()]


def proof(chart: Chart | None, folder: Path, figure=None, files: dict[str, bytes] | None = None,
          evidence=None, **request) -> tuple[dict, dict | None]:
    """(measure.json, overlay.json) of a figure's data or other files held against a chart."""
    outputs = []
    if figure is not None:
        (folder / "f.json").write_text(json.dumps(figure, default=float))
        (folder / "f.png").write_bytes(chart.path.read_bytes())
        outputs = [{"name": "chart.png", "file": "f.png", "media_type": "image/png"},
                   {"name": "chart.figure.json", "file": "f.json", "media_type": FIGURE}]
    for number, (name, data) in enumerate((files or {}).items()):
        (folder / f"o{number}").write_bytes(data)
        kind = FIGURE if name.endswith(".figure.json") else "image/png" if name.endswith(".png") else "text/csv"
        outputs.append({"name": name, "file": f"o{number}", "media_type": kind})
    (folder / "evidence.json").write_text(json.dumps(chart.evidence if evidence is None else evidence))
    with tempfile.TemporaryDirectory() as out:
        asked = {"picture": "image.png", "evidence": "evidence.json", "index": 0, "count": 1, "outputs": outputs}
        prove.main(json.dumps({**asked, **request}), str(folder), out)
        measure = json.loads((Path(out) / "measure.json").read_text())
        overlay = Path(out) / "overlay.json"
        assert overlay.exists() == (Path(out) / "overlay.png").exists()
        return measure, json.loads(overlay.read_text()) if overlay.exists() else None


def bars_data(names, values, lying=False, **more) -> dict:
    """The data of a bar series as a figure tells it."""
    return {"type": "bar", "orientation": "horizontal" if lying else "vertical", "label": None, "colour": "#4477aa",
            "positions": list(range(len(values))), "widths": 0.8, "bottoms": 0, "heights": list(values),
            "categories": list(names), **more}


def line_data(x, y, kind="line", **more) -> dict:
    """The data of a line or of points."""
    return {"type": kind, "label": None, "colour": "#4477aa", "x": list(x), "y": list(y), **more}


def figure_data(*series, **more) -> dict:
    """A figure's data with one plot."""
    axes = {"kind": "rectilinear", "role": "plot", "position": [0.1, 0.1, 0.8, 0.8], "title": None,
            "x": {"label": None, "ticks": {"at": [], "labels": []}},
            "y": {"label": None, "ticks": {"at": [], "labels": []}}, "legend": None, "series": list(series),
            "texts": []}
    return {"darkroom_figure": 1, "size": {"width": 6, "height": 4, "dpi": 100}, "cropped": False, "title": None,
            "axes": [axes], "legends": [], "texts": [], **more}
