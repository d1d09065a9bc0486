"""Bars as office programs and web pages draw them: without axis lines, with faint grids or none, names beside lying bars, a
legend below. Drawn with matplotlib after what those programs do; most have several damaged variants."""

from __future__ import annotations

import numpy as np

from .registry import axis, bars, numbers, picture
from .with_matplotlib import save, styled

GRAY, FAINT = "#595959", "#d9d9d9"
BLUE, ORANGE, SILVER = "#4472c4", "#ed7d31", "#a5a5a5"
TOWNS = ["Aachen", "Bremen", "Chemnitz", "Dortmund", "Erfurt", "Flensburg"]
TASKS = ["Planning", "Design review", "Procurement", "Assembly", "Final testing"]


def office(size, lying=False, grid=True, font="Carlito", points=11):
    """A figure and axes without any axis line: faint grid lines across the values, gray letters."""
    figure, ax = styled("default", size, font, **{"font.size": points, "text.color": GRAY})
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0, labelcolor=GRAY)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis="x" if lying else "y", color=FAINT, linewidth=0.8)
    return figure, ax


def legend_below(ax, count):
    """The legend in one row below the plot."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=count, frameon=False, handlelength=0.7)


@picture("office-lying", "bar", "matplotlib", "lying, faint grid", "horizontal", "also blurred", "also jpeg", "also rotated")
def _(path, rng):
    values = numbers(rng, 6, 60, 480, 0)
    figure, ax = office((6.4, 4), lying=True)
    ax.barh(TOWNS, values, 0.5, color=BLUE)
    ax.set_xlim(0, 500)
    ax.set_title("Orders by town", color=GRAY, fontsize=14)
    figure.tight_layout()
    save(figure, path, 110)
    return bars(TOWNS, {"": values}, axis(0, 500), horizontal=True, title="Orders by town", x_label="", y_label="")


@picture("office-lying-groups", "bar", "matplotlib", "lying groups", "horizontal", "grouped", "also noisy", "also jpeg")
def _(path, rng):
    series = {n: numbers(rng, 5, 4, 38, 0) for n in ("Planned", "Actual")}
    figure, ax = office((6.8, 4.2), lying=True)
    for index, (name, values) in enumerate(series.items()):
        ax.barh(np.arange(5) + (index - 0.5) * 0.34, values, 0.34, color=[BLUE, ORANGE][index], label=name)
    ax.set_yticks(range(5), TASKS)
    ax.set_xlim(0, 40)
    ax.set_title("Days by task", color=GRAY, fontsize=14)
    legend_below(ax, 2)
    figure.tight_layout()
    save(figure, path, 110)
    return bars(TASKS, series, axis(0, 40), horizontal=True, title="Days by task", x_label="", y_label="")


@picture("office-lying-bare", "bar", "matplotlib", "lying, no grid", "horizontal", "also blurred", "also low resolution")
def _(path, rng):
    names = ["Cheese", "Bread", "Apples", "Coffee", "Salt"]
    values = sorted(numbers(rng, 5, 2, 19, 1))
    figure, ax = office((6, 3.6), lying=True, grid=False, font="Lato")
    ax.barh(names, values, 0.6, color="#2a9d8f")
    ax.set_xlim(0, 20)
    ax.set_xlabel("Price (EUR)", color=GRAY)
    figure.tight_layout()
    save(figure, path, 120)
    return bars(names, {"": values}, axis(0, 20), horizontal=True, title="", x_label="Price (EUR)", y_label="")


@picture("office-lying-stacked", "bar", "matplotlib", "lying, stacked", "horizontal", "stacked", "also jpeg", "also noisy")
def _(path, rng):
    series = {n: numbers(rng, 6, 10, 60, 0) for n in ("Road", "Rail", "Water")}
    figure, ax = office((7, 4.2), lying=True)
    left = np.zeros(6)
    for (name, values), colour in zip(series.items(), (BLUE, ORANGE, SILVER)):
        ax.barh(TOWNS, values, 0.55, left=left, color=colour, label=name)
        left += values
    ax.set_xlim(0, 200)
    legend_below(ax, 3)
    figure.tight_layout()
    save(figure, path, 100)
    return bars(TOWNS, series, axis(0, 200), horizontal=True, stacked=True, title="", x_label="", y_label="")


@picture("office-columns", "bar", "matplotlib", "columns, faint grid", "grouped", "also blurred", "also jpeg", "also rotated")
def _(path, rng):
    series = {n: numbers(rng, 6, 12, 78, 0) for n in ("2022", "2023", "2024")}
    figure, ax = office((7.2, 4.2))
    for index, (name, values) in enumerate(series.items()):
        ax.bar(np.arange(6) + (index - 1) * 0.24, values, 0.24, color=[BLUE, ORANGE, SILVER][index], label=name)
    ax.set_xticks(range(6), TOWNS)
    ax.set_ylim(0, 80)
    ax.set_title("Members", color=GRAY, fontsize=14)
    legend_below(ax, 3)
    figure.tight_layout()
    save(figure, path, 105)
    return bars(TOWNS, series, axis(0, 80), title="Members", x_label="", y_label="")


@picture("office-columns-bare", "bar", "matplotlib", "columns, no grid, no line", "also blurred", "also noisy", "also jpeg")
def _(path, rng):
    names, values = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"], numbers(rng, 7, 100, 950, 0)
    figure, ax = office((6, 3.8), grid=False, font="Liberation Sans", points=10)
    ax.bar(names, values, 0.65, color="#e76f51")
    ax.set_ylim(0, 1000)
    ax.set_ylabel("Steps", color=GRAY)
    figure.tight_layout()
    save(figure, path, 110)
    return bars(names, {"": values}, axis(0, 1000), title="", x_label="", y_label="Steps")


@picture("named-columns", "bar", "matplotlib", "names that lean", "long names", "also blurred", "also jpeg", "also noisy")
def _(path, rng):
    names = ["Copenhagen", "Amsterdam", "Barcelona", "Edinburgh", "Ljubljana", "Stockholm", "Bucharest", "Marseille"]
    values = numbers(rng, 8, 20, 95, 0)
    figure, ax = styled("default", (6.8, 4.6))
    ax.bar(names, values, color="#3d5a80")
    ax.set(ylim=(0, 100), ylabel="Index")
    ax.set_xticks(range(8), names, rotation=45, ha="right")
    figure.tight_layout()
    save(figure, path, 105)
    return bars(names, {"": values}, axis(0, 100), title="", x_label="", y_label="Index")


@picture("named-rows", "bar", "matplotlib", "long names beside", "horizontal", "also photographed", "also blurred", "also noisy")
def _(path, rng):
    names = ["Machine learning", "Databases", "Computer graphics", "Operating systems", "Networks", "Compilers"]
    values = numbers(rng, 6, 8, 140, 0)
    figure, ax = styled("default", (7, 4), "Liberation Sans")
    ax.barh(names, values, color="#6d597a", height=0.7)
    ax.set(xlim=(0, 150), xlabel="Students", title="Chosen subjects")
    figure.tight_layout()
    save(figure, path, 105)
    texts = {"title": "Chosen subjects", "x_label": "Students", "y_label": ""}
    return bars(names, {"": values}, axis(0, 150), horizontal=True, **texts)


@picture("named-groups", "bar", "matplotlib", "small names, groups", "grouped", "also rotated", "also photographed", "also jpeg")
def _(path, rng):
    names = ["Helsinki", "Tallinn", "Riga", "Vilnius", "Warsaw"]
    series = {n: numbers(rng, 5, 1, 9.5, 1) for n in ("spring", "autumn")}
    figure, ax = styled("default", (6.4, 4.2), **{"font.size": 8})
    for index, (name, values) in enumerate(series.items()):
        ax.bar(np.arange(5) + (index - 0.5) * 0.4, values, 0.4, color=["#81b29a", "#e07a5f"][index], label=name)
    ax.set_xticks(range(5), names)
    ax.set(ylim=(0, 10), ylabel="Rain (mm)")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 1.12), ncols=2)
    save(figure, path, 115)
    return bars(names, series, axis(0, 10), title="", x_label="", y_label="Rain (mm)")
