"""Read a scatter plot: points.csv and a redrawn chart.png.

Markers are found by colour; a blob larger than one marker is split by fitting
several copies of the typical marker into it.
"""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from part_axis import reading_error, round_values, to_value
from part_chart import plain, save_chart
from part_colour import belongs
from part_series import open_chart


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


def split(blob, marker, usual, area):
    """Marker centres inside one blob: the fewest that explain its shape."""
    tried = []
    for count in range(1, min(12, int(3 * area / usual) + 1) + 1):
        places, error = place_markers(blob, marker, count)
        tried.append((error, places))
        if error < 0.06:
            break
    errors = np.array([error for error, _ in tried])
    return tried[int(np.argmax(errors <= errors.min() + 0.03))][1]


def find_points(mask):
    """Pixel centres of all markers of one colour, how many were split, their radius."""
    blobs = find_blobs(mask)
    if not blobs:
        return np.empty((0, 2)), 0, 0.0
    marker, usual = typical_marker(blobs)
    points, merged = [], 0
    for blob, corner, centre, area in blobs:
        if area < 0.4 * usual or max(blob.shape) > 12 * max(marker.shape):
            continue
        if area <= 1.25 * usual:
            points.append(centre)
        else:
            places = split(blob, marker, usual, area)
            points.extend(places + corner)
            merged += len(places) if len(places) > 1 else 0
    return np.array(points).reshape(-1, 2), merged, np.sqrt(usual / np.pi)


def is_rim(places, stronger, radius):
    """Whether markers sit on those of a stronger colour: an outline, not a series."""
    if len(stronger) == 0:
        return False
    away = np.linalg.norm(places[:, None] - stronger[None], axis=2).min(axis=1)
    return np.mean(away < radius + 1.5) > 0.7


def find_series(picture):
    """Name, colour and marker centres of each series, and how many markers overlap."""
    area, corner, ground, names, colours = open_chart(picture)
    owner = belongs(area, colours, ground, reach=90)
    series, known, largest, overlapping = [], np.empty((0, 2)), 0.0, 0
    for index, (name, colour) in enumerate(zip(names, colours)):
        places, merged, radius = find_points((owner == index).astype(np.uint8))
        is_listed = index < len(picture["legend"])
        if len(places) and (is_listed or not is_rim(places, known, largest)):
            series.append((name, colour / 255, places + np.array(corner)))
            known = np.concatenate([known, places])
            largest = max(largest, radius)
            overlapping += merged
    return series, overlapping


def redraw(picture, series, frame):
    """The same plot from the values read."""
    figure, axes = plt.subplots(figsize=(8, 6))
    for name, colour, _ in series:
        points = frame[frame["series"] == name]
        axes.scatter(points["x"], points["y"], color=colour, label=plain(name), s=24)
    axes.set_xscale("log" if picture["x_axis"]["scale"] == "log" else "linear")
    axes.set_yscale("log" if picture["y_axis"]["scale"] == "log" else "linear")
    if len(series) > 1:
        axes.legend()
    save_chart(figure, axes, picture)


def read_points(picture):
    """Find, save and say what was read."""
    series, overlapping = find_series(picture)
    if not series:
        raise ValueError("no markers were found inside the plotting area")
    x_axis, y_axis = picture["x_axis"], picture["y_axis"]
    frame = pd.concat([
        pd.DataFrame({
            "series": name,
            "x": round_values(x_axis, to_value(x_axis, places[:, 0])),
            "y": round_values(y_axis, to_value(y_axis, places[:, 1])),
        })
        for name, _, places in series
    ]).sort_values(["series", "x", "y"])
    columns = ["series", "x", "y"] if len(series) > 1 else ["x", "y"]
    frame[columns].to_csv(picture["out"] + "points.csv", index=False)
    redraw(picture, series, frame)
    doubt = f" {overlapping} of them overlap and were told apart by shape, which can " \
        "miss or misplace some." if overlapping else ""
    return (
        f"Read {len(frame)} points; x from {frame['x'].min():g} to {frame['x'].max():g} "
        f"({reading_error(x_axis)}), y from {frame['y'].min():g} to {frame['y'].max():g} "
        f"({reading_error(y_axis)}).{doubt} Saved points.csv and chart.png."
    )
