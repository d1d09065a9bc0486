"""What in the picture ties a name to a colour: a legend's entry, a sample beside the name, or the name beside the ink."""

from __future__ import annotations

import numpy as np

from . import names
from .reading import items, numbers, text

NEAR = 48  # distance of colours (RGB) that still are the same ink


class Ties:
    """The texts of a picture that may name a series or a sector."""

    def __init__(self, picture: np.ndarray, evidence: dict):
        self.picture = picture
        self.legend = []
        for one in items(evidence.get("legend"))[:60]:
            rgb = numbers(one.get("rgb"))
            if len(rgb) == 3 and None not in rgb:
                self.legend.append((text(one.get("text")) or "", np.array(rgb, float)))
        self.texts = [(said, box) for one in items(evidence.get("text"))
                      if (said := text(one.get("text"))) and one.get("role") not in ("title", "tick_x", "tick_y")
                      and len(box := numbers(one.get("box"))) == 4 and None not in box]

    def why_not(self, name: str, colours: list[np.ndarray], places: list[tuple[float, float]]) -> str | None:
        """Why a name is not believed to be that of ink in these colours at these places; None where it is."""
        said = [rgb for entry, rgb in self.legend if names.likeness(name, entry) >= names.ALIKE]
        if said:
            near = any(np.linalg.norm(rgb - colour) <= NEAR for rgb in said for colour in colours)
            return None if near or not colours else f"The legend gives “{name}” another colour."
        met = [box for entry, box in self.texts if names.likeness(name, entry) >= names.ALIKE]
        if not met:
            return f"The picture has no name “{name}”."
        for box in met:
            if self._sampled(box, colours) or self._beside(box, places):
                return None
        return f"Nothing in the picture ties the name “{name}” to what is drawn."

    def keyed(self, colours: list[np.ndarray]) -> bool:
        """Whether texts have samples of at least two of the colours: then the picture has a key, found or not."""
        met = [place for place, colour in enumerate(colours)
               if any(self._sampled(box, [colour]) for _said, box in self.texts[:200])]
        return len(self.legend) >= 2 or len(met) >= 2

    def _sampled(self, box, colours: list[np.ndarray]) -> bool:
        """Whether a sample of one of the colours stands left or right of the text, near it."""
        x, y, w, h = box
        top, bottom = max(0, int(y - 1)), int(y + h + 2)
        for start, stop, is_left in ((x - 5 * h, x - 1, True), (x + w + 1, x + w + 5 * h, False)):
            strip = self.picture[top:bottom, max(0, int(start)) : max(0, int(stop))].astype(float)
            for colour in colours if strip.size else ():
                hit = np.linalg.norm(strip - colour, axis=2) <= NEAR
                columns = np.flatnonzero(hit.any(axis=0))
                if hit.sum() >= max(4, 0.5 * h):
                    away = strip.shape[1] - 1 - columns[-1] if is_left else columns[0]
                    if away <= 2 * h:
                        return True
        return False

    @staticmethod
    def _beside(box, places: list[tuple[float, float]]) -> bool:
        """Whether one of the values stands right beside the text."""
        x, y, w, h = box
        for a, b in places:
            across, down = max(x - a, 0.0, a - x - w), max(y - b, 0.0, b - y - h)
            if across <= 3 * h and down <= 2 * h:
                return True
        return False

