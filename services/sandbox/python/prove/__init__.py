"""Holds what a run delivered against the picture it was read from.

``prove.main(request)`` reads the picture, what the look saw in it, and the files a run
left; it writes ``measure.json`` and, where values can be shown on the picture,
``overlay.json`` and ``overlay.png``. Every value is measured again on the pixels of the
picture, independently of the code that read it. A value is *trusted* only when the
picture bears it out; everything else is *doubtful* and says why.

Files of a run are a stranger's: whatever cannot be read is told in ``notes`` and never
raises. Importing this package alone loads nothing heavy.

See ``README.md`` beside this file for the request and both JSON files, field by field.
"""

VERSION = 1


def main(request: str | dict, inputs: str = "/box/in", out: str = "/box/out") -> None:
    """Measure what ``request`` (JSON text or a dictionary) names.

    Files are read from the folder ``inputs`` and written to the folder ``out``. Raises
    ``ValueError`` only for a request that is no JSON object, which is the platform's own
    mistake; nothing about the delivered files raises.
    """
    from .start import run

    run(request, inputs, out)


def warm() -> None:
    """Import now what every proof needs; forks of this process start without that cost."""
    from . import start  # noqa: F401
