"""The parent's side of the SymPy engine: starts the child, hands it tickets, and stops it when it takes too long.

A ticket is one program. Its formulas are found while the point is still unknown (torch is being imported, or is busy
with an earlier problem), and its numbers when the point has come. Only the standard library is imported here.
"""

import atexit
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.engines.sympy.messages import (
    SCALARS,
    Began,
    Differentiate,
    Differentiated,
    Evaluate,
    Evaluated,
    EvaluatedNumber,
    FormulaMessage,
    MemoryLimit,
    Prove,
    Proved,
    Ready,
    Reply,
    Request,
    Tensors,
)
from autogradcli.language.program import Program
from autogradcli.processes.child import Child, Process, spawn
from autogradcli.processes.limits import memory_limit
from autogradcli.processes.spare import SYMBOLIC, borrow

ENVIRONMENT = {"SYMPY_CACHE_SIZE": "100000", "SYMPY_GROUND_TYPES": "python", "MPMATH_NOGMPY": "1"}
"""Results that each of SymPy's caches keeps, until the child empties them: its own 1,000 lose what is needed again.
Its numbers are Python's also where gmpy2 is installed, whose limits are others: a report must not hang on that."""
COMMAND = (sys.executable, "-P", "-m", "autogradcli.engines.sympy.worker")
"""`-P`: a `sympy.py` in the user's folder is not SymPy."""
NUMBERS = count(1)
"""Of the tickets of this process."""


@dataclass(frozen=True, slots=True)
class SymbolicDerivative:
    """SymPy's result for one variable."""

    formula: Array
    """The derivative, printed in the style asked for and in the user's names; of a tensor, each component's."""
    digits: Array
    """Its value at the point to 30 significant digits; None if it is not a number, or no point was given."""
    reason: Array
    """Why the formula or the digits are missing."""
    pattern: str | None = None
    """One formula for all components, with letters for their indices; None if there is none."""
    notes: tuple[str, ...] = ()
    """Where conditions change and there is no derivative, or the formula does not hold."""


@dataclass(frozen=True, slots=True)
class SymbolicAnswer:
    """SymPy's result for one program."""

    value: str | None
    """The function's own value at the point, to 30 significant digits."""
    derivatives: dict[str, SymbolicDerivative]
    seconds: float
    """How long SymPy worked on it."""


_AHEAD: list[Process] = []
"""A process that was started for the first to need one."""


def start_ahead() -> None:
    """Start a process: it imports SymPy while what is to use it is imported here."""
    _AHEAD.append(_start())
    atexit.register(_end_unused)


def _end_unused() -> None:
    for process in _AHEAD:
        process.kill()


def _start() -> Process:
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        return borrow(SYMBOLIC, nothing) or spawn(COMMAND, ENVIRONMENT, nothing)
    finally:
        os.close(nothing)


