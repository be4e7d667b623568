"""Faults planted in torch's backward, one row at a time, to see whether gradcalc finds them and names the step.

A fault gives one row a wrong partial derivative: off by one part in a million, of the wrong sign, or the row's own
formula with a term or factor dropped, a constant changed, or two operands exchanged. How much it moves the gradient is
known from mpmath; so it is known which faults rounding could hide.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any

import torch
from mpmath import mp

from autogradcli.compute.report import Report
from autogradcli.engines.torch import adapters, engine
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import Function
from autogradcli.functions.table import rows
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Step
from autogradcli.language.tape import Tape, partial_programs
from tests.generate import DIGITS, Case, Grower, Term, coordinate
from tests.oracles.findings import ROUNDINGS, findings
from tests.oracles.first_order import Slopes, sensitivity
from tests.oracles.truth import TooHard, run, tape_of

PLAIN = 4
"""A fault so many times larger than what rounding does, to first order, must be found."""
AROUND = ("{}", "{}*x", "1 + {}/3", "atan({})", "exp(-({})**2)", "log(2 + sin({}))", "({} + y)**2", "x/(4 + cos({}))")
"""What stands around the row."""
PATIENCE = 40
"""How many expressions are tried for one in which the fault shows: some show only at the edge of a domain."""
MOVED_DIGITS = 300
"""Decimal digits for how much a fault moves a gradient: those of differences by a step of 1e-120."""

Partial = Callable[[Sequence[Any]], Any]
"""A partial derivative of a row at its operands, by mpmath."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong partial derivative of a row."""

    row: Function
    place: int
    """Of the operand."""
    kind: str
    wrong: Partial
    right: Partial


@dataclass(frozen=True, slots=True)
class Trial:
    """An expression with a fault in one of its steps, and what came of it."""

    fault: Fault
    case: Case
    name: str
    """The variable."""
    step: int
    """The step with the fault."""
    moved: float
    """By how much the fault moves the gradient."""
    excuse: float
    """By how much rounding may move it, to first order."""
    verdict: str
    blamed: int | None
    """The step that the report blames."""

    @property
    def plain(self) -> bool:
        """Whether the fault is too large for rounding to explain."""
        return self.moved > PLAIN * self.excuse

    @property
    def found(self) -> bool:
        """Whether the report finds it and blames the right step."""
        return self.verdict in ("mismatch", "imprecise") and self.blamed == self.step


# ---- faults ------------------------------------------------------------------------------------------------------


def fallible() -> list[Function]:
    """The rows in whose backward a fault can be planted: those that torch takes as one operation."""
    return [each for each in rows().values() if each.elementary and each.torch and not each.tensor]


@cache
def faults(row: Function) -> tuple[Fault, ...]:
    """All faults of a row, each one in one partial derivative."""
    return tuple(fault for place in range(len(row.partials)) for fault in _faults(row, place))


def _faults(row: Function, place: int) -> Iterator[Fault]:
    if [each for each in row.parameters if each.kind != "option"][place].kind != "tensor":
        return
    program = partial_programs(row)[place]
    right = _partial(row, program)
    yield Fault(row, place, "one part in a million", lambda x: right(x) * (1 + mp.mpf(10) ** -6), right)
    yield Fault(row, place, "wrong sign", lambda x: -right(x), right)
    for kind, wrong in mutants(program):
        yield Fault(row, place, kind, _partial(row, wrong), right)


def _partial(row: Function, program: Program) -> Partial:
    tape = tape_of(program)
    return lambda operands: run(tape, dict(zip(row.operand_names, operands, strict=True)))[tape.output]


def mutants(program: Program) -> Iterator[tuple[str, Program]]:
    """The program with one thing wrong, in all ways."""
    for index, step in enumerate(program.steps):
        if isinstance(step, Constant) and not isinstance(step.value, str):
            yield "constant", _with(program, index, replace(step, value=step.value + 1))
        elif (
            isinstance(step, Call) and len(step.operands) == 2 and step.function in ("add", "sub", "mul", "div", "pow")
        ):
            first, second = step.operands
            kind = {"add": "dropped term", "sub": "dropped term", "pow": "dropped power"}.get(
                step.function, "dropped factor"
            )
            yield kind, _without(program, index, first)
            if step.function in ("sub", "div", "pow"):
                yield "exchanged operands", _with(program, index, replace(step, operands=(second, first)))


