"""Pictures drawn with matplotlib, in the styles people choose and in the one they do not choose."""

from __future__ import annotations

import datetime

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates
import matplotlib.font_manager
import matplotlib.pyplot as plt
import numpy as np

from .registry import axis, bars, bins, lines, numbers, picture, points, slices, walk

# The list of fonts that matplotlib keeps may be older than fonts that were installed since.
for font_file in matplotlib.font_manager.findSystemFonts():
    matplotlib.font_manager.fontManager.addfont(font_file)


def save(figure, path, dpi=100, **more):
    """Writes the figure without the version of the library in it, and forgets it."""
    figure.savefig(path, dpi=dpi, metadata={"Software": None}, **more)
    plt.close(figure)


def styled(style, size, font="DejaVu Sans", **rc):
    """A figure and its axes in one style; nothing carries over from the picture before."""
    plt.style.use("default")
    plt.style.use(style)
    plt.rcParams.update({"font.family": font, **rc})
    return plt.subplots(figsize=size)


@picture("mpl-bars-default", "bar", "matplotlib", "default")
def _(path, rng):
    names, values = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], numbers(rng, 7, 12, 96, 0)
    figure, ax = styled("default", (6.4, 4.8))
    ax.bar(names, values)
    ax.set(title="Visitors per weekday", ylabel="Visitors")
    save(figure, path)
    return bars(names, {"": values}, axis(*ax.get_ylim()), title="Visitors per weekday", x_label="", y_label="Visitors")


@picture("mpl-bars-valued", "bar", "matplotlib", "spines off", "value labels")
def _(path, rng):
    names, values = ["North", "South", "East", "West", "Central"], numbers(rng, 5, 1.2, 9.5, 1)
    figure, ax = styled("default", (7, 4), "Liberation Sans")
    drawn = ax.bar(names, values, color=["#4c566a", "#4c566a", "#d08770", "#4c566a", "#4c566a"], width=0.55)
    ax.bar_label(drawn, fmt="%.1f", padding=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(ylabel="Revenue (million USD)")
    ax.set_title("Revenue by region, FY 2023", loc="left", fontweight="bold")
    save(figure, path, 130)
    title = "Revenue by region, FY 2023"
    return bars(names, {"": values}, axis(*ax.get_ylim()), title=title, x_label="", y_label="Revenue (million USD)")


@picture("mpl-bars-grouped", "bar", "matplotlib", "grid, legend inside", "grouped")
def _(path, rng):
    names = ["Q1", "Q2", "Q3", "Q4"]
    series = {year: numbers(rng, 4, 140, 460, 0) for year in ("2021", "2022", "2023")}
    figure, ax = styled("default", (7.5, 4.5), "Lato")
    for index, (name, values) in enumerate(series.items()):
        ax.bar(
            np.arange(4) + (index - 1) * 0.26, values, 0.26, label=name, color=["#9ecae1", "#4292c6", "#084594"][index]
        )
    ax.set_xticks(range(4), names)
    ax.grid(axis="y", linestyle=":", alpha=0.7)
    ax.set_axisbelow(True)
    ax.set_ylim(0, 600)
    ax.set(title="Orders by quarter", ylabel="Orders")
    ax.legend(loc="upper left", ncol=3)
    save(figure, path, 110)
    return bars(names, series, axis(0, 600), title="Orders by quarter", x_label="", y_label="Orders")


@picture("mpl-bars-stacked", "bar", "matplotlib", "ggplot", "stacked", "legend outside")
def _(path, rng):
    names = ["2018", "2019", "2020", "2021", "2022", "2023"]
    series = {source: numbers(rng, 6, 15, 70, 0) for source in ("Coal", "Gas", "Wind", "Solar")}
    figure, ax = styled("ggplot", (8, 4.6))
    base = np.zeros(6)
    for name, values in series.items():
        ax.bar(names, values, bottom=base, label=name)
        base += values
    ax.set(title="Electricity by source", ylabel="TWh", xlabel="Year")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    save(figure, path, 100, bbox_inches="tight")
    limits = axis(*ax.get_ylim())
    return bars(names, series, limits, stacked=True, title="Electricity by source", x_label="Year", y_label="TWh")


@picture("mpl-bars-horizontal", "bar", "matplotlib", "default", "horizontal", "long labels")
def _(path, rng):
    names = ["Customer support", "Research and development", "Marketing", "Human resources", "Logistics", "Legal"]
    values = numbers(rng, 6, 8, 185, 0)
    figure, ax = styled("default", (7, 3.6))
    ax.barh(names, values, color="seagreen")
    ax.invert_yaxis()
    ax.set(xlabel="Employees", title="Head count by department")
    figure.tight_layout()
    save(figure, path, 100)
    limits, title = axis(*ax.get_xlim()), "Head count by department"
    return bars(names, {"": values}, limits, horizontal=True, title=title, x_label="Employees", y_label="")


@picture("mpl-bars-log-hatched", "bar", "matplotlib", "black and white, hatched", "log axis")
def _(path, rng):
    names = ["linear", "tree", "hash", "trie", "skip list"]
    values = [round(float(10**p), 1) for p in rng.uniform(0.4, 3.7, 5)]
    figure, ax = styled("grayscale", (4.2, 3.2), "Liberation Serif")
    ax.bar(names, values, color="white", edgecolor="black", hatch="//")
    ax.set_yscale("log")
    ax.set_ylim(1, 10000)
    ax.set(ylabel="Time per lookup (ns)")
    figure.tight_layout()
    save(figure, path, 200)
    return bars(names, {"": values}, axis(1, 10000, True), title="", x_label="", y_label="Time per lookup (ns)")


@picture("mpl-bars-negative", "bar", "matplotlib", "seaborn-v0_8-whitegrid", "negative values", "german")
def _(path, rng):
    names = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
    values = numbers(rng, 12, -6, 9, 1)
    figure, ax = styled("seaborn-v0_8-whitegrid", (9, 4))
    ax.bar(names, values, color=["tab:red" if v < 0 else "tab:green" for v in values])
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title="Veränderung zum Vorjahr", ylabel="Prozent")
    save(figure, path, 90)
    title = "Veränderung zum Vorjahr"
    return bars(names, {"": values}, axis(*ax.get_ylim()), title=title, x_label="", y_label="Prozent")


