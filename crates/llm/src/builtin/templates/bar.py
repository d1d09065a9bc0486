"""Read a bar chart: values.csv and a redrawn chart.png.

Bars are found by colour inside the plotting area, measured in pixels, and turned
into values by the line fitted through the axis ticks.
"""

from itertools import pairwise

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from part_axis import reading_error, round_values, to_value
from part_chart import plain, save_chart
from part_colour import belongs, drawn_colours, ground_colour, inside
from part_image import load_picture


def find_rectangles(owner, series):
    """Solid rectangles of one colour as (left, top, right, bottom) pixel edges."""
    mask = (owner == series).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rectangles = []
    for contour in contours:
        filled = cv2.drawContours(np.zeros_like(mask), [contour], -1, 1, -1)
        rectangles += split_by_height(filled, *cv2.boundingRect(contour))
    return rectangles


def split_by_height(filled, left, top, width, height):
    """Cut a shape into rectangles where the height of its columns jumps."""
    shape = filled[top:top + height, left:left + width] > 0
    tops, bottoms = shape.argmax(axis=0), height - shape[::-1].argmax(axis=0)
    jumps = (np.abs(np.diff(tops)) > 1) | (np.abs(np.diff(bottoms)) > 1)
    edges = [0, *(np.flatnonzero(jumps) + 1), width]
    pieces = []
    for start, stop in pairwise(edges):
        if stop - start >= 3:
            upper, lower = np.median(tops[start:stop]), np.median(bottoms[start:stop])
            if lower - upper >= 2:
                pieces.append((left + start, top + upper, left + stop, top + lower))
    return pieces


def is_vertical(picture, rectangles):
    """Bars stand upright when the other axis names them, or their feet line up."""
    if "slope" not in picture["x_axis"] or "slope" not in picture["y_axis"]:
        return "slope" in picture["y_axis"]
    left, top, right, bottom = np.array(rectangles).T
    widths, heights = right - left, bottom - top
    return np.std(widths) / np.mean(widths) <= np.std(heights) / np.mean(heights)


def find_bars(picture):
    """All bars as (series, rectangle) with rectangles in picture pixels.

    Colours come from the legend and, where it lists too few, from the area itself. The
    found plotting area may end at the last grid line, so vivid bars are followed beyond.
    """
    image, box = load_picture(picture["image"]), picture["plot_box"]
    area, corner = inside(image, box)
    ground = ground_colour(area)
    colours = [np.array(entry["rgb"], float) for entry in picture["legend"]]
    for colour in drawn_colours(area, ground, 0.002, grey_counts=not colours):
        if all(np.linalg.norm(colour - known) > 60 for known in colours):
            colours.append(colour)
    if all(np.ptp(colour) >= 30 for colour in colours):
        area, corner = inside(image, box, margin=-round(0.1 * max(box[2:])))
    owner = belongs(area, colours, ground)
    bars = []
    for series in range(len(colours)):
        for rectangle in find_rectangles(owner, series):
            bar = np.array(rectangle) + np.array([*corner, *corner])
            # An outline in another colour is the same bar again.
            if all(np.abs(bar - other).max() > 4 for _, other in bars):
                bars.append((series, bar))
    return bars


def find_base(axis, span, ends):
    """The edge most bars stand on: zero where it is visible, or a rim of the plot."""
    lines = list(span)
    if axis["scale"] != "log":
        lines.insert(0, -axis["intercept"] / axis["slope"] + 0.5)
    return max(lines, key=lambda line: (np.abs(ends - line) <= 4).sum())


def measure(picture, bars, vertical):
    """Rows of series, position along the category axis, and value.

    What neither stands on the base nor on another bar is a label, not a bar.
    """
    axis = picture["y_axis"] if vertical else picture["x_axis"]
    left, top, width, height = picture["plot_box"]
    span = (top + height, top) if vertical else (left, left + width)
    sides, ends = ([0, 2], [1, 3]) if vertical else ([1, 3], [0, 2])
    base = find_base(axis, span, np.array([bar[ends] for _, bar in bars]))
    rows, standing = [], []
    for series, bar in sorted(bars, key=lambda item: np.abs(item[1][ends] - base).min()):
        foot, tip = sorted(bar[ends], key=lambda end: abs(end - base))
        below = [other for other in standing if np.abs(other[:2] - bar[sides]).max() <= 3
                 and abs(other[2] - foot) <= 4]
        if abs(foot - base) > 4 and not below:
            continue
        standing.append(np.array([*bar[sides], tip]))
        # Edges lie between pixels, the calibration counts from pixel centres.
        value = to_value(axis, tip - 0.5)
        if below:
            value = value - to_value(axis, foot - 0.5)
        rows.append({"series": series, "position": bar[sides].mean() - 0.5, "value": value,
                     "thickness": np.ptp(bar[sides])})
    usual = np.median([row["thickness"] for row in rows]) if rows else 0
    return [row for row in rows if 0.25 * usual <= row["thickness"] <= 4 * usual]


