"""Things to count, as a microscope or a telephone shows them: they touch, the light is uneven, the sensor has noise."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from .registry import picture


def scatter(rng, count, width, height, gap, margin):
    """Centres that are at least `gap` apart (less than a diameter lets neighbours overlap); in pixels."""
    centres: list[tuple[float, float]] = []
    for _ in range(200_000):
        x, y = rng.uniform(margin, width - margin), rng.uniform(margin, height - margin)
        if all((x - a) ** 2 + (y - b) ** 2 >= gap**2 for a, b in centres):
            centres.append((float(x), float(y)))
            if len(centres) == count:
                return centres
    raise RuntimeError("the objects do not fit")


def ellipse(yy, xx, x, y, a, b, angle):
    """How far each pixel is from the middle of an ellipse, 1 being its edge."""
    c, s = np.cos(angle), np.sin(angle)
    u, v = (xx - x) * c + (yy - y) * s, -(xx - x) * s + (yy - y) * c
    return np.sqrt((u / a) ** 2 + (v / b) ** 2)


def vignette(width, height, strength, tilt=(0.0, 0.0)):
    """Light that falls off to the corners and to one side; 1 in the middle."""
    yy, xx = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return 1 - strength * (xx**2 + yy**2) / 2 + tilt[0] * xx + tilt[1] * yy


def write(path, pixels, rng, noise):
    """Adds the sensor's noise (standard deviation in grey levels) and writes the picture."""
    noisy = pixels + rng.normal(0, noise, pixels.shape)
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)


def truth(centres, what):
    """Truth of a picture of things: how many there are and where."""
    return {
        "count": len(centres),
        "centres": [[round(x, 1), round(y, 1)] for x, y in centres],
        "objects": what,
        "title": "",
    }


@picture("objects-cells-fluorescent", "count", "synthetic", "fluorescence: bright on black", "overlap", "dark")
def _(path, rng):
    width, height, glow = 720, 540, np.zeros((540, 720))
    yy, xx = np.mgrid[:height, :width]
    centres = scatter(rng, 64, width, height, 27, 20)
    for x, y in centres:
        a, b = rng.uniform(12, 18, 2)
        inside = np.clip(1.25 - ellipse(yy, xx, x, y, a, b, rng.uniform(0, np.pi)), 0, 1)
        glow = np.maximum(glow, np.sqrt(inside) * rng.uniform(0.5, 1))
    glow = ndimage.gaussian_filter(glow, 1.6) * vignette(width, height, 0.45)
    pixels = np.stack([18 + 20 * glow, 20 + 60 * glow, 34 + 200 * glow], axis=2)
    write(path, pixels, rng, 5)
    return truth(centres, "cells")


@picture("objects-cells-stained", "count", "synthetic", "brightfield: purple on pale", "overlap", "uneven light")
def _(path, rng):
    width, height = 800, 600
    yy, xx = np.mgrid[:height, :width]
    pixels = np.stack([np.full((height, width), v, float) for v in (236, 222, 230)], axis=2)
    centres = scatter(rng, 47, width, height, 40, 30)
    for x, y in centres:
        a, b, turn = rng.uniform(20, 27), rng.uniform(17, 24), rng.uniform(0, np.pi)
        edge = ellipse(yy, xx, x, y, a, b, turn)
        body, core = np.clip((1 - edge) * 6, 0, 1)[..., None], np.clip((0.45 - edge) * 8, 0, 1)[..., None]
        pixels = pixels * (1 - 0.45 * body) + np.array([180, 110, 170]) * 0.45 * body
        pixels = pixels * (1 - 0.8 * core) + np.array([80, 40, 120]) * 0.8 * core
    pixels = ndimage.gaussian_filter(pixels, (1.2, 1.2, 0)) * vignette(width, height, 0.3, (0.08, -0.05))[..., None]
    write(path, pixels, rng, 4)
    return truth(centres, "cells")