@picture("mpl-line-default", "line", "matplotlib", "default")
def _(path, rng):
    x, y = list(range(0, 51, 5)), walk(rng, 11, 20, 4, 1, 1.0)
    figure, ax = styled("default", (6.4, 4.8))
    ax.plot(x, y)
    ax.set(xlabel="Time (s)", ylabel="Temperature (°C)", title="Heating curve")
    save(figure, path)
    limits = axis(*ax.get_ylim()), axis(*ax.get_xlim())
    return lines(x, {"": y}, *limits, "number", title="Heating curve", x_label="Time (s)", y_label="Temperature (°C)")


@picture("mpl-line-markers", "line", "matplotlib", "grid, markers, legend inside", "markers")
def _(path, rng):
    x = [1, 2, 4, 8, 16, 32]
    series = {n: [round(float(v), 2) for v in np.sort(rng.uniform(0.9, 17, 6))] for n in ("Baseline", "Ours", "Oracle")}
    figure, ax = styled("default", (5, 3.6), "Liberation Serif", **{"font.size": 11})
    for (name, values), marker, line in zip(series.items(), "os^", ("-", "--", "-.")):
        ax.plot(x, values, marker=marker, linestyle=line, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(x, [str(v) for v in x])
    ax.minorticks_off()
    ax.set(xlabel="Threads", ylabel="Speed-up")
    ax.grid(True, alpha=0.4)
    ax.legend()
    figure.tight_layout()
    save(figure, path, 170)
    across = axis(*ax.get_xlim(), True)
    return lines(x, series, axis(*ax.get_ylim()), across, "number", title="", x_label="Threads", y_label="Speed-up")


@picture("mpl-line-many", "line", "matplotlib", "fivethirtyeight", "many series", "legend outside")
def _(path, rng):
    x = list(range(2010, 2024))
    names = ["Austria", "Belgium", "Denmark", "Greece", "Portugal", "Sweden"]
    series = {name: walk(rng, 14, float(rng.uniform(30, 80)), 4, 1) for name in names}
    figure, ax = styled("fivethirtyeight", (10, 6))
    for name, values in series.items():
        ax.plot(x, values, label=name, linewidth=2.5)
    ax.set_title("Share of households with solar panels")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path, 80, bbox_inches="tight")
    limits, title = (axis(*ax.get_ylim()), axis(*ax.get_xlim())), "Share of households with solar panels"
    return lines(x, series, *limits, "number", title=title, x_label="", y_label="")


@picture("mpl-line-dates", "line", "matplotlib", "default", "date axis")
def _(path, rng):
    days = [datetime.date(2023, 1, 2) + datetime.timedelta(days=7 * week) for week in range(40)]
    values = walk(rng, 40, 112, 3, 2, 0.4)
    figure, ax = styled("default", (9, 4), "Liberation Sans")
    ax.plot(days, values, color="#b22222", linewidth=1.3)
    ax.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%b %Y"))
    ax.set(title="ACME Corp. closing price", ylabel="USD")
    ax.grid(True, linewidth=0.4)
    figure.autofmt_xdate()
    save(figure, path, 110)
    title = "ACME Corp. closing price"
    return lines(days, {"": values}, axis(*ax.get_ylim()), None, "date", title=title, x_label="", y_label="USD")


