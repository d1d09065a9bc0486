"""Loading a damaged picture the way it was looked at: upright, evenly lit, without noise."""

import cv2
import numpy as np


def lit_evenly(image, light):
    """The picture under the brightest of its light everywhere; `light` is a surface of brightness."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape[:2]),
                       indexing="ij")
    a, b, c, d, e = light
    surface = a * x + b * y + c * x * x + d * x * y + e * y * y
    return np.clip(image * np.exp(surface.max() - surface)[..., None] + 0.5, 0, 255).astype(np.uint8)


def settled(image, colours, reach=14):
    """Every pixel within `reach` levels of a plain colour takes it exactly."""
    out = image.copy()
    nearest = np.full(image.shape[:2], reach + 1, np.uint8)
    for colour in np.uint8(colours):
        away = cv2.absdiff(image, np.full_like(image, colour)).max(axis=2)
        out[away < nearest] = colour
        nearest = np.minimum(nearest, away)
    return out


def decode(path):
    """The picture in a file as 8-bit RGB, transparency laid on white."""
    raw = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if raw is None:
        raise ValueError("the picture could not be decoded")
    if raw.dtype != np.uint8:
        raw = cv2.normalize(raw, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    if raw.ndim == 2 or raw.shape[2] == 1:
        return cv2.cvtColor(raw, cv2.COLOR_GRAY2RGB)
    if raw.shape[2] == 4:
        opacity = raw[..., 3:] / 255.0
        raw = (raw[..., :3] * opacity + 255 * (1 - opacity)).round().astype(np.uint8)
    return cv2.cvtColor(raw, cv2.COLOR_BGR2RGB)


def load_picture(source):
    """A clean picture by its path, or a damaged one after what `source` says was done to it; pixels
    are taken as they are."""
    if isinstance(source, np.ndarray):
        return source.copy()
    if isinstance(source, str):
        return decode(source)
    image = cv2.warpPerspective(decode(source["file"]), np.array(source["matrix"]), source["size"],
                                flags=cv2.INTER_CUBIC, borderValue=source["fill"])
    if source["light"]:
        image = lit_evenly(image, source["light"])
    if source["strength"]:
        strength = source["strength"]
        image = cv2.fastNlMeansDenoisingColored(image, None, strength, strength, 5, 15)
        image = settled(image, source["colours"])
    return image
