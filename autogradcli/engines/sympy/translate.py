"""From a tape to a SymPy expression.

Chains of sums and products become one `Add` and one `Mul`: term by term, a sum of n terms would cost n² and be n
deep. Step functions (floor, sign, ...) stand in the expression as constants, which is what they are between their
jumps; SymPy's own derivatives of them are DiracDelta, or none. `Translation.restore` puts them back.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import or_

import sympy
from sympy import Dummy, Expr, Symbol

from autogradcli.engines.sympy.adapters import native
from autogradcli.engines.sympy.components import symbols
from autogradcli.engines.sympy.messages import SCALARS, Tensors
from autogradcli.engines.sympy.substitution import Substitution
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import TooLong
from autogradcli.functions.table import row
from autogradcli.language.program import Program
from autogradcli.language.shapes import Shape
from autogradcli.language.tape import (
    MAX_OPERATIONS,
    Input,
    Literal,
    Operation,
    Tape,
    TapeOptions,
    components,
    scalarise,
)

NAMED = {"pi": sympy.pi, "e": sympy.E, "inf": sympy.oo, "nan": sympy.nan}

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


MAX_DERIVATIVES = 3_000
"""Local derivatives of a program with tensors beyond which SymPy steps aside: about a second's work."""

MAX_COUNTED = 20_000
"""Scalar operations of a program with tensors beyond which its local derivatives are not even counted."""


class TooMuch(Exception):
    """SymPy steps aside; the message says why."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A program as SymPy sees it."""

    expression: Expr
    """The scalar that is differentiated; step functions are constants in it, and intermediates symbols."""
    symbols: dict[str, list[Symbol]]
    """Of each variable, and of each intermediate that stands as symbols: its components, row by row."""
    shapes: dict[str, Shape]
    """The shape of each of them."""
    intermediates: dict[Symbol, Expr]
    """What the symbols that stand for intermediates mean, in the order of evaluation."""
    steps: dict[Dummy, Expr]
    """What the constants that stand for step functions mean."""
    decimal: bool
    """Whether the text has decimal fractions, or numbers so long that they were written with an exponent."""

    def restore(self, expression: Expr) -> Expr:
        """The expression with the step functions back in it."""
        return Substitution(self.steps)(expression)


def translate(program: Program, wrt: Sequence[str] = (), tensors: Tensors = SCALARS) -> Translation:
    """The program's output as one expression in real symbols.

    The intermediates among the names `wrt` stand as symbols; where there are tensors, all that have a name do.
    Raises TooMuch if it has tensors and more than `MAX_DERIVATIVES` local derivatives: for each operation as many as
    there are components, of those of `wrt`, on which it depends.
    """
    shapes = dict(tensors.shapes)
    asked = [name for name in wrt if name not in program.variables]
    tape = _tape(program, asked, tensors)
    named = [name for name in program.assigned if name not in program.variables] if shapes else []
    builder = _Translator(program, tape, shapes, asked, named)
    if tensors != SCALARS:
        check_size(builder.derivatives(wrt))
    return builder.build()


def _tape(program: Program, asked: Sequence[str], tensors: Tensors) -> Tape:
    limit = MAX_OPERATIONS if tensors == SCALARS else MAX_COUNTED
    layout = TapeOptions(tensors.upstream, {program.index(name) for name in asked}, limit, known=dict(tensors.known))
    try:
        return scalarise(program, _is_native, dict(tensors.shapes), layout)
    except TooLong as reason:
        raise TooMuch(reason) from None
    except (IndexError, ValueError, NoDefinition) as reason:
        # NumPy's; torch has not been asked where there is no point.
        if isinstance(reason, NoDefinition) and reason.__cause__ is None:
            raise
        raise GradcalcError("shape", f"the shapes do not fit: {reason.__cause__ or reason}") from None


def _is_native(function: Function) -> bool:
    """Whether SymPy has the function itself."""
    return bool(function.sympy)


def check_size(derivatives: int) -> None:
    """Raises TooMuch if there are more local derivatives than SymPy finds in about a second."""
    if derivatives > MAX_DERIVATIVES:
        there = f"there are {derivatives:,} local derivatives of scalar operations"
        raise TooMuch(f"{there}, and SymPy's limit is {MAX_DERIVATIVES:,}")


