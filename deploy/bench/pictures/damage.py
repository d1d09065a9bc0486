"""What happens to pictures on their way: one damage each, that a person would still read through."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter


def rotated(image: Image.Image, rng) -> Image.Image:
    """Scanned askew by one to three degrees, on white."""
    angle = float(rng.uniform(1, 3)) * rng.choice([-1, 1])
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))


def noisy(image: Image.Image, rng) -> Image.Image:
    """A sensor's noise of 12 to 20 grey levels."""
    pixels = np.asarray(image, float)
    return Image.fromarray(np.clip(pixels + rng.normal(0, rng.uniform(12, 20), pixels.shape), 0, 255).astype(np.uint8))


def small(image: Image.Image, rng) -> Image.Image:
    """A preview: half to two thirds of the size."""
    share = rng.uniform(0.5, 0.66)
    return image.resize([max(1, round(side * share)) for side in image.size], Image.Resampling.BICUBIC)


def blurred(image: Image.Image, rng) -> Image.Image:
    """Out of focus, and scaled up again by a program that meant well."""
    blur = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.8, 1.3))))
    return blur.resize([round(side * 1.3) for side in image.size], Image.Resampling.BILINEAR)


def jpeg(image: Image.Image, rng) -> Image.Image:
    """Sent through a messenger: quality 15 to 30, colours halved."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(15, 31)), subsampling=2)
    return Image.open(buffer).convert("RGB")


def photographed(image: Image.Image, rng) -> Image.Image:
    """A telephone's photo of a screen: slight perspective, light from one side, noise, JPEG."""
    width, height = image.size
    margin = round(0.05 * max(image.size))
    frame = Image.new("RGB", (width + 2 * margin, height + 2 * margin), (70, 66, 62))
    frame.paste(image, (margin, margin))
    wide, high = frame.size
    shift = rng.uniform(0, 0.02, 8) * max(frame.size)
    corners = [
        (shift[0], shift[1]),
        (shift[2], high - shift[3]),
        (wide - shift[4], high - shift[5]),
        (wide - shift[6], shift[7]),
    ]
    # Where each corner of the result is taken from; the eight unknowns of the perspective follow from these.
    targets, rows = [(0, 0), (0, high), (wide, high), (wide, 0)], []
    for (x, y), (u, v) in zip(targets, corners):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows, float), np.array(corners).reshape(8))
    bent = frame.transform(frame.size, Image.Transform.PERSPECTIVE, tuple(solved), Image.Resampling.BICUBIC)
    light = np.linspace(1.0, float(rng.uniform(0.68, 0.8)), wide)[None, :, None]
    pixels = np.asarray(bent, float) * light + rng.normal(0, 4, (high, wide, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=72)
    return Image.open(buffer).convert("RGB")


DAMAGES = {
    "rotated": rotated,
    "noisy": noisy,
    "low resolution": small,
    "blurred": blurred,
    "jpeg": jpeg,
    "photographed": photographed,
}
