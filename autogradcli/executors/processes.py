"""Work in several processes of this machine."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from autogradcli.errors import GradcalcError
from autogradcli.executors.feed import End
from autogradcli.executors.work import WINDOW, Lost, Make
from autogradcli.interrupts import interrupts_blocked
from autogradcli.pipes import pack, receive, write_all

COMMAND = (sys.executable, "-P", "-m", "autogradcli.executors.worker")
ATTEMPTS = 2
"""Processes that may end over an item before it is given up. One that was killed from outside is no fault of its."""


class Processes:
    """The executor with so many worker processes."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does. A process that ends takes no item with it but, in the end, the one it ends over."""
        with _Run(self._jobs, make, items) as run:
            yield from run.results()


@dataclass(slots=True)
class _Item:
    """An item on its way."""

    number: int
    value: Any
    attempts: int = 0


@dataclass(slots=True)
class _Worker:
    """A worker process as its parent sees it."""

    process: "subprocess.Popen[bytes]"
    requests: "queue.SimpleQueue[bytes | None]"
    items: dict[int, _Item] = field(default_factory=dict)
    """What it has been sent, and has not answered."""
    touched: int | None = None
    """The item that it was last busy with, as the thread that reads its replies knows it."""


class _Run:
    """One run: events come in one queue (items, replies, ends of workers), and everything is decided in one thread."""

    def __init__(self, jobs: int, make: Make, items: Iterable[Any]) -> None:
        self._make = make
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
        self._workers = [self._start() for _ in range(jobs)]
        threading.Thread(target=self._read_items, args=(items,), daemon=True).start()

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._room.release()
        for worker in self._workers:
            worker.process.kill()
            worker.requests.put(None)
        for worker in self._workers:
            worker.process.wait()

    def results(self) -> Iterator[Any]:
        """All results in order."""
        following = 0
        while not self._ended or following < self._count:
            kind, source, content = self._events.get()
            getattr(self, f"_on_{kind}")(source, content)
            self._hand_out()
            while following in self._done:
                yield self._done.pop(following)
                self._give_room_back()
                following += 1

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
        reason = _epitaph(worker.process.wait())
        worker.requests.put(None)
        self._workers.remove(worker)
        culprit = worker.items.get(-1 if worker.touched is None else worker.touched)
        if worker.touched is None:
            self._count_fruitless(reason)
        else:
            self._fruitless = 0
        if culprit is not None:
            culprit.attempts += 1
            if culprit.attempts == ATTEMPTS:
                del worker.items[culprit.number]
                self._done[culprit.number] = Lost(reason)
        self._waiting.extendleft(worker.items[number] for number in sorted(worker.items, reverse=True))
        self._workers.append(self._start())

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
                worker.requests.put(pack(block))

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

    def _start(self) -> _Worker:
        with interrupts_blocked():
            process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        worker = _Worker(process, queue.SimpleQueue())
        worker.requests.put(pack(sys.path) + pack(self._make))
        threading.Thread(target=write_all, args=(process.stdin, worker.requests), daemon=True).start()
        threading.Thread(target=self._read_replies, args=(worker, process.stdout), daemon=True).start()
        return worker

    def _read_replies(self, worker: _Worker, stream: BinaryIO) -> None:
        with stream:
            while (reply := receive(stream)) is not None:
                worker.touched, result = reply
                if result is not None:
                    self._events.put(("result", worker, (worker.touched, *result)))
        self._events.put(("death", worker, None))


def environment() -> dict[str, str]:
    """The environment of a worker: it finds the modules of its parent, and has one processor to itself."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _epitaph(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name
