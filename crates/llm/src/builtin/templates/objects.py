"""Count objects on a background: objects.png with contours, objects.csv with measurements, count.json.

The ground is evened out, a threshold separates the objects, and a watershed splits
those that touch. Sizes are in the unit of the scale bar, where the picture has one.
"""

import numpy as np
from part_image import load_picture
from part_objects import count_range, find_objects, hide_scale_bar, range_text, save_objects, scale_sentence, with_unit


def count_objects(picture):
    """Count, save and say how sure the count is."""
    image = load_picture(picture["image"])
    found, unsure = find_objects(hide_scale_bar(image, picture["scale_bar"]))
    if not found:
        return (
            "Counted 0 objects: nothing stands out clearly from the ground. "
            "That may also mean that the ground is too varied for fixed rules."
        )
    counted = count_range(found, unsure)
    save_objects(picture, image, found, counted)
    diameter = 2 * np.sqrt(np.median([item["area"] for item in found]) / np.pi)
    before = picture["out"].rpartition("/")[2]
    return (
        f"Counted {len(found)} objects{range_text(counted)}, typically {with_unit(picture, diameter)} across. "
        f"{scale_sentence(picture)} Check {before}objects.png; measurements are in "
        f"{before}objects.csv, the range in {before}count.json."
    )
