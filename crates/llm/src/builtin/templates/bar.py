"""Read a bar chart or histogram: values.csv and a redrawn chart.png.

Bars are found by colour inside the plotting area, measured in pixels, and turned
into values by the line fitted through the axis ticks.
"""

from itertools import pairwise

import cv2
import numpy as np
import pandas as pd
from part_axis import reading_error, round_values, to_value
from part_chart import open_chart_axes, plain, save_chart, saved
from part_colour import belongs, drawn_colours, ground_colour, hide_legend, inside, is_same_ink
from part_doubt import axis_doubts, is_beyond, save_doubts
from part_image import load_picture
from part_wish import NOTHING, restyle, within


def find_rectangles(owner, series, vertical):
    """Solid rectangles of one colour as (left, top, right, bottom) pixel edges."""
    mask = (owner == series).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rectangles = []
    for contour in contours:
        left, top, width, height = cv2.boundingRect(contour)
        filled = cv2.drawContours(np.zeros((height, width), np.uint8), [contour], -1, 1, -1,
                                  offset=(-left, -top))
        for a, b, c, d in split_by_length(filled if vertical else filled.T):
            rectangles.append((left + a, top + b, left + c, top + d) if vertical
                              else (left + b, top + a, left + d, top + c))
    return rectangles


def split_by_length(shape):
    """Cut a shape into rectangles where the length of its columns jumps."""
    shape, (height, width) = shape > 0, shape.shape
    tops, bottoms = shape.argmax(axis=0), height - shape[::-1].argmax(axis=0)
    jumps = (np.abs(np.diff(tops)) > 1) | (np.abs(np.diff(bottoms)) > 1)
    edges = [0, *(np.flatnonzero(jumps) + 1), width]
    pieces = []
    for start, stop in pairwise(edges):
        if stop - start < 3:
            continue
        upper, lower = np.median(tops[start:stop]), np.median(bottoms[start:stop])
        last = pieces[-1] if pieces else None
        # Soft edges waver: what goes on at the same length after a step or two is the same bar.
        if last and start - last[2] <= 2 and max(abs(last[1] - upper), abs(last[3] - lower)) <= 1:
            pieces[-1] = (last[0], last[1], stop, last[3])
        elif lower - upper >= 2:
            pieces.append((start, upper, stop, lower))
    widest = max((piece[2] - piece[0] for piece in pieces), default=0)
    return [piece for piece in pieces if piece[2] - piece[0] > 0.3 * widest]


def find_bars(picture, vertical):
    """All bars as (series, rectangle) with rectangles in picture pixels.

    Colours come from the legend and, where it lists too few, from the area itself. The
    found plotting area may end at the last grid line, so vivid bars are followed beyond.
    """
    image, box = load_picture(picture["image"]), picture["plot_box"]
    area, corner = inside(image, box)
    ground = ground_colour(area, image)
    colours = [np.array(entry["rgb"], float) for entry in picture["legend"]]
    series_of = list(range(len(colours)))
    for colour in drawn_colours(area, ground, 0.002, grey_counts=not colours):
        if all(np.linalg.norm(colour - known) > 60 for known in colours):
            # A pattern is drawn in more and less of one ink.
            inks = [k for k in range(len(picture["legend"])) if is_same_ink(colour, ground, colours[k])]
            series_of.append(inks[0] if len(inks) == 1 else len(colours))
            colours.append(colour)
    if all(np.ptp(colour) >= 30 for colour in colours):
        area, corner = inside(image, box, margin=-round(0.1 * max(box[2:])))
    owner = np.array([*series_of, -1])[belongs(area, colours, ground)]
    bars = []
    for series in sorted(set(series_of)):
        for rectangle in find_rectangles(owner, series, vertical):
            bar = np.array(rectangle) + np.array([*corner, *corner])
            # An outline in another colour is the same bar again.
            if all(np.abs(bar - other).max() > 4 for _, other in bars):
                bars.append((series, bar))
    return bars


