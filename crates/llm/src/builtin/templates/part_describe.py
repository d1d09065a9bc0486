"""Describing a picture by what can be measured without understanding it."""

import json
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np


def main_colours(image, count=6):
    """The picture's main colours as (rgb, share), the most frequent first."""
    small = cv2.resize(image, (120, 120), interpolation=cv2.INTER_AREA)
    pixels = small.reshape(-1, 3).astype(np.float32)
    count = min(count, len(np.unique(pixels // 8, axis=0)))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.5)
    cv2.setRNGSeed(1)
    _, labels, centres = cv2.kmeans(pixels, count, None, stop, 3, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=count) / len(pixels)
    return [(centres[i].round().astype(int).tolist(), float(shares[i]))
            for i in shares.argsort()[::-1]]


def save_palette(path, colours):
    """Stripes as wide as each colour's share."""
    figure, axes = plt.subplots(figsize=(8, 2))
    left = 0.0
    for rgb, share in colours:
        axes.barh(0, share, left=left, color=np.array(rgb) / 255)
        left += share
    axes.set(xlim=(0, 1), yticks=[], xlabel="share of the picture", title="Main colours")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def save_histogram(path, image):
    """How often each brightness occurs in red, green and blue."""
    figure, axes = plt.subplots(figsize=(8, 4))
    for channel, name in enumerate(("red", "green", "blue")):
        counts = np.bincount(image[..., channel].ravel(), minlength=256)
        axes.plot(100 * counts / counts.sum(), color=name, label=name)
    axes.set(xlabel="brightness (0 to 255)", ylabel="share of pixels in %", title="Histogram")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def describe_pixels(picture, image):
    """Save palette.png, histogram.png and description.json; return what they say."""
    evidence = json.loads(Path(picture["evidence"]).read_text(encoding="utf-8"))
    pieces = evidence.get("text") if isinstance(evidence, dict) else None
    words = [piece["text"] for piece in pieces or [] if isinstance(piece, dict) and "text" in piece]
    colours = main_colours(image)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    description = {
        "width": image.shape[1],
        "height": image.shape[0],
        "mean_brightness": round(float(gray.mean()), 1),
        "contrast": round(float(gray.std()), 1),
        "sharpness": round(float(cv2.Laplacian(gray, cv2.CV_64F).var()), 1),
        "colours": [{"rgb": rgb, "share": round(share, 3)} for rgb, share in colours],
        "text": words,
    }
    Path(picture["out"] + "description.json").write_text(
        json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    save_palette(picture["out"] + "palette.png", colours)
    save_histogram(picture["out"] + "histogram.png", image)
    tone = "dark" if gray.mean() < 85 else "bright" if gray.mean() > 170 else "of middle brightness"
    rgb, share = colours[0]
    before = picture["out"].rpartition("/")[2]
    return (
        f"The picture is {image.shape[1]} x {image.shape[0]} pixels, {tone}; its main colour "
        f"is #{rgb[0]:02x}{rgb[1]:02x}{rgb[2]:02x} ({share:.0%}); pieces of text "
        f"recognised: {len(words)}. Saved {before}description.json, {before}palette.png and {before}histogram.png."
    )
