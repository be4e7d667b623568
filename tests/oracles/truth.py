"""Values and slopes of programs by mpmath at hundreds of digits: nothing of the engines, no partial of the table."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from zlib import crc32

from mpmath import mp
from mpmath.libmp import NoConvergence

from autogradcli.functions.function import Function
from autogradcli.functions.table import row
from autogradcli.language.program import Program
from autogradcli.language.tape import Input, Literal, Operation, Tape, definition, scalarise
from tests.oracles.precise import MEANING, exactly, real

Values = list[Any]
Point = Mapping[str, Any]

CHOICES = frozenset(
    ["lt", "le", "gt", "ge", "eq", "ne", "logical_and", "logical_or", "logical_not", "isnan", "where", "floor"]
)
"""Rows that have neither partials nor a definition."""
ANY_SIZE = CHOICES | frozenset(["add", "sub", "mul", "div", "neg", "sqrt", "rsqrt", "log"])
"""Rows that mpmath computes quickly whatever the size of their operands."""
LARGEST = 20_000
"""Binary logarithm of the largest and smallest operands that mpmath is asked to take elsewhere."""

TIES = CHOICES - {"logical_and", "logical_or", "logical_not", "where", "isnan"}
"""Rows whose result hangs on whether two numbers are equal."""
SETTLED = mp.mpf(10) ** -8
"""Relative change from which on secants do not tend to a slope, or not as powers of the distance do."""
GROWS = 1.2
"""Times by which secants grow between the two distances if the slope is infinite as a logarithm is: 4/3."""
LOWEST = {"polygamma": -1000, "trigamma": -1000}
"""Below which mpmath takes a step of a recurrence for every whole number."""

ROUND_ONLY_LONG = frozenset(["add", "sub", "mul", "div", "sqrt", "pow"])
"""Rows whose result is exact if it has few binary digits; of a sum that is looked at more closely."""
SATURATES = 10
"""Size of an operand beyond which other rows may come within rounding of a limit: sigmoid(6612) of 1."""
MANY_NUDGES = 97
"""Operations are nudged by different amounts, of which there are so many: a prime."""

OWN: dict[str, Callable[..., Any]] = {
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
    "logaddexp2": lambda x, y: max(x, y) + mp.log1p(mp.power(2, -abs(x - y))) / mp.ln2,
    "log_ndtr": lambda x: mp.ln(mp.ncdf(x)) if x < 0 else mp.log1p(-mp.ncdf(-x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x)),
}
"""Meanings that hold where the plainer ones have not digits enough."""


class TooHard(Exception):
    """mpmath would take too long, or does not converge."""


class Unsettled(TooHard):
    """More digits are needed to judge."""


def tape_of(program: Program) -> Tape:
    """The program in elementary rows."""
    return scalarise(program, lambda each: each.elementary or each.name in CHOICES)


@cache
def meaning(name: str) -> Callable[..., Any]:
    """A row's value by mpmath: its own function, or else the row's definition."""
    if name in OWN or name in MEANING:
        return OWN.get(name) or MEANING[name]
    function: Function = row(name)
    tape = tape_of(definition(function))
    names = function.operand_names
    return lambda *operands: run(tape, dict(zip(names, operands, strict=True)))[tape.output]


def apply(name: str, operands: Sequence[Any]) -> Any:
    """A row applied to numbers; NaN where it has no real value."""
    if any(mp.isnan(operand) for operand in operands if not isinstance(operand, bool)):
        return mp.nan if name != "where" else _chosen(*operands)
    if name not in ANY_SIZE and any(mp.isfinite(x) and x and abs(mp.mag(x)) > LARGEST for x in operands):
        raise TooHard
    if name in LOWEST and operands[-1] < LOWEST[name]:
        raise TooHard
    if name in TIES and _hair_apart(*(operands if len(operands) == 2 else (operands[0], mp.nint(operands[0])))):
        raise TooHard
    try:
        return _real(name, mp.prec, *operands)
    except (OverflowError, NoConvergence, NotImplementedError) as problem:
        raise TooHard from problem
    except TypeError as problem:
        if not any(map(mp.isinf, operands)):
            raise
        raise TooHard from problem  # besseli takes the size of infinity for that of a number


@lru_cache(maxsize=1024, typed=True)
def _real(name: str, _: int, *operands: Any) -> Any:
    """The same at the precision in force: derivatives by differences ask for the same numbers again and again."""
    return real(meaning(name), operands)


def _hair_apart(x: Any, y: Any) -> bool:
    """Whether two numbers differ by no more than rounding may have made them differ."""
    return bool(x != y and abs(x - y) < abs(x) * mp.mpf(10) ** (mp.dps // 20 - mp.dps))


def _chosen(condition: Any, yes: Any, no: Any) -> Any:
    return mp.nan if not isinstance(condition, bool) else yes if condition else no


def run(tape: Tape, at: Point, bump: Mapping[int, Any] | None = None) -> Values:
    """The value of every entry of a tape; `bump` gives factors by which the results of some entries are multiplied."""
    values: Values = []
    for index, entry in enumerate(tape.entries):
        if isinstance(entry, Input):
            value = at[entry.name]
        elif isinstance(entry, Literal):
            value = exactly(entry.value)
        else:
            value = apply(entry.function, [values[operand] for operand in entry.operands])
        values.append(value * bump[index] if bump and index in bump else value)
    return values


def is_rounded(name: str, operands: Sequence[Any], result: Any) -> bool:
    """Whether mpmath may have rounded a result: where it did not, the result is the operands' own."""
    if name in CHOICES or name == "neg" or isinstance(result, bool) or not mp.isfinite(result) or result == 0:
        return False
    if name in ("add", "sub"):
        x, y = operands[0], -operands[1] if name == "sub" else operands[1]
        return bool(result - x != y or result - y != x)
    if result.man.bit_length() > mp.prec // 2:
        return True
    return name not in ROUND_ONLY_LONG and any(abs(operand) > SATURATES for operand in operands)


