"""Separating objects from the ground they lie on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

MOST_SHAPES = 4000  # more separate shapes than this are texture, not objects


def ground_surface(colours, where=None, rounds=8):
    """The ground's colour everywhere: a cubic surface, fitted mostly to the ground.

    Each round leaves out what is far from the surface, so objects stop pulling at it.
    `where` is the part of the picture to fit to; without it, all of it.
    """
    height, width = colours.shape[:2]
    step = max(1, max(height, width) // 150)
    samples = colours[::step, ::step]
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in samples.shape[:2]), indexing="ij")
    terms = np.stack([x.ravel()**i * y.ravel()**j for i in range(4) for j in range(4 - i)], axis=1)
    values = samples.reshape(len(terms), -1)
    inside = np.ones(len(terms), bool) if where is None else where[::step, ::step].ravel() > 0
    keep = inside
    for _ in range(rounds):
        surface = terms @ np.linalg.lstsq(terms[keep], values[keep], rcond=None)[0]
        away = np.linalg.norm(values - surface, axis=1)
        keep = inside & (away <= max(np.quantile(away[inside], 0.4), 1.5 * np.median(away[keep])))
    return cv2.resize(surface.reshape(samples.shape), (width, height))


def stand_out(lab, where=None):
    """Mask of pixels that differ clearly from the evened-out ground.

    Where objects are of unlike brightness Otsu's threshold is too high for the faintest, so
    it comes down to what stands out from the ground's own unrest. Halos and shadows do so
    too: of each shape, only what lies on its stronger side, brighter or darker, is kept.
    """
    offset = lab - ground_surface(lab, where)
    difference = np.linalg.norm(offset, axis=2)
    if where is not None:
        difference = difference * where
    seen = difference[where > 0] if where is not None else difference
    usual = threshold_otsu(seen)
    quiet = seen[seen < usual]
    limit = max(0.4 * usual, 7 * np.median(quiet)) if len(quiet) else usual
    if limit >= 0.85 * usual:
        return (difference > 0.85 * usual).astype(np.uint8)
    lower = difference > limit
    # A halo is parted from its object by the line where it crosses the ground.
    count, shapes = cv2.connectedComponents(cv2.dilate(lower.astype(np.uint8), np.ones((5, 5), np.uint8)))
    brighter = offset[..., 0]
    side = np.bincount(shapes.ravel(), (brighter * difference**2).ravel(), count)
    same = np.sign(brighter) == np.sign(side)[shapes]
    return (lower & (same | (np.abs(brighter) < 0.3 * difference))).astype(np.uint8)


def dish(lab):
    """The dish, plate or screen that holds everything, its rim left out: one solid shape over a
    good part of the picture, of another colour than what lies around it; or None."""
    rim = np.concatenate([lab[:3].reshape(-1, 3), lab[-3:].reshape(-1, 3), lab[:, :3].reshape(-1, 3),
                          lab[:, -3:].reshape(-1, 3)])
    away = np.linalg.norm(lab - np.median(rim, axis=0), axis=2)
    mask = (away > threshold_otsu(away)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    contours, _ = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_SIMPLE)
    contour = max(contours, key=cv2.contourArea)
    area = cv2.contourArea(contour)
    if area < 0.25 * mask.size or area < 0.85 * cv2.contourArea(cv2.convexHull(contour)):
        return None
    filled = cv2.drawContours(np.zeros_like(mask), [cv2.convexHull(contour)], -1, 1, -1)
    width = max(3, round(0.02 * min(mask.shape)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    eroded = cv2.erode(np.pad(filled, 1), brush)
    inner = np.ascontiguousarray(eroded[1:-1, 1:-1])
    # Light that fades to the corners has a bright middle too, but no edge around it.
    near = cv2.dilate(filled, brush) - filled
    step = np.median(away[(filled > 0) & (inner == 0)]) - np.median(away[near > 0]) if near.any() else 0
    if step < 0.5 * (away[inner > 0].mean() - away[filled == 0].mean() if inner.any() else np.inf):
        return None
    return inner if 0.15 < inner.mean() < 0.9 else None


def separate(image):
    """Mask of objects: pixels that differ clearly from the ground, or from the dish they lie in."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1), cv2.COLOR_RGB2LAB).astype(float)
    mask = stand_out(lab, dish(lab))
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, round_brush)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(mask.copy(), contours, -1, 1, -1)
    # Filling a frame would fill the picture.
    return cv2.morphologyEx(filled if filled.mean() < 0.75 else mask, cv2.MORPH_OPEN, round_brush)


