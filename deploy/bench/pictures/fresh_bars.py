"""Bar charts and histograms of the measuring set: other words, sizes, colours and styles than in the tuning set.

Much is drawn from the random numbers, so that another seed is another set.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from .registry import axis, bars, bins, nice_top, numbers, picture
from .with_gnuplot import plot
from .with_matplotlib import save, styled
from .with_pages import shoot
from .with_plotly import render as render_plotly
from .with_vega import field, rows
from .with_vega import render as render_vega

FONTS = ("DejaVu Sans", "Liberation Sans", "Liberation Serif", "Lato")
COLOURS = ("#7b3294", "#008837", "#2166ac", "#b2182b", "#e08214", "#35978f", "#5e3c99", "#1b7837", "#c51b7d", "#4d4d4d")
RIVERS = ["Rhine", "Danube", "Elbe", "Oder", "Loire", "Ebro", "Tagus", "Vistula", "Thames", "Po", "Rhone", "Seine"]
TREES = ["Oak", "Beech", "Ash", "Lime", "Maple", "Birch", "Alder", "Elm", "Yew", "Larch", "Spruce", "Pine"]
MODELS = ["Alpha", "Bravo", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Kilo", "Lima"]


def some(rng, words, count):
    """Different words in any order."""
    return [str(word) for word in rng.choice(words, count, replace=False)]


def one(rng, choices):
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


@picture("fresh-mpl-bars", "bar", "matplotlib", "any style")
def _(path, rng):
    names = some(rng, RIVERS, int(rng.integers(4, 10)))
    values = numbers(rng, len(names), 40, 870, 0)
    style = one(rng, ("classic", "Solarize_Light2", "seaborn-v0_8-darkgrid", "tableau-colorblind10"))
    figure, ax = styled(style, (7.6, 4.3), one(rng, FONTS))
    ax.bar(names, values, color=one(rng, COLOURS), width=float(rng.uniform(0.45, 0.85)))
    ax.set(title="Discharge at the mouth", ylabel="m³/s")
    save(figure, path, int(rng.integers(90, 140)))
    limits = axis(*ax.get_ylim())
    return bars(names, {"": values}, limits, title="Discharge at the mouth", x_label="", y_label="m³/s")


@picture("fresh-mpl-bars-hatched", "bar", "matplotlib", "black and white, hatched", "hatched")
def _(path, rng):
    names = some(rng, TREES, 5)
    values = numbers(rng, 5, 4, 38, 1)
    figure, ax = styled("default", (6, 4), one(rng, FONTS))
    hatches = some(rng, ["//", "\\\\", "xx", "..", "++", "--"], 5)
    for index, (name, value) in enumerate(zip(names, values)):
        ax.bar([name], [value], color="white", edgecolor="black", hatch=hatches[index], width=0.6)
    ax.set(ylabel="Height (m)", title="Tallest tree of the park")
    save(figure, path, 120)
    limits, title = axis(*ax.get_ylim()), "Tallest tree of the park"
    return bars(names, {"": values}, limits, title=title, x_label="", y_label="Height (m)")


@picture("fresh-mpl-bars-hatched-grouped", "bar", "matplotlib", "hatched groups, legend", "hatched", "grouped")
def _(path, rng):
    names = some(rng, MODELS, 4)
    series = {name: numbers(rng, 4, 12, 92, 0) for name in ("cold", "warm")}
    figure, ax = styled("grayscale", (6.4, 4.2), one(rng, FONTS))
    for index, (name, values) in enumerate(series.items()):
        places = np.arange(4) + (index - 0.5) * 0.38
        ax.bar(places, values, 0.38, label=name, color="white", edgecolor="black", hatch=("///", "...")[index])
    ax.set_xticks(range(4), names)
    ax.set_ylim(0, 120)
    ax.set(ylabel="Requests per second")
    ax.legend(loc="upper right")
    save(figure, path, 130)
    return bars(names, series, axis(0, 120), title="", x_label="", y_label="Requests per second")


@picture("fresh-mpl-bars-lying-framed", "bar", "matplotlib", "lying, black edges, full frame", "horizontal")
def _(path, rng):
    names = some(rng, TREES, 7)
    values = numbers(rng, 7, 100, 1900, 0)
    figure, ax = styled("default", (6.8, 4.6), one(rng, FONTS))
    ax.barh(names, values, color=one(rng, COLOURS), edgecolor="black", height=0.7)
    ax.grid(axis="x", alpha=0.5)
    ax.set_axisbelow(True)
    ax.set(xlabel="Trunks", title="Inventory of the north wood")
    figure.tight_layout()
    save(figure, path, 105)
    limits, title = axis(*ax.get_xlim()), "Inventory of the north wood"
    return bars(names, {"": values}, limits, horizontal=True, title=title, x_label="Trunks", y_label="")


@picture("fresh-vega-bars", "bar", "vega-lite", "other themes", "grouped")
def _(path, rng):
    names = some(rng, MODELS, 5)
    series = {name: numbers(rng, 5, 10, 240, 0) for name in ("before", "after")}
    top = nice_top(max(max(v) for v in series.values()), 5)
    encoding = {
        "x": field("x", "nominal", title=None, axis={"labelAngle": int(one(rng, (0, -40)))}),
        "xOffset": field("g", "nominal", sort=list(series)),
        "y": field("y", "quantitative", title="Latency (ms)", scale={"domain": [0, top]}),
        "color": field("g", "nominal", title="When", scale={"range": some(rng, COLOURS[:9], 2)}),
    }
    spec = {"width": 380, "height": 250, "data": rows(names, series), "mark": "bar", "encoding": encoding}
    render_vega(path, spec, float(rng.uniform(1.4, 2)), view={"stroke": "transparent"}, axis={"labelFontSize": 12})
    return bars(names, series, axis(0, top), title="", x_label="", y_label="Latency (ms)")


@picture("fresh-plotly-bars", "bar", "plotly", "ggplot2 and other templates", "value labels")
def _(path, rng):
    names, values = some(rng, RIVERS, 6), numbers(rng, 6, 12, 98, 1)
    figure = go.Figure(go.Bar(x=names, y=values, text=values, textposition="outside"))
    figure.update_layout(template=one(rng, ("ggplot2", "presentation", "gridon", "seaborn")))
    figure.update_layout(title="Ships a day", yaxis_range=[0, 120])
    render_plotly(path, figure, 760, 480)
    return bars(names, {"": values}, axis(0, 120), title="Ships a day", x_label="", y_label="")


@picture("fresh-gnuplot-bars", "bar", "gnuplot", "boxes in many colours", "legend outside")
def _(path, rng):
    names = some(rng, TREES, 6)
    series = {"wet": numbers(rng, 6, 3, 27, 1), "dry": numbers(rng, 6, 3, 27, 1)}
    script = """set style data histogram