def _with(program: Program, index: int, step: Step) -> Program:
    return replace(program, steps=(*program.steps[:index], step, *program.steps[index + 1 :]))


def _without(program: Program, index: int, instead: int) -> Program:
    """The program in which another step stands for one step."""
    steps = tuple(
        replace(step, operands=tuple(instead if operand == index else operand for operand in step.operands))
        if isinstance(step, Call)
        else step
        for step in program.steps
    )
    return replace(program, steps=steps, output=instead if program.output == index else program.output)


# ---- planting ----------------------------------------------------------------------------------------------------


class Planted(torch.autograd.Function):
    """A native function of torch whose backward has a fault."""

    @staticmethod
    def forward(
        ctx: Any,
        native: Callable[..., Any],
        fault: Fault,
        places: Sequence[int],
        operands: Sequence[Any],
        *tensors: torch.Tensor,
    ) -> Any:
        """The native function's value; its own graph is kept for backward."""
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_() for tensor in tensors]
            arguments = list(operands)
            for place, leaf in zip(places, leaves, strict=True):
                arguments[place] = leaf
            ctx.result = native(*arguments)
        ctx.fault, ctx.places, ctx.leaves = fault, places, leaves
        ctx.values = [float(argument) for argument in arguments]
        return ctx.result.detach()

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        """The native gradients, but for the one with the fault."""
        gradients = torch.autograd.grad(ctx.result, ctx.leaves, upstream[0])
        return (
            None,
            None,
            None,
            None,
            *(self_or_wrong(ctx, upstream[0], *each) for each in zip(ctx.places, gradients, strict=False)),
        )


def self_or_wrong(ctx: Any, upstream: torch.Tensor, place: int, gradient: torch.Tensor) -> torch.Tensor:
    """The gradient that is sent to one operand."""
    if place != ctx.fault.place:
        return gradient
    with mp.workdps(DIGITS):
        return upstream * float(ctx.fault.wrong([mp.mpf(value) for value in ctx.values]))


@contextmanager
def planted(fault: Fault, occurrence: int) -> Iterator[None]:
    """Plants the fault in one of the row's calls on variables, counted in the order of evaluation."""
    genuine = adapters.native
    calls = 0

    def native(row: Function) -> Callable[..., Any] | None:
        function = genuine(row)
        if function is None:
            return None

        def call(*operands: Any, **options: Any) -> Any:
            nonlocal calls
            places = [i for i, each in enumerate(operands) if isinstance(each, torch.Tensor) and each.requires_grad]
            if row.torch != fault.row.torch or not places:
                return function(*operands, **options)
            calls += 1
            if calls != occurrence:
                return function(*operands, **options)
            return Planted.apply(function, fault, places, operands, *(operands[place] for place in places))  # type: ignore[no-untyped-call]

        return call

    setattr(engine, "native", native)  # noqa: B010  mypy would not have a function in the place of a cached one
    try:
        yield
    finally:
        setattr(engine, "native", genuine)  # noqa: B010  as above


# ---- trials ------------------------------------------------------------------------------------------------------


def trials(row: Function, count: int, seed: str = "1", dtype: str = "float64") -> Iterator[Trial]:
    """Each fault of a row in `count` expressions, the same for all: first the row alone, then inside others."""
    for fault in faults(row):
        done = 0
        for number in range(PATIENCE * count):
            chance = random.Random(f"{seed}/{row.name}/{number}/{dtype}")
            around = chance.choice(AROUND) if done else "{}"
            for trial in _tried(fault, _honest(row, around, chance.random(), dtype)):
                done += 1
                yield trial
            if done >= count:
                break


