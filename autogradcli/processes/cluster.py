"""Work on a cluster, through Dask's scheduler.

Items go in blocks, because a task of the scheduler costs about a millisecond. A worker that is lost costs nothing: the
scheduler gives its blocks to others. A block that several workers were lost over is taken apart, so that in the end one
item is given up.
"""

import atexit
import logging
import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.processes.limits import UNLIMITED, Limits
from autogradcli.processes.pool import Pool
from autogradcli.processes.prefetch import Prefetch
from autogradcli.processes.work import Lost, Make

BLOCK = 16
"""Items in a block."""
BLOCKS = 8
"""Blocks that are on their way for each thread of the cluster."""
PATIENCE = 10
"""Seconds to wait for the scheduler, and for its first worker."""
RETURN = 60
"""Seconds to wait for another worker when all are gone."""
LOOK = 1.0
"""Seconds after which it is looked whether the scheduler and its workers are still there."""
LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
"""Those of Dask, and of what it is built on, that have a level of their own."""
Say = Callable[[str], None]
"""Tells the person at the terminal something."""


class Cluster:
    """The executor whose processes are the workers of a Dask scheduler; gradcalc must be installed there as well."""

    def __init__(self, address: str, limits: Limits = UNLIMITED, say: Say = lambda _: None) -> None:
        self._address = address
        self._limits = limits
        self._say = say

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does. GradcalcError if the scheduler goes, or all its workers for longer than `RETURN`."""
        client = _connect(self._address)
        try:
            run = _ClusterRun(client, pickle.dumps(make), self._limits, self._say)
            yield from _while_there(self._address, client, run.results(Prefetch(items)))
        finally:
            _close(client)


def _connect(address: str) -> Any:
    try:
        # An extra.
        from distributed import Client
    except ImportError as error:
        hint = "type pip install 'gradcalc[cluster]'"
        raise GradcalcError("usage", "--scheduler needs Dask, which is not installed", hint=hint) from error
    _hush()
    try:
        client = _within(2 * PATIENCE, lambda: Client(address, timeout=PATIENCE, set_as_default=False))  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, MemoryError) as error:
        hint = "type tcp://HOST:PORT, as dask scheduler prints it"
        raise GradcalcError("usage", f"there is no scheduler at {address}", hint=hint) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        _close(client)
        hint = f"start one: dask worker {address}"
        raise GradcalcError("usage", f"the scheduler at {address} has no workers", hint=hint) from error
    except (OSError, RuntimeError, ValueError) as error:
        _close(client)
        raise _gone(address) from error
    return client


def _close(client: Any) -> None:
    """Leave the cluster; one that does not take leave in time is left all the same."""
    with suppress(OSError):
        client.close(timeout=LOOK)


def _gone(address: str) -> GradcalcError:
    hint = "what was answered until then is written; batch and check go on from there with --resume FILE"
    return GradcalcError("lost", f"the scheduler at {address} is gone", hint=hint)


def _hush() -> None:
    """Keep what Dask logs off standard error: where something is wrong, it raises or is asked, and it is told here."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _while_there(address: str, client: Any, results: Iterator[Any]) -> Iterator[Any]:
    """The results, as long as there is a scheduler. What Dask raises without one is an error that says so."""
    # An extra.
    from distributed import CancelledError

    try:
        yield from results
    except (OSError, CancelledError, RuntimeError, ValueError) as error:
        if client.status == "running" and not isinstance(error, OSError | CancelledError):
            raise
        raise _gone(address) from error


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call gives. Raises TimeoutError if that takes long: Dask would wait for ever if none answers."""
    future = Future[Any]()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=seconds)


class _ClusterRun:
    """One run: a window of blocks, each a future of the scheduler."""

    def __init__(self, client: Any, make: bytes, limits: Limits, say: Say) -> None:
        self._client = client
        self._make = make
        self._limits = limits
        self._say = say

    def results(self, feed: Prefetch) -> Iterator[Any]:
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

    def _block(self, feed: Prefetch, wait: bool) -> list[Any]:
        """The next items: those that are there, up to a block of them."""
        block: list[Any] = []
        while len(block) < BLOCK and (item := feed.take(wait=wait and not block)) is not None:
            block += item
        return block

    def _submit(self, block: list[Any]) -> Any:
        return self._client.submit(work_on, self._make, self._limits, block, pure=False)

    def _gather(self, block: list[Any], future: Any) -> Iterator[Any]:
        """The results of a block; where it was given up, those of its items one by one."""
        # An extra.
        from distributed import KilledWorker

        try:
            yield from self._result(future)
        except KilledWorker as error:
            if len(block) == 1:
                yield Lost(str(error).partition("\n")[0])
                return
            for item in block:
                yield from self._gather([item], self._submit([item]))

    def _result(self, future: Any) -> Any:
        """What a future gives. Raises GradcalcError if there is no worker for too long, OSError without a scheduler."""
        gone = None
        while True:
            try:
                return future.result(timeout=LOOK)
            except TimeoutError:
                if self._client.nthreads():
                    gone = None
                elif gone is None:
                    gone = monotonic()
                    self._say(f"all workers of the cluster are gone; waiting {RETURN} s for another one")
                elif monotonic() - gone > RETURN:
                    hint = "start one, and go on with --resume FILE"
                    raise GradcalcError("lost", "the cluster has no workers any more", hint=hint) from None


def work_on(make: bytes, limits: Limits, block: list[Any]) -> list[Any]:
    """The results of a block, in a worker of the cluster."""
    key = threading.get_ident(), make, limits
    if key not in _DESKS:
        _DESKS[key] = _Desk(pickle.loads(make), limits)
    return _DESKS[key].work_on(block)


_DESKS: "dict[tuple[int, bytes, Limits], _Desk]" = {}
"""For each thread of a worker of the cluster, and each kind of work, where it is done."""


class _Desk:
    """A process that keeps the limits, and stays from one block to the next."""

    def __init__(self, make: Make, limits: Limits) -> None:
        self._items: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
        self._results = Pool(1, limits).run(make, self._following())
        atexit.register(self._items.put, None)

    def _following(self) -> Iterator[Any]:
        while (item := self._items.get()) is not None:
            yield item[0]

    def work_on(self, block: list[Any]) -> list[Any]:
        """The result of each item."""
        for item in block:
            self._items.put((item,))
        return [next(self._results) for _ in block]