def find_outlined(picture, vertical):
    """Bars that are only outlined or hatched, as (series, rectangle); their pattern tells no series.

    Whatever cannot be reached from the ground beside them without crossing ink is a bar.
    """
    image, box = load_picture(picture["image"]), picture["plot_box"]
    area, corner = inside(image, box, margin=1)
    ground = ground_colour(area, image)
    hide_legend(area, corner, picture["legend"], ground)
    ink = (np.abs(area.astype(np.int16) - ground).max(axis=2) > 60).astype(np.uint8)
    for axis, line in ((picture["y_axis"], 1), (picture["x_axis"], 0)):
        for _, pixel in axis["ticks"] if "slope" in axis else []:
            at = round(pixel) - corner[line]
            strip = ink[max(0, at - 1) : at + 2] if line else ink[:, max(0, at - 1) : at + 2].T
            if strip.size and strip.max(axis=0).mean() > 0.9:  # a grid line that runs through
                strip[:] = 0
    ink[0], ink[:, -1] = 0, 0
    if vertical:
        ink[-3:], ink[:, 0] = 1, 0
    else:
        ink[:, :3], ink[-1] = 1, 0
    closed = np.pad(ink, 1)
    cv2.floodFill(closed, None, (closed.shape[1] - 1, 0), 2)
    solid = np.ascontiguousarray((closed[1:-1, 1:-1] != 2).astype(np.uint8))
    size = max(7, round(0.015 * np.hypot(*solid.shape))) | 1
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    return [(0, np.array(rectangle) + np.array([*corner, *corner]))
            for rectangle in find_rectangles(np.where(solid > 0, 0, -1), 0, vertical)]


def find_base(axis, span, ends):
    """The edge most bars stand on: zero where it is visible, or a rim of the plot."""
    lines = list(span)
    if axis["scale"] != "log":
        lines.insert(0, -axis["intercept"] / axis["slope"] + 0.5)
    return max(lines, key=lambda line: (np.abs(ends - line) <= 4).sum())


def measure_bars(picture, bars, vertical):
    """Rows of series, position along the category axis, and value.

    What neither stands on the base nor on another bar is a label, not a bar.
    """
    if not bars:
        return []
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
        if abs(tip - foot) < 3 and 0 < len(picture["legend"]) <= series:
            continue  # a stroke of the outline
        standing.append(np.array([*bar[sides], tip]))
        # Edges lie between pixels, the calibration counts from pixel centres.
        value = to_value(axis, tip - 0.5)
        if below:
            value = value - to_value(axis, foot - 0.5)
        rows.append({"series": series, "edges": tuple(bar[sides]), "value": float(value),
                     "position": bar[sides].mean() - 0.5, "thickness": np.ptp(bar[sides]),
                     "beyond": is_beyond(axis, tip), "length": abs(tip - foot)})
    usual = np.median([row["thickness"] for row in rows]) if rows else 0
    rows = [row for row in rows if 0.25 * usual <= row["thickness"]]
    return sorted((part for row in rows for part in split_wide(row, rows, usual)),
                  key=lambda row: row["position"])


def split_wide(row, rows, usual):
    """Neighbours of equal length that touch look like one wide bar: cut it into usual ones."""
    count = round(row["thickness"] / usual)
    touching = sum(abs(a["edges"][1] - b["edges"][0]) <= 3 for a, b in pairwise(
        sorted(rows, key=lambda one: one["edges"][0])))
    if count < 2 or abs(row["thickness"] / usual - count) > 0.15 * count or touching < 0.3 * len(rows):
        return [row] if row["thickness"] <= 4 * usual else []
    cuts = np.linspace(*row["edges"], count + 1)
    return [{**row, "edges": (a, b), "position": (a + b) / 2 - 0.5, "thickness": b - a}
            for a, b in pairwise(cuts)]


def lay_out(picture):
    """The bars measured upright or lying: as the axes demand, else what explains more of them."""
    sides = [name == "y" for name in "yx" if "slope" in picture[f"{name}_axis"]]
    best, vertical, score = [], sides[0], -1.0
    is_outlined = False
    for upright in sides:
        for find in (find_bars, find_outlined):
            rows = measure_bars(picture, find(picture, upright), upright)
            thick = np.array([row["thickness"] for row in rows])
            even = 1 - min(1, thick.std() / thick.mean()) if len(rows) else 0
            explained = even * sum(row["thickness"] * row["length"] for row in rows)
            # Outlines tell less than colours do: they must explain much more.
            if explained > (1.6 * score if find is find_outlined else score):
                best, vertical, score, is_outlined = rows, upright, explained, find is find_outlined
    return best, vertical, is_outlined


