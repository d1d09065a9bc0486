"""Read a picture of several charts panel by panel: one table for each, and panels.png with all redrawn.

Every panel is cut out and read as a chart of its own; panels.json says which kind each is, where
it stands, and what could not be read.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
from part_chart import plain
from part_image import load_picture
from part_readers import READERS


def read_panel(picture, image, number, axes):
    """One panel's entry for panels.json: what was read, or why nothing was."""
    panel = picture["panels"][number - 1]
    left, top, width, height = panel["area"]
    entry = {"panel": number, "kind": panel["kind"], "title": panel["title"], "box": panel["area"], "read": False}
    if panel["kind"] not in READERS:
        axes.set_axis_off()
        return {**entry, "said": panel["reason"]}
    part = {**panel, "image": image[top : top + height, left : left + width], "axes": axes,
            "out": f"{picture['out']}panel_{number}_"}
    try:
        return {**entry, "said": READERS[panel["kind"]](part), "read": True}
    except Exception as problem:
        axes.clear()
        axes.set_axis_off()
        return {**entry, "said": f"It could not be read: {problem}."}


def read_panels(picture):
    """Read each panel, redraw all of them in their places, and say what was read."""
    image = load_picture(picture["image"])
    rows, columns = picture["grid"]
    figure = plt.figure(figsize=(min(18, 5 * columns + 1), min(16, 3.8 * rows + 0.5)))
    entries = []
    for number, panel in enumerate(picture["panels"], start=1):
        row, column = panel["place"]
        axes = figure.add_subplot(rows, columns, row * columns + column + 1)
        entries.append(read_panel(picture, image, number, axes))
    if not any(entry["read"] for entry in entries):
        raise ValueError("none of the panels could be read: " + " ".join(entry["said"] for entry in entries))
    if picture["title"]:
        figure.suptitle(plain(picture["title"]))
    figure.tight_layout()
    figure.savefig(picture["out"] + "panels.png", dpi=110)
    plt.close(figure)
    Path(picture["out"] + "panels.json").write_text(
        json.dumps({"panels": entries}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    said = "\n".join(f"Panel {entry['panel']} ({entry['kind']}): {entry['said']}" for entry in entries)
    before = picture["out"].rpartition("/")[2]
    return f"{len(entries)} panels.\n{said}\nSaved {before}panels.png and {before}panels.json."
