"""Makes the sample pictures of this folder, with the values they show in `truth.json`.

Usage: target/python/bin/python3 services/darkroom/samples/make_samples.py

The pictures are committed, so that a change of a library does not change what the samples show.
"""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent


def bar_chart() -> dict:
    """A vertical bar chart with a linear axis."""
    labels = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    values = [34.0, 41.5, 29.0, 52.0, 61.5, 47.0]
    figure, axes = plt.subplots(figsize=(8, 5), dpi=110)
    axes.bar(labels, values, color="#b5552d")
    axes.set_title("Visitors of the gallery")
    axes.set_ylabel("Visitors (hundreds)")
    axes.set_ylim(0, 70)
    figure.tight_layout()
    figure.savefig(HERE / "bar_chart.png")
    plt.close(figure)
    return {"kind": "bar", "labels": labels, "values": values, "axis": [0, 70]}


def line_chart() -> dict:
    """Two lines with markers over months."""
    months = np.arange(1, 13)
    north = [2.1, 3.0, 6.2, 9.8, 14.1, 17.3, 19.0, 18.4, 14.9, 10.6, 5.8, 3.1]
    south = [8.0, 8.9, 11.5, 14.0, 18.2, 22.7, 25.9, 25.5, 21.8, 17.0, 12.3, 9.2]
    figure, axes = plt.subplots(figsize=(8, 4.5), dpi=110)
    axes.plot(months, north, marker="o", color="#1f6f8b", label="North")
    axes.plot(months, south, marker="s", color="#d1495b", label="South")
    axes.set_title("Mean temperature")
    axes.set_xlabel("Month")
    axes.set_ylabel("Temperature (°C)")
    axes.set_xticks(months)
    axes.set_ylim(0, 30)
    axes.grid(True, color="#dddddd")
    axes.legend()
    figure.tight_layout()
    figure.savefig(HERE / "line_chart.png")
    plt.close(figure)
    return {"kind": "line", "x": months.tolist(), "series": {"North": north, "South": south}, "axis": [0, 30]}


def table() -> dict:
    """A ruled table as a spreadsheet shows it."""
    rows = [
        ["Station", "Rain", "Wind", "Sun"],
        ["Harbour", "612", "5.4", "1720"],
        ["Old mill", "688", "3.9", "1655"],
        ["Airport", "590", "6.8", "1744"],
        ["Ridge", "905", "9.2", "1502"],
    ]
    figure, axes = plt.subplots(figsize=(6, 2.8), dpi=120)
    axes.axis("off")
    drawn = axes.table(cellText=rows[1:], colLabels=rows[0], loc="center", cellLoc="right", colColours=["#e8ecf1"] * 4)
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(12)
    drawn.scale(1, 1.8)
    figure.tight_layout()
    figure.savefig(HERE / "table.png")
    plt.close(figure)
    return {"kind": "table", "rows": rows}


def seeds() -> dict:
    """Dark seeds on light paper with uneven light and noise."""
    random = np.random.default_rng(7)
    height, width, radius = 360, 480, 17
    y, x = np.mgrid[0:height, 0:width]
    picture = 200 + 35 * x / width - 20 * y / height
    centres: list[tuple[float, float]] = []
    while len(centres) < 18:
        centre = (random.uniform(30, width - 30), random.uniform(30, height - 30))
        if all(np.hypot(centre[0] - other[0], centre[1] - other[1]) > 3 * radius for other in centres):
            centres.append(centre)
    for cx, cy in centres:
        angle, stretch = random.uniform(0, np.pi), random.uniform(0.75, 1.0)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = -(x - cx) * np.sin(angle) + (y - cy) * np.cos(angle)
        inside = (u / radius) ** 2 + (v / (radius * stretch)) ** 2
        picture = np.where(inside < 1, 70 + 40 * inside, picture)
    picture = np.clip(picture + random.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)
    plt.imsave(HERE / "seeds.png", picture, cmap="gray", vmin=0, vmax=255)
    return {"kind": "photo", "count": len(centres)}


if __name__ == "__main__":
    samples = {"bar_chart.png": bar_chart(), "line_chart.png": line_chart(), "table.png": table(), "seeds.png": seeds()}
    (HERE / "truth.json").write_text(json.dumps(samples, indent=1, ensure_ascii=False) + "\n")