def series_by_order(rows, legend):
    """Gives hatched bars that stand together the series of the legend in turn; doubts on all of them."""
    groups = clusters(rows)
    if len(legend) < 2:
        return []
    if any(len(group) != len(legend) for group in groups):
        thick = np.median([row["thickness"] for row in rows])
        joined, last = [], None
        for row in sorted(rows, key=lambda one: one["position"]):
            if last is not None and row["edges"][0] - last["edges"][1] < 0.25 * thick:
                joined[-1].append(row)
            else:
                joined.append([row])
            last = row
        groups = joined
    if any(len(group) != len(legend) for group in groups):
        return [("", "", "the bars are told apart by their pattern only, so their series are unknown")]
    for group in groups:
        for index, row in enumerate(sorted(group, key=lambda one: one["position"])):
            row["series"] = index
    return [("", "", "the series of hatched bars were told by their order, not by their pattern")]


def clusters(rows):
    """Bars that stand together, as lists: stacked ones, and side by side with clearly wider gaps around.

    Bars side by side belong together only when no group has two of one series.
    """
    usual = np.median([row["thickness"] for row in rows])
    stacks = [[rows[0]]]
    for row in rows[1:]:
        if row["position"] - stacks[-1][-1]["position"] < 0.4 * usual:
            stacks[-1].append(row)
        else:
            stacks.append([row])
    gaps = [min(row["edges"][0] for row in b) - max(row["edges"][1] for row in a)
            for a, b in pairwise(stacks)]
    if not gaps or min(gaps) > 0.5 * max(gaps) - 1 or max(gaps) < 0.15 * usual:
        return stacks
    groups = [list(stacks[0])]
    for gap, stack in zip(gaps, stacks[1:]):
        if gap < 0.5 * max(gaps):
            groups[-1] += stack
        else:
            groups.append(list(stack))
    distinct = all(len({row["series"] for row in group}) == len(group) for group in groups)
    return groups if distinct else stacks


def is_histogram(groups, axis):
    """Touching bars over numbers, with the axis counting their edges and not their middles."""
    if "slope" not in axis or axis["scale"] == "date" or len(groups) < 3:
        return False
    spans = [(group[0]["edges"][0], group[0]["edges"][1]) for group in groups]
    widths = np.array([b - a for a, b in spans])
    steps = np.array([b[0] - a[0] for a, b in pairwise(spans)])
    if np.median(widths) < 0.92 * steps.min():
        return False
    ticks = np.array([pixel for _, pixel in axis["ticks"]])
    middles = np.array([group[0]["position"] for group in groups])
    near = np.abs(ticks[:, None] - middles).min(axis=1)
    inside = (ticks > middles.min() - 0.4 * widths[0]) & (ticks < middles.max() + 0.4 * widths[-1])
    return not (inside.sum() >= 2 and near[inside].max() < max(1.5, 0.12 * np.median(widths)))


def name_bins(groups, axis):
    """Name each bar by the range of x it covers, "20 to 25".

    Edges are those of a regular comb fitted through all bars: one edge alone may be off
    by its outline.
    """
    edges = np.array([group[0]["edges"] for group in groups], float) - 0.5
    step = np.median(edges[:, 1] - edges[:, 0])
    step = np.median(np.diff(edges.mean(axis=1))[np.diff(edges.mean(axis=1)) < 1.5 * step])
    numbers = np.round((edges.mean(axis=1) - edges[0].mean()) / step)
    if axis["scale"] != "log" and len(groups) > 2:
        slope, start = np.polyfit(numbers, edges.mean(axis=1), 1)
        edges = np.stack([start + (numbers - 0.5) * slope, start + (numbers + 0.5) * slope], axis=1)
    for group, (low, high) in zip(groups, edges):
        ends = sorted(round_values(axis, to_value(axis, [low, high])))
        for row in group:
            row["category"] = f"{ends[0]:g} to {ends[1]:g}"
            row["tick"] = ""


