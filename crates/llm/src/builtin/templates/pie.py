"""Read a pie or ring chart: shares.csv and a redrawn chart.png.

Wedges are found by colour; a wedge's share is its part of the coloured area, which
also holds for rings and for wedges pulled out of the pie.
"""

import re

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from part_chart import open_chart_axes, plain, saved
from part_colour import belongs, drawn_colours, ground_colour, hide_legend
from part_image import load_picture


def keep_disc(image, disc, ground):
    """Paint the ground over everything that is not the disc: samples of a legend look like wedges."""
    centre_x, centre_y, wide, high = disc
    outside = np.ones(image.shape[:2], np.uint8)
    # Wedges may be pulled out of the pie by a part of its radius.
    reach = (round(1.15 * wide), round(1.15 * high))
    cv2.ellipse(outside, (round(centre_x), round(centre_y)), reach, 0, 0, 360, 0, -1)
    image[outside > 0] = ground


def find_wedges(image, legend, disc):
    """Coloured areas as (colour, area in pixels, centre), text inside them included."""
    ground = ground_colour(image)
    hide_legend(image, (0, 0), legend, ground)
    if disc:
        keep_disc(image, disc, ground)
    colours = drawn_colours(image, ground, 0.001, grey_counts=True, apart=25)
    owner = belongs(image, colours, ground)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    wedges = []
    for index, colour in enumerate(colours):
        mask = cv2.morphologyEx((owner == index).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            filled = cv2.drawContours(np.zeros_like(mask), [contour], -1, 1, -1)
            # A ring of one colour encloses its hole: count only what is not the ground.
            hole = cv2.morphologyEx(((owner == -1) & (filled > 0)).astype(np.uint8),
                                    cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))
            ys, xs = np.nonzero((filled > 0) & (hole == 0))
            wedges.append((colour, len(xs), np.array([xs.mean(), ys.mean()])))
    return wedges


def round_part(wedges):
    """The wedges that form the pie: large, and around the common centre."""
    largest = max(area for _, area, _ in wedges)
    solid = [wedge for wedge in wedges if wedge[1] > 0.004 * largest]
    total = sum(area for _, area, _ in solid)
    centre = sum(middle * area for _, area, middle in solid) / total
    radius = np.sqrt(total / np.pi)
    near = [wedge for wedge in solid if np.linalg.norm(wedge[2] - centre) < 1.3 * radius]
    return near, centre


def printed_share(text):
    """The number in a text such as "27 %", or None."""
    match = re.fullmatch(r"[^\d%]*(\d+(?:[.,]\d+)?)\s*%\D*", text)
    return float(match.group(1).replace(",", ".")) if match else None


def angle_of(offset):
    """Degrees counter-clockwise from three o'clock, like a compass of the pie."""
    return float(np.degrees(np.arctan2(-offset[1], offset[0])) % 360)


def nearest_words(words, places, centre, reach):
    """For each place the text that is nearest to it, or None; a text belongs to one place only.

    A text must lie in the direction, from the centre, of its place, give or take 40 degrees,
    and no farther from it than `reach` pixels: the title of a legend names no wedge.
    """
    pairs = []
    for number, place in enumerate(places):
        for index, (_, at) in enumerate(words):
            turn = abs(angle_of(np.array(at) - centre) - angle_of(place - centre))
            away = float(np.linalg.norm(np.array(at) - place))
            if min(turn, 360 - turn) < 40 and away < reach:
                pairs.append((away, number, index))
    nearest, used = {}, set()
    for _, number, index in sorted(pairs):
        if number not in nearest and index not in used:
            nearest[number] = words[index]
            used.add(index)
    return [nearest.get(number) for number in range(len(places))]


def name_wedges(picture, wedges, centre):
    """Label and printed percentage of each wedge, as far as the picture tells them."""
    labels = [word for word in picture["words"] if printed_share(word[0]) is None]
    percents = [word for word in picture["words"] if printed_share(word[0]) is not None]
    middles = [middle for _, _, middle in wedges]
    radius = np.sqrt(sum(area for _, area, _ in wedges) / np.pi)
    outer = [centre + 1.2 * radius * (middle - centre) / max(1e-6, np.linalg.norm(middle - centre))
             for middle in middles]
    beside = nearest_words(labels, outer, centre, 0.9 * radius)
    inside = nearest_words(percents, middles, centre, radius)
    rows = []
    for number, (colour, area, middle) in enumerate(wedges, start=1):
        legend = [entry for entry in picture["legend"]
                  if np.linalg.norm(np.array(entry["rgb"]) - colour) < 60]
        label, printed = beside[number - 1], inside[number - 1]
        if legend:
            name = min(legend, key=lambda entry: np.linalg.norm(
                np.array(entry["rgb"]) - colour))["name"]
        else:
            name = label[0] if label else f"wedge {number}"
        rows.append({"label": name, "area": area, "start": angle_of(middle - centre),
                     "printed_percent": printed_share(printed[0]) if printed else None,
                     "colour": colour / 255})
    return rows


def read_wedges(picture):
    """Measure, save and say what was read."""
    wedges = find_wedges(load_picture(picture["image"]), picture["legend"], picture["disc"])
    if len(wedges) < 2:
        raise ValueError("no coloured wedges were found")
    wedges, centre = round_part(wedges)
    rows = sorted(name_wedges(picture, wedges, centre), key=lambda row: row["start"])
    frame = pd.DataFrame(rows)
    frame["share_percent"] = (100 * frame["area"] / frame["area"].sum()).round(2)
    columns = ["label", "share_percent"]
    if frame["printed_percent"].notna().any():
        columns.append("printed_percent")
    frame[columns].to_csv(picture["out"] + "shares.csv", index=False)
    figure, axes = open_chart_axes(picture, (6, 6))
    axes.pie(frame["share_percent"], labels=[plain(name) for name in frame["label"]],
             colors=list(frame["colour"]), autopct="%1.1f%%")
    axes.set_title(plain(picture["title"]))
    if picture.get("axes") is None:
        figure.savefig(picture["out"] + "chart.png", dpi=120)
        plt.close(figure)
    shares = ", ".join(f"{row.label} {row.share_percent:.1f} %" for row in frame.itertuples())
    check = ""
    if "printed_percent" in columns:
        worst = (frame["share_percent"] - frame["printed_percent"]).abs().max()
        check = f" The printed percentages differ by at most {worst:.1f} points."
    return (
        f"Measured {len(frame)} wedges: {shares}; each ±0.5 points.{check} "
        f"{saved(picture, 'shares.csv')}"
    )
