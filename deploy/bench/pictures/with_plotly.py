"""Pictures drawn with plotly, as its pages look in a browser: written to a page and photographed by Chromium."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from .browser import photograph
from .registry import axis, bars, bins, lines, numbers, picture, points, slices, walk


def render(path, figure, width=700, height=450, scale=1.0):
    """Writes the figure at `scale` device pixels for each of its own."""
    figure.update_layout(width=width, height=height)
    for trace in figure.data:
        trace.uid = str(trace.name)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        options = {"displayModeBar": False}
        html = figure.to_html(include_plotlyjs=True, config=options, div_id="figure", full_html=True)
        page.write_text(html.replace("<body>", '<body style="margin:0">'))
        photograph(page, path, width, height, scale)


@picture("plotly-bars", "bar", "plotly", "default")
def _(path, rng):
    names, values = ["giraffes", "orangutans", "monkeys", "zebras", "lions"], numbers(rng, 5, 4, 29, 0)
    figure = go.Figure(go.Bar(x=names, y=values)).update_layout(title="Animals in the zoo", yaxis_range=[0, 30])
    render(path, figure)
    return bars(names, {"": values}, axis(0, 30), title="Animals in the zoo", x_label="", y_label="")


@picture("plotly-bars-grouped", "bar", "plotly", "default, legend outside", "grouped", "legend outside")
def _(path, rng):
    names = ["Product A", "Product B", "Product C", "Product D"]
    series = {name: numbers(rng, 4, 20, 145, 0) for name in ("2022", "2023", "2024")}
    figure = go.Figure([go.Bar(name=name, x=names, y=values) for name, values in series.items()])
    figure.update_layout(barmode="group", yaxis={"title": "Units sold", "range": [0, 150]})
    render(path, figure, 800, 450)
    return bars(names, series, axis(0, 150), title="", x_label="", y_label="Units sold")


@picture("plotly-bars-stacked", "bar", "plotly", "plotly_white", "stacked", "horizontal", "value labels")
def _(path, rng):
    names = ["Strongly agree", "Agree", "Neutral", "Disagree"]
    series = {name: numbers(rng, 4, 8, 40, 0) for name in ("Students", "Staff")}
    figure = go.Figure([go.Bar(name=n, y=names, x=v, orientation="h", text=v) for n, v in series.items()])
    figure.update_layout(template="plotly_white", barmode="stack", xaxis={"title": "Answers", "range": [0, 90]})
    figure.update_layout(title="Should the library open on Sundays?", yaxis_autorange="reversed")
    render(path, figure, 760, 380, 1.5)
    title = "Should the library open on Sundays?"
    return bars(names, series, axis(0, 90), horizontal=True, stacked=True, title=title, x_label="Answers", y_label="")


@picture("plotly-line-markers", "line", "plotly", "default, legend outside", "markers", "several series")
def _(path, rng):
    x = list(range(2005, 2021))
    series = {
        n: [round(float(v), 1) for v in np.cumsum(rng.uniform(0.05, 0.6, 16)) + s]
        for n, s in (("Canada", 77), ("Peru", 69))
    }
    figure = go.Figure([go.Scatter(name=n, x=x, y=v, mode="lines+markers") for n, v in series.items()])
    low, high = 68, float(np.ceil(max(max(v) for v in series.values()) + 1))
    figure.update_layout(
        title="Life expectancy", yaxis={"title": "years", "range": [low, high]}, xaxis_range=[2004, 2021]
    )
    render(path, figure)
    limits = axis(low, high), axis(2004, 2021)
    return lines(x, series, *limits, "number", title="Life expectancy", x_label="", y_label="years")


@picture("plotly-line-dates", "line", "plotly", "plotly_dark", "date axis", "dark")
def _(path, rng):
    days = [(datetime.date(2022, 1, 1) + datetime.timedelta(days=3 * n)).isoformat() for n in range(60)]
    values = walk(rng, 60, 41, 1.4, 2)
    low, high = float(np.floor(min(values) - 2)), float(np.ceil(max(values) + 2))
    figure = go.Figure(go.Scatter(x=days, y=values, mode="lines"))
    figure.update_layout(template="plotly_dark", title="Bitcoin (thousand USD)", yaxis_range=[low, high])
    render(path, figure, 900, 420)
    title = "Bitcoin (thousand USD)"
    return lines(days, {"": values}, axis(low, high), None, "date", title=title, x_label="", y_label="")


@picture("plotly-scatter-log", "scatter", "plotly", "default", "log axis", "several series", "legend outside")
def _(path, rng):
    series = {}
    for name, centre in (("Africa", 3.3), ("Asia", 3.8), ("Europe", 4.4)):
        incomes = 10 ** np.clip(rng.normal(centre, 0.25, 18), 2.6, 4.9)
        series[name] = [(round(float(v)), round(float(18 + 13.5 * np.log10(v) + rng.normal(0, 3)), 1)) for v in incomes]
    figure = go.Figure(
        [go.Scatter(name=n, x=[p[0] for p in v], y=[p[1] for p in v], mode="markers") for n, v in series.items()]
    )
    figure.update_xaxes(type="log", range=[2.5, 5], title="GDP per capita").update_yaxes(
        range=[40, 95], title="Life expectancy"
    )
    render(path, figure, 760, 500)
    limits = axis(10**2.5, 1e5, True), axis(40, 95)
    return points(series, *limits, title="", x_label="GDP per capita", y_label="Life expectancy")


@picture("plotly-pie", "pie", "plotly", "default, legend outside", "percent written", "legend outside")
def _(path, rng):
    names, values = ["Oxygen", "Hydrogen", "Carbon dioxide", "Nitrogen"], numbers(rng, 4, 500, 4500, 0)
    render(path, go.Figure(go.Pie(labels=names, values=values)), 600, 420)
    return slices(names, values, title="")


@picture("plotly-donut", "pie", "plotly", "seaborn template, donut", "donut", "percent written")
def _(path, rng):
    names, values = ["Salaries", "Rent", "Travel", "Hardware", "Licences", "Other"], numbers(rng, 6, 8, 60, 0)
    figure = go.Figure(go.Pie(labels=names, values=values, hole=0.45, textinfo="label+percent", showlegend=False))
    figure.update_layout(template="seaborn", title="Costs 2024")
    render(path, figure, 560, 520, 1.25)
    return slices(names, values, title="Costs 2024")


@picture("plotly-histogram", "histogram", "plotly", "simple_white")
def _(path, rng):
    sample, edges = np.clip(rng.normal(62, 14, 260), 10.1, 99.9), np.arange(10, 101, 10)
    figure = go.Figure(go.Histogram(x=sample, xbins={"start": 10, "end": 100, "size": 10}))
    counts, _edges = np.histogram(sample, edges)
    top = float(np.ceil(max(counts) / 10) * 10)
    figure.update_layout(
        template="simple_white",
        xaxis={"title": "Score", "range": [10, 100]},
        yaxis={"title": "Students", "range": [0, top]},
        bargap=0.04,
    )
    render(path, figure, 640, 420)
    return bins(edges, counts, axis(0, top), title="", x_label="Score", y_label="Students")
