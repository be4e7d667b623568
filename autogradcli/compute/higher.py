"""Derivatives beyond the gradient. Each is the gradient of another output, and is found and judged as one.

A second derivative is the gradient of a derivative; a row of a Jacobian is the gradient of one component. So a problem
that asks for more falls into problems of the first order, which differ in what is differentiated: the derivative of the
output along some directions, one after the other, or one component of the output.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Protocol

from autogradcli.compute.evidence import Evidence, Lower
from autogradcli.compute.gradients import WORST_STATUS, Finding
from autogradcli.compute.problem import GRADIENT, Problem, called
from autogradcli.compute.reasons import Case, reason, short
from autogradcli.compute.report import Gradient, Reason, Report, Symbolic
from autogradcli.compute.verdict import WORST_FIRST, worst
from autogradcli.engines.results import Cause, flat, nested, shape
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.program import Constant, Direction, Program, Tensor, component
from autogradcli.language.shapes import Shape, indices
from autogradcli.language.transforms import shifted
from autogradcli.processes.limits import OutOfTime

Parts = tuple[tuple[str, tuple[float, ...]], ...]
"""Names, and what the components of each move by, row by row."""
Path = tuple[Direction, ...]
"""The directions along which the output is differentiated, one after the other."""
Further = dict[str, dict[str, Gradient]]
"""Derivatives by name, and then by order or by a second name."""


class Pending(Protocol):
    """A problem of the first order on its way to a report."""

    @property
    def evidence(self) -> Evidence:
        """What the engines found, once there is a report."""

    @property
    def findings(self) -> Mapping[str, Sequence[Finding]]:
        """For each name the finding on each component of the gradient, once there is a report."""

    def evaluate(self, lower: Lower) -> None:
        """Run torch and Arb, and tell SymPy the point; `lower` is what is known from derivatives of lower order."""

    def report(self) -> Report:
        """The report."""


HEREDITARY = frozenset({"GC104", "GC201", "GC202", "GC203"})
"""Causes of wrong numbers that the next derivative inherits: the branch of a guard, and what is not finite."""
ENDS = frozenset({"GC111", "GC114"})
"""Codes of a function that is not defined on both sides of the point."""
FINITE = frozenset({"verified", "imprecise", "mismatch"})
"""Verdicts on a number that there is, though no number is proven where it was looked at along random directions."""
Start = Callable[[Problem], Pending]
"""Hands a problem of the first order to the engines."""


def with_higher(report: Report, base: Pending, start: Start) -> Report:
    """The report with all derivatives beyond the gradient that its problem asks for, and the worst verdict of all."""
    problem = base.evidence.problem
    beyond = problem.beyond
    if not beyond.asked:
        return report
    family = Family(report, base, start)
    if beyond.jacobian:
        found = replace(report, gradients={}, upstream=None, jacobian=family.jacobian())
    elif beyond.jvp:
        found = replace(report, gradients={}, upstream=None, jvp=family.directional(family.parts(beyond.jvp)))
    elif beyond.mixed:
        found = replace(report, derivatives={",".join(beyond.mixed): family.mixed(beyond.mixed)})
    elif beyond.hvp:
        found = replace(report, hvp=family.products(Direction(family.parts(beyond.hvp))))
    elif family.single and not beyond.hessian:
        found = replace(report, derivatives={problem.wrt[0]: family.orders(problem.wrt[0], beyond.order)})
    else:
        found = replace(report, hessian=family.hessian(beyond.order))
    verdict = worst(each.verdict for each in found.findings().values())
    return replace(found, verdict=verdict, notes=(*found.notes, *family.notes()))


class Family:
    """The problems of the first order that one problem falls into."""

    def __init__(self, report: Report, base: Pending, start: Start) -> None:
        self.base_report = report
        self._problem = replace(base.evidence.problem, beyond=GRADIENT)
        self._base = base
        self._start = start
        self._stages: dict[Path, Stage] = {(): Stage(self, (), base)}

    @property
    def single(self) -> bool:
        """Whether there is one variable, a number."""
        return len(self._problem.wrt) == 1 and not self.shape(self._problem.wrt[0])

    def stage(self, path: Path) -> "Stage":
        """The derivative along a path, which is handed to the engines when it is first asked for."""
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
        """One mixed partial derivative, by its order. GradcalcError if a name is no number."""
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
            names = ",".join([self._problem.wrt[0]] * (order - 1) + [self._problem.wrt[-1]])
            raise GradcalcError("usage", message, hint=f"type --wrt {names} for one mixed partial derivative")
        rows = {name: [self.stage((each,)) for each in self._components(name)] for name in self._problem.wrt}
        return {
            name: {other: _stacked([row.gradient(other) for row in rows[name]], self.shape(name)) for other in rows}
            for name in rows
        }

    def parts(self, direction: Sequence[tuple[str, Program]]) -> Parts:
        """The components of a direction. GradcalcError where its shape is not the variable's."""
        from autogradcli.engines.torch.engine import constant

        found = [(name, constant(value)) for name, value in direction]
        for name, value in found:
            if shape(value) != self.shape(name):
                message = f"the direction for {name} has shape {shape(value)}, and {name} has {self.shape(name)}"
                raise GradcalcError("shape", message)
        return tuple((name, tuple(flat(value))) for name, value in found)

    def products(self, direction: Direction) -> dict[str, Gradient]:
        """The Hessian times a direction: the gradient of the derivative along it."""
        stage = self.stage((direction,))
        return {name: stage.gradient(name) for name in self._problem.wrt}

    def jacobian(self) -> dict[str, Gradient]:
        """The derivative of every component of the output with respect to every component of each name."""
        rows = self._rows(self._problem)
        return {name: _stacked([row.gradients[name] for row in rows], self._output) for name in self._problem.wrt}

    def directional(self, parts: Parts) -> dict[str, Gradient]:
        """The derivative of every component of the output along a direction, by torch's forward mode."""
        problem = self._problem
        program, name = shifted(problem.program, {each: (self.shape(each), weights) for each, weights in parts})
        at = {**problem.at, name: Program("0", (Constant(Fraction(0), Span(0, 1)),), 0, None, {}, ())}
        backward = replace(problem.backward, forward=True)
        moved = replace(problem, program=program, at=at, wrt=(name,), backward=backward)
        found = _stacked([row.gradients[name] for row in self._rows(moved)], self._output)
        # The formula is one in t, where t is 0: SymPy's number says all that there is to say.
        symbolic = replace(found.symbolic, formula=nested([None] * math.prod(self._output), self._output))
        return {",".join(each for each, _ in parts): replace(found, symbolic=symbolic)}

    def _rows(self, problem: Problem) -> list[Report]:
        """For each component of the output the report on its gradient."""
        size = math.prod(self._output)
        if not self._output:
            return [self._start(problem).report()]
        started = []
        for place in range(size):
            weights = tuple(float(each == place) for each in range(size))
            upstream = Program("", (Tensor(weights, self._output, Span(0, 0)),), 0, None, {}, ())
            started.append(self._start(replace(problem, backward=replace(problem.backward, upstream=upstream))))
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


