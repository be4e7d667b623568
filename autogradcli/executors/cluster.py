"""Work on a cluster, through Dask's scheduler.

Items go in blocks, because a task of the scheduler costs about a millisecond. A worker that is lost costs nothing: the
scheduler gives its blocks to others. A block that several workers were lost over is taken apart, so that in the end one
item is given up.
"""

import atexit
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import lru_cache
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.executors.feed import Feed
from autogradcli.executors.here import in_window
from autogradcli.executors.work import Lost, Make, Work

BLOCK = 16
"""Items in a block."""
BLOCKS = 8
"""Blocks that are on their way for each thread of the cluster."""
PATIENCE = 10
"""Seconds to wait for the scheduler, and for its first worker."""


class Cluster:
    """The executor whose processes are the workers of a Dask scheduler; gradcalc must be installed there as well."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does."""
        with _connect(self._address) as client:
            yield from _Run(client, pickle.dumps(make)).results(Feed(items))


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        hint = "type pip install 'gradcalc[cluster]'"
        raise GradcalcError("usage", "--scheduler needs Dask, which is not installed", hint=hint) from error
    try:
        client = _within(2 * PATIENCE, lambda: Client(address, timeout=PATIENCE, set_as_default=False))  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, MemoryError) as error:
        hint = "type tcp://HOST:PORT, as dask scheduler prints it"
        raise GradcalcError("usage", f"there is no scheduler at {address}", hint=hint) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        client.close()
        hint = f"start one: dask worker {address}"
        raise GradcalcError("usage", f"the scheduler at {address} has no workers", hint=hint) from error
    return client


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call gives; TimeoutError if that takes longer: Dask waits for ever for what is no scheduler to finish."""
    future = Future[Any]()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=seconds)


class _Run:
    """One run: a window of blocks, each a future of the scheduler."""

    def __init__(self, client: Any, make: bytes) -> None:
        self._client = client
        self._make = make

    def results(self, feed: Feed) -> Iterator[Any]:
        """All results in order."""
        window: deque[tuple[list[Any], Any]] = deque()
        while window or not feed.ended:
            block = self._block(feed, wait=not window) if len(window) < self._room() else []
            if block:
                window.append((block, self._submit(block)))
            elif window:
                yield from self._gather(*window.popleft())

    def _room(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return BLOCKS * max(1, sum(threads.values()))

    def _block(self, feed: Feed, wait: bool) -> list[Any]:
        """The next items: those that are there, up to a block of them."""
        block: list[Any] = []
        while len(block) < BLOCK and (item := feed.take(wait=wait and not block)) is not None:
            block += item
        return block

    def _submit(self, block: list[Any]) -> Any:
        return self._client.submit(work_on, self._make, block, pure=False)

    def _gather(self, block: list[Any], future: Any) -> Iterator[Any]:
        """The results of a block; where it was given up, those of its items one by one."""
        from distributed import KilledWorker

        try:
            yield from future.result()
        except KilledWorker as error:
            if len(block) == 1:
                yield Lost(str(error).partition("\n")[0])
                return
            for item in block:
                yield from self._gather([item], self._submit([item]))


def work_on(make: bytes, block: list[Any]) -> list[Any]:
    """The results of a block, in a worker."""
    return list(in_window(_work(make), block))


@lru_cache(maxsize=4)
def _work(make: bytes) -> Work:
    """The work, which a worker keeps from one block to the next."""
    work: Work = pickle.loads(make)()
    atexit.register(work.close)
    return work
