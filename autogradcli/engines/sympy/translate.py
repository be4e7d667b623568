"""From a tape to a SymPy expression.

Chains of sums and products become one `Add` and one `Mul`: term by term, a sum of n terms would cost n² and be n
deep. Step functions (floor, sign, ...) stand in the expression as constants, which is what they are between their
jumps; SymPy's own derivatives of them are DiracDelta, or none. `Translation.restore` puts them back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Dummy, Expr, Symbol

from autogradcli.engines.sympy.natives import native
from autogradcli.language.program import Program
from autogradcli.language.table import row
from autogradcli.language.tape import Input, Literal, Operation, Tape, scalarise

NAMED = {"pi": sympy.pi, "e": sympy.E, "inf": sympy.oo}

CHAINS: dict[str, tuple[str, tuple[int, ...]]] = {
    "operator.add": ("sum", (1, 1)),
    "operator.sub": ("sum", (1, -1)),
    "operator.neg": ("sum", (-1,)),
    "operator.mul": ("product", (1, 1)),
    "operator.truediv": ("product", (1, -1)),
}
"""For each operator the chain that it is part of, and for each operand whether it goes in as it is or inverted."""

LONG = 10**17
"""Whole numbers from here on are written with an exponent, as decimal fractions are."""

INVERT: dict[str, Callable[[Expr], Expr]] = {"sum": lambda x: -x, "product": lambda x: 1 / x}
JOIN: dict[str, Callable[..., Expr]] = {"sum": sympy.Add, "product": sympy.Mul}


@dataclass(frozen=True, slots=True)
class Translation:
    """A program as SymPy sees it."""

    expression: Expr
    """The output; step functions are constants in it."""
    symbols: dict[str, Symbol]
    """The symbol of each variable: real, and named as the user named it."""
    steps: dict[Dummy, Expr]
    """What the constants that stand for step functions mean."""
    decimal: bool
    """Whether the text has decimal fractions, or numbers so long that they were written with an exponent."""

    def restore(self, expression: Expr) -> Expr:
        """The expression with the step functions back in it."""
        return expression.xreplace(self.steps) if self.steps else expression


def translate(program: Program) -> Translation:
    """The program's output as one expression in real symbols."""
    tape = scalarise(program, lambda function: bool(function.sympy))  # SymPy has the function itself
    builder = _Builder(tape, {name: Symbol(name, real=True) for name in program.variables})
    return Translation(builder.build(), builder.symbols, builder.steps, _has_decimals(tape))


def _has_decimals(tape: Tape) -> bool:
    return any(
        isinstance(entry, Literal)
        and isinstance(entry.value, Fraction)
        and (entry.value.denominator != 1 or abs(entry.value) >= LONG)
        for entry in tape.entries
    )


class _Builder:
    def __init__(self, tape: Tape, symbols: dict[str, Symbol]) -> None:
        self.symbols = symbols
        self.steps: dict[Dummy, Expr] = {}
        self._constant_for: dict[Expr, Dummy] = {}
        self._entries = tape.entries
        self._output = tape.output
        self._values: dict[int, Expr] = {}
        self._absorbed = _absorbed(tape)

    def build(self) -> Expr:
        """The output's expression; what it does not depend on is left out."""
        for index in _needed(self._entries, self._output):
            if index not in self._absorbed:
                self._values[index] = self._entry(index)
        return self._values[self._output]

    def _entry(self, index: int) -> Expr:
        entry = self._entries[index]
        if isinstance(entry, Input):
            return self.symbols[entry.name]
        if isinstance(entry, Literal):
            value = entry.value
            return NAMED[value] if isinstance(value, str) else sympy.Rational(value.numerator, value.denominator)
        function = row(entry.function)
        if function.sympy in CHAINS:
            return self._chain(index, CHAINS[function.sympy][0])
        value = native(function.sympy)(*(self._values[operand] for operand in entry.operands))
        return self._step(value) if function.steps and function.returns == "number" else value

    def _chain(self, index: int, kind: str) -> Expr:
        """The sum or product of all terms or factors that lie below this entry."""
        parts: list[Expr] = []
        pending = [(index, 1)]
        while pending:
            each, power = pending.pop()
            if each == index or each in self._absorbed:
                entry = self._entries[each]
                assert isinstance(entry, Operation)
                powers = CHAINS[row(entry.function).sympy][1]
                pending.extend((o, power * p) for o, p in zip(reversed(entry.operands), reversed(powers), strict=True))
            else:
                value = self._values[each]
                parts.append(value if power > 0 else INVERT[kind](value))
        return JOIN[kind](*parts)

    def _step(self, value: Expr) -> Expr:
        """A constant that stands for a step function; the same one wherever the same value stands."""
        if not value.free_symbols:
            return value
        if value not in self._constant_for:
            constant = self._constant_for[value] = Dummy(real=True)
            self.steps[constant] = value.xreplace(self.steps)
        return self._constant_for[value]


def _needed(entries: tuple[Input | Literal | Operation, ...], output: int) -> list[int]:
    """Indices of the entries that the output depends on, in order."""
    needed: set[int] = set()
    pending = [output]
    while pending:
        index = pending.pop()
        if index not in needed:
            needed.add(index)
            entry = entries[index]
            pending.extend(entry.operands if isinstance(entry, Operation) else ())
    return sorted(needed)


def _absorbed(tape: Tape) -> frozenset[int]:
    """Entries that are no more than a link of a longer chain: used once, by an entry of the same chain."""
    users: dict[int, list[int]] = {}
    for index, entry in enumerate(tape.entries):
        for operand in entry.operands if isinstance(entry, Operation) else ():
            users.setdefault(operand, []).append(index)
    chain = [_chain_of(entry) for entry in tape.entries]
    return frozenset(
        index
        for index, by in users.items()
        if len(by) == 1 and index != tape.output and chain[index] is not None and chain[index] == chain[by[0]]
    )


def _chain_of(entry: Input | Literal | Operation) -> str | None:
    return CHAINS.get(row(entry.function).sympy, (None,))[0] if isinstance(entry, Operation) else None
