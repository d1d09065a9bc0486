"""Read a scatter plot: points.csv and a redrawn chart.png.

Markers are found by colour; a blob larger than one marker is split by fitting
several copies of the typical marker into it.
"""

import cv2
import numpy as np
import pandas as pd
from part_axis import reading_error, round_values, to_value
from part_chart import open_chart_axes, plain, save_chart, saved
from part_colour import belongs
from part_doubt import axis_doubts, save_doubts
from part_series import open_chart
from part_wish import NOTHING, restyle, within

LEAST_LIKE = 0.3  # share of a blob on which its markers may disagree with it
MOST_POINTS = 3000


def find_blobs(mask):
    """Filled spots of one colour; thin lines such as a grid or a fit are dropped."""
    mask = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(mask, contours, -1, 1, -1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
    if opened.sum() < 0.5 * mask.sum():
        # Crosses and tiny dots are all thin: keep them, and join their loose ends.
        opened = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    mask = opened[1:-1, 1:-1]
    _, labels, stats, centres = cv2.connectedComponentsWithStats(mask)
    return [
        (labels[y:y + h, x:x + w] == index, np.array([x, y]), centres[index], area)
        for index, (x, y, w, h, area) in enumerate(stats)
        if index > 0 and area >= 6
    ]


def typical_marker(blobs):
    """The most usual single marker: the blob nearest the common small size."""
    areas = np.array([blob[3] for blob in blobs], float)
    counts = [(np.abs(areas - area) <= 0.15 * area).sum() for area in areas]
    usual = np.median(areas[np.array(counts) == max(counts)])
    return blobs[int(np.abs(areas - usual).argmin())][0], usual


def cover(shape, marker, places):
    """Which pixels markers at the given (x, y) centres would fill."""
    filled = np.zeros(shape, bool)
    half = (np.array(marker.shape[::-1]) - 1) / 2
    for place in places:
        x, y = np.round(place - half).astype(int)
        top, left = max(0, y), max(0, x)
        bottom, right = min(shape[0], y + marker.shape[0]), min(shape[1], x + marker.shape[1])
        if bottom > top and right > left:
            filled[top:bottom, left:right] |= marker[top - y:bottom - y, left - x:right - x]
    return filled


def misfit(blob, marker, places):
    """Share of the blob's size on which markers at these places disagree with it."""
    return np.count_nonzero(cover(blob.shape, marker, places) != blob) / np.count_nonzero(blob)


def place_markers(blob, marker, count):
    """Centres of `count` markers that together look like the blob, and their misfit."""
    pixels = np.argwhere(blob)[:, ::-1].astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    cv2.setRNGSeed(1)
    places = cv2.kmeans(pixels, count, None, stop, 4, cv2.KMEANS_PP_CENTERS)[2].astype(float)
    best = misfit(blob, marker, places)
    for step in (2, 1, 1, 0.5):
        for index in range(count):
            for move in ((step, 0), (-step, 0), (0, step), (0, -step), (step, step),
                         (-step, -step), (step, -step), (-step, step)):
                trial = places.copy()
                trial[index] += move
                error = misfit(blob, marker, trial)
                if error < best:
                    places, best = trial, error
    return places, best


def split_blob(blob, marker, usual, area):
    """Marker centres inside one blob, the fewest that explain its shape, and their misfit."""
    tried = []
    for count in range(1, min(12, int(3 * area / usual) + 1) + 1):
        places, error = place_markers(blob, marker, count)
        tried.append((error, places))
        if error < 0.06:
            break
    errors = np.array([error for error, _ in tried])
    best = int(np.argmax(errors <= errors.min() + 0.03))
    return tried[best][1], errors[best]


def find_points(mask):
    """Markers of one colour: pixel centres, which of them overlap others, their radius, and
    the share of the ink that they explain."""
    blobs = find_blobs(mask)
    nothing = np.empty((0, 2)), np.zeros(0, bool), 0.0, 0.0
    if not blobs:
        return nothing
    marker, usual = typical_marker(blobs)
    points, merged, explained = [], [], 0
    for blob, corner, centre, area in blobs:
        if area < 0.4 * usual or max(blob.shape) > 12 * max(marker.shape):
            continue
        if area <= 1.25 * usual:
            points.append(centre)
            merged.append(False)
            explained += area
            continue
        places, error = split_blob(blob, marker, usual, area)
        if error <= LEAST_LIKE:
            points.extend(places + corner)
            merged += [len(places) > 1] * len(places)
            explained += area
    if not points or max(marker.shape) > 0.12 * max(mask.shape):
        return nothing
    share = explained / sum(area for *_, area in blobs)
    return np.array(points).reshape(-1, 2), np.array(merged), np.sqrt(usual / np.pi), share


def are_markers(count, radius, share):
    """Whether what was found is plausible: lines and noise fall into scraps as well."""
    return count > 0 and share >= 0.5 and not (radius < 1.5 and count > 200) and count <= MOST_POINTS


def is_rim(places, stronger, radius):
    """Whether markers sit on those of a stronger colour: an outline, not a series."""
    if len(stronger) == 0:
        return False
    away = np.linalg.norm(places[:, None] - stronger[None], axis=2).min(axis=1)
    return np.mean(away < radius + 1.5) > 0.7


def find_series(picture):
    """For each series its name, colour, marker centres, and which of them overlap others."""
    area, corner, ground, names, colours = open_chart(picture)
    owner = belongs(area, colours, ground, reach=90)
    series, known, largest, refused = [], np.empty((0, 2)), 0.0, 0
    for index, (name, colour) in enumerate(zip(names, colours)):
        places, merged, radius, share = find_points((owner == index).astype(np.uint8))
        is_listed = index < len(picture["legend"])
        if not is_listed and (is_rim(places, known, largest) or radius < 0.6 * largest):
            continue
        if not are_markers(len(places), radius, share):
            refused += (owner == index).sum() > 50
        else:
            series.append((name, colour / 255, places + np.array(corner), merged))
            known = np.concatenate([known, places])
            largest = max(largest, radius)
    if refused and not series:
        raise ValueError("what is drawn does not look like separate markers, so no points are given")
    return series, refused


def redraw_points(picture, series, frame):
    """The same plot from the values read."""
    figure, axes = open_chart_axes(picture, (8, 6))
    for name, colour, *_ in series:
        points = frame[frame["series"] == name]
        axes.scatter(points["x"], points["y"], color=colour, label=plain(name), s=24)
    axes.set_xscale("log" if picture["x_axis"]["scale"] == "log" else "linear")
    axes.set_yscale("log" if picture["y_axis"]["scale"] == "log" else "linear")
    if len(series) > 1:
        axes.legend()
    restyle(axes, picture)
    save_chart(figure, axes, picture)


def read_points(picture):
    """Find, save and say what was read."""
    series, refused = find_series(picture)
    if not series:
        raise ValueError("no markers were found inside the plotting area")
    x_axis, y_axis = picture["x_axis"], picture["y_axis"]
    frame = pd.concat([
        pd.DataFrame({
            "series": name,
            "x": round_values(x_axis, to_value(x_axis, places[:, 0])),
            "y": round_values(y_axis, to_value(y_axis, places[:, 1])),
            "overlaps": merged,
        })
        for name, _, places, merged in series
    ]).sort_values(["series", "x", "y"])
    frame = frame[within(frame["x"], picture)]
    if frame.empty:
        raise ValueError(NOTHING)
    columns = ["series", "x", "y"] if len(series) > 1 else ["x", "y"]
    frame[columns].to_csv(picture["out"] + "points.csv", index=False)
    doubts = axis_doubts(x_axis, "x") + axis_doubts(y_axis, "y")
    doubts += [(name, "", "no legend entry was found for these markers")
               for name, *_ in series if name.startswith("unnamed ")]
    shown = frame["series"] if len(series) > 1 else [""] * len(frame)
    keys = list(zip(shown, frame["x"]))
    doubts += [(name, x, "this marker overlaps others and was told apart by shape")
               for (name, x), overlaps in zip(keys, frame["overlaps"]) if overlaps]
    doubted = save_doubts(picture, doubts, keys)
    redraw_points(picture, series, frame)
    left_out = f" {refused} colour(s) looked like lines or texture and were left out." if refused else ""
    return (
        f"Read {len(frame)} points; x from {frame['x'].min():g} to {frame['x'].max():g} "
        f"({reading_error(x_axis)}), y from {frame['y'].min():g} to {frame['y'].max():g} "
        f"({reading_error(y_axis)}).{left_out}{doubted} {saved(picture, 'points.csv')}"
    )