@picture("mpl-line-log", "line", "matplotlib", "dark_background", "log axis", "dark")
def _(path, rng):
    x = list(range(0, 101, 10))
    series = {
        n: [round(float(v), 5) for v in 0.8 * np.exp(-r * np.array(x) + rng.normal(0, 0.12, 11))]
        for n, r in (("train", 0.062), ("validation", 0.041))
    }
    figure, ax = styled("dark_background", (6, 4))
    for name, values in series.items():
        ax.plot(x, values, label=name, marker="." if name == "train" else None)
    ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="loss", title="Training")
    ax.legend()
    save(figure, path, 120)
    limits = axis(*ax.get_ylim(), True), axis(*ax.get_xlim())
    return lines(x, series, *limits, "number", title="Training", x_label="epoch", y_label="loss")


@picture("mpl-scatter-default", "scatter", "matplotlib", "default")
def _(path, rng):
    x = numbers(rng, 45, 1.5, 9.8, 2)
    pairs = [(a, round(float(a * 7 + rng.normal(0, 8)), 1)) for a in x]
    figure, ax = styled("default", (6.4, 4.8))
    ax.scatter(*zip(*pairs))
    ax.set(xlabel="Carat", ylabel="Price", title="Price against weight")
    save(figure, path)
    limits = axis(*ax.get_xlim()), axis(*ax.get_ylim())
    return points({"": pairs}, *limits, title="Price against weight", x_label="Carat", y_label="Price")


@picture("mpl-scatter-groups", "scatter", "matplotlib", "bmh", "several series", "legend inside")
def _(path, rng):
    series = {}
    for name, (cx, cy) in (("Control", (35, 120)), ("Treated", (55, 160))):
        series[name] = [(round(float(rng.normal(cx, 8)), 1), round(float(rng.normal(cy, 14)), 1)) for _ in range(28)]
    figure, ax = styled("bmh", (6, 5))
    for (name, pairs), marker in zip(series.items(), "ox"):
        ax.scatter(*zip(*pairs), marker=marker, label=name, s=36)
    ax.set(xlabel="Age (years)", ylabel="Blood pressure (mmHg)")
    ax.legend()
    save(figure, path, 110)
    limits = axis(*ax.get_xlim()), axis(*ax.get_ylim())
    return points(series, *limits, title="", x_label="Age (years)", y_label="Blood pressure (mmHg)")


@picture("mpl-pie-percent", "pie", "matplotlib", "default", "percent written")
def _(path, rng):
    names, values = ["Rent", "Food", "Transport", "Savings", "Leisure"], numbers(rng, 5, 6, 40, 0)
    figure, ax = styled("default", (5.5, 5.5))
    ax.pie(values, labels=names, autopct="%1.1f%%", startangle=90)
    ax.set_title("Household budget")
    save(figure, path)
    return slices(names, values, title="Household budget")


@picture("mpl-donut-legend", "pie", "matplotlib", "donut, legend outside", "donut", "legend outside")
def _(path, rng):
    names, values = ["Desktop", "Mobile", "Tablet", "TV"], numbers(rng, 4, 5, 60, 0)
    figure, ax = styled("default", (7, 4.5), "Lato")
    wedges, _texts = ax.pie(
        values, wedgeprops={"width": 0.38, "edgecolor": "white"}, colors=plt.cm.Set2.colors, startangle=140
    )
    ax.legend(wedges, names, loc="center left", bbox_to_anchor=(1, 0.5), title="Device")
    ax.set_title("Sessions by device")
    save(figure, path, 100)
    return slices(names, values, title="Sessions by device")


@picture("mpl-histogram-default", "histogram", "matplotlib", "default")
def _(path, rng):
    figure, ax = styled("default", (6.4, 4.8))
    counts, edges, _patches = ax.hist(rng.normal(170, 9, 400), bins=12)
    ax.set(xlabel="Height (cm)", ylabel="Frequency", title="Heights")
    save(figure, path)
    return bins(edges, counts, axis(*ax.get_ylim()), title="Heights", x_label="Height (cm)", y_label="Frequency")


@picture("mpl-histogram-edged", "histogram", "matplotlib", "edges, small")
def _(path, rng):
    figure, ax = styled("default", (4, 3), "Liberation Sans", **{"font.size": 8})
    counts, edges, _patches = ax.hist(
        rng.exponential(3, 250), bins=np.arange(0, 16, 1), color="#c9b1d9", edgecolor="black"
    )
    ax.set(xlabel="Waiting time (min)", ylabel="Customers")
    save(figure, path, 150, bbox_inches="tight")
    return bins(edges, counts, axis(*ax.get_ylim()), title="", x_label="Waiting time (min)", y_label="Customers")
