"""Work in processes of this machine, each item within its limits."""

import queue
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.processes.child import Child, Fork, Process, can_fork, spawn
from autogradcli.processes.limits import UNLIMITED, Limits
from autogradcli.processes.prefetch import End
from autogradcli.processes.spare import COMPUTE, borrow
from autogradcli.processes.work import MEMORY, TIME, WINDOW, Lost, Make
from autogradcli.processes.worker import FOUND, TOUCHED, Assignment, serve

LAST_WORDS = 1000
"""Bytes at the end of what a process has printed that may tell what it ended of."""
COMMAND = (sys.executable, "-P", "-m", "autogradcli.processes.worker")
ATTEMPTS = 2
"""Processes that may end over an item before it is given up. One that was killed from outside is no fault of its."""
GRACE = 0.6
"""Seconds beyond its limit after which an item is ended that has not ended itself."""
WAIT = 0.5
"""Seconds after which it is looked again what the workers are busy with, of which no event tells."""


class Pool:
    """The executor with so many worker processes. What goes beyond the limits costs its item, and the process."""

    def __init__(self, jobs: int, limits: Limits = UNLIMITED) -> None:
        self._jobs = jobs
        self._limits = limits

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does. A process that ends takes no item with it but, in the end, the one it ends over."""
        with _PoolRun(self._jobs, self._limits, make, items) as run:
            yield from run.results()


@dataclass(slots=True)
class _Item:
    """An item on its way."""

    number: int
    value: Any
    attempts: int = 0


class _Worker:
    """A worker process as its parent sees it."""

    def __init__(self, events: "queue.SimpleQueue[tuple[str, Any, Any]]") -> None:
        self.items: dict[int, _Item] = {}
        """What it has been sent, and has not answered."""
        self.touched: int | None = None
        """The item that it was last busy with."""
        self.overdue: int | None = None
        """The item that it is being ended over, for going on beyond the limit of time."""
        self.parts: dict[int, bytes] = {}
        """What has been found of the results of its items."""
        self._events = events
        self._deadline = inf
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115
        self.child = Child(_start(self._printed.fileno()), self._hear)

    def _hear(self, message: tuple[Any, ...] | None, came: float) -> None:
        """Take note of a message; called in the thread that reads."""
        if message is None:
            self._deadline = inf
            self._events.put(("death", self, None))
            return
        number, kind, content = message
        if kind == TOUCHED:
            self.touched, self._deadline = number, came + content + GRACE
        elif kind == FOUND:
            self.parts[number] = content
        else:
            self._deadline = inf
            self.parts.pop(number, None)
            self._events.put(("result", self, (number, content)))

    def time_left(self) -> float:
        """Seconds until what it is busy with must end; as long as anybody waits, if that is nothing."""
        return min(self._deadline - monotonic(), WAIT)

    def end_if_overdue(self) -> None:
        """End it if there is no time left for what it is busy with."""
        if self.overdue is None and self.time_left() <= 0:
            self.overdue = self.touched
            self.child.kill()

    def exit_reason(self) -> str:
        """What it ended of, once it has ended."""
        reason = self.child.exit_reason()
        if self.overdue is not None:
            return TIME
        self._printed.seek(0)
        return MEMORY if b"emory" in self._printed.read()[-LAST_WORDS:] else reason

    def close(self) -> None:
        """End it."""
        self.child.close()
        self._printed.close()


def _start(printed: int) -> Process:
    return borrow(COMPUTE, printed) or (Fork(serve, printed) if can_fork() else spawn(COMMAND, {}, printed))


class _PoolRun:
    """One run: events come in one queue (items, replies, ends of workers), and everything is decided in one thread."""

    def __init__(self, jobs: int, limits: Limits, make: Make, items: Iterable[Any]) -> None:
        self._assignment = Assignment(sys.path, make, limits, jobs == 1)
        self._events: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self._room = threading.Semaphore(2 * jobs * WINDOW)
        """For items that are read and not yet answered."""
        self._freed = 0
        """Room that the answered ones have left, and that has not been given back."""
        self._waiting: deque[_Item] = deque()
        self._done: dict[int, Any] = {}
        self._count = 0
        self._ended = False
        self._closed = False
        self._fruitless = 0
        """Processes in a row that ended before they touched anything."""
        self._workers = [_Worker(self._events) for _ in range(jobs)]
        for worker in self._workers:
            self._begin(worker)
        threading.Thread(target=self._read_items, args=(items,), daemon=True).start()

    def __enter__(self) -> "_PoolRun":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._room.release()
        for worker in self._workers:
            worker.close()

    def results(self) -> Iterator[Any]:
        """All results in order."""
        following = 0
        while not self._ended or following < self._count:
            kind, source, content = self._next_event()
            getattr(self, f"_on_{kind}")(source, content)
            self._hand_out()
            while following in self._done:
                yield self._done.pop(following)
                self._give_room_back()
                following += 1

    def _next_event(self) -> tuple[str, Any, Any]:
        """The next event; until it comes, workers that go beyond their limit of time are ended."""
        while True:
            left = min((each.time_left() for each in self._workers if each.overdue is None), default=WAIT)
            try:
                return self._events.get(timeout=max(left, 0.0))
            except queue.Empty:
                for worker in self._workers:
                    worker.end_if_overdue()

    def _on_item(self, _: None, value: Any) -> None:
        self._waiting.append(_Item(self._count, value))
        self._count += 1

    def _on_end(self, _: None, end: End) -> None:
        self._ended = True
        if end.error is not None:
            raise end.error

    def _on_result(self, worker: _Worker, result: tuple[int, Any]) -> None:
        number, self._done[number] = result
        del worker.items[number]

    def _on_death(self, worker: _Worker, _: None) -> None:
        """Give what the worker had to others: first of all what it ended over, unless that has happened before."""
        reason = worker.exit_reason()
        worker.close()
        self._workers.remove(worker)
        if worker.touched is None:
            self._count_fruitless(reason)
        else:
            self._fruitless = 0
            self._blame(worker, reason)
        self._waiting.extendleft(worker.items[number] for number in sorted(worker.items, reverse=True))
        if self._waiting or not self._ended:
            self._workers.append(_Worker(self._events))
            self._begin(self._workers[-1])

    def _blame(self, worker: _Worker, reason: str) -> None:
        """Count the end of a worker against the item that it was busy with, and give that up if it must be."""
        culprit = worker.items.get(-1 if worker.touched is None else worker.touched)
        if culprit is None or worker.overdue not in {None, culprit.number}:
            return
        culprit.attempts += 1
        if culprit.attempts == ATTEMPTS or reason in {TIME, MEMORY}:
            del worker.items[culprit.number]
            self._done[culprit.number] = Lost(reason, worker.parts.get(culprit.number))

    def _count_fruitless(self, reason: str) -> None:
        self._fruitless += 1
        if self._fruitless > 2 * len(self._workers) + 2:
            raise GradcalcError("internal", f"worker processes cannot be started: {reason}")

    def _hand_out(self) -> None:
        """Send items to the workers that have done half of theirs, in turn, as many as they may have."""
        blocks = [(worker, list[tuple[int, Any]]()) for worker in self._workers if len(worker.items) <= WINDOW // 2]
        while blocks and self._waiting:
            worker, block = min(blocks, key=lambda each: len(each[0].items))
            if len(worker.items) == WINDOW:
                break
            item = self._waiting.popleft()
            worker.items[item.number] = item
            block.append((item.number, item.value))
        for worker, block in blocks:
            if block:
                worker.child.send(block)

    def _give_room_back(self) -> None:
        """For many items at once, so that the thread that reads them is seldom woken."""
        self._freed += 1
        if self._freed == WINDOW:
            self._room.release(WINDOW)
            self._freed = 0

    def _read_items(self, items: Iterable[Any]) -> None:
        try:
            for item in items:
                self._room.acquire()
                if self._closed:
                    return
                self._events.put(("item", None, item))
            self._events.put(("end", None, End()))
        except Exception as error:
            self._events.put(("end", None, End(error)))

    def _begin(self, worker: _Worker) -> None:
        """Have a worker listen to its assignment. All are started before, while this process has one thread."""
        worker.child.listen()
        worker.child.send(self._assignment)
