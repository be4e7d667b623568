"""Whether what gradcalc says of random tensor expressions is true: differences by mpmath, of formulas of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from tests.oracles.tensor_terms import MAKERS, Term

DIGITS = 400
STEP = -60
"""Decimal exponent of the first step of the differences, relative to the component.

So small that the third derivative, which both sides have in common, is no part of the doubt: sin(3e9) has 1e25 of it.
"""
SHAPES = ((), (1,), (2,), (3,), (4,), (1, 1), (2, 2), (3, 3), (2, 3), (3, 1), (1, 2), (4, 2), (2, 1, 2))
VALUES = {
    "tame": lambda chance: round(chance.uniform(-3, 3), 2),
    "ties": lambda chance: chance.choice((-1.0, 0.0, 0.0, -0.0, 1.0, 1.0, 2.0)),
    "wild": lambda chance: chance.choice((-1, 1)) * 10 ** chance.uniform(-8, 4),
}
LARGEST_COUNT = 24
"""Components of a result beyond which no further function is taken."""


@dataclass(frozen=True, slots=True)
class Case:
    """An expression in x, at a point, with an upstream gradient."""

    term: Term
    x: Any
    """Nested lists of floats."""
    upstream: tuple[float, ...]
    shape: tuple[int, ...]
    """Of the output."""
    dtype: str

    @property
    def command(self) -> str:
        """The case as a call of gradcalc."""
        upstream = f' --upstream "{self.upstream_text}"' if self.shape else ""
        return f"gradcalc eval '{self.term.text}' --x=\"{self.x}\"{upstream} --dtype {self.dtype}"

    @property
    def upstream_text(self) -> str:
        """The upstream gradient as a list literal."""
        return str(np.reshape(self.upstream, self.shape).tolist())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case."""

    verdict: str
    code: str
    violations: tuple[str, ...] = ()
    detail: str = ""


def case(family: str, dtype: str, chance: Random, depth: int) -> Case:
    """A random case: one to `depth` functions, one around the other."""
    while True:
        shape = chance.choice(SHAPES)
        size = int(np.prod(shape))
        numbers = [VALUES[family](chance) for _ in range(size)]
        x = np.reshape(numbers, shape).tolist()
        grown = _grown(chance, numbers, shape, chance.randint(1, depth))
        if grown is not None:
            term, result = grown
            weights = tuple(float(chance.choice((0, 1, -1, 1, 2, 0.5, 3))) for _ in range(result.size))
            return Case(term, x, weights if result.ndim else (1.0,), result.shape, dtype)


def _grown(chance: Random, numbers: Sequence[float], shape: tuple[int, ...], depth: int) -> tuple[Term, Any] | None:
    term = Term("x", lambda x: x, ())
    with mp.workdps(30):
        result = boxed([mp.mpf(each) for each in numbers], shape)
        for _ in range(depth):
            made = next(
                (each for each in (chance.choice(MAKERS)(chance, result.shape) for _ in range(9)) if each), None
            )
            if made is None:
                return None
            text, meaning = made
            term = around(term, text, meaning)
            try:
                result = np.asarray(meaning(result), dtype=object)
            except (ZeroDivisionError, ValueError, OverflowError, TypeError):
                return None
            if result.size > LARGEST_COUNT or not result.size:
                return None
    return term, result


def around(term: Term, text: str, meaning: Any) -> Term:
    """A function of a term."""
    inside = term.meaning
    operand = term.text if term.text.isidentifier() else f"({term.text})"
    return Term(
        text.replace("{x}", operand), lambda x: meaning(np.asarray(inside(x), dtype=object)), (*term.rows, text)
    )