@picture("objects-coins", "count", "synthetic", "things on a table, shadows", "few")
def _(path, rng):
    width, height = 900, 640
    yy, xx = np.mgrid[:height, :width]
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (height, width)), (1, 40)) * 90
    pixels = np.stack([150 + grain, 112 + grain * 0.8, 78 + grain * 0.6], axis=2)
    centres = scatter(rng, 14, width, height, 118, 66)
    for x, y in centres:
        radius, colour = rng.choice([38, 46, 54]), rng.choice([[196, 160, 84], [190, 192, 196], [178, 110, 72]])
        shade = np.clip(1.15 - ellipse(yy, xx, x + 7, y + 8, radius, radius, 0), 0, 0.4)[..., None]
        pixels = pixels * (1 - shade)
        edge = ellipse(yy, xx, x, y, radius, radius, 0)
        face = np.clip((1 - edge) * radius, 0, 1)[..., None]
        relief = 1 + 0.14 * np.sin(edge * 9) + 0.12 * (xx - x) / radius
        pixels = pixels * (1 - face) + colour * relief[..., None] * face
    write(path, pixels * vignette(width, height, 0.25, (0.1, 0.06))[..., None], rng, 3)
    return truth(centres, "coins")


@picture("objects-colonies", "count", "synthetic", "petri dish", "uneven light", "many")
def _(path, rng):
    side = 760
    yy, xx = np.mgrid[:side, :side]
    far = np.hypot(xx - side / 2, yy - side / 2)
    pixels = np.full((side, side, 3), 42.0)
    dish = np.clip(340 - far, 0, 1)[..., None]
    pixels = pixels * (1 - dish) + np.array([206, 170, 120]) * dish
    rim = np.exp(-(((far - 338) / 4) ** 2))[..., None]
    pixels += 70 * rim
    centres = [(x, y) for x, y in scatter(rng, 170, side, side, 21, 70) if np.hypot(x - side / 2, y - side / 2) < 305]
    for x, y in centres:
        radius = rng.uniform(5, 12)
        spot = np.clip((1 - ellipse(yy, xx, x, y, radius, radius, 0)) * radius, 0, 1)[..., None]
        pixels = pixels * (1 - spot) + np.array([244, 236, 214]) * spot
    write(
        path, ndimage.gaussian_filter(pixels, (0.9, 0.9, 0)) * vignette(side, side, 0.3, (0.12, 0))[..., None], rng, 4
    )
    return truth(centres, "colonies")


@picture("objects-rods", "count", "synthetic", "phase contrast: dark rods", "touching")
def _(path, rng):
    width, height = 640, 640
    yy, xx = np.mgrid[:height, :width]
    grey = np.full((height, width), 168.0)
    centres = scatter(rng, 38, width, height, 44, 36)
    for x, y in centres:
        edge = ellipse(yy, xx, x, y, rng.uniform(22, 32), rng.uniform(6, 8), rng.uniform(0, np.pi))
        grey += 34 * np.exp(-(((edge - 1.25) / 0.16) ** 2))
        body = np.clip((1 - edge) * 7, 0, 1)
        grey = grey * (1 - body) + 74 * body
    grey = ndimage.gaussian_filter(grey, 1) + 30 * (vignette(width, height, 0, (0.5, 0.3)) - 1)
    write(path, grey, rng, 6)
    return truth(centres, "bacteria")


@picture("objects-stars", "count", "synthetic", "night sky, many sizes", "dark", "small")
def _(path, rng):
    width, height = 700, 500
    grey = np.full((height, width), 14.0)
    yy, xx = np.mgrid[:height, :width]
    centres = scatter(rng, 85, width, height, 14, 12)
    for x, y in centres:
        size, bright = rng.uniform(1.3, 2.6), rng.uniform(90, 230)
        grey += bright * np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * size**2))
    write(path, grey, rng, 4)
    return truth(centres, "stars")
