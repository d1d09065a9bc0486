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


def panels() -> dict:
    """Four charts in two rows, with a heading."""
    bars, line = [34.0, 71.0, 52.0, 90.0], [12.0, 40.0, 25.0, 50.0, 71.0]
    random = np.random.default_rng(11)
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), dpi=100)
    axes[0, 0].bar(list("ABCD"), bars)
    axes[0, 0].set(title="Sales", ylabel="Units", ylim=(0, 100))
    axes[0, 1].plot(range(5), line, color="tab:red")
    axes[0, 1].set(title="Growth", xlabel="Week", ylim=(0, 80))
    axes[1, 0].scatter(random.uniform(5, 95, 20), random.uniform(10, 90, 20), color="tab:green")
    axes[1, 0].set(title="Trials", xlim=(0, 100), ylim=(0, 100))
    counts, _edges, _bars = axes[1, 1].hist(random.normal(50, 12, 300), bins=np.arange(10, 91, 10), color="tab:purple")
    axes[1, 1].set(title="Ages")
    figure.suptitle("A year in four pictures")
    figure.tight_layout()
    figure.savefig(HERE / "panels.png")
    plt.close(figure)
    kinds = ["bar", "line", "scatter", "bar"]
    return {"kind": "panels", "kinds": kinds, "labels": list("ABCD"), "values": bars, "line": line,
            "counts": [float(count) for count in counts]}


def hatched() -> dict:
    """Black-and-white bars, told apart by hatching."""
    labels, values = ["Iron", "Zinc", "Lead", "Tin", "Gold"], [7.5, 22.0, 14.0, 31.0, 18.5]
    figure, axes = plt.subplots(figsize=(6.2, 4.2), dpi=120)
    for label, value, hatch in zip(labels, values, ["\\\\", "//", "x", "..", "o"]):
        axes.bar([label], [value], color="white", edgecolor="black", hatch=hatch, width=0.6)
    axes.set(ylabel="Share (%)", title="Metals", ylim=(0, 35))
    figure.savefig(HERE / "hatched.png")
    plt.close(figure)
    return {"kind": "bar", "labels": labels, "values": values, "axis": [0, 35]}


def diagram() -> dict:
    """A flow chart of boxes, an ellipse and a diamond with arrows, as a trembling hand draws it."""
    random = np.random.default_rng(4)
    shapes = {"Start": (130, 90, "ellipse"), "Read file": (400, 90, "box"), "Valid?": (400, 290, "diamond"),
              "Store": (680, 290, "box")}
    edges = [("Start", "Read file"), ("Read file", "Valid?"), ("Valid?", "Store")]
    figure = plt.figure(figsize=(8, 4), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 800), ylim=(400, 0))
    axes.set_axis_off()

    def stroke(points):
        """A line through places, wavering by about a pixel."""
        way = [np.linspace(a, b, max(2, int(np.hypot(*np.subtract(b, a)) / 12))) for a, b in zip(points, points[1:])]
        way = np.concatenate(way)
        waver = random.normal(0, 0.8, way.shape)
        waver[[0, -1]] = 0
        axes.plot(*(way + waver).T, color="#202020", linewidth=1.6)

    turn = np.linspace(0, 2 * np.pi, 60)
    for name, (x, y, shape) in shapes.items():
        corners = {
            "ellipse": np.stack([x + 85 * np.cos(turn), y + 40 * np.sin(turn)], axis=1),
            "diamond": [(x - 105, y), (x, y - 65), (x + 105, y), (x, y + 65), (x - 105, y)],
            "box": [(x - 85, y - 38), (x + 85, y - 38), (x + 85, y + 38), (x - 85, y + 38), (x - 85, y - 38)],
        }[shape]
        stroke([tuple(corner) for corner in corners])
        axes.text(x, y, name, ha="center", va="center", fontsize=14)
    ends = [((217, 90), (311, 90)), ((400, 130), (400, 221)), ((507, 290), (591, 290))]
    for start, end in ends:
        stroke([start, end])
        along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
        side = np.array([-along[1], along[0]])
        for sign in (1, -1):
            stroke([end, tuple(end - 15 * along + sign * 7 * side)])
    axes.text(548, 272, "yes", ha="center", fontsize=13)
    figure.savefig(HERE / "diagram.png")
    plt.close(figure)
    return {"kind": "diagram", "nodes": list(shapes), "edges": edges}


def micrograph() -> dict:
    """Bright discs on dark ground with noise, one cut by the edge, and a scale bar of 20 µm."""
    random = np.random.default_rng(2)
    height, width, length = 480, 680, 120
    y, x = np.mgrid[0:height, 0:width]
    places = [(90, 140, 20), (210, 230, 26), (330, 140, 32), (450, 230, 24), (570, 140, 30), (300, 340, 28), (676, 330, 25)]
    picture = np.full((height, width), 50.0)
    for cx, cy, radius in places:
        picture += 140 * np.clip(radius - np.hypot(x - cx, y - cy) + 0.5, 0, 1)
    picture = np.clip(picture + random.normal(0, 4, picture.shape), 0, 255) / 255
    figure = plt.figure(figsize=(width / 100, height / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    axes.fill([519.5, 519.5 + length, 519.5 + length, 519.5], [446, 446, 452, 452], color="white", linewidth=0)
    axes.text(520 + length / 2, 438, "20 µm", color="white", fontsize=15, ha="center", va="bottom")
    figure.savefig(HERE / "micrograph.png")
    plt.close(figure)
    unit = 20 / length
    return {"kind": "photo", "count": len(places), "bar_px": length,
            "diameters_um": [round(2 * radius * unit, 2) for _x, _y, radius in places[:-1]]}


if __name__ == "__main__":
    samples = {
        "bar_chart.png": bar_chart(),
        "line_chart.png": line_chart(),
        "table.png": table(),
        "seeds.png": seeds(),
        "panels.png": panels(),
        "hatched.png": hatched(),
        "diagram.png": diagram(),
        "micrograph.png": micrograph(),
    }
    (HERE / "truth.json").write_text(json.dumps(samples, indent=1, ensure_ascii=False) + "\n")
