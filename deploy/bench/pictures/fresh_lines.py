"""Line charts, scatters and pies of the measuring set."""

from __future__ import annotations

import datetime

import numpy as np
import plotly.graph_objects as go

from .fresh_bars import COLOURS, FONTS, MODELS, RIVERS, TREES, one, some
from .registry import axis, lines, nice_top, numbers, picture, points, slices, walk
from .with_gnuplot import plot
from .with_matplotlib import save, styled
from .with_plotly import render as render_plotly
from .with_vega import field, rows
from .with_vega import render as render_vega


@picture("fresh-mpl-line", "line", "matplotlib", "any style")
def _(path, rng):
    x = list(range(0, 25, 2))
    y = walk(rng, 13, 55, 6, 1)
    style = one(rng, ("classic", "Solarize_Light2", "seaborn-v0_8-darkgrid", "bmh"))
    figure, ax = styled(style, (7, 4.4), one(rng, FONTS))
    ax.plot(x, y, color=one(rng, COLOURS), linewidth=float(rng.uniform(1.2, 3)))
    ax.set(xlabel="Hour", ylabel="Load (kW)", title="A day at the plant")
    save(figure, path, 110)
    limits = axis(*ax.get_ylim()), axis(*ax.get_xlim())
    return lines(x, {"": y}, *limits, "number", title="A day at the plant", x_label="Hour", y_label="Load (kW)")


@picture("fresh-mpl-line-several", "line", "matplotlib", "legend inside, dashes", "several series")
def _(path, rng):
    x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    starts = (15, 40, 70)
    series = {n: walk(rng, 10, s, 3, 1, 0.8) for n, s in zip(some(rng, TREES, 3), starts)}
    figure, ax = styled("default", (7.2, 4.6), one(rng, FONTS))
    colours = some(rng, COLOURS[:9], 3)
    for index, (name, values) in enumerate(series.items()):
        ax.plot(x, values, ("-", "--", ":")[index], color=colours[index], label=name, linewidth=2)
    ax.set_ylim(0, 110)
    ax.grid(alpha=0.3)
    ax.set(xlabel="Year of the trial", ylabel="Growth (cm)")
    ax.legend(loc="upper left", ncols=3)
    save(figure, path, 110)
    limits = axis(0, 110), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="Year of the trial", y_label="Growth (cm)")


@picture("fresh-mpl-line-log", "line", "matplotlib", "log axis, markers", "log axis", "markers")
def _(path, rng):
    x = list(range(1, 11))
    series = {
        n: [round(float(v), 3) for v in 10 ** (3 - r * np.array(x) + rng.normal(0, 0.07, 10))]
        for n, r in zip(some(rng, MODELS, 2), (0.22, 0.37))
    }
    figure, ax = styled("seaborn-v0_8-ticks", (6, 4.4), one(rng, FONTS))
    for (name, values), marker, colour in zip(series.items(), "Dv", some(rng, COLOURS[:9], 2)):
        ax.plot(x, values, marker=marker, color=colour, label=name)
    ax.set_yscale("log")
    ax.set(xlabel="Cycle", ylabel="Colonies per ml", title="Sterilisation")
    ax.legend()
    save(figure, path, 120)
    limits = axis(*ax.get_ylim(), True), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="Sterilisation", x_label="Cycle", y_label="Colonies per ml")