set style histogram rowstacked
set style fill solid 0.8 border -1
set boxwidth 0.7
set yrange [0:60]
set grid y
set key outside right
set ylabel 'Days'
plot $d using 2:xtic(1) title 'wet' lc rgb '%s', '' using 3 title 'dry' lc rgb '%s'
"""
    plot(path, script % tuple(some(rng, COLOURS[:9], 2)), zip(names, *series.values()), "720,460", "Liberation Sans,11")
    return bars(names, series, axis(0, 60), stacked=True, title="", x_label="", y_label="Days")


def sheet(path, names, series, top, colours, width=720, height=420, lying=False):
    """A chart as office programs draw it: no frame, pale grid, legend below; an SVG that Chromium photographs."""
    left, right, upper, lower = (110 if lying else 60), width - 30, 56, height - 74
    parts = [f'<svg width="{width}" height="{height}" font-family="Lato" font-size="13" fill="#595959">']
    parts.append(f'<text x="{width / 2}" y="32" font-size="19" text-anchor="middle">Turnover</text>')
    across, along = (lower - upper, right - left) if lying else (right - left, lower - upper)
    for step in range(6):
        part = step / 5
        said = f"{top * part:g}"
        if lying:
            x = left + part * along
            parts.append(f'<line x1="{x}" x2="{x}" y1="{upper}" y2="{lower}" stroke="#d9d9d9"/>')
            parts.append(f'<text x="{x}" y="{lower + 18}" text-anchor="middle">{said}</text>')
        else:
            y = lower - part * along
            parts.append(f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke="#d9d9d9"/>')
            parts.append(f'<text x="{left - 8}" y="{y + 5}" text-anchor="end">{said}</text>')
    slot = across / len(names)
    thick = 0.7 * slot / len(series)
    for place, name in enumerate(names):
        for index, values in enumerate(series.values()):
            start = (upper if lying else left) + place * slot + 0.15 * slot + index * thick
            long = along * values[place] / top
            box = (left, start, long, thick) if lying else (start, lower - long, thick, long)
            x, y, w, h = (f"{v:.2f}" for v in box)
            parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{colours[index]}"/>')
        middle = (upper if lying else left) + (place + 0.5) * slot
        x, y, side = (left - 8, middle + 5, "end") if lying else (middle, lower + 20, "middle")
        at = f'x="{x}" y="{y}" text-anchor="{side}"'
        parts.append(f"<text {at}>{name}</text>")
    if len(series) > 1:
        for index, name in enumerate(series):
            x = width / 2 - 70 * len(series) / 2 + 80 * index
            parts.append(f'<rect x="{x}" y="{height - 26}" width="10" height="10" fill="{colours[index]}"/>')
            parts.append(f'<text x="{x + 15}" y="{height - 16}">{name}</text>')
    shoot(path, "".join(parts) + "</svg>", "body{margin:0;background:#fff}", width, height)


@picture("fresh-office-columns", "bar", "html", "office columns, legend below", "grouped")
def _(path, rng):
    names = ["Spring", "Summer", "Autumn", "Winter"]
    series = {name: numbers(rng, 4, 20, 480, 0) for name in ("Shop", "Web", "Fair")}
    sheet(path, names, series, 500, some(rng, COLOURS[:9], 3))
    return bars(names, series, axis(0, 500), title="Turnover", x_label="", y_label="")


@picture("fresh-office-lying", "bar", "html", "office bars, lying", "horizontal")
def _(path, rng):
    names = some(rng, RIVERS, 6)
    values = numbers(rng, 6, 5, 96, 1)
    sheet(path, names, {"": values}, 100, [one(rng, COLOURS)], lying=True)
    return bars(names, {"": values}, axis(0, 100), horizontal=True, title="Turnover", x_label="", y_label="")


@picture("fresh-mpl-histogram", "histogram", "matplotlib", "white edges")
def _(path, rng):
    figure, ax = styled(one(rng, ("default", "seaborn-v0_8-darkgrid", "classic")), (6.6, 4.2), one(rng, FONTS))
    sample = rng.gamma(3, 9, int(rng.integers(200, 700)))
    edges = np.arange(0, 101, 10)
    counts, edges, _patches = ax.hist(np.clip(sample, 0, 99), bins=edges, color=one(rng, COLOURS), edgecolor="white")
    ax.set(xlabel="Age (years)", ylabel="Members", title="Members by age")
    save(figure, path, 115)
    limits = axis(*ax.get_ylim())
    return bins(edges, counts, limits, title="Members by age", x_label="Age (years)", y_label="Members")


@picture("fresh-mpl-histogram-hatched", "histogram", "matplotlib", "black and white, hatched", "hatched")
def _(path, rng):
    figure, ax = styled("default", (5.4, 3.8), "Liberation Serif")
    edges = np.linspace(-4, 4, 17)
    sample = np.clip(rng.normal(0, 1.3, 500), -3.9, 3.9)
    counts, edges, _patches = ax.hist(sample, bins=edges, color="white", edgecolor="black", hatch="//")
    ax.set(xlabel="Residual", ylabel="Count")
    save(figure, path, 130)
    return bins(edges, counts, axis(*ax.get_ylim()), title="", x_label="Residual", y_label="Count")


@picture("fresh-vega-histogram", "histogram", "vega-lite", "binned")
def _(path, rng):
    edges = np.arange(0, 61, 5)
    counts, _edges = np.histogram(np.clip(rng.normal(28, 11, 300), 0.1, 59.9), edges)
    top = nice_top(float(max(counts)), 6)
    data = {"values": [{"a": int(a), "b": int(b), "n": int(n)} for a, b, n in zip(edges, edges[1:], counts)]}
    encoding = {
        "x": field(
            "a", "quantitative", bin={"binned": True, "step": 5}, title="Delay (min)", scale={"domain": [0, 60]}
        ),
        "x2": {"field": "b"},
        "y": field("n", "quantitative", title="Trains", scale={"domain": [0, top]}),
    }
    spec = {"width": 400, "height": 240, "data": data, "mark": {"type": "bar", "color": one(rng, COLOURS)}}
    render_vega(path, {**spec, "encoding": encoding}, 1.6)
    return bins(edges, counts, axis(0, top), title="", x_label="Delay (min)", y_label="Trains")
