"""A worker process: items in, results out, in their order, until its parent closes the pipe or dies.

The parent sends an `Assignment`, and then lists of items with their numbers. The worker answers (number, TOUCHED, left)
when it touches an item that must be done in so many seconds, (number, FOUND, part) with a part of its result, pickled,
and (number, DONE, result).
"""

import os
import queue
import sys
import threading
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO

from autogradcli.processes.child import die_with_parent
from autogradcli.processes.limits import Limits, limit_memory, watcher
from autogradcli.processes.messages import pack, receive
from autogradcli.processes.work import WINDOW, Make, Work, settle

TOUCHED, FOUND, DONE = range(3)
"""The kinds of answers."""
TELLING = 0.1
"""Seconds by which the parent may be wrong about when an item should end."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is to do with all its items."""

    path: list[str]
    """Where modules are found."""
    make: Make
    limits: Limits
    """What each item may take."""
    alone: bool
    """Whether it has all processors for itself, or one."""


class _Conversation:
    """The worker's side: requests are read by a thread, so that a window of items can be on its way."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO, limits: Limits) -> None:
        self._requests = requests
        self._replies = replies
        self._timeout = limits.timeout
        self._loading = limits.loading
        self._number = 0
        self._deadline = 0.0
        self.items: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def listen(self) -> None:
        """Queue what comes; end with the parent, whatever is going on."""
        try:
            while (block := receive(self._requests)) is not None:
                for item in block:
                    self.items.put(item)
        finally:
            os._exit(0)

    def touch(self, number: int) -> None:
        """Tell the parent, at once, over which item this process may end, and when it should."""
        self._number = number
        self._touch(self._timeout + self._loading)

    def turn(self, left: float) -> None:
        """Tell the parent how many seconds the item has left, unless that is what it knows."""
        self._loading = 0.0
        if abs(monotonic() + left - self._deadline) > TELLING:
            self._touch(left)

    def _touch(self, left: float) -> None:
        self._deadline = monotonic() + left
        self._write((self._number, TOUCHED, left), flush=True)

    def found(self, part: bytes) -> None:
        """Have the parent keep a part of the result."""
        self._write((self._number, FOUND, part), flush=True)

    def answer(self, number: int, result: Any) -> None:
        """Give a result; it may wait until something else is sent."""
        self._write((number, DONE, result))

    def next_item(self) -> tuple[int, Any]:
        """The next item with its number. Before it is waited for, everything is sent."""
        if self.items.empty():
            self._send(b"", flush=True)
        return self.items.get()

    def _write(self, message: tuple[Any, ...], flush: bool = False) -> None:
        self._send(pack(message), flush)

    def _send(self, message: bytes, flush: bool) -> None:
        """Without a parent to write to, end."""
        try:
            self._replies.write(message)
            if flush:
                self._replies.flush()
        except BrokenPipeError:
            os._exit(0)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Serve the parent."""
    die_with_parent()
    _leave_deleted_folder()
    sys.stdout, sys.stderr = (os.fdopen(place, "w", buffering=1, closefd=False) for place in (1, 2))
    assignment: Assignment = receive(requests)
    sys.path[:] = assignment.path
    if not assignment.alone:
        os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        if "torch" in sys.modules:  # and so has read its environment
            sys.modules["torch"].set_num_threads(1)
    limit_memory(assignment.limits.memory)
    conversation = _Conversation(requests, replies, assignment.limits)
    watcher.listen(conversation.turn, conversation.found)
    work = assignment.make()
    threading.Thread(target=conversation.listen, daemon=True).start()
    _work_on(work, conversation)


def _leave_deleted_folder() -> None:
    """Work elsewhere if the working folder is no more: libraries that torch loads end the process in such a one."""
    try:
        os.getcwd()
    except OSError:
        os.chdir(os.sep)


def _work_on(work: Work, conversation: _Conversation) -> None:
    window: deque[tuple[int, Any]] = deque()
    settled = False
    while True:
        if not window or (len(window) < WINDOW and not conversation.items.empty()):
            number, item = conversation.next_item()
            conversation.touch(number)
            window.append((number, work.begin(item)))
        else:
            number, begun = window.popleft()
            conversation.touch(number)
            conversation.answer(number, work.finish(begun))
            if not settled:
                settle()
                settled = True


def main() -> None:
    """Serve the parent that started this interpreter."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    serve(requests, replies)


if __name__ == "__main__":
    main()
