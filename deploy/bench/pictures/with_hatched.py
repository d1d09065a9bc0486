"""Charts of kinds that the measuring set showed to be read badly: hatched bars, dashed and dotted lines, office charts."""

from __future__ import annotations

import numpy as np

from .registry import axis, bars, bins, lines, numbers, picture, walk
from .with_matplotlib import save, styled

METALS = ["Iron", "Zinc", "Lead", "Tin", "Gold"]


@picture("hatched-bars-each", "bar", "matplotlib", "black and white, a pattern each", "hatched", "clean only")
def _(path, rng):
    values = numbers(rng, 5, 5, 33, 1)
    figure, ax = styled("default", (6.2, 4.2))
    for name, value, hatch in zip(METALS, values, ["\\\\", "//", "x", "..", "o"]):
        ax.bar([name], [value], color="white", edgecolor="black", hatch=hatch, width=0.6)
    ax.set(ylabel="Share (%)", title="Metals")
    save(figure, path, 120)
    limits = axis(*ax.get_ylim())
    return bars(METALS, {"": values}, limits, title="Metals", x_label="", y_label="Share (%)")


@picture("hatched-bars-groups", "bar", "matplotlib", "hatched groups that touch", "hatched", "grouped", "clean only")
def _(path, rng):
    names, series = ["Ulm", "Bonn", "Kiel", "Jena"], {n: numbers(rng, 4, 10, 90, 0) for n in ("old", "new")}
    figure, ax = styled("default", (6.4, 4.2))
    for index, (name, values) in enumerate(series.items()):
        places = np.arange(4) + (index - 0.5) * 0.4
        ax.bar(places, values, 0.4, color="white", edgecolor="black", hatch=["\\\\\\", "xx"][index], label=name)
    ax.set_xticks(range(4), names)
    ax.set_ylim(0, 120)
    ax.legend(loc="upper right")
    ax.set(ylabel="Runs")
    save(figure, path, 130)
    return bars(names, series, axis(0, 120), title="", x_label="", y_label="Runs")


@picture("hatched-bars-lying", "bar", "matplotlib", "hatched, lying", "hatched", "horizontal", "clean only")
def _(path, rng):
    names, values = ["Ash", "Fir", "Oak", "Elm"], numbers(rng, 4, 60, 420, 0)
    figure, ax = styled("default", (6, 4))
    ax.barh(names, values, color="white", edgecolor="black", hatch="//")
    ax.set(xlabel="Trees")
    figure.tight_layout()
    save(figure, path, 110)
    return bars(names, {"": values}, axis(*ax.get_xlim()), horizontal=True, title="", x_label="Trees", y_label="")


@picture("hatched-histogram", "histogram", "matplotlib", "hatched bins", "hatched", "clean only")
def _(path, rng):
    figure, ax = styled("default", (5.6, 4))
    sample = np.clip(rng.normal(10, 3, 400), 1, 19)
    counts, edges, _patches = ax.hist(sample, bins=np.arange(0, 21, 2), color="white", edgecolor="black", hatch="\\\\")
    ax.set(xlabel="Wait", ylabel="Trips")
    save(figure, path, 130)
    return bins(edges, counts, axis(*ax.get_ylim()), title="", x_label="Wait", y_label="Trips")


@picture("dashed-lines", "line", "matplotlib", "solid, dashed and dotted", "several series", "clean only")
def _(path, rng):
    x = list(range(10))
    series = {n: walk(rng, 10, s, 3, 1, 2.5) for n, s in (("north", 12), ("middle", 45), ("south", 72))}
    figure, ax = styled("default", (7.2, 4.6))
    for (name, values), line, colour in zip(series.items(), ("-", "--", ":"), ("#7b3294", "#008837", "#e08214")):
        ax.plot(x, values, line, color=colour, linewidth=2, label=name)
    ax.set_ylim(0, 130)
    ax.grid(alpha=0.3)
    ax.legend(loc="upper left", ncols=3)
    ax.set(xlabel="Week", ylabel="cm")
    save(figure, path, 110)
    limits = axis(0, 130), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="", x_label="Week", y_label="cm")
