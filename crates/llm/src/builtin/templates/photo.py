"""Describe a photo, and count objects where they clearly stand apart from the ground.

Writes description.json, palette.png and histogram.png; with objects also
objects.png, objects.csv and count.json. It does not know what the picture shows.
"""

import numpy as np
from part_describe import describe_pixels
from part_image import load_picture
from part_objects import count_range, find_objects, hide_scale_bar, range_text, save_objects, scale_sentence, with_unit


def stand_apart(image, found):
    """Whether shapes look like separate objects rather than patches of a scene."""
    if not 2 <= len(found) <= 400:
        return False
    areas = np.array([item["area"] for item in found])
    covered = areas.sum() / (image.shape[0] * image.shape[1])
    compact = np.median([item["solidity"] for item in found]) > 0.9
    alike = np.std(areas) < 1.2 * np.mean(areas)
    return bool(compact and alike and covered < 0.6)


def look_at(picture):
    """Describe, perhaps count, and say which of the two was done."""
    image = load_picture(picture["image"])
    sentence = describe_pixels(picture, image)
    found, unsure = find_objects(hide_scale_bar(image, picture["scale_bar"]))
    if not stand_apart(image, found):
        return (
            f"{sentence} No separate objects on an even ground were found, so nothing was "
            f"counted; what the picture shows is not known."
            f"{' ' + scale_sentence(picture) if picture['scale_bar'] else ''}"
        )
    counted = count_range(found, unsure)
    save_objects(picture, image, found, counted)
    diameter = 2 * np.sqrt(np.median([item["area"] for item in found]) / np.pi)
    before = picture["out"].rpartition("/")[2]
    return (
        f"{sentence} {len(found)} separate objects{range_text(counted)} stand out from the ground, typically "
        f"{with_unit(picture, diameter)} across. {scale_sentence(picture)} {before}objects.png and {before}objects.csv number them, "
        f"{before}count.json has the range. What they are is not known."
    )
