"""Read a line chart: values.csv and a redrawn chart.png.

Each line is traced column by column by its colour. Values are taken at the markers
where there are markers, otherwise at regular steps of the x axis.
"""

import cv2
import numpy as np
import pandas as pd
from part_axis import iso_date, nice_step, reading_error, round_values, to_value
from part_chart import open_chart_axes, plain, save_chart, saved
from part_colour import belongs
from part_doubt import axis_doubts, is_beyond, save_doubts
from part_series import open_chart
from part_wish import NOTHING, restyle, within


def coverage(area, colour, ground):
    """How much of each pixel is ink of one colour: soft edges give parts of a pixel."""
    direction = colour - ground
    offset = area - ground
    ink = offset @ direction / (direction @ direction)
    stray = np.linalg.norm(offset - ink[..., None] * direction, axis=2)
    return np.where(stray < 0.35 * np.linalg.norm(direction), np.clip(ink, 0, 1), 0)


def without_strays(core):
    """Drop pieces above or below a longer piece: a line has one value at a time."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(core)
    left = stats[:, cv2.CC_STAT_LEFT]
    right = left + stats[:, cv2.CC_STAT_WIDTH]
    taken = np.zeros(core.shape[1], bool)
    keep = []
    for piece in sorted(range(1, len(stats)), key=lambda piece: left[piece] - right[piece]):
        span = taken[left[piece]:right[piece]]
        if span.sum() <= 8:
            keep.append(piece)
            span[:] = True
    return np.isin(labels, keep).astype(np.uint8)


def trace(ink, core):
    """The height of the line in each column (nan where there is none)."""
    near = cv2.dilate(core, np.ones((3, 3), np.uint8)) > 0
    ink = np.where(near, ink, 0)
    path = np.full(ink.shape[1], np.nan)
    before = None
    for x in np.flatnonzero(core.any(axis=0)):
        rows = np.flatnonzero(ink[:, x] > 0.1)
        if len(rows) == 0:
            continue
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        heights = [np.average(run, weights=ink[run, x]) for run in runs]
        weights = np.array([ink[run, x].sum() for run in runs])
        if before is not None and x - before[0] < 25:
            weights = weights / (4 + np.abs(np.array(heights) - before[1]))
        path[x] = heights[int(weights.argmax())]
        before = (x, path[x])
    return path


def find_markers(core):
    """Centres of spots clearly thicker than the line, if there are any."""
    solid = np.pad(core, 1)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(solid, contours, -1, 1, -1)
    columns = solid.sum(axis=0)
    line = np.median(columns[columns > 0]) if columns.any() else 0
    size = max(5, int(1.6 * line) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    spots = cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel)
    count, _, stats, centres = cv2.connectedComponentsWithStats(spots)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    if count < 4 or sizes.max() > 2.2 * np.median(sizes):
        return None
    return centres[1:] - 1


def regular_steps(axis):
    """Pixel columns to read without markers: whole units where they fit, else small round steps."""
    pixels = np.array(sorted(pixel for _, pixel in axis["ticks"]))
    if "slope" not in axis:
        return pixels
    if axis["scale"] == "log":
        step = np.diff(pixels).min() / 2
        return np.arange(pixels[0] - 4 * step, pixels[-1] + 4.5 * step, step)
    ticks = to_value(axis, pixels)
    whole = np.abs(ticks - ticks.round()).max() < 0.05 and abs(axis["slope"]) <= 1 / 6
    # Between whole years there is nothing to read; other units may well have values in between.
    are_years = ticks.min() >= 1500 and ticks.max() <= 2200
    if axis["scale"] == "date":
        step = nice_step(axis, 3)
    elif whole and (are_years or abs(axis["slope"]) >= 1 / 24):
        step = 1
    else:
        step = nice_step(axis, 8)
    margin = 0.5 * np.ptp(ticks) + step
    first, last = np.floor((ticks.min() - margin) / step), np.ceil((ticks.max() + margin) / step)
    return np.sort((np.arange(first, last + 1) * step - axis["intercept"]) / axis["slope"])


def name_positions(axis, pixels):
    """What the x axis says at pixel columns: values, dates, or the text of the nearest tick."""
    if "slope" not in axis:
        ticks = [(text, pixel) for text, pixel in axis["ticks"] if text]
        return [min(ticks, key=lambda tick: abs(tick[1] - pixel))[0] for pixel in pixels]
    values = to_value(axis, pixels)
    if axis["scale"] == "date":
        return [iso_date(value) for value in values]
    whole = values.round()
    if axis["scale"] != "log" and np.abs(values - whole).max(initial=0) < min(0.2, 4 * abs(axis["slope"])):
        return [int(value) for value in whole]
    return round_values(axis, values)


def spots(core):
    """Centres of the pieces of one colour when all are small and alike, as markers are, else none."""
    _, _, stats, centres = cv2.connectedComponentsWithStats(core)
    large = stats[1:, cv2.CC_STAT_AREA] >= 6
    sizes, centres = stats[1:][large, 2:4].max(axis=1, initial=0), centres[1:][large]
    alike = len(sizes) >= 3 and sizes.max() <= min(2.2 * np.median(sizes), 0.05 * core.shape[1])
    return centres if alike and not are_strokes(centres, np.median(sizes)) else np.empty((0, 2))


def are_strokes(places, size):
    """Whether pieces are the dots or dashes of a line: each nearly as close to the next as it is long."""
    if len(places) < 10:
        return False
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    nearest = away.min(axis=1)
    usual = np.median(nearest)
    return usual < 3 * size and (nearest < 1.6 * usual).mean() > 0.8


def host_of(places, lines):
    """The line that nearly all these places lie on, if there is one."""
    for line in lines:
        path = np.stack([line["columns"], line["heights"]], axis=1)
        away = np.linalg.norm(places[:, None] - path[None], axis=2).min(axis=1)
        if (away <= 9).mean() > 0.8:  # the line is seen again right beside its marker
            return line
    return None


def trace_all(picture):
    """Every line as a dictionary: name, colour, traced columns and heights, markers.

    Spots of a colour that no legend names, lying on a line, are that line's markers.
    """
    area, corner, ground, names, colours = open_chart(picture)
    owner = belongs(area, colours, ground)
    lines, scattered = [], []
    for index, (name, colour) in enumerate(zip(names, colours)):
        core = (owner == index).astype(np.uint8)
        places = spots(core) if index >= len(picture["legend"]) else np.empty((0, 2))
        if len(places):
            scattered.append(places + np.array(corner))
        core = without_strays(core)
        path = trace(coverage(area, colour, ground), core)
        columns = np.flatnonzero(~np.isnan(path))
        if not len(places) and len(columns) >= 10 and np.ptp(columns) > 0.1 * area.shape[1]:
            markers = find_markers(core)
            lines.append({
                "name": name, "colour": colour / 255,
                "columns": columns + corner[0], "heights": path[columns] + corner[1],
                "markers": None if markers is None else markers + np.array(corner),
            })
    for places in scattered:
        line = host_of(places, lines)
        if line is not None and line["markers"] is None:
            line["markers"] = places[places[:, 0].argsort()]
    return lines


def shared_columns(lines):
    """Columns where markers stand, those of all lines taken together."""
    marked = [line["markers"][:, 0] for line in lines if line["markers"] is not None]
    columns = np.sort(np.concatenate(marked)) if marked else np.array([])
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 4) + 1)
    return np.array([group.mean() for group in groups if len(group)])


def read_values(picture, lines):
    """One table for each line: at markers where it has them, else at regular steps.

    A marker hidden behind another line is read from the traced line itself. Also returns
    doubts: where a line is hidden, too steep to be read at one x, or beyond the ticks.
    """
    x_axis, y_axis = picture["x_axis"], picture["y_axis"]
    shared, steps = shared_columns(lines), regular_steps(x_axis)
    tables, doubts = [], []
    for line in lines:
        columns, heights = line["columns"], line["heights"]
        slack = np.clip(np.diff(columns).max(), 2, 12)
        x = steps if line["markers"] is None else shared
        x = x[(x >= columns[0] - slack) & (x <= columns[-1] + slack)]
        y = np.interp(x, columns, heights)
        sure = np.zeros(len(x), bool)
        for place in [] if line["markers"] is None or not len(x) else line["markers"]:
            nearest = np.abs(x - place[0]).argmin()
            x[nearest], y[nearest] = place
            sure[nearest] = True
        names = name_positions(x_axis, x)
        for place, height, name, seen in zip(x, y, names, sure):
            reason = "" if seen else unsure_at(place, columns, heights, 0.04 * picture["plot_box"][3])
            if is_beyond(y_axis, height):
                reason = "it lies beyond the last tick of the axis"
            if reason:
                doubts.append((line["name"], name, reason))
        tables.append(pd.DataFrame({
            "series": line["name"], "x": names, "y": round_values(y_axis, to_value(y_axis, y)),
        }))
    return tables, doubts


def unsure_at(place, columns, heights, most):
    """Why a line's height at one column is in doubt, or nothing; `most` is how far a line may
    climb from one column to the next, in pixels."""
    near = np.abs(columns - place)
    if near.min() > 6:
        return "the line is hidden or broken here"
    around = heights[near <= 2.5]
    if len(around) > 1 and np.abs(np.diff(around)).max() > most:
        return "the line is too steep here"
    return ""


def redraw_lines(picture, lines, tables):
    """The same chart from the values read."""
    figure, axes = open_chart_axes(picture, (8, 5))
    is_date = picture["x_axis"]["scale"] == "date"
    for line, table in zip(lines, tables):
        x = pd.to_datetime(table["x"]) if is_date else table["x"]
        axes.plot(x, table["y"], marker="o" if len(table) < 60 else None, color=line["colour"],
                  label=plain(line["name"]))
    axes.set_xscale("log" if picture["x_axis"]["scale"] == "log" else "linear")
    axes.set_yscale("log" if picture["y_axis"]["scale"] == "log" else "linear")
    if picture["legend"]:
        axes.legend()
    axes.grid(alpha=0.3)
    restyle(axes, picture)
    save_chart(figure, axes, picture)


def read_lines(picture):
    """Trace, save and say what was read."""
    lines = trace_all(picture)
    tables, doubts = read_values(picture, lines)
    tables = [table[within(table["x"], picture)] for table in tables]
    kept = [(line, table) for line, table in zip(lines, tables) if len(table)]
    if lines and not kept:
        raise ValueError(NOTHING)
    lines, tables = [line for line, _ in kept], [table for _, table in kept]
    if not any(len(table) for table in tables):
        raise ValueError("no line could be traced inside the plotting area")
    frame = pd.concat(tables, ignore_index=True)
    first = list(tables[0]["x"])
    if tables[0]["x"].is_unique and all(list(table["x"]) == first for table in tables):
        wide = frame.pivot_table(index="x", columns="series", values="y", sort=False)
        wide.rename_axis(picture["x_axis"]["label"] or "x").to_csv(picture["out"] + "values.csv")
        shape = "one column for each line"
    else:
        frame.to_csv(picture["out"] + "values.csv", index=False)
        shape = "one row for each point, with columns series, x and y"
    doubts += axis_doubts(picture["y_axis"], "y") + axis_doubts(picture["x_axis"], "x")
    doubts += [(line["name"], "", "no legend entry was found for this line")
               for line in lines if line["name"].startswith("unnamed ")]
    doubted = save_doubts(picture, doubts, list(zip(frame["series"], frame["x"])))
    redraw_lines(picture, lines, tables)
    readings = "; ".join(
        f"{line['name']}: {len(table)} values "
        f"{'at regular steps' if line['markers'] is None else 'at its markers'}, "
        f"from {table['y'].min():g} to {table['y'].max():g}"
        for line, table in zip(lines, tables)
    )
    return (
        f"Read {len(lines)} line{'s' if len(lines) > 1 else ''}. {readings}. Each value "
        f"{reading_error(picture['y_axis'])}. The table has {shape}.{doubted} "
        f"{saved(picture, 'values.csv')}"
    )
