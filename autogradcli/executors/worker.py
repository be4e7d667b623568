"""A worker process: items in, results out, in their order, until its parent closes the pipe or dies.

The parent sends the `Make`, and then lists of items with their numbers. The worker answers (number, None) when it
touches an item, and (number, (result,)) when it is done with it.
"""

import os
import queue
import sys
import threading
from collections import deque
from typing import Any, BinaryIO

from autogradcli.executors.work import WINDOW, Work, settle
from autogradcli.pipes import pack, receive


class _Conversation:
    """The worker's side: requests are read by a thread, so that a window of items can be on its way."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
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
        """Tell the parent, at once, over which item this process may end."""
        self._write(pack((number, None)), flush=True)

    def answer(self, number: int, result: Any) -> None:
        """Give a result; it may wait until something else is sent."""
        self._write(pack((number, (result,))))

    def next_item(self) -> tuple[int, Any]:
        """The next item with its number. Before it is waited for, everything is sent."""
        if self.items.empty():
            self._write(b"", flush=True)
        return self.items.get()

    def _write(self, message: bytes, flush: bool = False) -> None:
        """Without a parent to write to, end."""
        try:
            self._replies.write(message)
            if flush:
                self._replies.flush()
        except BrokenPipeError:
            os._exit(0)


def _serve(work: Work, conversation: _Conversation) -> None:
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
    """Serve the parent."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.path[:] = receive(requests)
    conversation = _Conversation(requests, replies)
    work = receive(requests)()
    threading.Thread(target=conversation.listen, daemon=True).start()
    _serve(work, conversation)


if __name__ == "__main__":
    main()
