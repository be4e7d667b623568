"""Whether findings on derivatives of higher order are true: every number against differences in mpmath.

A derivative of order n is told by its differences to the left and to the right of the point, at two distances and with
hundreds of digits. Expressions grow as in `generate.py`; every other one is given a corner, a step or a guard at its
point.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import comb, prod
from random import Random
from typing import Any

from mpmath import mp

from autogradcli.compute.compute import Pending
from autogradcli.compute.problem import Beyond, Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.program import Program
from tests.generate import Case, case
from tests.oracles.findings import Outcome, numbers
from tests.oracles.truth import TooHard, run, tape_of

DIGITS = 500
SAME = mp.mpf(10) ** -12
"""Relative difference up to which two estimates of a derivative may be one."""
CLEARLY_SAME = mp.mpf(10) ** -16
"""That of two that are one: a difference between the two is that of a corner, or an estimate's own error."""
UNSEEN = mp.mpf(10) ** -(DIGITS // 4)
"""What differences do not tell from 0: exp(-x) beside x."""
CORNERS = (
    "abs(x - {c})**{p}*({e})",
    "relu(x - {c})**{p}*({e})",
    "where(x == {c}, 0, (x - {c})*({e}))",
    "where(x == {c}, {k}, (x - {c})**{p}*({e}))",
    "where(x > {c}, (x - {c})**{p}, 0)*({e})",
    "where(x >= {c}, {e}, ({e}) + (x - {c})**{p})",
    "where(x != {c}, sin((x - {c})*({e}))/(x - {c}), {e})",
    "({e}) + 0*sqrt(x - {c})",
    "({e}) + floor(x - {c})**{p}",
    "(x - {c})**{p}*sign(x - {c}) + ({e})",
    "max(({e}), ({e}) + (x - {c})**{p})",
    "where(abs(x - {c}) < 1e-9, {e}, ({e}) + (x - {c})**{p})",
)
"""What a function may do at the point c: `e` is an expression, `p` a power, `k` a number."""


def cornered(number: int, seed: str, family: str, depth: int) -> Case:
    """The case of that number."""
    chance = Random(f"{seed}/orders/{family}/{number}")
    grown = case(family, "float64", chance, depth)
    if "x" not in grown.at or chance.random() < 0.5:
        return grown
    # In a text a decimal is exact, so that a corner at the point takes one that a double holds.
    at = {**grown.at, "x": round(grown.at["x"] * 64) / 64 if abs(grown.at["x"]) < 1e6 else 2.0}
    shape = chance.choice(CORNERS)
    text = shape.format(c=repr(at["x"]), e=grown.text, p=chance.randint(1, 4), k=chance.choice((0, 1, 0.5)))
    return replace(grown, text=text.replace("x - -", "x + "), at=at)


def outcomes(chosen: Case, order: int) -> list[Outcome]:
    """What becomes of each derivative of the case, judged: all second ones, or one of a higher order."""
    program = parse(chosen.text, given=tuple(chosen.at))
    names = program.variables if order == 2 else program.variables[:1]
    try:
        report = _report(program, chosen, names, order)
    except GradcalcError as error:
        return [Outcome("", "refused", error.kind)]
    except Exception as error:
        return [Outcome("", "crash", type(error).__name__, (f"crash: {error!r}",))]
    found = (
        {(a, b): report.hessian[a][b] for a, b in product(names, names)}
        if order == 2
        else {names * order: report.derivatives[names[0]][str(order)]}
    )
    return [_outcome(program, chosen, path, each) for path, each in found.items()]


def _report(program: Program, chosen: Case, names: tuple[str, ...], order: int) -> Report:
    at = {name: parse(repr(value)) for name, value in chosen.at.items()}
    beyond = Beyond(order=order, hessian=order == 2)
    problem = Problem(program, at, names, Options(symbolic=False), beyond=beyond)
    return Pending(problem, None, within=True).report()  # as a part of another problem it has no remedies to look for


def _outcome(program: Program, chosen: Case, path: tuple[str, ...], found: Gradient) -> Outcome:
    code = "-" if found.reason is None else found.reason.code
    name = ",".join(path)
    try:
        with mp.workdps(DIGITS):
            truth = Differences(program, chosen.at).derivative(path)
            violations = tuple(_violations(found, truth))
    except TooHard:
        return Outcome(name, found.verdict, code, beyond=True)
    return Outcome(name, found.verdict, code, violations)


@dataclass(frozen=True, slots=True)
class Truth:
    """A derivative as differences tell it."""

    exists: bool
    """Whether those of lower order do, and those from all sides are one."""
    sides: tuple[Any, ...] = ()
    """The derivative of the last order from each side, if those before exist; None where there is none."""
    scale: Any = 0
    """What it is small or large beside: itself, and what lower orders come to."""


class Differences:
    """A program around a point."""

    def __init__(self, program: Program, at: Mapping[str, float]) -> None:
        self._tape = tape_of(program)
        self._at = {name: mp.mpf(value) for name, value in at.items()}
        self._known: dict[tuple[tuple[str, Any], ...], Any] = {}

    def derivative(self, path: tuple[str, ...]) -> Truth:
        """The derivative with respect to one name after the other."""
        if None in self._sides(()):
            raise TooHard  # a derivative beside a term that has no value: `test_undefined_components.py` is about it
        scale = mp.zero
        for count in range(len(path)):
            lower = self._sides(path[:count])
            if not _one(lower):
                return Truth(exists=False)
        for some in _parts(path):
            sides = self._sides(some)
            rest = list(path)
            for name in some:
                rest.remove(name)
            size = mp.fprod(abs(self._at[name]) or 1 for name in rest)
            scale = max([scale, *(abs(each) / size for each in sides if each is not None)])
        sides = self._sides(path)
        return Truth(_one(sides), sides, scale)

    def _sides(self, path: tuple[str, ...]) -> tuple[Any, ...]:
        """The derivative from all sides; None where differences do not settle."""
        names = tuple(dict.fromkeys(path))
        return tuple(
            self._side(path, dict(zip(names, signs, strict=True))) for signs in product((1, -1), repeat=len(names))
        )

    def _side(self, path: tuple[str, ...], signs: Mapping[str, int]) -> Any:
        if not path:
            value = self._value({})
            return value if mp.isfinite(value) else None
        far, near = (self._difference(path, signs, mp.mpf(10) ** -exponent) for exponent in _exponents(len(path)))
        if not (mp.isfinite(far) and mp.isfinite(near)):
            return None
        noise = UNSEEN * (1 + abs(self._value({})))
        if abs(far - near) <= SAME * max(abs(far), abs(near)) or max(abs(far), abs(near)) < noise:
            return near
        if abs(near) > 2 * abs(far) and (len(path) == 1 or self._is_straight(len(path), signs)):
            return None
        raise TooHard

    def _is_straight(self, order: int, signs: Mapping[str, int]) -> bool:
        """Whether the function is nearly a line over the larger distance: what swings within it looks like a jump."""
        far, near = (mp.mpf(10) ** -exponent for exponent in (_exponents(order)[0], _exponents(1)[1]))
        slopes = [
            [self._difference((name,), {name: sign}, step) for step in (far, near)] for name, sign in signs.items()
        ]
        return not any(abs(over - slope) > max(abs(slope), 1) / 1000 for over, slope in slopes)

    def _difference(self, path: tuple[str, ...], signs: Mapping[str, int], step: Any) -> Any:
        """The difference of the path's order, all of its places on one side of the point or on it."""
        orders = {name: path.count(name) for name in signs}
        steps = {name: signs[name] * step * (abs(self._at[name]) or 1) for name in signs}
        total = mp.zero
        for places in product(*(range(order + 1) for order in orders.values())):
            chosen = dict(zip(orders, places, strict=True))
            signed = prod((-1) ** (orders[name] - place) * comb(orders[name], place) for name, place in chosen.items())
            total += signed * self._value({name: place * steps[name] for name, place in chosen.items()})
        return total / mp.fprod(steps[name] ** order for name, order in orders.items())

    def _value(self, moves: Mapping[str, Any]) -> Any:
        key = tuple((name, move) for name, move in moves.items() if move)
        if key not in self._known:
            at = {name: value + moves.get(name, 0) for name, value in self._at.items()}
            self._known[key] = run(self._tape, at)[self._tape.output]
        return self._known[key]


def _exponents(order: int) -> tuple[int, int]:
    """Decimal logarithms of the two distances, negated: what the digits are shared out by."""
    return DIGITS // (2 * order + 4), DIGITS // (2 * order + 3)


def _parts(path: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All lower orders of a path, and itself."""
    counts = {name: path.count(name) for name in dict.fromkeys(path)}
    for chosen in product(*(range(count + 1) for count in counts.values())):
        yield tuple(name for name, count in zip(counts, chosen, strict=True) for _ in range(count))


def _one(sides: Sequence[Any]) -> bool:
    """Whether derivatives from all sides are one; raises TooHard where they differ by a small part of themselves.

    Their own errors may do that, and so may a corner of 12 beside a smooth term of 1e19.
    """
    if None in sides:
        return False
    largest, apart = max(map(abs, sides)), max(sides) - min(sides)
    if largest < UNSEEN:
        return True
    if CLEARLY_SAME * largest < apart <= SAME * largest:
        raise TooHard
    return bool(apart <= SAME * largest)


def _violations(found: Gradient, truth: Truth) -> Iterator[str]:
    """All that is not true."""
    number, dtype = found.autograd, DTYPES["float64"]
    if found.exact is not None and truth.exists:
        middle, radius = numbers(found.exact)
        doubt = abs(truth.sides[0]) * mp.mpf(10) ** -25 + truth.scale * mp.mpf(10) ** -100 + UNSEEN
        if abs(middle - truth.sides[0]) > radius + doubt:
            yield f"ball: {found.exact} does not hold {mp.nstr(truth.sides[0], 30)}"
    if found.verdict in {"verified", "imprecise", "mismatch"}:
        yield from JUDGED[found.verdict](number, truth, dtype.rtol) if truth.exists else _no_truth(found, truth)
    elif found.verdict == "kink" and (truth.exists or None in truth.sides or not truth.sides):
        yield f"kink: {truth}"
    elif found.verdict == "undefined" and truth.exists and abs(truth.sides[0]) < dtype.largest:
        yield f"undefined: it is {mp.nstr(truth.sides[0], 20)}"


def _no_truth(found: Gradient, truth: Truth) -> Iterator[str]:
    """Without a derivative only a kink's number beyond the slopes is called wrong."""
    finite = [each for each in truth.sides if each is not None]
    outside = len(finite) == len(truth.sides) > 1 and not min(finite) <= found.autograd <= max(finite)
    if found.verdict != "mismatch" or not outside:
        yield f"existence: {found.verdict}, and there is no derivative: {[mp.nstr(each, 8) for each in finite]}"


def _verified(number: float, truth: Truth, rtol: float) -> Iterator[str]:
    true = truth.sides[0]
    allowed = max(1.01 * rtol * truth.scale, abs(true) * mp.mpf(2) ** -51, mp.mpf(10) ** -100)
    if not (mp.isfinite(number) and abs(number - true) <= allowed):
        yield f"verified: {number!r}, and it is {mp.nstr(true, 20)}"


def _imprecise(number: float, truth: Truth, _: float) -> Iterator[str]:
    true = truth.sides[0]
    if mp.isfinite(number) and abs(number - true) <= abs(true) * mp.mpf(2) ** -54:
        yield f"imprecise: {number!r} is right"


def _mismatch(number: float, truth: Truth, rtol: float) -> Iterator[str]:
    true = truth.sides[0]
    if mp.isfinite(number) and abs(number - true) <= 0.99 * rtol * abs(true):
        yield f"mismatch: {number!r} is right: {mp.nstr(true, 20)}"


JUDGED: dict[str, Callable[[float, Truth, float], Iterator[str]]] = {
    "verified": _verified,
    "imprecise": _imprecise,
    "mismatch": _mismatch,
}
"""What must be true of a number that a derivative exists for, by verdict."""
