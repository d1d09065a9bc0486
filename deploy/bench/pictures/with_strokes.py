"""Charts of kinds that the measuring set showed to be read badly: dotted and dashed lines, thin lines, axes of dates. Most have
several damaged variants, for what is doubtful in them shows in damage first."""

from __future__ import annotations

import datetime

import matplotlib.dates
import plotly.graph_objects as go

from .registry import axis, lines, picture, walk
from .with_gnuplot import plot
from .with_matplotlib import save, styled
from .with_plotly import render as render_plotly
from .with_vega import field, rows
from .with_vega import render as render_vega

PLACES = ["Alta", "Bergen", "Molde"]
COLOURS = ["#1b6ca8", "#c0392b", "#2e8b57"]


def months(count: int, year: int, first: int = 1) -> list[datetime.date]:
    """The first days of months that follow each other."""
    return [datetime.date(year + (first - 1 + m) // 12, (first - 1 + m) % 12 + 1, 1) for m in range(count)]


def weeks(count: int, start: datetime.date) -> list[datetime.date]:
    """The same day of weeks that follow each other."""
    return [start + datetime.timedelta(days=7 * w) for w in range(count)]


@picture("strokes-mpl-dotted", "line", "matplotlib", "dotted, thin", "several series", "also blurred", "also noisy")
def _(path, rng):
    x = list(range(0, 24, 2))
    series = {n: walk(rng, 12, s, 3, 1, 1.5) for n, s in zip(PLACES[:2], (15, 55))}
    figure, ax = styled("default", (6.4, 4.4))
    for (name, values), colour in zip(series.items(), COLOURS):
        ax.plot(x, values, ":", color=colour, linewidth=1.8, label=name)
    ax.set(ylim=(0, 110), xlabel="Hour", ylabel="Wind (km/h)", title="Wind at two stations")
    ax.legend(loc="upper left")
    save(figure, path, 110)
    limits, texts = (axis(0, 110), axis(*ax.get_xlim())), {"x_label": "Hour", "y_label": "Wind (km/h)"}
    return lines(x, series, *limits, "number", title="Wind at two stations", **texts)


@picture("strokes-mpl-round", "line", "matplotlib", "round dots, thick", "also blurred", "also low resolution", "also jpeg")
def _(path, rng):
    x = [1950 + 5 * n for n in range(14)]
    values = walk(rng, 14, 20, 4, 1, 3)
    figure, ax = styled("default", (6.2, 4.2), "Lato")
    ax.plot(x, values, linestyle=(0, (0.1, 1.9)), dash_capstyle="round", color="#8e44ad", linewidth=4)
    ax.grid(alpha=0.25)
    ax.set(ylim=(0, 100), xlabel="Year", ylabel="Share (%)")
    save(figure, path, 120)
    limits = axis(0, 100), axis(*ax.get_xlim())
    return lines(x, {"": values}, *limits, "number", title="", x_label="Year", y_label="Share (%)")


@picture("strokes-mpl-mixed", "line", "matplotlib", "four kinds of strokes", "several series", "also blurred", "also rotated")
def _(path, rng):
    x = list(range(1, 13))
    series = {n: walk(rng, 12, s, 2.5, 1, 0.6) for n, s in zip("ABCD", (14, 34, 56, 78))}
    figure, ax = styled("seaborn-v0_8-whitegrid", (7, 4.6), "Liberation Sans")
    for (name, values), line, colour in zip(series.items(), ("-", "--", "-.", ":"), [*COLOURS, "#b8860b"]):
        ax.plot(x, values, line, color=colour, linewidth=1.6, label=f"Type {name}")
    ax.set(ylim=(0, 100), xlabel="Month", ylabel="Load (kN)")
    ax.legend(bbox_to_anchor=(1.02, 1), loc="upper left")
    figure.tight_layout()
    save(figure, path, 110)
    named = {f"Type {name}": values for name, values in series.items()}
    limits = axis(0, 100), axis(*ax.get_xlim())
    return lines(x, named, *limits, "number", title="", x_label="Month", y_label="Load (kN)")


@picture("strokes-mpl-black", "line", "matplotlib", "black strokes, told apart by dashes", "several series", "also blurred")
def _(path, rng):
    x = list(range(0, 101, 10))
    series = {n: walk(rng, 11, s, 2, 1, 1.5) for n, s in (("model", 8), ("data", 45))}
    figure, ax = styled("default", (5.6, 4), "Liberation Serif")
    for (name, values), line in zip(series.items(), ("-", "--")):
        ax.plot(x, values, line, color="black", linewidth=1.2, label=name)
    ax.set(ylim=(0, 90), xlabel="Depth (mm)", ylabel="Stress (MPa)")
    ax.legend(frameon=False, loc="upper left")
    save(figure, path, 130)
    limits = axis(0, 90), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="Depth (mm)", y_label="Stress (MPa)")


@picture("strokes-vega-dashes", "line", "vega-lite", "dashes by series", "several series", "also noisy", "also blurred")
def _(path, rng):
    x = list(range(2000, 2021, 2))
    series = {n: walk(rng, 11, s, 3, 1, 1) for n, s in zip(PLACES, (12, 40, 68))}
    encoding = {
        "x": field("x", "quantitative", title="Year", scale={"domain": [2000, 2020]}, axis={"format": "d"}),
        "y": field("y", "quantitative", title="Index", scale={"domain": [0, 100]}),
        "color": field("g", "nominal", title=None),
        "strokeDash": field("g", "nominal", title=None),
    }
    spec = {"width": 420, "height": 260, "data": rows(x, series), "mark": "line", "encoding": encoding}
    render_vega(path, spec, 1.5)
    return lines(x, series, axis(0, 100), axis(2000, 2020), "number", title="", x_label="Year", y_label="Index")


@picture("strokes-plotly-dots", "line", "plotly", "dot, dash and dashdot", "several series", "also blurred", "also noisy")
def _(path, rng):
    x = list(range(0, 16))
    series = {n: walk(rng, 16, s, 2, 1, 1) for n, s in zip(PLACES, (10, 36, 64))}
    styles = zip(series.items(), ("dot", "dash", "dashdot"))
    figure = go.Figure([go.Scatter(name=n, x=x, y=v, mode="lines", line={"dash": d}) for (n, v), d in styles])
    figure.update_layout(template="plotly_white", xaxis={"title": "Day", "range": [0, 15]})
    figure.update_layout(yaxis={"title": "Level (cm)", "range": [0, 100]}, title="Levels")
    render_plotly(path, figure, 740, 440, 1.2)
    return lines(x, series, axis(0, 100), axis(0, 15), "number", title="Levels", x_label="Day", y_label="Level (cm)")


@picture("strokes-gnuplot-dashes", "line", "gnuplot", "dash types", "several series", "also rotated", "also low resolution")
def _(path, rng):
    x = [2 * step for step in range(16)]
    series = {n: walk(rng, 16, s, 2.5, 1, 1) for n, s in (("north", 15), ("centre", 40), ("south", 66))}
    script = """set yrange [0:100]
set xrange [0:30]
set xlabel 'Time (s)'
set ylabel 'Height (m)'
set key top left
plot $d using 1:2 with lines lw 2 dt 2 title 'north', \\
 $d using 1:3 with lines lw 2 dt 3 title 'centre', $d using 1:4 with lines lw 2 dt 4 title 'south'
"""
    plot(path, script, zip(x, *series.values()), "720,480", "DejaVu Sans,11")
    limits = axis(0, 100), axis(0, 30)
    return lines(x, series, *limits, "number", title="", x_label="Time (s)", y_label="Height (m)")


@picture("dates-vega-months", "line", "vega-lite", "default, dates", "date axis", "also noisy", "also jpeg", "also photographed")
def _(path, rng):
    days = [day.isoformat() for day in months(24, 2019)]
    series = {n: walk(rng, 24, s, 4, 1, 0.8) for n, s in zip(PLACES[:2], (40, 90))}
    encoding = {
        "x": field("x", "temporal", title="Month"),
        "y": field("y", "quantitative", title="Visits", scale={"domain": [0, 160]}),
        "color": field("g", "nominal", title="Place"),
    }
    spec = {"width": 400, "height": 260, "data": rows(days, series), "mark": "line", "encoding": encoding}
    render_vega(path, spec, 1.6)
    return lines(days, series, axis(0, 160), None, "date", title="", x_label="Month", y_label="Visits")


@picture("dates-vega-weeks", "line", "vega-lite", "own colours, weeks", "date axis", "also noisy", "also blurred", "also rotated")
def _(path, rng):
    days = [day.isoformat() for day in weeks(30, datetime.date(2022, 3, 7))]
    series = {"open": walk(rng, 30, 60, 3, 1, 0.5), "closed": walk(rng, 30, 25, 3, 1, 0.4)}
    encoding = {
        "x": field("x", "temporal", title=None, axis={"format": "%b %Y"}),
        "y": field("y", "quantitative", title="Tickets", scale={"domain": [0, 100]}),
        "color": field("g", "nominal", title=None, scale={"range": COLOURS[:2]}),
    }
    spec = {"width": 460, "height": 240, "data": rows(days, series), "mark": "line", "encoding": encoding}
    render_vega(path, {**spec, "title": "Tickets by week"}, 1.4)
    return lines(days, series, axis(0, 100), None, "date", title="Tickets by week", x_label="", y_label="Tickets")


@picture("dates-mpl-months", "line", "matplotlib", "monthly ticks", "date axis", "also noisy", "also blurred", "also rotated")
def _(path, rng):
    days = months(18, 2020, 7)
    series = {n: walk(rng, 18, s, 2.5, 1, 0.5) for n, s in zip(PLACES, (18, 42, 68))}
    figure, ax = styled("default", (7.4, 4.4), "Liberation Sans")
    for (name, values), colour in zip(series.items(), COLOURS):
        ax.plot(days, values, color=colour, label=name)
    ax.xaxis.set_major_locator(matplotlib.dates.MonthLocator(interval=3))
    ax.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%b %Y"))
    ax.set(ylim=(0, 100), ylabel="Beds taken (%)", title="Beds")
    ax.legend(loc="upper left", ncols=3)
    save(figure, path, 105)
    truth = axis(0, 100), None
    texts = {"title": "Beds", "x_label": "", "y_label": "Beds taken (%)"}
    return lines([day.isoformat() for day in days], series, *truth, "date", **texts)


@picture("dates-plotly-months", "line", "plotly", "default, dates", "date axis", "also noisy", "also low resolution")
def _(path, rng):
    days = [day.isoformat() for day in months(30, 2018, 4)]
    values = walk(rng, 30, 40, 4, 1, 0.5)
    figure = go.Figure(go.Scatter(x=days, y=values, mode="lines"))
    figure.update_layout(title="Price of gas", yaxis={"title": "EUR/MWh", "range": [0, 100]})
    render_plotly(path, figure, 720, 440, 1.2)
    return lines(days, {"": values}, axis(0, 100), None, "date", title="Price of gas", x_label="", y_label="EUR/MWh")


@picture("dates-gnuplot-days", "line", "gnuplot", "xdata time", "date axis", "also noisy", "also rotated", "also jpeg")
def _(path, rng):
    days = weeks(26, datetime.date(2021, 1, 4))
    series = {"in": walk(rng, 26, 30, 3, 1, 0.8), "out": walk(rng, 26, 70, 3, 1, 0.2)}
    script = """set xdata time
set timefmt '%Y-%m-%d'
set format x '%d %b %Y'
set xtics 2592000
set xtics rotate by -30
set yrange [0:120]
set xrange ['2021-01-01':'2021-07-05']
set ylabel 'Pallets'
set grid
set key top left
plot $d using 1:2 with lines lw 2 title 'in', $d using 1:3 with lines lw 2 title 'out'
"""
    plot(path, script, zip(days, *series.values()), "760,480", "Liberation Sans,11")
    texts = {"title": "", "x_label": "", "y_label": "Pallets"}
    return lines([day.isoformat() for day in days], series, axis(0, 120), None, "date", **texts)


@picture("thin-mpl-many", "line", "matplotlib", "five thin lines", "several series", "also rotated", "also jpeg", "also noisy")
def _(path, rng):
    x = list(range(1990, 2022))
    series = {n: walk(rng, 32, s, 1.5, 1, 0.3) for n, s in zip(("AT", "CH", "DE", "FR", "IT"), (10, 26, 44, 60, 78))}
    figure, ax = styled("ggplot", (7.2, 4.6))
    for name, values in series.items():
        ax.plot(x, values, linewidth=1, label=name)
    ax.set(ylim=(0, 100), xlabel="Year", ylabel="Score")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    save(figure, path, 100)
    limits = axis(0, 100), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="Year", y_label="Score")
