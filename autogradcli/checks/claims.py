"""Claims: derivatives that somebody worked out by hand, held against the true ones.

Balls decide. At each point of the case, and at others near and far that are searched for a counterexample, derivative
and claim are enclosed: where the two balls part, the claim is wrong beyond doubt. Where conditions change, the slopes
on both sides tell the derivative; such borders are looked for, and looked at one by one. Where nothing parts, and there
is a point at which the two agree to a hundred digits, the claim holds; and if SymPy can show it as well, it is proved.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, count, islice, pairwise
from random import Random
from typing import TYPE_CHECKING

from autogradcli.checks.describe import at
from autogradcli.compute.compute import Pending, Session
from autogradcli.compute.problem import Problem
from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.errors import GradcalcError
from autogradcli.functions.handles import TooLong
from autogradcli.language.program import Constant, Direction, Program, component
from autogradcli.language.shapes import subscript
from autogradcli.processes.limits import OutOfTime

if TYPE_CHECKING:
    from autogradcli.engines.arb.claims import Border, Claim, ClaimComparison

Point = Mapping[str, Array]

NEAR = (1e-3, -1e-3, 0.1, -0.1)
"""By how much points near one of the case's differ from it, relative to its size, or to 1."""
FAR = (0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
"""Sizes of numbers at points far away."""
ASIDE = 1e-3
"""How far beside the constants of expression and claim points are looked at, relative to them."""
BASES = 2
"""Points of the case through which lines are searched for borders."""
MOST_CONSTANTS = 12
"""Constants that are looked at, the largest of them."""
SEARCHED = 40
"""Points far away that are looked at, of a short program."""
WORK = 100_000
"""Scalar operations that a search may take: of a long program fewer points are looked at."""
SEARCH_PRECISION = (512,)
"""Binary digits for the search, where only a difference counts."""
SURE_PRECISION = (128, 1024)
"""Binary digits at which a claim that lacks a value is asked for it once more."""
GAPS = 12
"""Points without a value of the claim that are looked at."""
BORDERS = 48
"""Points where conditions change that are looked at."""


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """The result for one claim."""

    status: str
    """`proved`, `holds`, `wrong` or `untold`."""
    message: str = ""
    """Why it does not pass."""
    point: Point | None = None
    """Where it is wrong."""
    nearby: bool = False
    """Whether it agrees near the case's points only, where at those nothing could be told."""
    valued: bool = True
    """Whether it has a value wherever it was looked at and the derivative has one."""

    @property
    def passes(self) -> bool:
        """Whether nothing speaks against it, and something for it."""
        return self.status in {"proved", "holds"}


@dataclass(frozen=True, slots=True)
class ClaimText:
    """What is claimed."""

    name: str
    """The derivative is with respect to this variable or intermediate; of a higher order to several, as `x,y`."""
    formula: Program
    tolerance: float | None = None
    """How far it may be off, relative to the derivative; None where it is to be exact."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it is with respect to, each once."""
        return tuple(dict.fromkeys(self.name.split(",")))

    @property
    def last(self) -> str:
        """The name that the last differentiation is with respect to."""
        return self.name.rpartition(",")[2]

    @property
    def along(self) -> tuple[Direction, ...]:
        """The directions of the differentiations before the last one, with respect to numbers."""
        return tuple(component(name, 0, 1) for name in self.name.split(",")[:-1])


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found at one point."""

    point: Point
    comparison: "ClaimComparison"
    where: str = ""
    """The point in words, where it is no double."""


class PendingClaim:
    """A claim on its way: balls have decided, and SymPy has been asked if there is anything left to ask."""

    def __init__(self, session: Session, problem: Problem, claim: ClaimText, pending: Sequence[Pending]) -> None:
        """The claim about the derivative of `problem`, looked at where torch was, and elsewhere."""
        points = [each.autograd.inputs for each in pending]
        upstream = pending[0].autograd.upstream
        weights = None if upstream is None else flat(upstream)
        self._verdict = _judged_in_time(pending[0], problem, claim, points, weights)
        self._symbolic = session.symbolic if self._is_for_sympy(problem, claim, points) else None
        if self._symbolic is not None:
            self._ticket = self._symbolic.prove(problem.program, claim.last, claim.formula, problem.options.timeout)

    def _is_for_sympy(self, problem: Problem, claim: ClaimText, points: Sequence[Point]) -> bool:
        """Whether a proof is still of interest, and of a kind that SymPy may find: exact, and about numbers."""
        if (
            self._verdict.status != "holds"
            or not self._verdict.valued
            or claim.tolerance is not None
            or claim.along
            or not problem.options.symbolic
        ):
            return False
        return problem.backward.upstream is None and not any(shape(value) for value in points[0].values())

    def verdict(self) -> ClaimVerdict:
        """The result; waits for SymPy, at most as long as the problem's timeout says."""
        if self._symbolic is not None and self._symbolic.settled(self._ticket):
            return ClaimVerdict("proved")
        return self._verdict


def begin_claims(
    session: Session, problem: Problem, pending: Sequence[Pending], tolerance: float | None = None
) -> dict[str, PendingClaim]:
    """The claims of a problem on their way, by name, looked at where each of `pending` is and elsewhere."""
    return {
        name: PendingClaim(session, problem, ClaimText(name, formula, tolerance), pending)
        for name, formula in problem.claims.items()
    }


def _judged_in_time(
    pending: Pending, problem: Problem, claim: ClaimText, points: Sequence[Point], upstream: Sequence[float] | None
) -> ClaimVerdict:
    """The same, within the time of the problem."""
    try:
        with pending.budget.running():
            return judge(problem, claim, points, upstream)
    except OutOfTime:
        return ClaimVerdict("untold", f"it could not be told in {problem.options.timeout:g} s")


def judge(
    problem: Problem, claim: ClaimText, points: Sequence[Point], upstream: Sequence[float] | None = None
) -> ClaimVerdict:
    """The verdict of balls on a claim; raises GradcalcError if it has not the shape of the derivative.

    `upstream` is what the components of the output are multiplied by, where it is a tensor.
    """
    # python-flint is loaded with the engines, not before.
    from autogradcli.engines.arb.claims import Claim, differentiated, plan

    most = problem.options.max_operations
    try:
        plans = [plan(problem.program, claim.names, points[0], upstream, most)]
        for direction in claim.along:
            plans.append(differentiated(plans[-1], direction, most))
    except TooLong as reason:
        return ClaimVerdict("untold", f"it could not be told: {reason}")
    compared = Claim(plans, claim.along, claim.last, claim.formula, claim.tolerance or 0.0)
    if compared.misfit is not None:
        raise GradcalcError("shape", f"claim.{claim.name}: {compared.misfit}")
    found = [_Looked(point, compared.compare(point)) for point in points]
    valued = True
    for each in chain(found, _search(compared, points, _constants(problem.program, claim.formula))):
        if each.comparison.status == "differs":
            return _wrong(claim, each)
        valued = valued and each.comparison.status != "valueless"
    for each in found:
        if each.comparison.status == "valueless":
            return _valueless(claim, each)
    if any(each.comparison.status == "agrees" for each in found):
        return ClaimVerdict("holds", valued=valued)
    if _agrees_nearby(compared, points):
        return ClaimVerdict("holds", nearby=True, valued=valued)
    return ClaimVerdict("untold", f"it could not be told{at(points[0])}, nor near it: no derivative is proven there")


def _search(compared: "Claim", points: Sequence[Point], constants: Sequence[float]) -> Iterator[_Looked]:
    """Results at points other than the case's: where conditions change and between such, near, and far away."""
    borders = list(islice(compared.borders(points[:BASES]), BORDERS))
    for border in borders:
        where = f"{at(border.near)}, at the border of {border.text}"
        yield _Looked(border.near, compared.compare_at_border(border), where)
    gaps = islice(compared.gaps(points[0]), GAPS) if compared.operations <= WORK // SEARCHED else ()
    for point in chain(_between(borders), gaps, _elsewhere(points, constants, compared.operations)):
        comparison = compared.compare(point, SEARCH_PRECISION)
        doubtful = comparison.status == "valueless"
        yield _Looked(point, compared.compare(point, SURE_PRECISION) if doubtful else comparison)


def _between(borders: Iterable["Border"]) -> Iterator[Point]:
    """Points between two borders on a line, and beyond the last ones."""
    lines: dict[int, list[Border]] = {}
    for border in borders:
        lines.setdefault(border.line, []).append(border)
    for on_line in lines.values():
        first = on_line[0]
        places = sorted(each.along for each in on_line)
        beyond = places[0] - (abs(places[0]) or 1), places[-1] + (abs(places[-1]) or 1)
        for place in (*beyond, *((one + other) / 2 for one, other in pairwise(places))):
            components = flat(first.near[first.name])
            components[first.place] = place
            yield {**first.near, first.name: nested(components, shape(first.near[first.name]))}


def _agrees_nearby(compared: "Claim", points: Sequence[Point]) -> bool:
    """Whether it agrees near a point at which it could not be told: the case may be about a kink."""
    return any(compared.compare(point).status == "agrees" for point in _nearby(points))


def _wrong(claim: ClaimText, looked: _Looked) -> ClaimVerdict:
    comparison = looked.comparison
    derivative = f"the derivative with respect to {_about(claim, looked)} is {comparison.derivative}"
    message = f"wrong{looked.where or at(looked.point)}: {derivative}, the claim {comparison.claimed}"
    return ClaimVerdict("wrong", message, looked.point)


def _valueless(claim: ClaimText, looked: _Looked) -> ClaimVerdict:
    derivative = f"the derivative with respect to {_about(claim, looked)} is {looked.comparison.derivative}"
    message = f"the claim has no value{at(looked.point)}, where {derivative}"
    return ClaimVerdict("untold", message, looked.point, valued=False)


def _about(claim: ClaimText, looked: _Looked) -> str:
    value = looked.point.get(claim.name)
    return claim.name if value is None else f"{claim.name}{subscript(looked.comparison.place, shape(value))}"


def _constants(*programs: Program) -> list[float]:
    """The constants of expression and claim: where something begins or ends, one of them often stands."""
    known = (step.value for program in programs for step in program.steps if isinstance(step, Constant))
    exact = (value for value in known if isinstance(value, Fraction))
    return sorted({abs(float(each)) for each in exact})[-MOST_CONSTANTS:]


def _elsewhere(points: Sequence[Point], constants: Sequence[float], operations: int) -> Iterator[Point]:
    """Points to look at for a counterexample, always the same ones: near the given ones, and far from all."""
    most = max(4, WORK // max(operations, 1))
    yield from islice(_nearby(points), most)
    yield from islice(_around(points[0], constants), most)
    yield from _far(points[0], min(SEARCHED, most))


def _nearby(points: Sequence[Point]) -> Iterator[Point]:
    """Points beside those of the case; no two components move alike, so that equal ones part."""
    for point in points[:3]:
        for change in NEAR:
            parts = (1 + 0.618 * number % 1 for number in count())
            yield _changed(point, lambda x, c=change, parts=parts: x + c * next(parts) * (abs(x) or 1.0))


def _around(point: Point, constants: Sequence[float]) -> Iterator[Point]:
    """Points where one variable, or all of them, is at or beside a constant, between two or beyond the last."""
    sizes = [0.0, *(each * (1 + aside) for each in constants for aside in (0, ASIDE, -ASIDE))]
    sizes += [(one + other) / 2 for one, other in pairwise(constants)] + [2 * each for each in constants[-1:]]
    every = tuple(point)
    for size in dict.fromkeys(float(f"{each:.12g}") for each in sizes):
        for names in [every] if len(every) == 1 else [*((name,) for name in every), every]:
            for sign in (1, -1) if size else (1,):
                moved = _changed({name: point[name] for name in names}, lambda _, x=sign * size: x)
                yield {**point, **moved}


def _far(point: Point, count: int) -> Iterator[Point]:
    """Points far away, those first whose numbers are short: they are easier to look at."""
    random = Random(0)
    for number in range(count):
        size, digits = FAR[number % len(FAR)], 2 if number < len(FAR) else 17

        def away(_: float, size: float = size, digits: int = digits) -> float:
            return float(f"{random.choice((1, -1)) * size * random.uniform(0.7, 1.4):.{digits}g}")

        yield _changed(point, away)


def _changed(point: Point, change: Callable[..., float]) -> Point:
    """The point with a change made to each component."""
    return {name: nested([change(each) for each in flat(value)], shape(value)) for name, value in point.items()}
