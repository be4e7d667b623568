"""The child: reads requests, works on them, and answers.

The main thread only reads, so that the end of the parent, which closes the pipe, ends the child at once; the work is
done in a thread whose stack is large enough for SymPy's recursion.
"""

import gc
import os
import pickle
import queue
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import BinaryIO

from sympy.core.cache import clear_cache

from autogradcli.engines.sympy.claims import settled
from autogradcli.engines.sympy.differentiate import Differentiation
from autogradcli.engines.sympy.messages import (
    SCALARS,
    Began,
    Differentiate,
    Differentiated,
    Evaluate,
    Evaluated,
    FormulaMessage,
    MemoryLimit,
    Prove,
    Proved,
    Ready,
    Reply,
    Task,
)
from autogradcli.language.program import Program
from autogradcli.processes import limits
from autogradcli.processes.messages import pack, receive

MEMORY = 4 << 30
"""Bytes of address space; more is a MemoryError, which becomes a reason."""
STACK = 512 << 20
RECURSION = 100_000
CACHE_LIFE = 300
"""Tickets after which SymPy's caches are emptied, so that memory does not grow."""
KEPT = 64
"""Programs whose derivatives are kept, for further points of the same expression."""
YOUNG = 20_000
"""Objects that are made before the garbage among them is looked for: SymPy makes many, and keeps most in its caches."""
GRACE = 60
"""Seconds of processor time beyond its timeout after which the system ends a child whose parent has not."""


def rehearse(program: Program) -> None:
    """Differentiate a program of one number x beforehand: SymPy finds out at its first task what it needs for all."""
    work = Differentiation(Differentiate(0, program, ("x",), "text", 0.0, SCALARS))
    work.formula("x")
    work.slope("x", work.point({"x": 2.0}))


class Worker:
    """Works on requests in the order that helps the parent most: numbers first, then new formulas."""

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies
        self._requests: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._programs: deque[Differentiate | Prove] = deque()
        self._points: dict[int, Evaluate] = {}
        self._open: dict[int, tuple[Differentiate, Differentiation]] = {}
        self._works: dict[bytes, Differentiation] = {}
        self._count = 0

    def add(self, request: Task) -> None:
        """Queue a request; called from the thread that reads."""
        self._requests.put(request)

    def run(self) -> None:
        """Work for ever."""
        self._reply(Ready())
        while True:
            self.step()

    def step(self) -> None:
        """Do one piece of work; wait for one if there is none."""
        ready = self._next_point()
        while ready is None and not self._programs:
            self._sort_in(self._requests.get())
            ready = self._next_point()
        if ready is not None:
            self._evaluate(ready)
            return
        request = self._programs.popleft()
        if isinstance(request, Prove):
            self._prove(request)
        else:
            self._differentiate(request)

    def _next_point(self) -> Evaluate | None:
        self._take_in()
        return next((point for ticket, point in self._points.items() if ticket in self._open), None)

    def _take_in(self) -> None:
        """Sort in what has come."""
        while not self._requests.empty():
            self._sort_in(self._requests.get())

    def _sort_in(self, request: Task) -> None:
        if isinstance(request, Evaluate):
            self._points[request.ticket] = request
        else:
            self._programs.append(request)

    def _differentiate(self, request: Differentiate) -> None:
        start = self._begin(request)
        work = self._work(request)
        for name in request.wrt:
            found = work.formula(name)
            self._reply(FormulaMessage(request.ticket, name, found.texts, found.reasons, found.pattern, found.notes))
        self._take_in()
        point = self._points.pop(request.ticket, None)
        if point is None:
            self._open[request.ticket] = request, work
            self._reply(Differentiated(request.ticket, time.perf_counter() - start))
        else:
            self._put_in(point, request, work, start)
        self._count += 1
        if self._count % CACHE_LIFE == 0:
            clear_cache()

    def _evaluate(self, point: Evaluate) -> None:
        del self._points[point.ticket]
        request, work = self._open.pop(point.ticket)
        self._put_in(point, request, work, self._begin(request))

    def _put_in(self, point: Evaluate, request: Differentiate, work: Differentiation, start: float) -> None:
        """Answer with the numbers at the point."""
        at = work.point(point.at)
        slopes = {name: work.slope(name, at) for name in request.wrt}
        value = work.value(at)
        self._reply(Evaluated(point.ticket, value, slopes, time.perf_counter() - start))

    def _prove(self, request: Prove) -> None:
        start = self._begin(request)
        self._reply(Proved(request.ticket, settled(request), time.perf_counter() - start))

    def _begin(self, request: Differentiate | Prove) -> float:
        self._reply(Began(request.ticket))
        limit_processor_time(request.timeout + GRACE)
        return time.perf_counter()

    def _work(self, request: Differentiate) -> Differentiation:
        """What is known of the program; other points of the same expression need no new derivatives."""
        # The source alone does not tell: every output of a script is a program, and they have one source.
        key = pickle.dumps((request.program, request.wrt, request.style, request.tensors))
        work = self._works.pop(key) if key in self._works else Differentiation(request)
        self._works[key] = work
        if len(self._works) > KEPT:
            del self._works[next(iter(self._works))]
        return work

    def _reply(self, reply: Reply) -> None:
        self._replies.write(pack(reply))
        self._replies.flush()


def limit_processor_time(seconds: float) -> None:
    """Have the system end this process after so many more seconds of work.

    A long operation on large integers lets no other thread run, so that the end of the parent would go unnoticed.
    """
    with suppress(ImportError, OSError, OverflowError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds), hard))


def limit_memory() -> None:
    """Let allocations beyond `MEMORY` fail."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two ends of the conversation; from now on nothing that prints can disturb it."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return requests, replies


def main() -> None:
    """Serve one parent until it closes its pipe or dies."""
    serve(*claim_pipes())


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Work on what comes, and end with the parent."""
    limit_memory()
    sys.setrecursionlimit(RECURSION)
    threading.stack_size(STACK)
    gc.freeze()
    gc.set_threshold(YOUNG)
    worker = Worker(replies)
    threading.Thread(target=_run, args=(worker,), daemon=True).start()
    while (request := receive(requests)) is not None:
        if isinstance(request, MemoryLimit):
            limits.limit_memory(request.size + STACK)
        else:
            worker.add(request)
    os._exit(0)


def _run(worker: Worker) -> None:
    try:
        worker.run()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