class Stage:
    """The derivative of the output along a path, and its gradient."""

    def __init__(self, family: Family, path: Path, pending: Pending) -> None:
        self._family = family
        self._path = path
        self._pending = pending

    def gradient(self, name: str) -> Gradient:
        """The gradient of the derivative with respect to a name; without a derivative, why there is none."""
        if self._refusal is not None:
            return _unknown(self._refusal, self._family.shape(name))
        found = self.report.gradients[name]
        return found if found.verdict != "mismatch" else replace(found, reason=self._cause(name, found))

    def _cause(self, name: str, found: Gradient) -> Reason | None:
        """Why a derivative is wrong: what made the one before it wrong, if that has a cause that lives on."""
        wrong = next(each for each in self.findings[name] if each.ruling.verdict == "mismatch")
        for moved, _ in self._path[-1].parts if self._path else ():
            before = self._family.stage(self._path[:-1]).gradient(moved).reason
            if before is not None and before.code in HEREDITARY and wrong.truth.nearest is not None:
                numbers = f"autograd gives {wrong.number!r}, the truth is {short(wrong.truth.nearest)}"
                lower = called(len(self._path))
                return replace(before, message=f"{numbers}; the {lower} is wrong already: {before.message}")
        return found.reason

    @cached_property
    def _refusal(self) -> Reason | None:
        """Why torch gives no derivative of this order: it has none, or no time is left; None if it gives one."""
        if not self._path:
            return None
        try:
            self._pending.evaluate(self._lower)
        except OutOfTime as error:
            return Reason("GC506", f"the derivative of order {len(self._path) + 1} is {error.message}")
        except GradcalcError as error:
            if error.kind != "torch":
                raise
            return Reason("GC509", error.message)
        return None

    @property
    def is_known(self) -> bool:
        """Whether torch gives its gradient."""
        return self._refusal is None

    @property
    def is_constant(self) -> bool:
        """Whether the derivative along the path does not require grad in torch."""
        return not self._pending.evidence.autograd.nodes

    @property
    def remark(self) -> str | None:
        """What was found out in another way than by a proof of every number."""
        return self._pending.evidence.proof.remark

    @cached_property
    def report(self) -> Report:
        """The report on this problem of the first order."""
        if not self._path:
            return self._family.base_report
        assert self._refusal is None
        return self._pending.report()

    @cached_property
    def findings(self) -> Mapping[str, Sequence[Finding]]:
        """For each name the finding on each component of the gradient."""
        assert self.report is not None
        return self._pending.findings

    @cached_property
    def _lower(self) -> Lower:
        """What is known from derivatives of lower order."""
        before = self._family.stage(self._path[:-1]).findings
        missing = self._missing
        causes = {
            name: [missing or self._outside(name, place) for place in range(len(found))]
            for name, found in before.items()
        }
        return Lower(self._scales, causes)

    @cached_property
    def _missing(self) -> Cause | None:
        """If the derivative along the path does not exist, or is not known: why, of the first component that is so."""
        lower = self._family.stage(self._path[:-1])
        moved = [
            (name, place) for name, weights in self._path[-1].parts for place, weight in enumerate(weights) if weight
        ]
        return next(filter(None, (lower.cause(*each) for each in moved)), None)

    def _outside(self, name: str, place: int) -> Cause | None:
        """If the function ends at the point along a component: why, for then no derivative of it goes on there."""
        stages = [self._family.stage(self._path[:count]) for count in range(len(self._path))]
        causes = (stage.cause(name, place) for stage in stages if stage.findings[name][place].ruling.code in ENDS)
        return next(causes, None)

    def cause(self, name: str, place: int) -> Cause | None:
        """Why there is no derivative with respect to a component, and so none of a higher order; None if there is."""
        if self._refusal is not None:
            return Cause("unverified", self._refusal.code, self._refusal.message, None)
        inherited = self._lower.causes[name][place] if self._path else None
        if inherited is not None:
            return inherited
        found = self.findings[name][place]
        if found.truth.nearest is not None or (found.truth.slopes is None and found.ruling.verdict in FINITE):
            return None
        why = found.truth.cause or reason(
            Case(self._pending.evidence, name, place, found.number, found.truth), found.ruling
        )
        assert why is not None
        verdict = "unverified" if found.ruling.verdict == "unverified" else "undefined"
        return Cause(verdict, why.code, f"there is no {called(len(self._path) + 1)} here: {why.message}", why.step)

    @cached_property
    def _scales(self) -> Mapping[str, Sequence[float]]:
        """For each component of the gradient what its scale is at least: what derivatives of lower order come to.

        For the second derivative with respect to x and y these are g_y/x and f/(x*y). The rest, g_x/y, this problem
        knows by itself.
        """
        least: dict[str, list[float]] = {}
        for place, direction in enumerate(self._path):
            lower = self._family.stage((*self._path[:place], *self._path[place + 1 :]))
            size = self._family.size_along(direction)
            for name, found in lower.findings.items():
                scales = [each.scale / size for each in found]
                least[name] = list(map(max, least.get(name, scales), scales))
        return least


