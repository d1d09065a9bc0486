"""Whether ink at a place is that of its series. Thin or blurred strokes show their colour only mixed with the ground, and such a
mixture may be nearer to the full colour of another series than to its own: what counts is the way from the ground on which it lies."""

from __future__ import annotations

import numpy as np

from .claims import Claim
from .ink import Ink
from .reading import number, table

REACH = 3  # pixels around a place that are looked at
LEAST = 24  # difference from the ground from which a pixel is ink
CLEAR = 8.0  # levels by which another colour must explain ink better
SECOND = 0.03  # of the height of the plot: how far from a value other ink of its line makes it doubtful
SHARE = 0.15  # or this share of the ink's own distance from the ground, if that is more


def doubt(looked, claims: list[Claim], which: tuple[int, ...], called: list[str], apart: float) -> None:
    """Doubts values of lines and points whose ink is rather that of another series, or whose line is drawn twice.

    ``looked`` is what is drawn in each colour (``charts``), ``which`` the colour of these claims; ``called`` names the first
    colours, ``apart`` is how far these must lie apart to be told from each other in thin strokes.
    """
    if len(which) != 1 or not claims or claims[0].kind == "bar":
        return
    ink, colours, own = looked.ink, looked.colours, which[0]
    top, bottom = ink.inner[1], ink.inner[3]
    twin = alike(ink.ground, colours[: len(called)], own, apart) if own < len(called) else None
    for claim in (claim for claim in claims if claim.px is not None):
        other = rather(ink, colours, own, claim.px)
        if twin is not None:
            claim.doubt(f"Its colour can hardly be told from that of “{called[twin][:40]}” here.")
        elif other is not None:
            name = f", that of “{called[other][:40]}”" if other < len(called) else ""
            claim.doubt(f"What is drawn here has rather another colour{name}.")
        elif claim.kind == "line" and not looked.is_scatter:
            place = claim.px[0] - ink.left, claim.px[1] - ink.top
            if looked.line(which).elsewhere(*place, max(8.0, SECOND * (bottom - top)), (top, bottom)):
                claim.doubt("The colour of this line is drawn at another height here, too.")


def rather(ink: Ink, colours: list[np.ndarray], own: int, place: tuple[float, float]) -> int | None:
    """Which other colour the ink around a place (pixels of the picture) plainly has; None where it is that of ``own`` or
    cannot be told."""
    x, y = round(place[0] - ink.left), round(place[1] - ink.top)
    patch = ink.area[max(0, y - REACH) : y + REACH + 1, max(0, x - REACH) : x + REACH + 1].reshape(-1, 3)
    offset = patch - ink.ground.astype(np.float32)
    strength = np.abs(offset).max(axis=1) if len(offset) else np.zeros(0)
    strong = offset[strength >= max(LEAST, 0.5 * strength.max(initial=0.0))]
    if len(strong) < 2:
        return None
    seen = strong.mean(axis=0)
    off = [_beside(seen, colour - ink.ground) for colour in colours]
    best = int(np.argmin(off))
    clear = max(CLEAR, SHARE * float(np.linalg.norm(seen)))
    return best if off[own] - off[best] > clear else None


def _beside(seen: np.ndarray, way: np.ndarray) -> float:
    """How far a difference from the ground lies beside the way to a colour; mixtures lie on it, never much beyond its end."""
    length = max(1.0, float(np.linalg.norm(way)))
    along = min(max(0.0, float(seen @ way) / length), 1.15 * length)
    return float(np.linalg.norm(seen - along * way / length))


def least(evidence: dict) -> float:
    """How far colours of thin strokes must lie apart; further where noise or smear was taken away, and their colours with it."""
    return 45.0 if number(table(evidence.get("prepared")).get("strength")) else 12.0


def alike(ground: np.ndarray, colours: list[np.ndarray], own: int, apart: float) -> int | None:
    """Which other colour is so near to one, or to its mixtures with the ground, that their thin strokes look the same."""
    mine = colours[own] - ground
    for other, colour in enumerate(colours):
        way = colour - ground
        if other != own and min(_beside(mine, way), _beside(way, mine)) < apart:
            return other
    return None
