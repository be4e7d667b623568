"""Numbers of the form ±sqrt(q), q rational, known exactly: what tells 1 from every ball around 1.

That sqrt(5)*sqrt(20) is 10 no ball decides, whatever its precision. Products, quotients and powers of such numbers are
such numbers; so are sums whose terms are rational multiples of one root. Each stands for its square with its own sign,
-2 for -sqrt(2): so products are products, and the order is the same.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import arb

from autogradcli.engines.arb.plan import Plan
from autogradcli.engines.arb.primitives import Point, primitive
from autogradcli.engines.arb.ternary import Truth
from autogradcli.functions.table import row
from autogradcli.language.adjoint import COMPARED
from autogradcli.language.tape import Entry, Input, Literal, Operation, definition, scalarise

Root = Fraction
"""The square of a number with the number's sign."""
MOST_BITS = 4000
"""Size of a numerator and a denominator beyond which a number is left to balls."""
MOST_FACTORS = 64
"""Largest power that is taken."""


def exact_numbers(plan: Plan, at: Point) -> Mapping[int, Any]:
    """The operations on such numbers whose results are binary numbers, or conditions: with the ball, or the truth."""
    values = _values(plan.tape.entries, {name: [_of_ball(each) for each in numbers] for name, numbers in at.items()})
    found = {index: _as_ball(each) if isinstance(each, Fraction) else each for index, each in enumerate(values)}
    operations = (index for index, entry in enumerate(plan.tape.entries) if isinstance(entry, Operation))
    return {index: found[index] for index in operations if found[index] is not None}


def _values(entries: Sequence[Entry], inputs: Mapping[str, Sequence[Root | None]]) -> list[Any]:
    """A root or a truth for each entry; None for what is neither."""
    values: list[Any] = []
    for entry in entries:
        if isinstance(entry, Input):
            values.append(inputs[entry.name][entry.place])
        elif isinstance(entry, Literal):
            values.append(_root_of(entry.value) if isinstance(entry.value, Fraction) else None)
        else:
            values.append(_applied(entry.function, [values[operand] for operand in entry.operands]))
    return values


def _applied(function: str, operands: Sequence[Any]) -> Any:
    if function == "where":
        condition, yes, no = operands
        return None if condition is None else yes if condition.value else no
    if None in operands:
        return None
    if function in COMPARED:
        one, other = operands
        return Truth(COMPARED[function](one, other), tie=one == other)
    if function in OWN:
        return _bounded(OWN[function](*operands))
    return _defined(function, operands)


def _defined(function: str, operands: Sequence[Any]) -> Any:
    """By the row's definition, if balls take that as well."""
    each = row(function)
    if each.arb or not each.definition:
        return None
    tape = scalarise(definition(each), primitive)
    return _values(tape.entries, {name: [root] for name, root in zip(each.operand_names, operands, strict=True)})[
        tape.output
    ]


def _bounded(root: Root | None) -> Root | None:
    if root is None or max(root.numerator.bit_length(), root.denominator.bit_length()) > MOST_BITS:
        return None
    return root


def _root_of(number: Fraction) -> Root:
    return number * abs(number)


def _rational(root: Root) -> Fraction | None:
    """The number itself; None if it is not rational."""
    over, under = isqrt(abs(root.numerator)), isqrt(root.denominator)
    if over * over != abs(root.numerator) or under * under != root.denominator:
        return None
    return Fraction(over if root > 0 else -over, under)


def _of_ball(number: arb) -> Root | None:
    if not (number.is_exact() and number.is_finite()):
        return None
    mantissa, exponent = number.man_exp()
    return _bounded(_root_of(Fraction(int(mantissa)) * Fraction(2) ** int(exponent)))


def _as_ball(root: Root) -> arb | None:
    """The number as a ball of radius 0; None if no binary number is it."""
    number = _rational(root)
    if number is None or number.denominator & (number.denominator - 1):
        return None
    return arb(number.numerator) / number.denominator


def _sum(one: Root, other: Root) -> Root | None:
    if not one or not other:
        return one or other
    ratio = _rational(one / other)
    return None if ratio is None else other * _root_of(1 + ratio)


def _power(base: Root, exponent: Root) -> Root | None:
    """base**exponent; of whole exponents and halves of them."""
    number = _rational(exponent)
    if number is None or abs(number) > MOST_FACTORS or (not base and number <= 0):
        return None
    if number.denominator == 1:
        power = abs(base) ** number.numerator
        return -power if base < 0 and number.numerator % 2 else power
    return _rational(base**number.numerator) if number.denominator == 2 and base > 0 else None


def _floor(root: Root) -> Root | None:
    number = _rational(root)
    return None if number is None else _root_of(Fraction(number.numerator // number.denominator))


OWN: Mapping[str, Callable[..., Root | None]] = {
    "add": _sum,
    "sub": lambda one, other: _sum(one, -other),
    "mul": operator.mul,
    "div": lambda one, other: one / other if other else None,
    "neg": operator.neg,
    "sqrt": lambda root: _rational(root) if root >= 0 else None,
    "rsqrt": lambda root: _rational(1 / root) if root > 0 else None,
    "pow": _power,
    "floor": _floor,
}
"""The rows that give such numbers; others do by their definitions."""