@picture("fresh-vega-line", "line", "vega-lite", "own colours, dates", "date axis", "several series")
def _(path, rng):
    days = [datetime.date(2021 + m // 12, m % 12 + 1, 1).isoformat() for m in range(30)]
    series = {n: walk(rng, 30, s, 5, 1, 0.5) for n, s in zip(some(rng, RIVERS, 2), (70, 150))}
    top = nice_top(max(max(v) for v in series.values()), 6)
    encoding = {
        "x": field("x", "temporal", title=None),
        "y": field("y", "quantitative", title="Level (cm)", scale={"domain": [0, top]}),
        "color": field("g", "nominal", title="River", scale={"range": some(rng, COLOURS[:9], 2)}),
    }
    spec = {"width": 440, "height": 250, "data": rows(days, series), "mark": "line", "encoding": encoding}
    render_vega(path, {**spec, "title": "Levels at noon"}, 1.5)
    limits = axis(0, top), None
    return lines(days, series, *limits, "date", title="Levels at noon", x_label="", y_label="Level (cm)")


@picture("fresh-plotly-line", "line", "plotly", "other templates", "several series", "legend outside")
def _(path, rng):
    x = list(range(1990, 2021, 2))
    series = {n: walk(rng, 16, s, 1.5, 1, 0.6) for n, s in zip(some(rng, MODELS, 3), (12, 24, 36))}
    figure = go.Figure([go.Scatter(name=n, x=x, y=v, mode="lines") for n, v in series.items()])
    figure.update_layout(template=one(rng, ("ggplot2", "simple_white", "plotly_white")))
    figure.update_layout(title="Sales", yaxis={"title": "pieces", "range": [0, 60]}, xaxis_range=[1989, 2021])
    render_plotly(path, figure, 780, 460, 1.25)
    limits = axis(0, 60), axis(1989, 2021)
    return lines(x, series, *limits, "number", title="Sales", x_label="", y_label="pieces")


@picture("fresh-gnuplot-line", "line", "gnuplot", "grid, thick lines", "several series")
def _(path, rng):
    x = [5 * step for step in range(13)]
    series = {"inlet": walk(rng, 13, 80, 3, 1, -1.5), "outlet": walk(rng, 13, 30, 3, 1, 1)}
    one_colour, other = some(rng, COLOURS[:9], 2)
    script = f"""set yrange [0:100]
set xrange [0:60]
set grid
set xlabel 'Minutes'
set ylabel 'Temperature (C)'
set key bottom right
plot $d using 1:2 with lines lw 3 lc rgb '{one_colour}' title 'inlet', \\
 $d using 1:3 with lines lw 3 lc rgb '{other}' title 'outlet'
"""
    plot(path, script, zip(x, *series.values()), "700,460", "Liberation Sans,12")
    limits = axis(0, 100), axis(0, 60)
    return lines(x, series, *limits, "number", title="", x_label="Minutes", y_label="Temperature (C)")


@picture("fresh-mpl-scatter", "scatter", "matplotlib", "any style")
def _(path, rng):
    x = numbers(rng, 35, 2, 48, 1)
    pairs = [(a, round(float(90 - 1.3 * a + rng.normal(0, 7)), 1)) for a in x]
    style = one(rng, ("classic", "seaborn-v0_8-darkgrid", "default"))
    figure, ax = styled(style, (6.4, 4.6), one(rng, FONTS))
    ax.scatter(*zip(*pairs), color=one(rng, COLOURS), marker=one(rng, "osD^"), s=int(rng.integers(22, 50)))
    ax.set(xlabel="Depth (m)", ylabel="Light (%)", title="Light in the lake")
    save(figure, path, 110)
    limits = axis(*ax.get_xlim()), axis(*ax.get_ylim())
    return points({"": pairs}, *limits, title="Light in the lake", x_label="Depth (m)", y_label="Light (%)")


@picture("fresh-vega-scatter", "scatter", "vega-lite", "hollow points, groups", "several series")
def _(path, rng):
    series = {n: list(zip(numbers(rng, 16, 5, 95, 0), numbers(rng, 16, 1, 19, 1))) for n in ("left", "right")}
    data = {"values": [{"x": x, "y": y, "g": g} for g, pairs in series.items() for x, y in pairs]}
    encoding = {
        "x": field("x", "quantitative", title="Force (N)", scale={"domain": [0, 100]}),
        "y": field("y", "quantitative", title="Grip (cm)", scale={"domain": [0, 20]}),
        "color": field("g", "nominal", title="Hand", scale={"range": some(rng, COLOURS[:9], 2)}),
    }
    render_vega(path, {"width": 360, "height": 280, "data": data, "mark": "point", "encoding": encoding}, 1.7)
    return points(series, axis(0, 100), axis(0, 20), title="", x_label="Force (N)", y_label="Grip (cm)")


@picture("fresh-gnuplot-scatter", "scatter", "gnuplot", "filled dots")
def _(path, rng):
    pairs = list(zip(numbers(rng, 30, 12, 190, 0), numbers(rng, 30, 0.4, 7.6, 1)))
    script = """set xrange [0:200]
set yrange [0:8]
set grid
unset key
set xlabel 'Mass (kg)'
set ylabel 'Span (m)'
plot $d using 1:2 with points pt 7 ps 1.1 lc rgb '%s'
"""
    plot(path, script % one(rng, COLOURS[:9]), pairs, "640,460", "Liberation Serif,12")
    return points({"": pairs}, axis(0, 200), axis(0, 8), title="", x_label="Mass (kg)", y_label="Span (m)")


@picture("fresh-mpl-pie", "pie", "matplotlib", "white edges, own colours", "percent written")
def _(path, rng):
    names, values = some(rng, TREES, 5), numbers(rng, 5, 8, 40, 0)
    figure, ax = styled("default", (6, 5), one(rng, FONTS))
    look = {"edgecolor": "white", "linewidth": 1.5}
    ax.pie(values, labels=names, autopct="%d%%", colors=some(rng, COLOURS[:9], 5), wedgeprops=look)
    ax.set_title("What grows here")
    save(figure, path, 110)
    return slices(names, values, title="What grows here")


@picture("fresh-plotly-pie", "pie", "plotly", "legend outside", "legend outside")
def _(path, rng):
    names, values = some(rng, RIVERS, 5), numbers(rng, 5, 10, 60, 0)
    figure = go.Figure(go.Pie(labels=names, values=values, sort=False, textinfo="percent"))
    figure.update_layout(template="ggplot2", title="Cargo by river", colorway=some(rng, COLOURS[:9], 5))
    render_plotly(path, figure, 640, 460)
    return slices(names, values, title="Cargo by river")
