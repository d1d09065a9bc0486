"""Pictures drawn with Vega-Lite through vl-convert: the charts of notebooks and newspapers' graphics desks."""

from __future__ import annotations

import datetime

import numpy as np
import vl_convert

from .registry import axis, bars, bins, lines, nice_top, numbers, picture, points, slices, walk

VERSION = "5.21"


def render(path, spec, scale=1.0, **config):
    """Writes the picture of a specification."""
    spec = {"background": "white", "config": config, **spec}
    path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=scale))


def rows(names, series):
    """Series in long form."""
    return {"values": [{"x": x, "g": g, "y": v} for g, values in series.items() for x, v in zip(names, values)]}


def field(name, kind, **more):
    """One channel of an encoding; `more` may have a title, a scale, an axis."""
    return {"field": name, "type": kind, **more}


@picture("vega-bars", "bar", "vega-lite", "default")
def _(path, rng):
    names, values = ["A", "B", "C", "D", "E", "F", "G", "H", "I"], numbers(rng, 9, 15, 95, 0)
    encoding = {
        "x": field("x", "nominal", title="a", axis={"labelAngle": 0}),
        "y": field("y", "quantitative", title="b"),
    }
    render(path, {"data": rows(names, {"": values}), "mark": "bar", "encoding": encoding}, 1.5)
    return bars(names, {"": values}, axis(0, nice_top(max(values), 5)), title="", x_label="a", y_label="b")


@picture("vega-bars-stacked", "bar", "vega-lite", "default, legend outside", "stacked", "legend outside")
def _(path, rng):
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
    series = {name: numbers(rng, 6, 2, 12, 0) for name in ("drizzle", "rain", "snow", "sun")}
    encoding = {
        "x": field("x", "nominal", title="Month", sort=names),
        # Vega stacks in the order of names from the top; which segment is which is told by colour.
        "y": field("y", "quantitative", title="Days"),
        "color": field("g", "nominal", title="Weather"),
    }
    spec = {"title": "Weather in Seattle", "width": 300, "height": 260, "data": rows(names, series), "mark": "bar"}
    render(path, {**spec, "encoding": encoding}, 1.4)
    top = nice_top(max(np.sum(list(series.values()), axis=0)), 6)
    return bars(names, series, axis(0, top), stacked=True, title="Weather in Seattle", x_label="Month", y_label="Days")


@picture("vega-bars-grouped", "bar", "vega-lite", "tableau colours", "grouped", "legend outside")
def _(path, rng):
    names = ["2020", "2021", "2022", "2023"]
    series = {name: numbers(rng, 4, 20, 88, 1) for name in ("Men", "Women")}
    encoding = {
        "x": field("x", "nominal", title="Year", axis={"labelAngle": 0}),
        "xOffset": field("g", "nominal"),
        "y": field("y", "quantitative", title="Participants (thousand)", scale={"domain": [0, 100]}),
        "color": field("g", "nominal", title=None, scale={"scheme": "tableau10"}),
    }
    spec = {"width": 360, "height": 240, "data": rows(names, series), "mark": "bar", "encoding": encoding}
    render(path, spec, 2, font="Lato")
    return bars(names, series, axis(0, 100), title="", x_label="Year", y_label="Participants (thousand)")


@picture("vega-bars-horizontal", "bar", "vega-lite", "no grid, value labels", "horizontal", "value labels")
def _(path, rng):
    names = ["Berlin", "Hamburg", "München", "Köln", "Frankfurt", "Stuttgart"]
    values = sorted(numbers(rng, 6, 0.5, 3.9, 2), reverse=True)
    encoding = {
        "y": field("x", "nominal", title=None, sort=None),
        "x": field("y", "quantitative", title="Einwohner (Mio.)", scale={"domain": [0, 4]}, axis={"grid": False}),
    }
    text = {"mark": {"type": "text", "align": "left", "dx": 4}, "encoding": {"text": field("y", "quantitative")}}
    spec = {"title": "Die größten Städte", "width": 340, "height": {"step": 28}, "data": rows(names, {"": values})}
    render(path, {**spec, "encoding": encoding, "layer": [{"mark": {"type": "bar", "color": "#54a24b"}}, text]}, 1.6)
    limits, title = axis(0, 4), "Die größten Städte"
    return bars(names, {"": values}, limits, horizontal=True, title=title, x_label="Einwohner (Mio.)", y_label="")