def _unknown(why: Reason, sizes: Shape) -> Gradient:
    """The finding where torch has no number."""
    nothing = nested([None] * math.prod(sizes), sizes)
    symbolic = Symbolic(nothing, nothing, nothing, "unavailable", "torch has no number to verify")
    return Gradient(nothing, symbolic, nothing, nothing, "unverified", why)


def _largest(numbers: Iterable[float]) -> float:
    return max(map(abs, numbers), default=0.0)


def _stacked(rows: Sequence[Gradient], sizes: Shape) -> Gradient:
    """Findings that are the rows of one; `sizes` is the shape of what they are the rows for."""
    verdict = worst(each.verdict for each in rows)
    place = next(i for i, each in enumerate(rows) if each.verdict == verdict)
    found = rows[place]
    counts = {each: sum(row.counts.get(each, 0) for row in rows) for each in WORST_FIRST}
    return replace(
        found,
        autograd=nested([each.autograd for each in rows], sizes),
        symbolic=_stacked_symbolic([each.symbolic for each in rows], sizes),
        exact=nested([each.exact for each in rows], sizes),
        ulps=nested([each.ulps for each in rows], sizes),
        counts={each: count for each, count in counts.items() if count},
        worst=None if found.worst is None else replace(found.worst, index=(*indices(place, sizes), *found.worst.index)),
    )


def _stacked_symbolic(rows: Sequence[Symbolic], sizes: Shape) -> Symbolic:
    """SymPy's opinions on the rows as one; the status is the worst of theirs."""
    found = min(rows, key=lambda each: WORST_STATUS.index(each.status))
    return Symbolic(
        formula=nested([each.formula for each in rows], sizes),
        value=nested([each.value for each in rows], sizes),
        digits=nested([each.digits for each in rows], sizes),
        status=found.status,
        reason=found.reason,
    )
