"""Doing independent things at the same time on the (two) processors a look may use.

Only the networks and OpenCV gain: they let go of the interpreter while they work. No
thread outlives the call that needed it, so a process that forks later has none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

MOST = 2  # threads; a look is given two processors
_allowed = MOST


def limit(threads: int) -> None:
    """Use at most ``threads`` (1 to ``MOST``) threads from now on; with 1 none is started."""
    global _allowed
    if not 1 <= threads <= MOST:
        raise ValueError(f"threads must be 1 to {MOST}, not {threads}")
    _allowed = threads


def each(work: Callable, things: Iterable) -> list:
    """``work`` of every thing, results in the same order, begun in the given order.

    The first exception raised by ``work`` is raised again here.
    """
    things = list(things)
    threads = min(_allowed, len(things), len(os.sched_getaffinity(0)))
    if threads < 2:
        return [work(thing) for thing in things]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, things))


def together(*tasks: Callable[[], object]) -> list:
    """The results of all tasks, in order."""
    return each(lambda task: task(), tasks)
