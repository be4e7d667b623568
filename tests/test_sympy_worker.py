"""The child's side, without a process around it."""

import io
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from autogradcli.engines.sympy import worker
from autogradcli.engines.sympy.messages import (
    SCALARS,
    Began,
    Differentiate,
    Differentiated,
    Evaluate,
    Evaluated,
    EvaluatedNumber,
    FormulaMessage,
    Reply,
    Task,
)
from autogradcli.engines.sympy.worker import KEPT, Worker
from autogradcli.language.parser import parse
from autogradcli.processes.messages import pack, receive


def differentiate(ticket: int, text: str) -> Differentiate:
    """A request for all derivatives of a text."""
    program = parse(text)
    return Differentiate(ticket, program, program.variables, "text", 10.0, SCALARS)


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "limit_processor_time", lambda _: None)


class Conversation:
    """A worker, and what it answers."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.worker = Worker(self.stream)

    def step(self, *requests: Task) -> list[object]:
        """The answers of one piece of work, without their times."""
        for request in requests:
            self.worker.add(request)
        self.stream.seek(0)
        self.stream.truncate()
        self.worker.step()
        self.stream.seek(0)
        return list(iter(lambda: timeless(receive(self.stream)), None))


def timeless(reply: Reply | Task | None) -> object:
    """A reply with 0 for the seconds that it took."""
    if isinstance(reply, Differentiated):
        return Differentiated(reply.ticket, 0.0)
    if isinstance(reply, Evaluated):
        return Evaluated(reply.ticket, reply.value, reply.derivatives, 0.0)
    return reply


def test_formulas_first_and_numbers_when_the_point_is_known() -> None:
    """Two pieces of work for a ticket; each begins with the note whose time it is."""
    conversation = Conversation()
    assert conversation.step(differentiate(1, "x**2*y")) == [
        Began(1),
        FormulaMessage(1, "x", "2*x*y", None),
        FormulaMessage(1, "y", "x**2", None),
        Differentiated(1, 0.0),
    ]
    assert conversation.step(Evaluate(1, {"x": 3.0, "y": 0.5})) == [
        Began(1),
        Evaluated(
            1, EvaluatedNumber("4.5", None), {"x": EvaluatedNumber("3", None), "y": EvaluatedNumber("9", None)}, 0.0
        ),
    ]


def test_numbers_come_before_new_formulas() -> None:
    """A parent that has sent a point waits for it; a point without a formula waits itself, and then follows at once."""
    conversation = Conversation()
    conversation.step(differentiate(1, "x"), differentiate(2, "2*x"), differentiate(3, "3*x"))
    assert conversation.step(Evaluate(3, {"x": 1.0}), Evaluate(1, {"x": 1.0}))[0] == Began(1)
    assert conversation.step()[1] == FormulaMessage(2, "x", "2", None)
    assert conversation.step() == [
        Began(3),
        FormulaMessage(3, "x", "3", None),
        Evaluated(3, EvaluatedNumber("3", None), {"x": EvaluatedNumber("3", None)}, 0.0),
    ]


def test_programs_are_kept_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivatives of the last few expressions are kept, SymPy's caches are emptied now and then."""
    emptied = []
    monkeypatch.setattr(worker, "clear_cache", lambda: emptied.append(1))
    monkeypatch.setattr(worker, "CACHE_LIFE", 50)
    conversation = Conversation()
    for ticket in range(KEPT + 40):
        conversation.step(differentiate(ticket, f"x**{ticket}"))
        conversation.step(Evaluate(ticket, {"x": 1.0}))
    assert len(conversation.worker._works) == KEPT
    assert not conversation.worker._open
    assert not conversation.worker._points
    assert len(emptied) == (KEPT + 40) // 50


def test_programs_of_one_source_are_told_apart() -> None:
    """As those of a script are; those that are the same are differentiated once."""
    conversation = Conversation()
    sine, cosine = (replace(differentiate(1, text), ticket=ticket) for ticket, text in enumerate(("sin(x)", "cos(x)")))
    cosine = replace(cosine, program=replace(cosine.program, source="sin(x)"))
    for request, formula in ((sine, "cos(x)"), (cosine, "-sin(x)"), (pickle.loads(pickle.dumps(sine)), "cos(x)")):
        assert conversation.step(request)[1] == FormulaMessage(request.ticket, "x", formula, None)
    assert len(conversation.worker._works) == 2


def test_messages_survive_the_pipe() -> None:
    """One after the other; a message that is cut off is the end."""
    messages: list[Task | Reply] = [Began(1), FormulaMessage(2, "λ", None, "why"), differentiate(3, "x + 0.1")]
    stream = io.BytesIO(b"".join(pack(message) for message in messages))
    assert [receive(stream) for _ in messages] == messages
    assert receive(stream) is None
    assert receive(io.BytesIO(pack(Began(1))[:-1])) is None


LIMITS = """
import resource
from autogradcli.engines.sympy.worker import MEMORY, limit_memory, limit_processor_time
limit_memory()
limit_processor_time(50)
assert resource.getrlimit(resource.RLIMIT_AS)[0] == MEMORY
assert 50 <= resource.getrlimit(resource.RLIMIT_CPU)[0] <= 60
"""


@pytest.mark.skipif(os.name != "posix", reason="only there processes have limits")
def test_the_system_ends_what_nobody_stops() -> None:
    """Memory and processor time are bounded."""
    subprocess.run([sys.executable, "-c", LIMITS], check=True)
