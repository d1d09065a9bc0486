"""Doing to a chart what the person asked for: a range, a scale, a colour."""

import pandas as pd


def within(places, picture):
    """Which places (numbers, dates, or texts that begin with a number) lie in the wanted range."""
    wish = picture.get("wish") or {}
    low, high = wish.get("from"), wish.get("to")
    texts = pd.Series([str(place) for place in places], dtype=object)
    numbers = pd.to_numeric(texts.str.extract(r"(-?\d+(?:\.\d+)?)", expand=False), errors="coerce")
    if (low is None and high is None) or numbers.isna().all():
        return [True] * len(texts)
    lowest = -float("inf") if low is None else low
    highest = float("inf") if high is None else high
    return numbers.between(lowest, highest).to_list()


NOTHING = "nothing of this chart lies in the wanted range"


def restyle(axes, picture, values="y"):
    """Give drawn axes the wanted scale and colour; `values` names the axis of the values."""
    wish = picture.get("wish") or {}
    if wish.get("log"):
        axes.set(**{f"{values}scale": wish["log"]})
    if wish.get("colour"):
        for artist in [*axes.patches, *axes.lines, *axes.collections]:
            artist.set_color(wish["colour"])
        if axes.get_legend():
            axes.legend()
