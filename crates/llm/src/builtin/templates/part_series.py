"""Which colours carry data in a chart of lines or markers."""

import cv2
import numpy as np
from part_colour import drawn_colours, ground_colour, hide_legend, inside, is_same_ink
from part_image import load_picture


def is_halo(area, colour, ground):
    """Whether a pale colour only surrounds strong ink, as lossy compression and blur leave it."""
    if np.abs(colour - ground).max() >= 80:
        return False
    away = np.abs(area.astype(np.int16) - ground).max(axis=2)
    around = cv2.dilate((away > 110).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    own = np.abs(area.astype(np.int16) - colour).max(axis=2) < 24
    return own.sum() > 0 and (own & around).sum() > 0.7 * own.sum()


def data_colours(picture, area, ground, smallest_share):
    """Names and colours of the series: the legend's, and vivid colours it does not list.

    Without any vivid colour the data is the gray that stands out most: a grid is faint.
    """
    names = [entry["name"] for entry in picture["legend"]]
    colours = [np.array(entry["rgb"], float) for entry in picture["legend"]]
    for colour in drawn_colours(area, ground, smallest_share, grey_counts=False):
        is_known = any(np.linalg.norm(colour - known) < 60 or is_same_ink(colour, ground, known)
                       for known in colours)
        if not is_known and not is_halo(area, colour, ground):
            colours.append(colour)
            names.append(f"unnamed {len(colours)}" if picture["legend"] else
                         f"series {len(colours)}")
    if not colours:
        grays = drawn_colours(area, ground, smallest_share, grey_counts=True)
        colours = sorted(grays, key=lambda gray: -np.linalg.norm(gray - ground))[:1]
        names = ["series 1"]
    return names, colours


def open_chart(picture):
    """The data's surroundings, their corner, the ground, and names and colours of series.

    The found plotting area may end at the last grid line while data goes on beyond it,
    so vivid colours are followed a little further; grays are not: that is where text is.
    """
    image, box = load_picture(picture["image"]), picture["plot_box"]
    area, corner = inside(image, box)
    ground = ground_colour(area, image)
    hide_legend(area, corner, picture["legend"], ground)
    names, colours = data_colours(picture, area, ground, 0.0008)
    if not colours:
        raise ValueError("the plotting area has no second colour")
    if all(np.ptp(colour) >= 30 for colour in colours):
        area, corner = inside(image, box, margin=-round(0.1 * box[3]))
        hide_legend(area, corner, picture["legend"], ground)
    return area, corner, ground, names, colours
