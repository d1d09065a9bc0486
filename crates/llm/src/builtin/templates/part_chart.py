"""Redrawing a chart from what was read."""

import matplotlib.pyplot as plt


def plain(text):
    """Text for matplotlib that is never taken for a formula."""
    return (text or "").replace("$", r"\$")


def open_chart_axes(picture, size):
    """A figure of its own in inches, or the picture's place in one figure for several panels."""
    if picture.get("axes") is not None:
        return picture["axes"].figure, picture["axes"]
    return plt.subplots(figsize=size)


def saved(picture, name):
    """Says what was saved, by the names that the files have."""
    before = picture["out"].rpartition("/")[2]
    if picture.get("axes") is not None:
        return f"Saved {before}{name}."
    return f"Saved {before}{name} and {before}chart.png."


def save_chart(figure, axes, picture, name="chart.png"):
    """Label like the original and save; a panel is saved with the others, by whoever draws them all."""
    axes.set_title(plain(picture["title"]))
    axes.set_xlabel(plain(picture["x_axis"]["label"]))
    axes.set_ylabel(plain(picture["y_axis"]["label"]))
    if picture.get("axes") is not None:
        return
    figure.tight_layout()
    figure.savefig(picture["out"] + name, dpi=120)
    plt.close(figure)
