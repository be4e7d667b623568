"""The chain rule, path by path: the ways from the output to a variable, with the true derivative of each step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.decimals import as_text
from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.identities import ZERO
from autogradcli.engines.arb.plan import Plan, plan
from autogradcli.engines.arb.primitives import Point
from autogradcli.engines.arb.rounding import Rounding
from autogradcli.engines.arb.sweep import Sweep, sweep
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, ChainPath, ChainPaths, Link, flat, nested, shape
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Constant, Program, Step, Variable
from autogradcli.language.tape import components

MOST_PATHS = 10
"""Paths that are written out."""
MOST_LINKS = 1_000
"""Links that are written out in all; the first path is, however long it is."""
DIFFERENTIATED = frozenset({"tensor", "number", "sequence", "pair"})
"""The kinds of parameters that a path goes through."""

Balls = Sequence[arb]
"""The components of a tensor, row by row."""


def paths(proof: Enclosures, values: Sequence[Array], name: str) -> ChainPaths:
    """The chain rule for the gradient of one name; `values` are torch's, for the shapes of all steps."""
    program = proof.plan.program
    target = program.index(name)
    with ctx.workprec(proof.precision):
        walker = _Walker(proof, values, target)
        start = [arb(weight) for _, weight in proof.plan.tape.seeds]
        shown: list[ChainPath] = []
        links = 0
        for each in walker.walk(start):
            links += len(each.links)
            if shown and (len(shown) == MOST_PATHS or links > MOST_LINKS):
                break
            shown.append(each)
        entries, count = proof.plan.asked[name], walker.counts[program.output]
        # Steps that are all differentiable make a whole that is, even where the sweep fears a tie.
        smooth = len(shown) == count and all(path.product is not None for path in shown)
        gradient = [proof.gradient(entry) if smooth or proof.proves(entry) else arb.nan() for entry in entries]
        return ChainPaths(tuple(shown), count, _text(gradient, values[target]))


def ways(step: Step) -> Iterator[tuple[int, int]]:
    """The operands of a step that a derivative goes through, with their places."""
    if isinstance(step, Call):
        parameters = row(step.function).parameters_of(step.operands, dict(step.options))
        for place, (operand, parameter) in enumerate(zip(step.operands, parameters, strict=True)):
            if parameter.kind in DIFFERENTIATED:
                yield place, operand


class _Walker:
    """Walks the ways from the output to one step."""

    def __init__(self, proof: Enclosures, values: Sequence[Array], target: int) -> None:
        self._proof = proof
        self._values = values
        self._steps = proof.plan.program.steps
        self._target = target
        self._locals: dict[int, Local] = {}

    @cached_property
    def counts(self) -> Sequence[int]:
        """For each step how many ways lead from it to the target."""
        found = [0] * len(self._values)
        for index in range(len(found)):
            found[index] = (
                1 if index == self._target else sum(found[operand] for _, operand in ways(self._steps[index]))
            )
        return found

    def walk(self, start: Balls) -> Iterator[ChainPath]:
        """All paths, the first operands first."""
        output = self._proof.plan.program.output
        stack: list[tuple[int, tuple[Link, ...], Balls | None]] = [(output, (), start)]
        while stack:
            index, links, product = stack.pop()
            if index == self._target:
                yield ChainPath(links, self._text(product, index))
                continue
            for place, operand in reversed([each for each in ways(self._steps[index]) if self.counts[each[1]]]):
                link, sent = self._follow(index, place, operand, product)
                stack.append((operand, (*links, link), sent))

    def _follow(self, index: int, place: int, operand: int, product: Balls | None) -> tuple[Link, Balls | None]:
        """The next link of a path that has come to a product, and what it comes to then."""
        local = self._locals.setdefault(index, Local(self._proof, self._values, index))
        sent = None if product is None else local.pull_back(product)[place]
        derivative = None
        if not shape(self._values[index]) and not shape(self._values[operand]):
            slope = local.pull_back([arb(1)])[place]
            derivative = as_text(ZERO if slope is None else slope[0]) if slope is None or slope[0].is_finite() else None
        return Link(index, operand, place, derivative, self._text(sent, operand)), sent

    def _text(self, balls: Balls | None, index: int) -> Array:
        """Balls as plain data in the shape of a step's value; zero on a path through a branch that is not taken."""
        like = self._values[index]
        return _text([ZERO] * len(flat(like)) if balls is None else balls, like)


