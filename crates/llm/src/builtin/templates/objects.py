"""Count objects: objects.png with numbered contours and objects.csv.

The uneven ground is evened out, what differs from it is separated by Otsu's
threshold, and touching objects are cut apart with a watershed. Shapes smaller than
15 % of the usual object, or ragged ones, do not count.
"""

import numpy as np
from part_image import load_picture
from part_objects import find_objects, save_objects


def count_objects(picture):
    """Count, save and say how sure the count is."""
    image = load_picture(picture["image"])
    found = find_objects(image)
    if not found:
        return (
            "Counted 0 objects: nothing stands out clearly from the ground. "
            "That may also mean that the ground is too varied for fixed rules."
        )
    save_objects(picture, image, found)
    areas = np.array([item["area"] for item in found])
    diameter = 2 * np.sqrt(np.median(areas) / np.pi)
    unsure = int(np.sum((areas > 1.9 * np.median(areas)) | (areas < 0.4 * np.median(areas))))
    at_edge = sum(item["touches_edge"] for item in found)
    sentences = [f"Counted {len(found)} objects, typically {diameter:.0f} pixels across."]
    if unsure:
        sentences.append(f"Much larger or smaller than usual: {unsure}; the count is unsure "
                         f"by about as many.")
    if at_edge:
        sentences.append(f"Touching the edge of the picture: {at_edge}.")
    sentences.append("Check objects.png; measurements are in objects.csv.")
    return " ".join(sentences)