@dataclass(frozen=True, eq=False)
class _Honest:
    """An expression with the row in a frame, without a fault: the same for all faults of the row."""

    program: Program
    case: Case
    report: Report | None
    """None if torch lacks the dtype."""

    @cached_property
    def tape(self) -> Tape:
        """The program in elementary rows."""
        return tape_of(self.program)

    @cache  # noqa: B019  a few hundred of them are kept as it is
    def slopes(self, name: str) -> Slopes | None:
        """All slopes with respect to a variable; None where they are too hard."""
        point = {each: mp.mpf(value) for each, value in self.case.at.items()}
        try:
            with mp.workdps(MOVED_DIGITS):
                return Slopes(self.tape, point, name, DTYPES[self.case.dtype].digits)
        except TooHard:
            return None

    @cache  # noqa: B019  as above
    def sensitivity(self, name: str) -> float:
        """How many units of roundoff the gradient is moved by one in each operation."""
        return float(sensitivity(self.program, self.case.at, name, DTYPES[self.case.dtype].digits))


@lru_cache(maxsize=256)
def _honest(row: Function, around: str, seed: float, dtype: str) -> _Honest:
    """An expression with the row in a frame."""
    case = _case(row, random.Random(seed), dtype, around)
    program = parse(case.text, given=tuple(case.at))
    try:
        return _Honest(program, case, findings(program, case))
    except GradcalcError:
        return _Honest(program, case, None)


def _case(row: Function, chance: random.Random, dtype: str, around: str) -> Case:
    """The row on operands inside its domain, in a frame."""
    with mp.workdps(DIGITS):
        while True:
            at = {name: coordinate(chance, dtype) for name in "xy"}
            grower = Grower("tame", dtype, chance, at)
            first = Term("x", mp.mpf(at["x"]), frozenset("x")) if around == "{}" else grower.term(1)
            term = grower.applied(row, first, 1 if around == "{}" else 2)
            if term is not None and term.variables:
                text = around.format(term.text)
                used = {name: at[name] for name in parse(text, given="xy").variables}
                return Case(text, used, dtype, "faults")


def _tried(fault: Fault, honest: _Honest) -> Iterator[Trial]:
    """The fault in the first call of its row on variables, if that call is on the way from a variable to the output."""
    step = _first_step(honest.program, fault.row.name)
    if step is None or honest.report is None:
        return
    gradients = honest.report.gradients.items()
    sound = [name for name, found in gradients if found.verdict == "verified" and not found.rounded_off]
    moved = {name: size for name in sound if (size := _moved(fault, honest, name, step))}
    if moved:
        with planted(fault, 1):
            faulty = findings(honest.program, honest.case)
        yield from (_trial(fault, honest, name, step, size, faulty) for name, size in moved.items())


def _first_step(program: Program, name: str) -> int | None:
    below: set[int] = set()
    for index, step in enumerate(program.steps):
        if not isinstance(step, Call):
            below |= set() if isinstance(step, Constant) else {index}
        elif not below.isdisjoint(step.operands):
            below.add(index)
            if step.function == name:
                return index
    return None


def _moved(fault: Fault, honest: _Honest, name: str, step: int) -> float:
    """By how much the fault moves the gradient: the adjoint of its step, its error, the tangent of its operand."""
    call, slopes = honest.program.steps[step], honest.slopes(name)
    assert isinstance(call, Call)
    if slopes is None:
        return 0.0
    with mp.workdps(MOVED_DIGITS):
        index: Any = honest.tape.results[step]
        operands: Any = [honest.tape.results[operand] for operand in call.operands]
        values = [slopes.values[operand] for operand in operands]
        try:
            error = fault.wrong(values) - fault.right(values)
        except TooHard:
            return 0.0
        moved = abs(slopes.adjoints()[index] * error * slopes.tangents[operands[fault.place]])
        return float(moved) if mp.isfinite(moved) else 0.0


def _trial(fault: Fault, honest: _Honest, name: str, step: int, moved: float, report: Report) -> Trial:
    found, dtype = report.gradients[name], DTYPES[honest.case.dtype]
    excuse = max(ROUNDINGS * dtype.unit_roundoff * honest.sensitivity(name), dtype.ulp(found.autograd))
    blamed = found.reason.step if found.reason else None
    return Trial(fault, honest.case, name, step, moved, excuse, found.verdict, blamed)
