"""Count objects the simple way: one threshold, one count for each separate shape.

Touching objects are not told apart. Writes objects.png and objects.csv.
"""

import cv2
import numpy as np
import pandas as pd
from part_image import load_picture


def count_blobs(picture):
    """Threshold, count and say what this cannot do."""
    image = load_picture(picture["image"])
    gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (5, 5), 0)
    _, mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if np.mean(rim > 0) > 0.5:
        mask = cv2.bitwise_not(mask)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [c for c in contours if cv2.contourArea(c) >= 0.0005 * mask.size]
    rows = []
    for number, contour in enumerate(large, start=1):
        (x, y), radius = cv2.minEnclosingCircle(contour)
        rows.append([number, cv2.contourArea(contour), round(x, 1), round(y, 1),
                     round(2 * radius, 1)])
    columns = ["number", "area_px", "centre_x", "centre_y", "diameter_px"]
    pd.DataFrame(rows, columns=columns).to_csv(picture["out"] + "objects.csv", index=False)
    overlay = cv2.drawContours(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), large, -1, (0, 60, 255), 2)
    cv2.imwrite(picture["out"] + "objects.png", overlay)
    bar = picture["scale_bar"]
    size = (f" Sizes are in pixels; the scale bar of {bar['value']:g} {bar['unit']} is {bar['length_px']:.1f} "
            "pixels long.") if bar else ""
    before = picture["out"].rpartition("/")[2]
    return (
        f"Counted {len(large)} separate shapes with one threshold; touching objects count as "
        f"one, so the true number may be higher.{size} Saved {before}objects.png and {before}objects.csv."
    )