def _has_decimals(tape: Tape) -> bool:
    return any(
        isinstance(entry, Literal)
        and isinstance(entry.value, Fraction)
        and (entry.value.denominator != 1 or abs(entry.value) >= LONG)
        for entry in tape.entries
    )


class _Translator:
    def __init__(
        self, program: Program, tape: Tape, shapes: dict[str, Shape], asked: Sequence[str], named: Sequence[str]
    ) -> None:
        self._program = program
        self._tape = tape
        self._entries = tape.entries
        self._shapes = {name: shapes.get(name, ()) for name in program.variables}
        self._symbols = {name: symbols(name, shape) for name, shape in self._shapes.items()}
        self._steps: dict[Dummy, Expr] = {}
        self._constant_for: dict[Expr, Dummy] = {}
        self._values: dict[int, Expr] = {}
        self._standing = self._find_standing(asked, named)
        self._absorbed = _absorbed(tape, {tape.output, *self._standing})
        self._needed = _needed(tape.entries, tape.output)

    def derivatives(self, wrt: Sequence[str]) -> int:
        """How many local derivatives there are: for each operation one for every component on which it depends.

        Links of a sum are not counted, since the sum is differentiated at once.
        """
        components = (entry for entry in self._needed if self._is_asked(entry, wrt))
        own = {entry: 1 << place for place, entry in enumerate(components)}
        depends: dict[int, int] = {}
        count = 0
        for index in self._needed:
            entry = self._entries[index]
            operands = entry.operands if isinstance(entry, Operation) else ()
            below = reduce(or_, (depends[each] for each in operands), 0)
            depends[index] = own.get(index, below)
            count += 0 if index in self._absorbed and _chain_of(entry) == "sum" else below.bit_count()
        return count

    def _is_asked(self, index: int, wrt: Sequence[str]) -> bool:
        """Whether there is a derivative with respect to an entry: a component, or part of the way to one."""
        entry = self._entries[index]
        return index in self._standing or (isinstance(entry, Input) and entry.name in wrt)

    def build(self) -> Translation:
        """The output's expression; what it does not depend on is left out."""
        intermediates: dict[Symbol, Expr] = {}
        for index in self._needed:
            if index not in self._absorbed:
                self._values[index] = self._entry(index)
            if index in self._standing:
                intermediates[self._standing[index]] = self._values[index]
                self._values[index] = self._standing[index]
        expression, decimal = self._values[self._tape.output], _has_decimals(self._tape)
        return Translation(expression, self._symbols, self._shapes, intermediates, self._steps, decimal)

    def _find_standing(self, asked: Sequence[str], named: Sequence[str]) -> dict[int, Symbol]:
        """The entries that stand as symbols: those of the intermediates of `wrt`, and of others that have a name.

        Where two names mean the same entry, the first has it; the output itself is no symbol unless it is asked about.
        """
        found: dict[int, Symbol] = {}
        for name in dict.fromkeys((*asked, *named)):
            handle = self._tape.results[self._program.index(name)]
            self._shapes[name] = () if isinstance(handle, int) else handle.shape
            self._symbols[name] = symbols(name, self._shapes[name])
            for entry, symbol in zip(components(handle), self._symbols[name], strict=True):
                if isinstance(self._entries[entry], Operation) and (name in asked or entry != self._tape.output):
                    found.setdefault(entry, symbol)
        return found

    def _entry(self, index: int) -> Expr:
        entry = self._entries[index]
        if isinstance(entry, Input):
            return self._symbols[entry.name][entry.place]
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
        if value.is_number:
            return value
        if value not in self._constant_for:
            constant = self._constant_for[value] = Dummy(real=True)
            self._steps[constant] = value
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


def _absorbed(tape: Tape, standing: Collection[int]) -> frozenset[int]:
    """Entries that are no more than a link of a longer chain: used once, by an entry of the same chain."""
    users: dict[int, list[int]] = {}
    for index, entry in enumerate(tape.entries):
        for operand in entry.operands if isinstance(entry, Operation) else ():
            users.setdefault(operand, []).append(index)
    chain = [_chain_of(entry) for entry in tape.entries]
    return frozenset(
        index
        for index, by in users.items()
        if len(by) == 1 and index not in standing and chain[index] is not None and chain[index] == chain[by[0]]
    )


def _chain_of(entry: Input | Literal | Operation) -> str | None:
    return CHAINS.get(row(entry.function).sympy, (None,))[0] if isinstance(entry, Operation) else None
