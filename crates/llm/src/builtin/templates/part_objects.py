"""Separating objects from the ground they lie on."""

import cv2
import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import h_maxima
from skimage.segmentation import watershed


def ground_surface(colours, rounds=8):
    """The ground's colour everywhere: a cubic surface, fitted mostly to the ground.

    Each round leaves out what is far from the surface, so objects stop pulling at it.
    """
    height, width = colours.shape[:2]
    step = max(1, max(height, width) // 150)
    samples = colours[::step, ::step]
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in samples.shape[:2]), indexing="ij")
    terms = np.stack([x.ravel()**i * y.ravel()**j for i in range(4) for j in range(4 - i)], axis=1)
    values = samples.reshape(len(terms), -1)
    keep = np.ones(len(terms), bool)
    for _ in range(rounds):
        surface = terms @ np.linalg.lstsq(terms[keep], values[keep], rcond=None)[0]
        away = np.linalg.norm(values - surface, axis=1)
        keep = away <= max(np.quantile(away, 0.4), 1.5 * np.median(away[keep]))
    return cv2.resize(surface.reshape(samples.shape), (width, height))


def separate(image):
    """Mask of objects: pixels that differ clearly from the evened-out ground."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1), cv2.COLOR_RGB2LAB).astype(float)
    difference = np.linalg.norm(lab - ground_surface(lab), axis=2)
    mask = (difference > 0.85 * threshold_otsu(difference)).astype(np.uint8)
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, round_brush)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(mask, contours, -1, 1, -1)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, round_brush)


def split_touching(mask):
    """Labels with touching objects cut apart at their necks.

    A neck counts when it is at least 15 % narrower than the bodies on both sides.
    """
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    depth = cv2.GaussianBlur(depth, (0, 0), 1) * mask
    relief = np.log(np.maximum(depth, 0.5))
    return watershed(-relief, label(h_maxima(relief, 0.15)), mask=mask > 0)


def measure(shape, corner, size, scale):
    """One object's contour, area and centre in pixels of the whole picture."""
    padded = np.pad(shape.astype(np.uint8), 1)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea) + np.array(corner) - 1
    hull = cv2.contourArea(cv2.convexHull(contour))
    x, y, width, height = cv2.boundingRect(contour)
    return {
        "contour": np.round(contour / scale).astype(np.int32),
        "area": np.count_nonzero(shape) / scale**2,
        "centre": (np.argwhere(shape)[:, ::-1].mean(axis=0) + corner) / scale,
        "solidity": cv2.contourArea(contour) / hull if hull else 0.0,
        "touches_edge": min(x, y) == 0 or x + width == size[1] or y + height == size[0],
    }


def find_objects(image):
    """Objects in reading order; specks and ragged shapes are left out."""
    scale = min(1.0, 1200 / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    labels = split_touching(separate(small))
    candidates = [
        measure(labels[place] == index, (place[1].start, place[0].start), labels.shape, scale)
        for index, place in enumerate(ndimage.find_objects(labels), start=1)
    ]
    usual = np.median([item["area"] for item in candidates]) if candidates else 0
    smallest = max(0.15 * usual, 25 / scale**2)
    found = [item for item in candidates if item["area"] >= smallest and item["solidity"] > 0.75]
    row_height = 1.2 * np.sqrt(usual)
    return sorted(found, key=lambda item: (item["centre"][1] // row_height, item["centre"][0]))


def outline_image(image, found):
    """The picture, at most 1600 pixels wide or high, with a numbered contour per object."""
    scale = min(1.0, 1600 / max(image.shape[:2]))
    canvas = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = max(0.35, np.sqrt(canvas.shape[0] * canvas.shape[1]) / 1400)
    for number, item in enumerate(found, start=1):
        contour = np.round(item["contour"] * scale).astype(np.int32)
        cv2.drawContours(canvas, [contour], -1, (255, 60, 0), max(1, round(2 * size)))
        x, y = item["centre"] * scale
        place = (round(x - 9 * size * len(str(number))), round(y + 9 * size))
        for colour, width in (((0, 0, 0), 4), ((255, 255, 0), 1.5)):
            cv2.putText(canvas, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, size, colour,
                        max(1, round(width * size)), cv2.LINE_AA)
    return canvas


def save_objects(picture, image, found):
    """overlay.png with numbered contours and objects.csv with the measurements."""
    overlay = cv2.cvtColor(outline_image(image, found), cv2.COLOR_RGB2BGR)
    cv2.imwrite(picture["out"] + "overlay.png", overlay)
    pd.DataFrame([
        {
            "number": number,
            "area_px": round(item["area"], 1),
            "centre_x": round(item["centre"][0], 1),
            "centre_y": round(item["centre"][1], 1),
            "diameter_px": round(2 * np.sqrt(item["area"] / np.pi), 1),
            "touches_edge": item["touches_edge"],
        }
        for number, item in enumerate(found, start=1)
    ]).to_csv(picture["out"] + "objects.csv", index=False)
