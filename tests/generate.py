"""Random expressions with points inside the domains of all functions in them: seeded, so that every run gives the same.

An expression grows from its leaves. Each operand's value at the point is known while it grows (by mpmath, not by the
engines that are to be tested), so a row is only ever applied where its own text says that it is defined.
"""

import math
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from mpmath import mp

from autogradcli.functions.function import Function, Parameter
from autogradcli.functions.table import row, rows
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse, parse_formula
from autogradcli.language.program import Program
from autogradcli.language.tape import beyond_torch
from tests.oracles.precise import precise
from tests.oracles.truth import TooHard, apply

FAMILIES = ("wild", "tame")
TAME = ["add", "sub", "mul", "div", "neg", "pow", "exp", "log", "sin", "cos", "atan"]
"""The rows of the tame family; of powers it has those with a small whole exponent."""
COMMON = TAME[:4]
"""Rows that are drawn more often than the others, as in what people write."""
INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
DEPTH = 6
TRIES = 8
"""How many rows are tried on operands before they are left as they are."""
DIGITS = 20
"""Of the values that a growing expression is known by."""
USUAL = 1e30
"""The size of intermediate values, up and down, beyond which only one in RARE expressions grows."""
RARE = 50
EXTREME = 4000
"""Binary logarithm of the size that no intermediate value exceeds: mpmath must be able to go on from there."""


@dataclass(frozen=True, slots=True)
class Case:
    """An expression and a point, whose coordinates are numbers of the dtype."""

    text: str
    at: dict[str, float]
    dtype: str
    family: str


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression."""

    text: str
    value: Any
    variables: frozenset[str]


NONE: frozenset[str] = frozenset()


def cases(family: str, dtype: str, seed: str, count: int, depth: int = DEPTH, first: int = 0) -> Iterator[Case]:
    """`count` cases of a family, from the `first` on; the n-th of a seed is always the same."""
    for number in range(first, first + count):
        yield case(family, dtype, random.Random(f"{seed}/{family}/{dtype}/{number}"), depth)


def case(family: str, dtype: str, chance: random.Random, depth: int) -> Case:
    """One case of the family."""
    with mp.workdps(DIGITS):
        while True:
            names = "xyz"[: chance.choice((1, 1, 2, 2, 3))]
            at = {name: coordinate(chance, dtype) for name in names}
            term = Grower(family, dtype, chance, at).term(chance.randint(1, depth))
            if term.variables:
                return Case(term.text, {name: at[name] for name in sorted(term.variables)}, dtype, family)


def coordinate(chance: random.Random, dtype: str) -> float:
    """A number of the dtype: of any size from 1e-10 to 1e10, or near 1, or one of those that people type."""
    kind = chance.random()
    if kind < 0.35:
        number = chance.choice((-1, 1)) * 10 ** chance.uniform(-10, 10)
    elif kind < 0.9:
        number = chance.choice((-1, 1)) * 10 ** chance.uniform(-1.5, 1.5)
    else:
        number = chance.choice((1.0, -1.0, 2.0, -2.0, 3.0, 0.5, 0.25, -0.5, 0.1, 10.0))
    return rounded(number, dtype)


FORMATS = {"float32": "f", "float16": "e"}


def rounded(number: float, dtype: str) -> float:
    """The number of the dtype next to a number, in the middle of its range if that is outside."""
    smallest = math.ldexp(1.0, DTYPES[dtype].smallest + DTYPES[dtype].digits)
    if not smallest <= abs(number) <= DTYPES[dtype].largest:
        number = math.copysign(abs(number) ** (1 / 4), number)
    if dtype == "bfloat16":
        (bits,) = struct.unpack("<I", struct.pack("<f", number))
        (number,) = struct.unpack("<f", struct.pack("<I", (bits + 0x8000) & 0xFFFF0000))
        return float(number)
    return (
        number if dtype == "float64" else float(struct.unpack(FORMATS[dtype], struct.pack(FORMATS[dtype], number))[0])
    )


class Grower:
    """Grows terms of one family over one point."""

    def __init__(self, family: str, dtype: str, chance: random.Random, at: dict[str, float]) -> None:
        self._rows = family_rows(family)
        self._chance = chance
        self._at = at
        self._limit = mp.mpf(min(USUAL, DTYPES[dtype].largest / 8))
        self._tame = family == "tame"

    def term(self, depth: int) -> Term:
        """A term whose longest branch has `depth` operations, or fewer where none fits."""
        if depth == 0:
            return self._leaf()
        first = self.term(depth - 1)
        for _ in range(TRIES):
            function = self._chance.choice(self._rows)
            found = self.applied(function, first, depth)
            if found is not None:
                return found
        return first

    def _leaf(self) -> Term:
        if self._chance.random() < 0.75:
            name = self._chance.choice(list(self._at))
            return Term(name, mp.mpf(self._at[name]), frozenset(name))
        return self._constant()

    def _constant(self) -> Term:
        chance = self._chance
        text = chance.choice(
            ("1", "2", "3", "5", "0.1", "0.5", "1/3", "pi", "e", "0.25", "7", f"{chance.random():.3f}")
        )
        if chance.random() < 0.1:
            text = f"{chance.random():.4f}e{chance.randint(-9, 9)}"
        value = precise(constant(text), {})
        return Term(f"({text})" if "/" in text else text, value, NONE)

    def applied(self, function: Function, first: Term, depth: int) -> Term | None:
        """A row applied to a term and to others that fit beside it; None if they are outside its domain."""
        try:
            operands = self._operands(function, first, depth)
            values = [operand.value for operand in operands]
            value = apply(function.name, values) if inside(function, values) else mp.nan
        except TooHard:
            return None
        if not self._fits(value):
            return None
        return Term(written(function, operands), value, NONE.union(*(operand.variables for operand in operands)))

    def _operands(self, function: Function, first: Term, depth: int) -> list[Term]:
        if self._tame and function.name == "pow":
            return [first, self._small_power()]
        parameters = [parameter for parameter in function.parameters if parameter.operand]
        places = [index for index, parameter in enumerate(parameters) if parameter.kind == "tensor"]
        chosen = self._chance.choice(places)
        return [
            first if index == chosen else self._operand(parameter, depth) for index, parameter in enumerate(parameters)
        ]

    def _operand(self, parameter: Parameter, depth: int) -> Term:
        chance = self._chance
        if parameter.kind == "boolean":
            left, right = self.term(min(depth - 1, 1)), self._leaf()
            sign = chance.choice(("<", ">", "<=", ">="))
            name = {"<": "lt", ">": "gt", "<=": "le", ">=": "ge"}[sign]
            return Term(
                f"{left.text} {sign} {right.text}",
                apply(name, [left.value, right.value]),
                left.variables | right.variables,
            )
        if parameter.kind == "number":
            text = chance.choice(
                (*([str(parameter.default)] if isinstance(parameter.default, Fraction) else []), *"1235", "0.5")
            )
            return Term(text, precise(constant(text), {}), NONE)
        return self.term(chance.randrange(depth))

    def _small_power(self) -> Term:
        power = self._chance.choice((2, 2, 3, 4))
        return Term(str(power), mp.mpf(power), NONE)

    def _fits(self, value: Any) -> bool:
        if not mp.isfinite(value):
            return False
        if value == 0:
            return True
        if 1 / self._limit < abs(value) < self._limit:
            return True
        return abs(mp.mag(value)) < EXTREME and self._chance.randrange(RARE) == 0


@lru_cache(maxsize=10_000)
def constant(text: str) -> Program:
    """A constant's text, parsed."""
    return parse(text)


