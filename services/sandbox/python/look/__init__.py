"""The platform's own look at a picture.

``python3 -m look IMAGE.png OUT.json`` measures one upright PNG and writes what
was seen as JSON: text with places, a table's cells, the axes of a chart with a
pixel-to-value fit, legend, colours, and which kind of picture it is. Nothing is
guessed silently: whatever is doubtful is said in ``notes``.

A process that will look (or fork others that will) may call ``warm()`` beforehand
and ``main(image, out)`` then; importing this package alone loads nothing heavy.

All places are in pixels of the original picture, origin at the top left corner,
x to the right, y downwards. Pixel *positions* (ticks, edges) are pixel-centre
coordinates: the middle of the first pixel is 0.0. Boxes are ``[x, y, w, h]``.

See ``README.md`` beside this file for the JSON, field by field.
"""

VERSION = 1


def main(image: str, out: str, threads: int = 2, prepared: str | None = None) -> None:
    """Look at the picture file ``image`` and write what was seen to the file ``out``.

    Where the picture was made fit before it was measured (``prepared`` in the JSON), that
    picture is written to the file ``prepared`` as PNG, if one is named.
    ``threads`` (1 or 2) is how many processors are used. An unreadable picture is told
    on standard error and raises ``SystemExit(2)``; nothing is written then.
    """
    from .start import run

    run(image, out, threads, prepared)


def warm() -> None:
    """Pay now, once, what every look needs: imports, networks, their first use.

    Forks of this process look without that cost. The process is left with the one
    thread it must have to fork; ``start.HasThreads`` is raised if it has more.
    """
    from .start import warm as prepare

    prepare()
