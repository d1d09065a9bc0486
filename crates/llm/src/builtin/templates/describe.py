"""Describe a picture that no reader fits: description.json, palette.png, histogram.png.

It measures size, colours, brightness and sharpness and lists recognised text. It
does not know what the picture shows.
"""

from part_describe import describe_pixels
from part_image import load_picture


def describe(picture):
    """Save the description and say plainly what was not done."""
    sentence = describe_pixels(picture, load_picture(picture["image"]))
    why = picture["reason"] or "It fits none of the kinds that can be read by rules."
    return f"{sentence} {why} So no data was extracted from it, and what it shows is not known."