@cache
def family_rows(family: str) -> Sequence[Function]:
    """The rows of a family, as often as they are to be drawn."""
    if family == "tame":
        return [row(name) for name in TAME]
    found = [
        each for each in rows().values() if each.returns == "number" and not each.tensor and not beyond_torch(each.name)
    ]
    return [*found, *(row(name) for name in COMMON for _ in range(5))]


def inside(function: Function, values: Sequence[Any]) -> bool:
    """Whether a row is defined and differentiable at operands, as its text says."""
    if not function.domain:
        return True
    return bool(precise(domain(function), dict(zip(function.operand_names, values, strict=True))) == 1)


@cache
def domain(function: Function) -> Program:
    """The row's domain as a program whose value is 1 inside it."""
    return parse_formula(f"where({function.domain}, 1, 0)", function.parameters)


def written(function: Function, operands: Sequence[Term]) -> str:
    """A call of a row as people write it."""
    if function.name in INFIX:
        left, right = (operand.text for operand in operands)
        return f"({left} {INFIX[function.name]} {right if right[0] != '-' else f'({right})'})"
    if function.name == "neg":
        return f"(-{operands[0].text})"
    given = iter(operands)
    arguments = []
    for parameter in function.parameters:
        text = f'"{parameter.choices[0]}"' if parameter.kind == "option" else next(given).text
        arguments.append(f"{parameter.name}={text}" if parameter.keyword_only else text)
    return f"{function.name}({', '.join(arguments)})"
