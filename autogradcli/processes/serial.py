"""Work in this process."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from autogradcli.processes.prefetch import Prefetch
from autogradcli.processes.work import WINDOW, Make, Work, settle


class Serial:
    """The executor that needs no other process."""

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does."""
        work = make()
        try:
            yield from in_window(work, items)
        finally:
            work.close()


def in_window(work: Work, items: Iterable[Any]) -> Iterator[Any]:
    """The results in order. A window of items is begun before the oldest is finished.

    While torch works on one, SymPy works on the next ones.
    """
    feed = Prefetch(items)
    window: deque[Any] = deque()
    settled = False
    while window or not feed.ended:
        item = feed.take(wait=not window) if len(window) < WINDOW else None
        if item is not None:
            window.append(work.begin(*item))
        elif window:
            yield work.finish(window.popleft())
            if not settled:
                settle()
                settled = True
