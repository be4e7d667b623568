"""Items read ahead by a thread, so that finished results come out while the input stands still."""

import queue
import threading
from collections.abc import Iterable
from typing import Any

from autogradcli.processes.work import WINDOW


class End:
    """What comes after the last item: nothing more, or the exception that taking one raised."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


class Prefetch:
    """The items of an iterable."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.ended = False
        self._queue: queue.SimpleQueue[tuple[Any] | End] = queue.SimpleQueue()
        self._room = threading.Event()
        threading.Thread(target=self._read, args=(items,), daemon=True).start()

    def _read(self, items: Iterable[Any]) -> None:
        try:
            for item in items:
                self._queue.put((item,))
                self._wait_for_room()
            self._queue.put(End())
        except Exception as error:
            self._queue.put(End(error))

    def _wait_for_room(self) -> None:
        """Sleep while the queue is full, until half of it is taken: to be woken for each item would cost time."""
        self._room.clear()
        if self._queue.qsize() >= 2 * WINDOW:
            self._room.wait()

    def take(self, wait: bool) -> tuple[Any] | None:
        """The next item, alone in a tuple; None at the end, or if there is none yet and the caller does not wait."""
        if self.ended:
            return None
        try:
            found = self._queue.get(block=wait)
        except queue.Empty:
            return None
        if not isinstance(found, End):
            if self._queue.qsize() <= WINDOW:
                self._room.set()
            return found
        self.ended = True
        if found.error is not None:
            raise found.error
        return None
