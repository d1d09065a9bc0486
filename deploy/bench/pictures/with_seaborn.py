"""Pictures drawn with seaborn: its themes, its palettes, its long-form data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from .registry import axis, bars, bins, lines, numbers, picture, points, walk
from .with_matplotlib import save


def themed(style, size, **more):
    """A figure and axes under one of seaborn's themes."""
    plt.style.use("default")
    sns.set_theme(style=style, **more)
    return plt.subplots(figsize=size)


def long(names, series):
    """Series as seaborn wants them: one row for each value."""
    rows = [(x, name, value) for name, values in series.items() for x, value in zip(names, values)]
    return pd.DataFrame(rows, columns=["x", "group", "value"])


@picture("sns-bars-palette", "bar", "seaborn", "darkgrid", "coloured by category")
def _(path, rng):
    names, values = ["Adelie", "Chinstrap", "Gentoo", "Emperor"], numbers(rng, 4, 2800, 5600, 0)
    figure, ax = themed("darkgrid", (6, 4.5))
    sns.barplot(x=names, y=values, hue=names, palette="viridis", legend=False, ax=ax)
    ax.set(xlabel="Species", ylabel="Body mass (g)")
    save(figure, path, 100, bbox_inches="tight")
    return bars(names, {"": values}, axis(*ax.get_ylim()), title="", x_label="Species", y_label="Body mass (g)")


@picture("sns-bars-grouped", "bar", "seaborn", "whitegrid", "grouped", "legend inside")
def _(path, rng):
    names = ["Thur", "Fri", "Sat", "Sun"]
    series = {name: numbers(rng, 4, 9, 27, 2) for name in ("Lunch", "Dinner")}
    figure, ax = themed("whitegrid", (6.5, 4.5), palette="pastel")
    sns.barplot(long(names, series), x="x", y="value", hue="group", ax=ax)
    ax.set(xlabel="Day", ylabel="Mean bill (USD)", title="Bills by day and meal")
    ax.legend(title=None)
    save(figure, path, 110, bbox_inches="tight")
    limits, title = axis(*ax.get_ylim()), "Bills by day and meal"
    return bars(names, series, limits, title=title, x_label="Day", y_label="Mean bill (USD)")


@picture("sns-bars-horizontal", "bar", "seaborn", "ticks, despined", "horizontal")
def _(path, rng):
    names = ["Python", "JavaScript", "SQL", "TypeScript", "Java", "Rust", "Go", "C++", "Kotlin"]
    values = sorted(numbers(rng, 9, 5, 68, 1), reverse=True)
    figure, ax = themed("ticks", (7, 4.2))
    sns.barplot(x=values, y=names, color="steelblue", ax=ax)
    sns.despine()
    ax.set(xlabel="Respondents (%)", title="Languages used in the past year")
    figure.tight_layout()
    save(figure, path, 100, bbox_inches="tight")
    limits, title = axis(*ax.get_xlim()), "Languages used in the past year"
    return bars(names, {"": values}, limits, horizontal=True, title=title, x_label="Respondents (%)", y_label="")


@picture("sns-line-hue", "line", "seaborn", "darkgrid", "several series", "legend inside")
def _(path, rng):
    x = list(range(1, 13))
    series = {name: walk(rng, 12, start, 12, 0) for name, start in (("2019", 320), ("2020", 260), ("2021", 390))}
    figure, ax = themed("darkgrid", (7, 4.5))
    sns.lineplot(long(x, series), x="x", y="value", hue="group", style="group", markers=True, dashes=False, ax=ax)
    ax.set(xlabel="Month", ylabel="Passengers (thousand)")
    ax.legend(title="Year")
    save(figure, path, 100, bbox_inches="tight")
    limits = axis(*ax.get_ylim()), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="Month", y_label="Passengers (thousand)")


@picture("sns-line-band", "line", "seaborn", "white, band", "error band")
def _(path, rng):
    x = list(range(0, 21, 2))
    series = {name: walk(rng, 11, start, 0.06, 3, 0.03) for name, start in (("cue", 0.1), ("stim", 0.3))}
    figure, ax = themed("white", (6, 4), palette="deep")
    sns.lineplot(long(x, series), x="x", y="value", hue="group", ax=ax)
    for values in series.values():
        ax.fill_between(x, np.array(values) - 0.05, np.array(values) + 0.05, alpha=0.2)
    ax.set(xlabel="timepoint", ylabel="signal")
    sns.despine()
    save(figure, path, 120, bbox_inches="tight")
    limits = axis(*ax.get_ylim()), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="timepoint", y_label="signal")


@picture("sns-scatter-hue", "scatter", "seaborn", "whitegrid", "several series", "legend outside")
def _(path, rng):
    series = {}
    for name, (cx, cy) in (("setosa", (5.0, 3.4)), ("versicolor", (5.9, 2.8)), ("virginica", (6.6, 3.0))):
        series[name] = [(round(float(rng.normal(cx, 0.4)), 1), round(float(rng.normal(cy, 0.3)), 1)) for _ in range(30)]
    data = pd.DataFrame(
        [(x, y, name) for name, pairs in series.items() for x, y in pairs], columns=["x", "y", "species"]
    )
    figure, ax = themed("whitegrid", (7, 5))
    sns.scatterplot(data, x="x", y="y", hue="species", ax=ax)
    sns.move_legend(ax, "center left", bbox_to_anchor=(1, 0.5))
    ax.set(xlabel="Sepal length (cm)", ylabel="Sepal width (cm)")
    save(figure, path, 100, bbox_inches="tight")
    limits = axis(*ax.get_xlim()), axis(*ax.get_ylim())
    return points(series, *limits, title="", x_label="Sepal length (cm)", y_label="Sepal width (cm)")


@picture("sns-histogram", "histogram", "seaborn", "darkgrid")
def _(path, rng):
    sample = rng.gamma(9, 5, 344)
    figure, ax = themed("darkgrid", (6.4, 4.8))
    sns.histplot(sample, bins=14, ax=ax)
    ax.set(xlabel="Flipper length (mm)")
    counts, edges = np.histogram(sample, bins=14)
    save(figure, path, 100, bbox_inches="tight")
    return bins(edges, counts, axis(*ax.get_ylim()), title="", x_label="Flipper length (mm)", y_label="Count")


@picture("sns-bars-count", "bar", "seaborn", "white, value labels", "value labels")
def _(path, rng):
    names, values = ["First", "Second", "Third", "Crew"], numbers(rng, 4, 90, 700, 0)
    figure, ax = themed("white", (5, 4), palette="muted")
    sns.barplot(x=names, y=values, hue=names, legend=False, ax=ax)
    for container in ax.containers:
        ax.bar_label(container, fmt="%.0f")
    ax.set(xlabel="class", ylabel="count")
    save(figure, path, 100, bbox_inches="tight")
    return bars(names, {"": values}, axis(*ax.get_ylim()), title="", x_label="class", y_label="count")