@dataclass(frozen=True)
class Local:
    """One step as a program of its own, whose variables are its operands."""

    proof: Enclosures
    values: Sequence[Array]
    index: int

    def pull_back(self, adjoint: Balls, point: Point | None = None) -> Mapping[int, Balls | None]:
        """For each operand's place what an adjoint of the step's value adds to the operand's.

        At the true values of the operands, or at others.
        It is NaN where there is no derivative, and None if the value does not depend on that operand here at all.
        """
        if self._tied:
            sizes = {place: len(entries) for place, entries in self._entries.items()}
            return {place: [arb.nan()] * size for place, size in sizes.items()}
        entries = self._plan.outputs
        tape = replace(self._plan.tape, seeds=tuple(zip(entries, adjoint, strict=True)))
        found = sweep(replace(self._plan, tape=tape), self._point if point is None else point)
        return {
            place: [_adjoint(found, entry) for entry in entries]
            if any(found.active[entry] for entry in entries)
            else None
            for place, entries in self._entries.items()
        }

    def results(self, rounding: Rounding | None) -> Balls:
        """The components of the step's value for what torch has as its operands; with `rounding` what they may be."""
        found = sweep(self._plan, self.received, rounding)
        return [found.values[entry] for entry in self._plan.outputs]

    @property
    def _entries(self) -> Mapping[int, Sequence[int]]:
        """The entries of the operands that a derivative goes through, by their places."""
        return {int(name): entries for name, entries in self._plan.asked.items()}

    @cached_property
    def _tied(self) -> bool:
        """Whether the step chooses by a condition in a tie that moves with what is differentiated with respect to."""
        plan = self.proof.plan
        entries = [entry for operand in self._call.operands for entry in components(plan.tape.results[operand])]
        values = self.proof.exact.values
        return any(isinstance(values[each], Truth) and values[each].tie and plan.varies[each] for each in entries)

    @cached_property
    def _plan(self) -> Plan:
        ones = [1.0] * len(components(self.proof.plan.tape.results[self.index]))
        at = {str(place): self.values[operand] for place, operand in self._variables.items()}
        asked = [str(place) for place, _ in ways(self._call) if place in self._variables]
        return plan(self._program, asked, at, ones if shape(self.values[self.index]) else None)

    @cached_property
    def _variables(self) -> Mapping[int, int]:
        """The operands that are not written in the text as they are, by their places."""
        steps = self.proof.plan.program.steps
        return {place: each for place, each in enumerate(self._call.operands) if not isinstance(steps[each], Constant)}

    @property
    def received(self) -> Point:
        """The values of the operands as torch has them."""
        return {
            str(place): [arb(each) for each in flat(self.values[operand])] for place, operand in self._variables.items()
        }

    @cached_property
    def _point(self) -> Mapping[str, Sequence[Any]]:
        results, values = self.proof.plan.tape.results, self.proof.exact.values
        return {
            str(place): [values[entry] for entry in components(results[operand])]
            for place, operand in self._variables.items()
        }

    @property
    def _call(self) -> Call:
        step = self.proof.plan.program.steps[self.index]
        assert isinstance(step, Call)
        return step

    @cached_property
    def _program(self) -> Program:
        whole, call = self.proof.plan.program, self._call
        steps: list[Step] = [
            Variable(str(place), call.span) if place in self._variables else whole.steps[operand]
            for place, operand in enumerate(call.operands)
        ]
        output = len(steps)
        steps.append(replace(call, operands=tuple(range(output))))
        return Program(whole.source, tuple(steps), output, None, {}, tuple(map(str, self._variables)))


def _text(balls: Balls, like: Array) -> Array:
    """Balls as plain data in the shape of a value; None if one of them is not finite."""
    if not all(ball.is_finite() for ball in balls):
        return None
    return nested([as_text(ball) for ball in balls], shape(like))


def _adjoint(found: Sweep, entry: int) -> arb:
    if found.nonsmooth[entry]:
        return arb.nan()
    adjoint = found.adjoints[entry]
    return ZERO if adjoint is None else adjoint