def name_categories(rows, axis):
    """Call each group of bars by the nearest tick's text, else by its place on the axis.

    Returns doubts on names that no tick gave.
    """
    groups, doubts = clusters(rows), []
    if is_histogram(groups, axis):
        name_bins(groups, axis)
        return doubts
    ticks = [(text, pixel) for text, pixel in axis["ticks"] if text]
    pixels = np.array([pixel for _, pixel in ticks])
    places = np.array([(group[0]["edges"][0] + group[-1]["edges"][1]) / 2 - 0.5 for group in groups])
    steps = np.diff(np.sort(pixels)) if len(pixels) > 1 else np.diff(places)
    reach = 0.5 * min(steps.min(), *np.diff(places)) if len(steps) and len(places) > 1 else np.inf
    for number, (group, place) in enumerate(zip(groups, places), start=1):
        away = np.abs(pixels - place)
        tick = ticks[away.argmin()][0] if len(ticks) and away.min() <= reach else ""
        name = tick
        if not tick and "slope" in axis:
            value = to_value(axis, [place])
            whole = value.round()
            near = abs(value - whole)[0] < 0.15 * abs(axis["slope"]) * np.diff(places).min() \
                if len(places) > 1 else False
            name = f"{(whole if near else round_values(axis, value))[0]:g}"
        elif not tick:
            name = f"bar {number}"
            doubts.append(("", name, "no tick label was found for this bar"))
        elif tick in axis.get("unsure", []):
            doubts.append(("", name, "the name of this category was hard to read"))
        for row in group:
            row["category"], row["tick"] = name, tick
    keys = [(row["category"], row["series"]) for row in rows]
    if len(set(keys)) < len(keys):
        for number, row in enumerate(rows, start=1):
            row["category"] = f"{row['category']} (bar {number})"
        doubts.append(("", "", "several bars would have the same name, so they are numbered"))
    return doubts


def name_series(rows, legend):
    """Each bar's series: the legend's name, or its colour where a category has several.

    Without a legend, and one bar in each category, colours mean nothing; nor do they where
    the legend only repeats the categories.
    """
    names = [entry["name"] for entry in legend]
    categories = [row["category"] for row in rows]
    alone = len(set(categories)) == len(categories)
    own = [names[row["series"]] if row["series"] < len(names) else f"unnamed {row['series'] + 1}"
           for row in rows]
    repeats = len(rows) > 1 and all(a.casefold() == b.casefold() for a, b in zip(own, categories))
    return ["value"] * len(rows) if alone and (not names or repeats) else own


def redraw_bars(picture, table, vertical):
    """The same chart from the values read."""
    figure, axes = open_chart_axes(picture, (8, 5))
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
    restyle(axes, picture, "y" if vertical else "x")
    save_chart(figure, axes, picture)


def read_bars(picture):
    """Measure, save and say what was read."""
    rows, vertical, is_outlined = lay_out(picture)
    if not rows:
        raise ValueError("no bars that stand on an axis were found inside the plotting area")
    value_axis, name_axis = picture["y_axis"], picture["x_axis"]
    if not vertical:
        value_axis, name_axis = name_axis, value_axis
    doubts = series_by_order(rows, picture["legend"]) if is_outlined else []
    doubts += axis_doubts(value_axis, "value") + name_categories(rows, name_axis)
    frame = pd.DataFrame({
        "category": [row["category"] for row in rows],
        "series": name_series(rows, picture["legend"]),
        "value": round_values(value_axis, [row["value"] for row in rows]),
    })
    for series, category, row in zip(frame["series"], frame["category"], rows):
        if row["beyond"]:
            doubts.append((series, category, "the bar ends beyond the last tick of the axis"))
    doubts += [(series, "", "no legend entry was found for this colour")
               for series in frame["series"].unique() if series.startswith("unnamed ")]
    frame = frame[within(frame["category"], picture)]
    if frame.empty:
        raise ValueError(NOTHING)
    table = frame.pivot_table(index="category", columns="series", values="value", sort=False)
    table.to_csv(picture["out"] + "values.csv")
    doubted = save_doubts(picture, doubts, list(zip(frame["series"], frame["category"])))
    redraw_bars(picture, table, vertical)
    unit = f" {value_axis['label']}" if value_axis["label"] else ""
    missing = {text for text, _ in name_axis["ticks"]} - {row["tick"] for row in rows}
    is_named = any(row["tick"] for row in rows)
    gap = f" No bar is visible at {', '.join(sorted(missing))}." if is_named and missing - {""} else ""
    return (
        f"Read {len(frame)} bars; values from {frame['value'].min():g} to "
        f"{frame['value'].max():g}{unit}, each {reading_error(value_axis)}.{gap}{doubted} "
        f"{saved(picture, 'values.csv')}"
    )
