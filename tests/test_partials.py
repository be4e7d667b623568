"""Every partial derivative of the table, as the Arb engine evaluates it, proven against three others.

The others are SymPy's derivative, the series of Arb itself, and a difference of the Arb engine's values at thousands of
binary digits. The points are random, and near the borders of the domain, tiny and huge.
"""

import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
import sympy
from flint import arb, arb_series, ctx
from mpmath import mp

from autogradcli.engines.arb.primitives import rule
from autogradcli.functions.function import Function
from autogradcli.functions.table import row, rows
from autogradcli.language.tape import Input, Literal, definition, scalarise
from tests.generate import inside

PRECISION = 320
"""Binary digits of the partials."""
DIFFERENCES = 8000
"""Binary digits of the values that differences are made of."""
STEP = 1500
"""Binary digits after the first at which a point is moved for a difference: far beyond all that doubles can tell."""
AGREE = 200
"""Binary digits in which a difference is the derivative."""

NEAR = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5)
"""Ends of domains, and what functions change their formulas at."""
GAPS = (1e-2, 1e-6, 1e-12, 2.0**-50)
SIZES = (5e-324, 1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 1e3, 1e5, 1e10, 1e20, 1e100, 1e300)
POINTS = 60
ENOUGH = 15
"""Of so many points each test must at least have proven its row at."""
SYMBOLIC_POINTS = 6
SYMBOLIC_DIGITS = 40

ELEMENTARY = [each for each in rows().values() if each.elementary and not each.absent]
CASES = [
    pytest.param(each, place, id=f"{each.name}-{parameter.name}")
    for each in ELEMENTARY
    for place, parameter in enumerate(p for p in each.parameters if p.kind != "option")
    if parameter.kind == "tensor"
]

Point = tuple[float, ...]


@cache
def points(function: Function) -> tuple[Point, ...]:
    """Points inside the row's domain: the same ones in every run."""
    chance = random.Random(function.name)
    candidates = [*_special(), *(_anywhere(chance) for _ in range(2000))]
    found: list[Point] = []
    with mp.workdps(700):
        for _ in range(4000):
            point = tuple(
                chance.choice(candidates) if p.kind == "tensor" else float(chance.randrange(4))
                for p in function.parameters
                if p.kind != "option"
            )
            if inside(function, [mp.mpf(each) for each in point]):
                found.append(point)
            if len(found) == POINTS:
                break
    return tuple(found)


def _special() -> list[float]:
    near = [base + sign * gap for base in NEAR for gap in GAPS for sign in (1, -1)]
    return 4 * [*(x for x in near if x), *SIZES, *(-x for x in SIZES)]


def _anywhere(chance: random.Random) -> float:
    return chance.choice((1, -1)) * 10 ** chance.uniform(-3, 2)


def partial(function: Function, place: int, point: Point) -> arb:
    """The ball that the engine gives for the partial derivative."""
    with ctx.workprec(PRECISION):
        return rule(function.name).partials[place](*map(arb, point))


def difference(function: Function, place: int, point: Point) -> arb:
    """The slope between two points so close that it is the derivative."""
    with ctx.workprec(DIFFERENCES):
        x = arb(point[place])
        step = (abs(x) if x else arb(1)) * arb(2) ** -STEP
        above, below = (
            _value(function, [*map(arb, point[:place]), x + s, *map(arb, point[place + 1 :])]) for s in (step, -step)
        )
        return (above - below) / (2 * step)


def _value(function: Function, operands: Sequence[arb]) -> arb:
    return rule(function.name).value(*operands)


def agree(ball: arb, other: arb, digits: int) -> bool:
    """Whether what the ball encloses can be the other number, which is known to so many binary digits."""
    with ctx.workprec(DIFFERENCES):
        return bool(ball.overlaps(other + arb(0, 1) * abs(other) * arb(2) ** -digits))


@pytest.mark.parametrize(("function", "place"), CASES)
def test_a_partial_is_the_slope_of_the_value(function: Function, place: int) -> None:
    """Wherever the value is finite, the ball for the partial is narrow and holds the slope of the value."""
    proven = 0
    for point in points(function):
        slope = difference(function, place, point)
        if slope.is_finite() and slope.rel_accuracy_bits() > AGREE:
            ball = partial(function, place, point)
            assert agree(ball, slope, AGREE), (point, ball, slope.str(30))
            proven += 1
    assert proven >= min(ENOUGH, len(points(function)))


@pytest.mark.parametrize("function", ELEMENTARY, ids=lambda each: each.name)
def test_values_and_partials_are_narrow(function: Function) -> None:
    """Inside the domain, at numbers of ordinary size, 320 binary digits are enough for the digits of a double."""
    assert [point for point in points(function) if _ordinary(point) and not _narrow(function, point)] == []


