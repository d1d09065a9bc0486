"""Things to count in the measuring set."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .registry import picture
from .with_objects import ellipse, scatter, truth, vignette, write


@picture("fresh-objects-beans", "count", "synthetic", "beans on grey cloth", "touching")
def _(path, rng):
    width, height = 780, 580
    yy, xx = np.mgrid[:height, :width]
    weave = 6 * np.sin(xx / 2.1) + 6 * np.sin(yy / 2.3)
    pixels = np.stack([120 + weave, 124 + weave, 130 + weave], axis=2)
    centres = scatter(rng, int(rng.integers(24, 44)), width, height, 52, 34)
    for x, y in centres:
        edge = ellipse(yy, xx, x, y, rng.uniform(22, 28), rng.uniform(14, 18), rng.uniform(0, np.pi))
        body = np.clip((1 - edge) * 10, 0, 1)[..., None]
        pixels = pixels * (1 - body) + np.array([222, 202, 168]) * (1 - 0.25 * np.clip(edge, 0, 1))[..., None] * body
    write(path, ndimage.gaussian_filter(pixels, (0.8, 0.8, 0)) * vignette(width, height, 0.2)[..., None], rng, 4)
    return truth(centres, "beans")


@picture("fresh-objects-droplets", "count", "synthetic", "rings on blue: droplets", "rings")
def _(path, rng):
    width, height = 700, 520
    yy, xx = np.mgrid[:height, :width]
    pixels = np.stack([np.full((height, width), v, float) for v in (150, 182, 214)], axis=2)
    centres = scatter(rng, int(rng.integers(30, 60)), width, height, 46, 26)
    for x, y in centres:
        radius = rng.uniform(10, 20)
        edge = ellipse(yy, xx, x, y, radius, radius, 0)
        ring = np.exp(-(((edge - 0.9) / 0.14) ** 2))[..., None]
        pixels = pixels * (1 - 0.75 * ring) + np.array([38, 52, 90]) * 0.75 * ring
    write(path, pixels * vignette(width, height, 0.25, (0.06, 0.04))[..., None], rng, 3)
    return truth(centres, "droplets")


@picture("fresh-objects-pills", "count", "synthetic", "white pills on green", "few")
def _(path, rng):
    width, height = 840, 600
    yy, xx = np.mgrid[:height, :width]
    pixels = np.stack([np.full((height, width), v, float) for v in (52, 96, 74)], axis=2)
    centres = scatter(rng, int(rng.integers(9, 26)), width, height, 88, 50)
    for x, y in centres:
        a, b, turn = 36, rng.choice([17, 36]), rng.uniform(0, np.pi)
        shade = np.clip(1.2 - ellipse(yy, xx, x + 5, y + 6, a, b, turn), 0, 0.35)[..., None]
        pixels = pixels * (1 - shade)
        body = np.clip((1 - ellipse(yy, xx, x, y, a, b, turn)) * 14, 0, 1)[..., None]
        pixels = pixels * (1 - body) + 236 * body
    write(path, pixels * vignette(width, height, 0.3, (0.08, 0.05))[..., None], rng, 4)
    return truth(centres, "pills")