@picture("vega-line-dates", "line", "vega-lite", "default", "date axis", "several series", "legend outside")
def _(path, rng):
    days = [datetime.date(2020 + month // 12, month % 12 + 1, 1).isoformat() for month in range(36)]
    series = {name: walk(rng, 36, start, 9, 1, 2) for name, start in (("AAPL", 110), ("AMZN", 60), ("MSFT", 180))}
    top = nice_top(max(max(v) for v in series.values()), 6)
    encoding = {
        "x": field("x", "temporal", title="Date"),
        "y": field("y", "quantitative", title="Price", scale={"domain": [0, top]}),
        "color": field("g", "nominal", title="Symbol"),
    }
    spec = {"width": 420, "height": 260, "data": rows(days, series), "mark": "line", "encoding": encoding}
    render(path, spec, 1.5)
    return lines(days, series, axis(0, top), None, "date", title="", x_label="Date", y_label="Price")


@picture("vega-line-points", "line", "vega-lite", "points, fitted axis", "markers")
def _(path, rng):
    x, y = list(range(1, 11)), numbers(rng, 10, 61, 79, 1)
    encoding = {
        "x": field("x", "quantitative", title="Week", scale={"domain": [0, 11], "nice": False}),
        "y": field("y", "quantitative", title="Weight (kg)", scale={"domain": [60, 80]}),
    }
    spec = {"title": "Weekly weight", "width": 400, "height": 220, "data": rows(x, {"": y}), "encoding": encoding}
    render(path, {**spec, "mark": {"type": "line", "point": True, "color": "#e45756"}}, 1.2)
    limits = axis(60, 80), axis(0, 11)
    return lines(x, {"": y}, *limits, "number", title="Weekly weight", x_label="Week", y_label="Weight (kg)")


@picture("vega-scatter", "scatter", "vega-lite", "default, hollow points")
def _(path, rng):
    pairs = [(v, round(float(45 - v / 6 + rng.normal(0, 3)), 1)) for v in numbers(rng, 60, 45, 225, 0)]
    encoding = {
        "x": field("x", "quantitative", title="Horsepower", scale={"domain": [0, 240]}),
        "y": field("y", "quantitative", title="Miles per gallon", scale={"domain": [0, 50]}),
    }
    data = {"values": [{"x": x, "y": y} for x, y in pairs]}
    render(path, {"width": 320, "height": 320, "data": data, "mark": "point", "encoding": encoding}, 1.5)
    limits = axis(0, 240), axis(0, 50)
    return points({"": pairs}, *limits, title="", x_label="Horsepower", y_label="Miles per gallon")


@picture("vega-scatter-shapes", "scatter", "vega-lite", "filled, shapes", "several series", "legend outside")
def _(path, rng):
    series = {
        name: [(round(float(rng.normal(cx, 6)), 1), round(float(rng.normal(cy, 2)), 1)) for _ in range(20)]
        for name, (cx, cy) in (("Europe", (40, 12)), ("Japan", (55, 18)), ("USA", (70, 9)))
    }
    encoding = {
        "x": field("x", "quantitative", title="Input", scale={"domain": [10, 100]}),
        "y": field("y", "quantitative", title="Output", scale={"domain": [0, 30]}),
        "color": field("g", "nominal", title="Origin"),
        "shape": field("g", "nominal", title="Origin"),
    }
    data = {"values": [{"x": x, "y": y, "g": g} for g, pairs in series.items() for x, y in pairs]}
    mark = {"type": "point", "filled": True, "size": 60}
    render(path, {"width": 380, "height": 280, "data": data, "mark": mark, "encoding": encoding}, 1.3)
    return points(series, axis(10, 100), axis(0, 30), title="", x_label="Input", y_label="Output")


@picture("vega-pie", "pie", "vega-lite", "default, legend outside", "legend outside")
def _(path, rng):
    names, values = ["bus", "car", "cycle", "train", "walk"], numbers(rng, 5, 5, 30, 0)
    encoding = {
        "theta": field("y", "quantitative", stack=True),
        "color": field("x", "nominal", title="Means"),
    }
    spec = {
        "title": "How we get to work",
        "width": 240,
        "height": 240,
        "data": rows(names, {"": values}),
        "mark": "arc",
    }
    render(path, {**spec, "encoding": encoding}, 1.5)
    return slices(names, values, title="How we get to work")


@picture("vega-donut", "pie", "vega-lite", "donut, legend outside", "donut", "legend outside")
def _(path, rng):
    names, values = ["Yes", "No", "Undecided"], numbers(rng, 3, 12, 60, 0)
    encoding = {"theta": field("y", "quantitative"), "color": field("x", "nominal", title=None, sort=None)}
    mark = {"type": "arc", "innerRadius": 60}
    spec = {"width": 220, "height": 220, "data": rows(names, {"": values}), "mark": mark, "encoding": encoding}
    render(path, spec, 2, range={"category": ["#2a9d8f", "#e76f51", "#bbbbbb"]})
    return slices(names, values, title="")


@picture("vega-histogram", "histogram", "vega-lite", "default")
def _(path, rng):
    sample = np.clip(rng.normal(6.2, 1.1, 300), 2.01, 9.49)
    edges = np.arange(2, 10, 0.5)
    counts, _edges = np.histogram(sample, edges)
    encoding = {
        "x": field("v", "quantitative", title="IMDB rating", bin={"step": 0.5, "extent": [2, 9.5]}),
        "y": {"aggregate": "count", "type": "quantitative", "title": "Count of records"},
    }
    data = {"values": [{"v": float(v)} for v in sample]}
    render(path, {"width": 320, "height": 220, "data": data, "mark": "bar", "encoding": encoding}, 1.5)
    limits = axis(0, nice_top(max(counts), 6))
    return bins(edges, counts, limits, title="", x_label="IMDB rating", y_label="Count of records")
