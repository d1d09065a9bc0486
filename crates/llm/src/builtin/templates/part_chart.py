"""Redrawing a chart from what was read."""

import matplotlib.pyplot as plt


def plain(text):
    """Text for matplotlib that is never taken for a formula."""
    return (text or "").replace("$", r"\$")


def save_chart(figure, axes, picture, name="chart.png"):
    """Label like the original and save."""
    axes.set_title(plain(picture["title"]))
    axes.set_xlabel(plain(picture["x_axis"]["label"]))
    axes.set_ylabel(plain(picture["y_axis"]["label"]))
    figure.tight_layout()
    figure.savefig(picture["out"] + name, dpi=120)
    plt.close(figure)
