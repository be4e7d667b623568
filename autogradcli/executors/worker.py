"""A worker process: items in, results out, in their order, until its parent closes the pipe or dies.

The parent sends the `Make`, and then items with their numbers. The worker answers (number, None) when it touches an
item, and (number, (result,)) when it is done with it.
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
        while (item := receive(self._requests)) is not None:
            self.items.put(item)
        os._exit(0)

    def say(self, number: int, result: tuple[Any] | None) -> None:
        """Answer; without a parent to answer to, end."""
        try:
            self._replies.write(pack((number, result)))
            self._replies.flush()
        except BrokenPipeError:
            os._exit(0)


def _serve(work: Work, conversation: _Conversation) -> None:
    window: deque[tuple[int, Any]] = deque()
    settled = False
    while True:
        if not window or (len(window) < WINDOW and not conversation.items.empty()):
            number, item = conversation.items.get()
            conversation.say(number, None)
            window.append((number, work.begin(item)))
        else:
            number, begun = window.popleft()
            conversation.say(number, None)
            conversation.say(number, (work.finish(begun),))
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