def split_touching(mask):
    """Labels with touching objects cut apart at their necks.

    A neck counts when it is at least 15 % narrower than the bodies on both sides, and only
    where the whole is not convex: a single rod has rough edges, but no neck.
    """
    count, _ = cv2.connectedComponents(mask)
    if mask.mean() > 0.75 or count > MOST_SHAPES:
        return np.zeros(mask.shape, int)
    # The frame of ground keeps the depth finite and makes shapes at the rim end there.
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth = cv2.GaussianBlur(depth, (0, 0), 1) * mask
    relief = np.log(np.maximum(depth, 0.5))
    pieces = watershed(-relief, label(h_maxima(relief, 0.15)), mask=mask > 0)
    return joined(pieces, ndimage.label(mask, np.ones((3, 3)))[0])


def solid(shape):
    """How much of its convex hull a shape (a mask) fills."""
    contours, _ = cv2.findContours(np.pad(shape.astype(np.uint8), 1), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    hull = cv2.contourArea(cv2.convexHull(contour))
    return cv2.contourArea(contour) / hull if hull else 1.0


def joined(pieces, wholes):
    """The pieces with those put together again whose union is convex."""
    for index, place in enumerate(ndimage.find_objects(wholes), start=1):
        inside = wholes[place] == index
        part = pieces[place]
        names = np.unique(part[inside])
        names = names[names > 0]
        if not 2 <= len(names) <= 60:
            continue
        if solid(inside) > 0.94:
            part[inside & (part > 0)] = names[0]
            continue
        for name in names:
            near = cv2.dilate((part == name).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            for other in np.unique(part[near & inside]):
                if other not in (0, name) and solid((part == name) | (part == other)) > 0.94:
                    part[part == other] = name
    return pieces


def unsure_cuts(labels, wholes):
    """How many cuts through touching objects are unsure: made where they meet along more than half of
    the smaller one's width, so that both may be one."""
    count = 0
    for index, place in enumerate(ndimage.find_objects(wholes), start=1):
        part = np.where(wholes[place] == index, labels[place], 0)
        names = [name for name in np.unique(part) if name]
        widths = {name: 2 * np.sqrt((part == name).sum() / np.pi) for name in names}
        for position, name in enumerate(names[:60]):
            near = cv2.dilate((part == name).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            for other in names[position + 1 : 60]:
                meeting = (near & (part == other)).sum()
                count += meeting > 0.55 * min(widths[name], widths[other])
    return int(count)


def beyond_edge(shape, difference):
    """How many pixels of a shape's rim lie outside of its edge, where half its contrast is left: what
    finds faint objects draws strong ones too large."""
    padded = np.pad(shape.astype(np.uint8), 1)
    deep = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    ring = shape & (deep <= 7)
    if not ring.any():
        return 0
    half = 0.5 * np.quantile(difference[ring], 0.75)
    return int((shape & (deep <= 3.5) & (difference < half)).sum())


def measure(shape, corner, size, scale, difference):
    """One object's contour, area and centre in pixels of the whole picture."""
    padded = np.pad(shape.astype(np.uint8), 1)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea) + np.array(corner) - 1
    hull = cv2.contourArea(cv2.convexHull(contour))
    x, y, width, height = cv2.boundingRect(contour)
    return {
        "contour": np.round(contour / scale).astype(np.int32),
        "area": (np.count_nonzero(shape) - beyond_edge(shape, difference)) / scale**2,
        "centre": (np.argwhere(shape)[:, ::-1].mean(axis=0) + corner) / scale,
        "solidity": cv2.contourArea(contour) / hull if hull else 0.0,
        "touches_edge": min(x, y) == 0 or x + width == size[1] or y + height == size[0],
    }


def hide_scale_bar(image, bar):
    """The picture without its scale bar, which is no object."""
    if not bar:
        return image
    image = image.copy()
    for x, y, width, height in (bar["box"], bar["text_box"]):
        grow = 4 + round(0.1 * height)
        left, top = max(0, round(x) - grow), max(0, round(y) - grow)
        right, bottom = round(x + width) + grow, round(y + height) + grow
        rim = np.concatenate([image[top, left:right], image[min(bottom, len(image)) - 1, left:right]])
        image[top:bottom, left:right] = np.median(rim, axis=0)
    return image


def find_objects(image):
    """Objects in reading order, and how many cuts between touching ones are unsure; specks and ragged
    shapes are left out."""
    scale = min(1.0, 1200 / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = separate(small)
    labels = split_touching(mask)
    unsure = unsure_cuts(labels, ndimage.label(mask, np.ones((3, 3)))[0]) if labels.any() else 0
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(float)
    difference = np.linalg.norm(lab - ground_surface(lab, dish(lab)), axis=2)
    candidates = [
        measure(labels[place] == index, (place[1].start, place[0].start), labels.shape, scale,
                difference[place])
        for index, place in enumerate(ndimage.find_objects(labels), start=1) if place
    ]
    usual = np.median([item["area"] for item in candidates]) if candidates else 0
    smallest = max(0.15 * usual, 25 / scale**2)
    found = [item for item in candidates if item["area"] >= smallest and item["solidity"] > 0.75]
    row_height = 1.2 * np.sqrt(usual)
    found.sort(key=lambda item: (item["centre"][1] // row_height, item["centre"][0]))
    return found, unsure


def count_range(found, unsure):
    """The count as best, low and high, and in sentences where the range comes from."""
    areas = np.array([item["area"] for item in found])
    usual = np.median(areas) if len(areas) else 1.0
    small = int((areas < 0.4 * usual).sum())
    more = int(sum(round(area / usual) - 1 for area in areas if area > 1.9 * usual))
    cut = int(sum(item["touches_edge"] for item in found))
    best, why = len(found), []
    if unsure:
        pairs = "pair touches" if unsure == 1 else "pairs touch"
        why.append(f"{unsure} {pairs} so broadly that each may be one object (fewer)")
    if small:
        why.append(f"{small} {'is' if small == 1 else 'are'} much smaller than usual and may be none (fewer)")
    if cut:
        why.append(f"{cut} {'is' if cut == 1 else 'are'} cut by the edge of the picture (fewer)")
    if more:
        why.append(f"what is unusually large may be {more} more")
    return {"best": best, "low": max(0, best - unsure - small - cut), "high": best + more, "why": why}


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


ASCII = {"µm": "um", "Å": "angstrom"}


def with_unit(picture, pixels):
    """A length in pixels as text, in the unit of the scale bar where there is one."""
    bar = picture["scale_bar"]
    if not bar:
        return f"{pixels:.0f} pixels"
    return f"{pixels * bar['value'] / bar['length_px']:.3g} {bar['unit']} ({pixels:.0f} pixels)"


def scale_sentence(picture):
    """What the sizes rest on."""
    bar = picture["scale_bar"]
    if not bar:
        return "No scale bar was found, so sizes are in pixels."
    doubt = f", but {bar['doubt']}: sizes in {bar['unit']} are in doubt" if bar["doubt"] else ""
    return f"The scale bar of {bar['value']:g} {bar['unit']} is {bar['length_px']:.1f} pixels long{doubt}."


def size_columns(picture, item):
    """An object's diameter (of a circle of its area) and area in pixels, and in the scale bar's unit."""
    diameter = 2 * np.sqrt(item["area"] / np.pi)
    columns = {"diameter_px": round(diameter, 1)}
    bar = picture["scale_bar"]
    if bar:
        unit, size = ASCII.get(bar["unit"], bar["unit"]), bar["value"] / bar["length_px"]
        columns[f"diameter_{unit}"] = float(f"{diameter * size:.4g}")
        columns[f"area_{unit}2"] = float(f"{item['area'] * size**2:.4g}")
    return columns


def save_objects(picture, image, found, counted):
    """objects.png with numbered contours, objects.csv with the measurements, count.json with the range."""
    overlay = cv2.cvtColor(outline_image(image, found), cv2.COLOR_RGB2BGR)
    cv2.imwrite(picture["out"] + "objects.png", overlay)
    pd.DataFrame([
        {
            "number": number,
            "area_px": round(item["area"], 1),
            "centre_x": round(item["centre"][0], 1),
            "centre_y": round(item["centre"][1], 1),
            **size_columns(picture, item),
            "touches_edge": item["touches_edge"],
        }
        for number, item in enumerate(found, start=1)
    ]).to_csv(picture["out"] + "objects.csv", index=False)
    Path(picture["out"] + "count.json").write_text(
        json.dumps({**counted, "scale_bar": picture["scale_bar"]}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8")


def range_text(counted):
    """The range in brackets with its reasons, or nothing where there is none."""
    if not counted["why"]:
        return ""
    return f" (between {counted['low']} and {counted['high']}: {'; '.join(counted['why'])})"
