"""Telling drawn things from the ground by colour."""

import cv2
import numpy as np


def inside(image, box, margin=2):
    """The plotting area without its frame, and the pixel position of its corner."""
    height, width = image.shape[:2]
    left, top = max(0, round(box[0]) + margin), max(0, round(box[1]) + margin)
    right = min(width, round(box[0] + box[2]) - margin)
    bottom = min(height, round(box[1] + box[3]) - margin)
    return image[top:bottom, left:right].copy(), (left, top)


def most_common(pixels):
    """The most common colour and its share."""
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    return colours[counts.argmax()].astype(float), counts.max() / counts.sum()


def ground_colour(area, image=None):
    """The most common colour along the area's rim.

    Bars may cover more of the rim than the ground does: where a side shows the colour of
    the page around it (the rim of the whole `image`), that is the ground.
    """
    sides = [area[:3], area[:, :3], area[:, -3:]]
    if image is not None:
        page, share = most_common(np.concatenate([image[[0, 1, -2, -1]].reshape(-1, 3),
                                                  image[:, [0, 1, -2, -1]].reshape(-1, 3)]))
        shown = [np.all(np.abs(side.reshape(-1, 3) - page) <= 4, axis=1).mean() for side in sides]
        if share > 0.5 and max(shown) > 0.5:
            return page
    return most_common(np.concatenate([side.reshape(-1, 3) for side in sides]))[0]


def drawn_colours(area, ground, smallest_share, grey_counts, apart=40):
    """Distinct colours that are not the ground, the most frequent first."""
    pixels = area.reshape(-1, 3)
    bins, counts = np.unique(pixels // 8, axis=0, return_counts=True)
    order = counts.argsort()[::-1][:400]
    ink = np.where(ground > 127, 0.0, 255.0)
    found = []
    for colour, count in zip(bins[order] * 8.0 + 4, counts[order]):
        is_grey = np.ptp(colour) < 30 or np.linalg.norm(colour - ink) < 70
        if np.abs(colour - ground).max() < 36 or (is_grey and not grey_counts):
            continue
        near = [entry for entry in found if np.linalg.norm(entry[0] - colour) < apart]
        if near:
            near[0][1] += count
        else:
            found.append([colour, count])
    found.sort(key=lambda entry: -entry[1])
    return [colour for colour, count in found if count >= smallest_share * len(pixels)]


def is_same_ink(colour, ground, strong):
    """Whether a colour is more or less of a stronger one's ink: a soft edge, an overlap."""
    reach = strong - ground
    part = np.dot(colour - ground, reach) / np.dot(reach, reach)
    return 0 < part < 1.6 and np.linalg.norm(colour - ground - part * reach) < 30


def belongs(area, colours, ground, reach=60.0):
    """Index of the nearest drawn colour for each pixel, -1 for the ground and for text.

    Text is taken to be of the colour opposite to the ground, unless data is. Gray, as of axes
    and grids, is never more or less of a vivid colour.
    """
    pixels = area.astype(np.float32)
    owner = np.full(area.shape[:2], -1)
    nearest = np.full(area.shape[:2], reach)
    others = [ground]
    chroma = np.ptp(pixels, axis=2)
    ink = np.where(ground > 127, 0.0, 255.0)
    if all(np.linalg.norm(colour - ink) > 100 for colour in colours):
        others.append(ink)
    for index, colour in enumerate([*colours, *others]):
        distance = np.linalg.norm(pixels - np.float32(colour), axis=2)
        if index < len(colours) and np.ptp(colour) >= 40:
            distance[chroma < 0.3 * np.ptp(colour)] = np.inf
        owner[distance < nearest] = index if index < len(colours) else -1
        nearest = np.minimum(nearest, distance)
    return owner


def hide_legend(area, corner, legend, ground):
    """Paint the ground over legend samples, which look just like data."""
    for entry in legend:
        if entry.get("swatch"):
            x, y, width, height = entry["swatch"]
            left, top = round(x - corner[0] - 2), round(y - corner[1] - 2)
            cv2.rectangle(area, (left, top), (left + round(width) + 4, top + round(height) + 4),
                          ground.tolist(), -1)
            x, y, width, height = entry["box"]
            left, top = round(x - corner[0] - 1), round(y - corner[1] - 1)
            cv2.rectangle(area, (left, top), (left + round(width) + 2, top + round(height) + 2),
                          ground.tolist(), -1)
        elif entry["box"]:
            x, y, width, height = entry["box"]
            left, top = round(x - corner[0] - 4.5 * height), round(y - corner[1] - height / 2)
            right, bottom = round(x + width - corner[0]), round(y + 1.5 * height - corner[1])
            cv2.rectangle(area, (left, top), (right, bottom), ground.tolist(), -1)
