"""Derivatives beyond the gradient. Each is the gradient of another output, and is found and judged as one.

A second derivative is the gradient of a derivative; a row of a Jacobian is the gradient of one component. So a problem
that asks for more falls into problems of the first order, which differ in what is differentiated: the derivative of the
output along some directions, one after the other, or one component of the output.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from autogradcli.compute.problem import GRADIENT, Beyond, Problem, called
from autogradcli.compute.report import Gradient, Reason, Report
from autogradcli.compute.stacked import stacked, unknown
from autogradcli.compute.stage import DirectionPath, FirstOrder, Stage, ended
from autogradcli.compute.verdict import worst
from autogradcli.engines.results import flat, nested, shape
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.program import Constant, Direction, Program, component
from autogradcli.language.shapes import Shape, indices, written
from autogradcli.language.transforms import picked, shifted
from autogradcli.processes.limits import OutOfTime

Parts = tuple[tuple[str, tuple[float, ...]], ...]
"""Names, and what the components of each move by, row by row."""
Further = dict[str, dict[str, Gradient]]
"""Derivatives by name, and then by order or by a second name."""
MOST_COMPONENTS = 1_000_000
"""Components of a Hessian or a Jacobian."""
Start = Callable[[Problem], FirstOrder]
"""Hands a problem of the first order to the engines."""


def with_higher(report: Report, base: FirstOrder, start: Start) -> Report:
    """The report with all derivatives beyond the gradient that its problem asks for, and the worst verdict of all."""
    problem = base.evidence.problem
    beyond = problem.beyond
    if not beyond.asked:
        return report
    family = Family(report, base, start)
    try:
        found = _found(report, family, beyond)
    except (OutOfTime, MemoryError) as end:
        family.stop(end)
        found = _found(report, family, beyond)
    return _judged(found, family)


def cut_short(report: Report, base: FirstOrder, end: Exception) -> Report:
    """The same where nothing more can be computed: each of them is unverified, because of that `end`."""
    beyond = base.evidence.problem.beyond
    if not beyond.asked:
        return report

    def start(_: Problem) -> FirstOrder:
        raise end

    family = Family(report, base, start)
    family.stop(end)
    return _judged(_found(report, family, beyond), family)


def _judged(found: Report, family: "Family") -> Report:
    verdict = worst(each.verdict for each in found.findings().values())
    return replace(found, verdict=verdict, notes=(*found.notes, *family.notes()))


def _found(report: Report, family: "Family", beyond: Beyond) -> Report:
    if beyond.jacobian:
        return replace(report, gradients={}, upstream=None, jacobian=family.jacobian())
    if beyond.jvp:
        return replace(report, gradients={}, upstream=None, jvp=family.directional(beyond.jvp))
    if beyond.mixed:
        return replace(report, derivatives={",".join(beyond.mixed): family.mixed(beyond.mixed)})
    if beyond.hvp:
        return replace(report, hvp=family.products(beyond.hvp))
    if family.single and not beyond.hessian:
        (name,) = family.wrt
        return replace(report, derivatives={name: family.orders(name, beyond.order)})
    return replace(report, hessian=family.hessian(beyond.order))


class Family:
    """The problems of the first order that one problem falls into."""

    def __init__(self, report: Report, base: FirstOrder, start: Start) -> None:
        self.base_report = report
        self._problem = replace(base.evidence.problem, beyond=GRADIENT)
        self._base = base
        self._start = start
        self._stages: dict[DirectionPath, Stage] = {(): Stage(self, (), base)}
        self.end: Exception | None = None
        """Why nothing more is computed; None as long as there is time."""

    def stop(self, end: Exception) -> None:
        """Leave all that is not there yet, and say why."""
        self.end = end

    @property
    def wrt(self) -> Sequence[str]:
        """The names that are differentiated with respect to."""
        return self._problem.wrt

    @property
    def single(self) -> bool:
        """Whether there is one variable, a number."""
        return len(self.wrt) == 1 and not self.shape(self.wrt[0])

    def stage(self, path: DirectionPath) -> "Stage":
        """The derivative along a path, which is handed to the engines when it is first asked for."""
        if path not in self._stages and self.end is not None:
            return Stage(self, path, None)
        if path not in self._stages:
            backward = replace(self._problem.backward, along=path)
            pending = self._start(replace(self._problem, backward=backward))
            self._stages[path] = Stage(self, path, pending)
        return self._stages[path]

    def notes(self) -> list[str]:
        """From which order on torch has nothing to differentiate, and what was looked at without a proof."""
        stages = {path: stage for path, stage in self._stages.items() if path and stage.is_known}
        ends = {len(path) for path, stage in stages.items() if stage.is_constant}
        constant = [
            f"torch: the {called(order)} does not require grad, so that what comes after it is 0"
            for order in sorted(ends)[:1]
        ]
        return constant + list(dict.fromkeys(stage.remark for stage in stages.values() if stage.remark is not None))

    def orders(self, name: str, last: int) -> dict[str, Gradient]:
        """The derivatives of order 2 and more with respect to one number, by their order."""
        step = component(name, 0, 1)
        stages = [self.stage((step,) * (order - 1)) for order in range(2, last + 1)]
        return {str(order): stage.gradient(name) for order, stage in enumerate(stages, 2)}

    def mixed(self, names: Sequence[str]) -> dict[str, Gradient]:
        """One mixed partial derivative, by its order. Raises GradcalcError if a name is no number."""
        for name in names:
            if self.shape(name):
                message = f"{name} has shape {self.shape(name)}, and a mixed partial is taken of numbers"
                raise GradcalcError("usage", message, hint="type --hessian for all second derivatives")
        *before, last = names
        return {str(len(names)): self.stage(tuple(component(name, 0, 1) for name in before)).gradient(last)}

    def hessian(self, order: int) -> Further:
        """All second derivatives, by both names."""
        if order > 2:
            message = f"order {order} is for one variable that is a number"
            names = ",".join([self.wrt[0]] * (order - 1) + [self.wrt[-1]])
            raise GradcalcError("usage", message, hint=f"type --wrt {names} for one mixed partial derivative")
        count = sum(math.prod(self.shape(name)) for name in self.wrt)
        _check_size("the Hessian", count * count, "--hvp NAME=VALUE for its product with a direction")
        rows = {name: [self.stage((each,)) for each in self._components(name)] for name in self.wrt}
        return {
            name: {other: stacked([row.gradient(other) for row in rows[name]], self.shape(name)) for other in rows}
            for name in rows
        }

    def _parts(self, direction: Sequence[tuple[str, Program]]) -> Parts:
        """The components of a direction. Raises GradcalcError where they are not finite, or too many."""
        # torch is imported with it.
        from autogradcli.engines.torch.engine import constant

        found = [(name, constant(value)) for name, value in direction]
        for name, value in found:
            if shape(value) != self.shape(name):
                given, due = written(shape(value)), written(self.shape(name))
                message = f"the direction for {name} has shape {given}, and {name} has {due}"
                hint = f"it says for each component of {name} what that moves by"
                raise GradcalcError("shape", message, hint=hint)
            if not all(map(math.isfinite, flat(value))):
                raise GradcalcError("value", f"the direction for {name} must be finite")
        return tuple((name, tuple(flat(value))) for name, value in found)

    def products(self, direction: Sequence[tuple[str, Program]]) -> dict[str, Gradient]:
        """The Hessian times a direction: the gradient of the derivative along it."""
        stage = self.stage((Direction(() if self.end else self._parts(direction)),))
        return {name: stage.gradient(name) for name in self.wrt}

    def jacobian(self) -> dict[str, Gradient]:
        """The derivative of every component of the output with respect to every component of each name."""
        count = math.prod(self._output) * sum(math.prod(self.shape(name)) for name in self.wrt)
        _check_size("the Jacobian", count, "--jvp NAME=VALUE or --upstream VALUE for a product with it")
        if self.end is not None:
            why = ended(self.end, 1)
            return {name: unknown(why, (*self._output, *self.shape(name))) for name in self.wrt}
        rows = self._rows(self._problem)
        return {name: stacked([row.gradients[name] for row in rows], self._output) for name in self.wrt}

    def directional(self, direction: Sequence[tuple[str, Program]]) -> dict[str, Gradient]:
        """The derivative of every component of the output along a direction, by torch's forward mode."""
        moving = ",".join(name for name, _ in direction)
        if self.end is not None:
            return {moving: unknown(ended(self.end, 1), self._output)}
        problem, parts = self._problem, self._parts(direction)
        program, name = shifted(problem.program, {each: (self.shape(each), weights) for each, weights in parts})
        at = {**problem.at, name: Program("0", (Constant(Fraction(0), Span(0, 1)),), 0, None, {}, ())}
        backward = replace(problem.backward, forward=True)
        moved = replace(problem, program=program, at=at, wrt=(name,), backward=backward)
        try:
            found = stacked([row.gradients[name] for row in self._rows(moved)], self._output)
        except GradcalcError as error:
            if error.kind != "torch":
                raise
            return {moving: unknown(Reason("GC509", error.message), self._output)}
        # The formula is one in t, where t is 0: SymPy's number says all that there is to say.
        symbolic = replace(found.symbolic, formula=nested([None] * math.prod(self._output), self._output))
        return {moving: replace(found, symbolic=symbolic)}

    def _rows(self, problem: Problem) -> list[Report]:
        """For each component of the output the report on its gradient. Raises GradcalcError if there is none."""
        if 0 in self._output:
            raise GradcalcError("value", "the output has no components: there is nothing to differentiate")
        backward = replace(problem.backward, upstream=None)
        places = [indices(place, self._output) for place in range(math.prod(self._output))]
        programs = [picked(problem.program, place) for place in places]
        started = [self._start(replace(problem, program=each, backward=backward)) for each in programs]
        return [each.report() for each in started]

    @property
    def _output(self) -> Shape:
        return shape(self._base.evidence.autograd.value)

    def size_along(self, direction: Direction) -> float:
        """How far the point is from 0, in steps of a direction; 1 where it is 0."""
        point = self._base.evidence.point
        sizes = [(_largest(flat(point(name))), _largest(weights)) for name, weights in direction.parts]
        return max((size / step for size, step in sizes if step), default=0.0) or 1.0

    def _components(self, name: str) -> list[Direction]:
        size = math.prod(self.shape(name))
        return [component(name, place, size) for place in range(size)]

    def shape(self, name: str) -> Shape:
        """The shape of a variable, or of a named intermediate."""
        return shape(self._base.evidence.point(name))


def _check_size(what: str, components: int, instead: str) -> None:
    """Raises GradcalcError for a matrix that is too large to be worked out and shown."""
    if components > MOST_COMPONENTS:
        message = f"{what} has {components:,} components, and at most {MOST_COMPONENTS:,} are worked out"
        raise GradcalcError("limit", message, hint=f"type {instead}")


def _largest(numbers: Iterable[float]) -> float:
    return max(map(abs, numbers), default=0.0)