def name_categories(rows, axis):
    """Call each bar by the nearest tick's text, else by its place on the axis."""
    ticks = [(text, pixel) for text, pixel in axis["ticks"] if text]
    pixels = np.array([pixel for _, pixel in ticks])
    places = pixels if len(ticks) > 1 else np.array([row["position"] for row in rows])
    reach = 0.6 * np.diff(np.sort(places)).min() if len(places) > 1 else np.inf
    for number, row in enumerate(rows, start=1):
        row["tick"] = ""
        away = np.abs(pixels - row["position"])
        if len(ticks) and away.min() <= reach:
            row["category"] = row["tick"] = ticks[away.argmin()][0]
        elif "slope" in axis:
            row["category"] = str(round_values(axis, [to_value(axis, row["position"])])[0])
        else:
            row["category"] = f"bar {number}"
    keys = [(row["category"], row["series"]) for row in rows]
    if len(set(keys)) < len(keys):
        for number, row in enumerate(rows, start=1):
            row["category"] = f"{row['category']} (bar {number})"


def name_series(rows, legend):
    """Each bar's series: the legend's name, or its colour where a category has several.

    Without a legend, and one bar in each category, colours mean nothing.
    """
    names = [entry["name"] for entry in legend]
    categories = [row["category"] for row in rows]
    is_single = not names and len(set(categories)) == len(categories)
    return [
        "value" if is_single else names[row["series"]] if row["series"] < len(names)
        else f"unnamed {row['series'] + 1}"
        for row in rows
    ]


def redraw(picture, table, vertical):
    """The same chart from the values read."""
    figure, axes = plt.subplots(figsize=(8, 5))
    colours = {entry["name"]: np.array(entry["rgb"]) / 255 for entry in picture["legend"]}
    places = np.arange(len(table))
    thickness = 0.8 / len(table.columns)
    for index, series in enumerate(table.columns):
        offset = (index - (len(table.columns) - 1) / 2) * thickness
        draw = axes.bar if vertical else axes.barh
        draw(places + offset, table[series], thickness, label=plain(series),
             color=colours.get(series))
    names = [plain(name) for name in table.index]
    if vertical:
        axes.set_xticks(places, names, rotation=30 if len("".join(names)) > 70 else 0)
    else:
        axes.set_yticks(places, names)
        axes.invert_yaxis()
    if len(table.columns) > 1:
        axes.legend()
    save_chart(figure, axes, picture)


def read_bars(picture):
    """Measure, save and say what was read."""
    found = find_bars(picture)
    if not found:
        raise ValueError("no bars were found inside the plotting area")
    vertical = is_vertical(picture, [bar for _, bar in found])
    value_axis, name_axis = picture["y_axis"], picture["x_axis"]
    if not vertical:
        value_axis, name_axis = name_axis, value_axis
    rows = sorted(measure(picture, found, vertical), key=lambda row: row["position"])
    if not rows:
        raise ValueError("shapes were found, but none stands on the axis like a bar")
    name_categories(rows, name_axis)
    frame = pd.DataFrame({
        "category": [row["category"] for row in rows],
        "series": name_series(rows, picture["legend"]),
        "value": round_values(value_axis, [row["value"] for row in rows]),
    })
    table = frame.pivot_table(index="category", columns="series", values="value", sort=False)
    table.to_csv(picture["out"] + "values.csv")
    redraw(picture, table, vertical)
    unit = f" {value_axis['label']}" if value_axis["label"] else ""
    missing = {text for text, _ in name_axis["ticks"]} - {row["tick"] for row in rows}
    gap = f" No bar is visible at {', '.join(sorted(missing))}." if missing - {""} else ""
    return (
        f"Read {len(frame)} bars; values from {frame['value'].min():g} to "
        f"{frame['value'].max():g}{unit}, each {reading_error(value_axis)}.{gap} "
        f"Saved values.csv and chart.png."
    )