def nudges(tape: Tape, values: Values) -> dict[int, Any]:
    """How much larger than 1 the factors are, more than mpmath's rounding, for all numbers that it may have rounded.

    The same computation twice has the same factor, so that its difference from itself stays 0.
    """
    unit = mp.mpf(10) ** (mp.dps // 20 - mp.dps)
    found: dict[int, Any] = {}
    for index, (entry, value) in enumerate(zip(tape.entries, values, strict=True)):
        if isinstance(entry, Operation):
            operands = [values[operand] for operand in entry.operands]
            rounds = is_rounded(entry.function, operands, value)
            made = entry.function, [getattr(operand, "_mpf_", operand) for operand in operands]
        else:
            rounds = isinstance(entry, Literal) and mp.isfinite(value) and value.man.bit_length() > mp.prec // 2
            made = "", [value._mpf_]
        if rounds:
            found[index] = unit * (1 + crc32(repr(made).encode()) % MANY_NUDGES)
    return found


@dataclass(frozen=True, slots=True)
class Slope:
    """What differences say about a function's slope along one variable."""

    kind: str
    """smooth, kink, jump, vertical, outside (not defined on some side) or undefined (here)."""
    value: Any = None
    """The slope, if it is smooth."""
    doubt: Any = None
    """By how much the value may be off."""
    sides: tuple[Any, Any] | None = None
    """The slopes from the left and from the right."""


class Truth:
    """A program at a point, at so many decimal digits."""

    def __init__(self, program: Program, at: Mapping[str, float], digits: int) -> None:
        self.digits = digits
        self.tape = tape_of(program)
        self.at = {name: mp.mpf(value) for name, value in at.items()}
        with mp.workdps(digits):
            self.values = run(self.tape, self.at)
            self.value = self.values[self.tape.output]
            self._largest = max(
                abs(value) for value in self.values if not isinstance(value, bool) and mp.isfinite(value)
            )
            if self._largest > mp.mpf(10) ** (digits // 3):
                # Beside a pole (1/sin(pi)) or of a size at which digits run out.
                raise TooHard
            if self._hangs_on_rounding():
                raise Unsettled

    def _hangs_on_rounding(self) -> bool:
        """Whether mpmath's own rounding decides a condition, a step or a domain, or has grown into the value.

        So it is where numbers are equal in truth, log(exp(x)) and x, or come as near as sigmoid(6612) to 1.
        """
        found = nudges(self.tape, self.values)
        return any(
            self._differs(run(self.tape, self.at, {index: 1 + sign * nudge for index, nudge in found.items()}))
            for sign in (1, -1)
        )

    def _differs(self, nudged: Values) -> bool:
        for entry, before, after in zip(self.tape.entries, self.values, nudged, strict=True):
            if mp.isfinite(before) != mp.isfinite(after):
                return True
            if isinstance(entry, Operation) and entry.function in TIES and mp.isfinite(before) and before != after:
                return True
        value = nudged[self.tape.output]
        return bool(mp.isfinite(value) and abs(value - self.value) > self._largest * mp.mpf(10) ** (-self.digits // 2))

    def _value(self, at: Point) -> Any:
        return run(self.tape, at)[self.tape.output]

    def slope(self, name: str) -> Slope:
        """The slope along a variable, from differences at two distances on both sides."""
        with mp.workdps(self.digits):
            if not mp.isfinite(self.value):
                return Slope("undefined")
            size = abs(self.at[name]) or mp.mpf(10) ** -20
            far, near = (self._secants(name, size * mp.mpf(10) ** -(self.digits // part)) for part in (4, 3))
            return self._limit(far, near, size)

    def _secants(self, name: str, step: Any) -> tuple[Any, Any]:
        above, below = (self._value({**self.at, name: self.at[name] + sign * step}) for sign in (1, -1))
        return (self.value - below) / step, (above - self.value) / step

    def _limit(self, far: tuple[Any, Any], near: tuple[Any, Any], size: Any) -> Slope:
        """What secants on both sides say; of a smooth function they differ in proportion to the distance."""
        closer = mp.mpf(10) ** (self.digits // 3 - self.digits // 4)
        noise = mp.mpf(10) ** (self.digits // 10 - self.digits + self.digits // 3) * self._largest / size
        pairs = [(a, b) for a, b in zip(near, far, strict=True) if mp.isfinite(a) and mp.isfinite(b)]
        growth = max((abs(a) / (abs(b) + 100 * noise) for a, b in pairs if a), default=0)
        if growth > 3:
            return Slope("jump" if growth > closer / 10 else "vertical", sides=near)
        if any(abs(a) > SETTLED * abs(b) and abs(a - b) > SETTLED * abs(b) + 100 * noise for a, b in pairs):
            if growth < GROWS:
                raise TooHard
            return Slope("vertical", sides=near)
        if len(pairs) < 2:
            return Slope("outside")
        gap, far_gap = abs(near[0] - near[1]), abs(far[0] - far[1])
        if gap > 100 * noise and gap > far_gap / mp.sqrt(closer):
            return Slope("kink", sides=near)
        middle, far_middle = sum(near) / 2, sum(far) / 2
        return Slope("smooth", middle, 10 * abs(middle - far_middle) + noise, near)


def ulps(distance: Any, truth: Any, digits: int, smallest: int) -> float:
    """A distance in units in the last place of a format, as defined by Goldberg: that of the truth's own binade."""
    exponent = mp.mag(truth) - digits if truth else smallest
    return float(distance / mp.ldexp(1, max(exponent, smallest))) if mp.isfinite(distance) else math.nan