def _ordinary(point: Point) -> bool:
    return all(1e-10 <= abs(x) <= 1e10 for x in point)


def _narrow(function: Function, point: Point) -> bool:
    with ctx.workprec(PRECISION):
        each = rule(function.name)
        balls = [form(*map(arb, point)) for form in (each.value, *each.partials)]
    return all(ball.is_exact() or (ball.is_finite() and ball.rel_accuracy_bits() > 53) for ball in balls)


SERIES = [each for each in ELEMENTARY if len(each.partials) == 1 and hasattr(arb_series, each.arb)]


@pytest.mark.parametrize("function", SERIES, ids=lambda each: each.name)
def test_a_partial_is_the_coefficient_of_the_series(function: Function) -> None:
    """Arb's own power series has the derivative for its second coefficient."""
    for point in points(function):
        with ctx.workprec(PRECISION):
            series = getattr(arb_series([arb(*point), 1], prec=2), function.arb)()
            slope = series[1]
        if slope.is_finite():
            assert partial(function, 0, point).overlaps(slope), point


# ---- SymPy -------------------------------------------------------------------------------------------------------

SYMPY: dict[str, Callable[..., Any]] = {
    "where": lambda condition, x, y: sympy.Piecewise((x, condition), (y, True)),
    "lgamma": sympy.loggamma,
    "xlogy": lambda x, y: x * sympy.log(y),
    "xlog1py": lambda x, y: x * sympy.log(1 + y),
    "i0": lambda x: sympy.besseli(0, x),
    "i1": lambda x: sympy.besseli(1, x),
    "lt": sympy.Lt,
    "le": sympy.Le,
    "gt": sympy.Gt,
    "ge": sympy.Ge,
    "eq": sympy.Eq,
    "ne": sympy.Ne,
    "sqrt": sympy.sqrt,
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg", "pow")},
    "div": operator.truediv,
}
"""Rows in SymPy where its own name for them is another."""


def symbolic(function: Function) -> Callable[..., Any] | None:
    """The row in SymPy; None if it has only its definition."""
    return SYMPY.get(function.name) or (getattr(sympy, function.name, None) if function.sympy else None)


def formula(function: Function, symbols: Sequence[Any]) -> Any:
    """The row's value as SymPy's own functions of the symbols: by name, or by the row's definition."""
    native = symbolic(function)
    if native is not None:
        return native(*symbols)
    tape = scalarise(definition(function), lambda each: symbolic(each) is not None)
    bound: Mapping[str, Any] = dict(zip(function.operand_names, symbols, strict=True))
    values: list[Any] = []
    for entry in tape.entries:
        if isinstance(entry, Input):
            values.append(bound[entry.name])
        elif isinstance(entry, Literal):
            values.append(getattr(sympy, entry.value) if isinstance(entry.value, str) else sympy.Rational(entry.value))
        else:
            native = symbolic(row(entry.function))
            assert native is not None
            values.append(native(*(values[operand] for operand in entry.operands)))
    return values[tape.output]


def arguments_of(function: Function) -> list[Any]:
    """A symbol for each operand of a row; a number for an order."""
    symbols = sympy.symbols(" ".join(function.operand_names) + ",", real=True)
    order = [sympy.Integer(2)] if function.name == "polygamma" else []
    return [*order, *symbols[len(order) :]]


@pytest.mark.parametrize(("function", "place"), CASES)
def test_a_partial_is_sympys_derivative(function: Function, place: int) -> None:
    """At points of ordinary size, SymPy's derivative to 40 digits is what the ball encloses."""
    arguments = arguments_of(function)
    derivative = formula(function, arguments).diff(arguments[place])
    proven = 0
    for point, number in evaluated(function, derivative, arguments):
        ball = partial(function, place, point)
        with ctx.workprec(PRECISION):
            assert agree(ball, arb(number), int(SYMBOLIC_DIGITS * 3.2)), (point, ball, number)
        proven += 1
    assert proven >= 1


def evaluated(function: Function, derivative: Any, arguments: Sequence[Any]) -> Iterator[tuple[Point, str]]:
    """Points of ordinary size, and the value that SymPy gives a formula there."""
    chosen = [point for point in points(function) if all(1e-4 < abs(x) < 30 for x in point)]
    if function.name == "polygamma":
        chosen = [(2.0, x) for _, x in chosen]
    for point in chosen[:SYMBOLIC_POINTS]:
        bound = {a: sympy.Rational(x) for a, x in zip(arguments, point, strict=True) if isinstance(a, sympy.Symbol)}
        number = derivative.subs(bound).evalf(SYMBOLIC_DIGITS, maxn=1000)
        if number.is_Float or number.is_Integer:
            yield point, str(number)