class SymbolicProcess:
    """SymPy in a process of its own; a context manager, to be used from one thread.

    The child starts at once. When it dies or is stopped, the ticket it was busy with is answered with the reason, and
    a new child takes over all others.
    """

    def __init__(self, memory: int | None = None) -> None:
        """The child may hold so many bytes of `memory`; else as many as this process, also where it was borrowed."""
        self._memory = memory_limit() if memory is None else memory
        self._tickets: dict[int, _Ticket] = {}
        self._abandoned: set[int] = set()
        self._child = _Child(self._memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def await_start(self, patience: float) -> None:
        """Come back as soon as the child has loaded SymPy, or after so many seconds of `patience`."""
        deadline = time.monotonic() + patience
        while not self._child.ready and time.monotonic() < deadline:
            self._listen(deadline)

    def differentiate(
        self, program: Program, wrt: tuple[str, ...], timeout: float, style: str = "text", tensors: Tensors = SCALARS
    ) -> int:
        """A ticket for the derivatives of `program` with respect to `wrt`; the child begins as soon as it is free.

        `style` is text, latex, python or c; `timeout` is in seconds that the child may work on this ticket in all.
        """
        return self._add(Differentiate(next(NUMBERS), program, wrt, style, timeout, tensors))

    def prove(self, program: Program, name: str, claim: Program, timeout: float) -> int:
        """A ticket for the question whether the derivative of `program` about `name` is `claim`."""
        return self._add(Prove(next(NUMBERS), program, name, claim, timeout))

    def _add(self, request: Differentiate | Prove) -> int:
        ticket = self._tickets[request.ticket] = _Ticket(request)
        self._hand_over(ticket)
        return request.ticket

    def settled(self, ticket: int, patience: float = math.inf) -> bool:
        """Whether SymPy could show it, as soon as it has an answer or is out of time. To be asked for once."""
        self._wait(ticket, patience)
        return self._tickets.pop(ticket).settled

    def evaluate(self, ticket: int, at: Mapping[str, Array]) -> None:
        """Ask for the numbers too, at the exact doubles `at`; tensors are nested lists."""
        known = self._tickets[ticket]
        known.point = Evaluate(ticket, dict(at))
        if known.child is self._child:
            self._child.send(known.point)
        elif not known.complete:
            self._hand_over(known)

    def result(self, ticket: int, patience: float = math.inf) -> SymbolicAnswer:
        """The answer, as soon as it is complete; formulas alone where no point was given. To be asked for once.

        After so many seconds of `patience` it is what has been found until then.
        """
        self._wait(ticket, patience)
        return self._tickets.pop(ticket).answer()

    def _wait(self, ticket: int, patience: float) -> None:
        """Listen until a ticket is complete, or given up."""
        known = self._tickets[ticket]
        deadline = time.monotonic() + patience
        while not known.complete and time.monotonic() < deadline:
            self._listen(deadline)
        if known.complete:
            return
        reason = f"timed out after {known.request.timeout:g} s"
        if self._child.ticket == ticket:
            self._replace_child(reason)
        else:
            known.give_up(reason, 0.0)

    def abandon(self, ticket: int) -> None:
        """Nobody will ask for the result of this ticket: it is forgotten as soon as the child is done with it."""
        self._abandoned.add(ticket)
        self._forget()

    def close(self) -> None:
        """End the child."""
        self._child.close()

    def _forget(self) -> None:
        done = {ticket for ticket in self._abandoned if self._tickets[ticket].complete}
        self._abandoned -= done
        for ticket in done:
            del self._tickets[ticket]

    def _listen(self, deadline: float = math.inf) -> None:
        """Take in one reply, or do what must be done when none comes, until the deadline."""
        busy = self._tickets.get(self._child.ticket or 0)
        left = math.inf if busy is None else busy.request.timeout - busy.seconds - self._child.busy_seconds()
        try:
            reply = self._child.receive(min(left, deadline - time.monotonic()))
        except queue.Empty:
            if busy is not None and time.monotonic() < deadline:
                self._replace_child(f"timed out after {busy.request.timeout:g} s")
            return
        if reply is None:
            self._replace_child(f"SymPy's process ended: {self._child.exit_reason()}")
        elif not isinstance(reply, Ready) and reply.ticket in self._tickets:
            self._tickets[reply.ticket].take(reply)
        self._forget()

    def _replace_child(self, reason: str) -> None:
        """Give up the ticket that the child was busy with, and hand all others to a new child.

        A child that ends before it has begun with anything loses the oldest ticket, lest its successors do the same
        for ever.
        """
        waiting = {number: ticket for number, ticket in self._tickets.items() if not ticket.complete}
        lost = self._child.ticket if self._child.worked else min(waiting, default=None)
        if lost in waiting:
            waiting.pop(lost).give_up(reason, self._child.busy_seconds())
        self._child.close()
        self._child = _Child(self._memory)
        for ticket in waiting.values():
            self._hand_over(ticket)

    def _hand_over(self, ticket: "_Ticket") -> None:
        """Have the present child begin with a ticket."""
        ticket.child, ticket.seconds = self._child, 0.0
        self._child.send(ticket.request)
        if ticket.point is not None:
            self._child.send(ticket.point)


@dataclass(slots=True)
class _Ticket:
    """What is known so far about one program."""

    request: Differentiate | Prove
    child: "_Child | None" = None
    """The child that it was handed to."""
    point: Evaluate | None = None
    formulas: dict[str, FormulaMessage] = field(default_factory=dict)
    numbers: Evaluated | None = None
    differentiated: bool = False
    settled: bool = False
    """Whether a claim was shown to be right."""
    given_up: str | None = None
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to wait for, as things stand."""
        if self.given_up is not None or self.numbers is not None:
            return True
        return self.differentiated and self.point is None

    def take(self, reply: Reply) -> None:
        """Note what the child found."""
        if isinstance(reply, FormulaMessage):
            self.formulas[reply.variable] = reply
        elif isinstance(reply, Differentiated):
            self.differentiated = True
            self.seconds += reply.seconds
        elif isinstance(reply, Evaluated):
            self.numbers = reply
            self.seconds += reply.seconds
        elif isinstance(reply, Proved):
            self.differentiated, self.settled = True, reply.settled
            self.seconds += reply.seconds

    def give_up(self, reason: str, seconds: float) -> None:
        """Note that nothing more will come, and how long the child had been busy with it."""
        self.given_up = reason
        self.seconds += seconds

    def answer(self) -> SymbolicAnswer:
        """What the caller gets."""
        assert isinstance(self.request, Differentiate)
        value = None if self.numbers is None else self.numbers.value.digits
        derivatives = {name: self._derivative(name) for name in self.request.wrt}
        return SymbolicAnswer(value, derivatives, self.seconds)

    def _derivative(self, name: str) -> SymbolicDerivative:
        found = self.formulas.get(name)
        if found is None:
            return SymbolicDerivative(None, None, self.given_up)
        sizes = shape(found.formula)
        reasons = flat(found.reason)
        if self.numbers is None:
            missing = self.given_up if self.point is not None else None
            why = nested([each or missing for each in reasons], sizes)
            return SymbolicDerivative(found.formula, None, why, found.pattern, found.notes)
        numbers: list[EvaluatedNumber] = flat(self.numbers.derivatives[name])
        return SymbolicDerivative(
            found.formula,
            nested([number.digits for number in numbers], sizes),
            nested([reason or number.reason for reason, number in zip(reasons, numbers, strict=True)], sizes),
            found.pattern,
            found.notes,
        )


class _Child:
    """One child process, and what it is busy with. What it says carries the time at which it came."""

    def __init__(self, memory: int | None) -> None:
        self._replies: queue.SimpleQueue[tuple[Reply | None, float]] = queue.SimpleQueue()
        process = _AHEAD.pop() if _AHEAD else _start()
        self._child = Child(process, lambda reply, came: self._replies.put((reply, came)))
        self._child.listen()
        if memory is not None:
            self.send(MemoryLimit(memory))
        self.ticket: int | None = None
        """The ticket that it is busy with."""
        self._since = 0.0
        self.ready = False
        """Whether it has loaded SymPy."""
        self.worked = False
        """Whether it has begun with anything."""

    def send(self, request: Request) -> None:
        """Queue a request."""
        self._child.send(request)

    def receive(self, patience: float) -> Reply | None:
        """The next reply; None if the child has ended. queue.Empty if nothing comes for so many seconds."""
        reply, came = self._replies.get(timeout=min(max(0.0, patience), threading.TIMEOUT_MAX))
        if isinstance(reply, Ready):
            self.ready = True
        elif isinstance(reply, Began):
            self.worked = True
            self.ticket, self._since = reply.ticket, came
        elif isinstance(reply, Differentiated | Evaluated | Proved):
            self.ticket = None
        return reply

    def busy_seconds(self) -> float:
        """How long the child has been busy with its ticket."""
        return 0.0 if self.ticket is None else time.monotonic() - self._since

    def exit_reason(self) -> str:
        """What the child ended with."""
        return self._child.exit_reason()

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._child.close()
