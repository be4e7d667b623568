"""Programs at points other than the given one: whether two are one function, and slopes by secants."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.plan import plan
from autogradcli.engines.arb.primitives import forward, point_of
from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.functions.function import NoDefinition
from autogradcli.functions.handles import TooLong
from autogradcli.language.indices import index_variables
from autogradcli.language.program import Program

PRECISIONS = (256, 4096)
"""Binary digits at which values are compared, until they have digits enough."""
SHARP = 100
"""Binary digits of a ball from which on it says something."""
SECANT = 1024
"""Binary digits at which secants are drawn."""
STEP = arb(2) ** -256
"""Distance of their ends."""
AGREEMENT = arb(2) ** -128
"""Relative difference up to which the secants on both sides are one slope."""

CLOSE = arb("1e-6")
"""Difference of values so near to each other that it would be far larger if they did not tend to one."""
NEAR = 0.01
"""Relative distance of points beside the one that is asked about; beside 0 absolute."""
HAIR = 1e-20
"""The same where a limit is to be told."""
FINE = 1e-12
"""The same beside another number than 0: doubles are not finer by much."""
HALF = 0.5

Inputs = Mapping[str, Array]
Draw = Callable[[Random, float], float]
"""Gives a number in the place of another."""


class Original:
    """A program at a point, which others are compared with at other points of the same shapes."""

    def __init__(
        self, program: Program, at: Inputs, upstream: Sequence[float] | None, check_time: Callable[[], None]
    ) -> None:
        """`check_time` is called before each point, and may raise an error to end it."""
        self._program = program
        self._at = at
        self._upstream = upstream
        self._check_time = check_time

    def is_same(self, other: Program, undefined: bool) -> bool:
        """Whether a program is the same function; where that is undefined, a hole is filled and nothing beside it.

        False where that cannot be told: a program without definition, or too long.
        """
        one, two = self._sampled, self._made_ready(other)
        if one is None or two is None:
            return False
        if undefined and not _fills(one, two, self._at, self._points(_hair_up, _hair, _hair, _hair)):
            return False
        draws = (_up, _down, *2 * (_tame, _unit), _positive, _anywhere, _below, *4 * (_mirrored, _partly, _mirrored))
        return _same_function(one, two, self._points(*draws))

    def slope(self, name: str, place: int) -> float | None:
        """The derivative with respect to a component of a variable, as the secants on both sides tell.

        A function that is given by a guard at the point itself has its slope from what stands around it. None if the
        two differ, or there are none.
        """
        if self._sampled is None:
            return None
        with ctx.workprec(SECANT):
            values = []
            for move in (-STEP, arb(0), STEP):
                point = point_of(self._at)
                point[name][place] += move
                values.append(self._sampled.value(point))
            if not all(isinstance(each, arb) and each.is_finite() for each in values):
                return None
            left, right = (values[1] - values[0]) / STEP, (values[2] - values[1]) / STEP
            return float(right) if abs(left - right) <= abs(right).max(arb(1)) * AGREEMENT else None

    @cached_property
    def _sampled(self) -> "_Sampled | None":
        return self._made_ready(self._program)

    def _made_ready(self, program: Program) -> "_Sampled | None":
        try:
            return _Sampled(program, self._at, self._upstream)
        except (NoDefinition, TooLong):
            return None

    def _points(self, *draws: Draw) -> Iterator[Inputs]:
        """A point for each draw, always the same ones; what only picks components stays as it is."""
        random = Random(0)
        kept = index_variables(self._program)
        for draw in draws:
            self._check_time()
            yield {
                name: value if name in kept else nested([draw(random, x) for x in flat(value)], shape(value))
                for name, value in self._at.items()
            }


class _Sampled:
    """A program made ready for all points of some shapes, at which what only picks components is the same."""

    def __init__(self, program: Program, at: Inputs, upstream: Sequence[float] | None) -> None:
        """`at` is one of the points. NoDefinition or TooLong if there is no tape of the program."""
        self._tape = plan(program, (), at, upstream).tape

    def value(self, point: Mapping[str, Any]) -> Any:
        """The ball of its value, at the precision in force; something else where there is no number."""
        return forward(self._tape.entries, point)[self._tape.output]


def _same_function(one: _Sampled, other: _Sampled, points: Iterable[Inputs]) -> bool:
    """Whether `other` has the value of `one` at all points where `one` has one, which must be at least one point."""
    known = False
    for at in points:
        agree = _agree(one, other, at)
        if agree is False:
            return False
        known = known or agree is True
    return known


def _agree(one: _Sampled, other: _Sampled, at: Inputs) -> bool | None:
    """Whether two programs have one value at a point; None where the first has none, or too few digits are known."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            first = one.value(point_of(at))
            if not (isinstance(first, arb) and first.is_finite()):
                continue
            second = other.value(point_of(at))
            if not (isinstance(second, arb) and second.is_finite() and first.overlaps(second)):
                return False
            if min(first.rel_accuracy_bits(), second.rel_accuracy_bits()) > SHARP:
                return True
    return None


def _fills(one: _Sampled, other: _Sampled, at: Inputs, beside: Iterable[Inputs]) -> bool:
    """Whether `other` has at a point the value that `one` tends to from all points beside it where `one` has one."""
    with ctx.workprec(SECANT):
        limit = other.value(point_of(at))
        values = [one.value(point_of(each)) for each in beside]
        known = [each for each in values if isinstance(each, arb) and each.is_finite()]
        return bool(known) and all(abs(each - limit) <= CLOSE * (1 + abs(limit)) for each in known)


def _up(_: Random, x: float) -> float:
    return x + NEAR * (abs(x) or 1.0)


def _down(_: Random, x: float) -> float:
    return x - NEAR * (abs(x) or 1.0)


def _hair_up(_: Random, x: float) -> float:
    return x + HAIR if x == 0 else x * (1 + FINE)


def _hair(random: Random, x: float) -> float:
    return x + HAIR * random.uniform(-1.0, 1.0) if x == 0 else x * (1 + FINE * random.uniform(-1.0, 1.0))


def _partly(random: Random, x: float) -> float:
    """The number itself for half of the components, else a random one: zeros stand beside other numbers."""
    return x if random.random() < HALF else math.copysign(random.uniform(0.5, 3.0), x)


def _tame(random: Random, x: float) -> float:
    return math.copysign(random.uniform(0.5, 3.0), x)


def _mirrored(random: Random, _: float) -> float:
    """A random number of either sign: a product may be positive though its factors are negative."""
    return random.choice((-1.0, 1.0)) * random.uniform(0.5, 3.0)


def _below(random: Random, _: float) -> float:
    return random.uniform(-3.0, -0.5)


def _unit(random: Random, _: float) -> float:
    return random.uniform(0.01, 0.99)


def _positive(random: Random, _: float) -> float:
    return random.uniform(1.0, 4.0)


def _anywhere(random: Random, _: float) -> float:
    return random.gauss(0.0, 3.0)