def boxed(numbers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of objects."""
    result = np.empty(len(numbers), dtype=object)
    result[:] = numbers
    return result.reshape(shape)


def report_on(chosen: Case) -> Report:
    """The report of torch and Arb."""
    program = parse(chosen.term.text, given=("x",))
    backward = Backward(parse(chosen.upstream_text, given=())) if chosen.shape else Backward()
    at = {"x": parse(str(chosen.x))}
    return compute(Problem(program, at, ("x",), Options(chosen.dtype, symbolic=False), backward))


def outcome(chosen: Case) -> Outcome:
    """What becomes of a case, judged."""
    try:
        report = report_on(chosen)
    except GradcalcError as error:
        return Outcome("refused", error.kind, detail=error.message)
    except Exception as error:  # whatever it is, it is a violation
        return Outcome("crash", type(error).__name__, (f"crash: {error!r}",))
    found = report.gradients["x"]
    code = found.reason.code if found.reason else "-"
    try:
        violations = tuple(Judge(chosen, report).violations())
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return Outcome(found.verdict, code, detail="beyond mpmath")
    return Outcome(found.verdict, code, violations, found.reason.message if found.reason else "")


class Judge:
    """Judges one report."""

    def __init__(self, chosen: Case, report: Report) -> None:
        self.case = chosen
        self.found: Gradient = report.gradients["x"]
        self.dtype = DTYPES[chosen.dtype]
        self.numbers = [float(each) for each in flat(report.variables["x"].value)]
        self.shape = np.shape(report.variables["x"].value)

    def violations(self) -> Iterator[str]:
        """All that is not true."""
        with mp.workdps(DIGITS):
            point = [mp.mpf(each) for each in self.numbers]
            self.value = self.scalar(point)
            sides = [self.sides(point, place) for place in range(len(point))]
            self.unit = max(abs(self.value), *(abs(each) for pair in sides for each in pair), mp.mpf(10) ** -20)
            autograd, balls = flat(self.found.autograd), flat(self.found.exact)
            if self.found.verdict == "verified":
                for place, pair in enumerate(sides):
                    yield from self.verified(place, autograd[place], pair)
            elif all(self.is_smooth(*pair) for pair in sides):
                yield from self.smooth(sides, autograd)
            for place, (pair, ball) in enumerate(zip(sides, balls, strict=True)):
                if ball is not None and self.is_smooth(*pair):
                    yield from self.ball(place, ball, pair)

    def scalar(self, point: Sequence[Any]) -> Any:
        """The sum of the output's components times the upstream gradient."""
        result = np.ravel(np.asarray(self.case.term.meaning(boxed(point, self.shape)), dtype=object))
        return sum((mp.mpf(weight) * each for weight, each in zip(self.case.upstream, result, strict=True)), mp.zero)

    def sides(self, point: Sequence[Any], place: int) -> tuple[Any, Any]:
        """The slopes from the left and from the right, each from two steps."""
        step = mp.mpf(10) ** STEP * (abs(point[place]) or mp.mpf(10) ** -10)
        return self.side(point, place, -step), self.side(point, place, step)

    def side(self, point: Sequence[Any], place: int, step: Any) -> Any:
        """Richardson's extrapolation of a one-sided difference."""
        near, far = (self.difference(point, place, size) for size in (step, 2 * step))
        return 2 * near - far

    def difference(self, point: Sequence[Any], place: int, step: Any) -> Any:
        """A one-sided difference."""
        moved = list(point)
        moved[place] += step
        return (self.scalar(moved) - self.value) / step

    def allowed(self, truth: Any) -> Any:
        """The default tolerance, or one unit in the last place."""
        largest = max(map(abs, self.numbers))
        size = max(abs(truth), abs(self.value) / largest if largest else abs(self.value))
        return max(self.dtype.rtol * size, mp.mpf(self.dtype.ulp(float(truth))))

    def verified(self, place: int, number: float, pair: tuple[Any, Any]) -> Iterator[str]:
        """It is smooth, and the number is right."""
        if not self.is_smooth(*pair):
            yield f"miss: verified at a kink: {place}: {mp.nstr(pair[0], 8)} and {mp.nstr(pair[1], 8)}"
            return
        error = abs(mp.mpf(number) - pair[1]) - self.doubt(pair)
        if error > self.allowed(pair[1]) * mp.mpf("1.001"):
            yield f"miss: {place}: {number} is verified, {mp.nstr(pair[1], 20)} is true"

    def smooth(self, sides: Sequence[tuple[Any, Any]], autograd: Sequence[float]) -> Iterator[str]:
        """Claims that do not hold of a function that is smooth along each component."""
        code = self.found.reason.code if self.found.reason else "-"
        small = [
            mp.isfinite(number) and abs(mp.mpf(number) - pair[1]) <= self.allowed(pair[1]) * mp.mpf("0.999")
            for number, pair in zip(autograd, sides, strict=True)
        ]
        if self.found.verdict in ("kink", "undefined") and code not in ("GC103", "GC115"):
            yield f"alarm: {self.found.verdict} {code}, and all is smooth"
        if self.found.verdict == "mismatch" and all(small) and code != "GC102":
            yield f"alarm: mismatch {code}, and all is within the tolerance"
        if code == "GC302" and all(small):
            yield f"alarm: {code}, and all is within the tolerance"

    def ball(self, place: int, ball: Any, pair: tuple[Any, Any]) -> Iterator[str]:
        """The ball holds the truth."""
        middle, radius = mp.mpf(ball.value), mp.mpf(ball.radius)
        if abs(middle - pair[1]) > radius + self.doubt(pair):
            yield f"ball: {place}: {ball.value} ± {ball.radius} does not hold {mp.nstr(pair[1], 25)}"

    def is_smooth(self, left: Any, right: Any) -> bool:
        """Whether both slopes are one, as far as the differences tell: the slope of x**1.5 is small near 0, not 0."""
        finite = mp.isfinite(left) and mp.isfinite(right)
        return bool(finite and abs(left - right) <= mp.mpf(10) ** -8 * self.unit)

    def doubt(self, pair: tuple[Any, Any]) -> Any:
        """By how much the slope may be off."""
        return abs(pair[1] - pair[0]) + self.unit * mp.mpf(10) ** -36 + mp.mpf(10) ** -44


def cases(family: str, dtype: str, seed: str, count: int, depth: int = 4) -> Iterator[Case]:
    """So many cases."""
    for number in range(count):
        yield case(family, dtype, Random(f"{seed}/{family}/{dtype}/{number}"), depth)
