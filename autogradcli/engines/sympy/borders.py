"""Derivatives where conditions change: what the rules of calculus give there branch by branch need not be true.

The derivative of where(x == 3, 9, x**2) is 2*x everywhere, and not 0 at 3: a branch that holds on a border alone tells
the value there and nothing of the slope. So wherever the formula on a border is neither side's, the slopes on both
sides are found as secants of the expression itself, evaluated to 30 digits. Where they are one, the formula gets what
the sides' own formulas tend to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from math import gcd

import sympy
from sympy import Abs, Expr, Symbol
from sympy.core.relational import Relational

from autogradcli.engines.sympy.adapters import Max, Min, magnitude, side, where
from autogradcli.engines.sympy.arithmetic import NoValue
from autogradcli.engines.sympy.evaluate import Point, Tie, evaluate
from autogradcli.engines.sympy.printing import write
from autogradcli.engines.sympy.readable import tree_sizes
from autogradcli.engines.sympy.substitution import Substitution
from autogradcli.engines.sympy.touching import touching

DISTANCES = (Fraction(1, 10**60), Fraction(1, 10**120))
"""How far beside a border the expression is evaluated for a slope."""
CONVERGED = Fraction(1, 10**5)
"""What the nearer of two secants must be beside the other, or they beside their difference, for a limit to be told."""
LEFT = Fraction(1, 10**4)
"""What is left of the difference of two secants, at most, between the nearer and their limit."""
DIGITS = Fraction(1, 10**25)
"""Relative accuracy of numbers that are evaluated, with something to spare."""
SAMPLES = ("13/10", "-7/10", "23/10", "3/5", "-17/10")
"""What other variables are given: formulas in them are looked at there."""
LIMITED = 60
"""Nodes of a formula up to which SymPy is asked for its limit."""
DEGREE = 6
"""Of polynomials whose roots are asked for."""

SMOOTH = (sympy.Add, sympy.Mul, sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan)
NO_VALUES = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I, sympy.Limit)
CHOOSES = (where, side, Max, Min, Abs, magnitude, sympy.sign, sympy.floor, sympy.ceiling)

SIGNS: Mapping[str, tuple[int, ...]] = {
    "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1), "==": (0,), "!=": (-1, 1)
}  # fmt: skip
"""The signs of a difference with which a comparison holds."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A derivative that holds at borders, too."""

    formula: Expr
    notes: tuple[str, ...] = ()
    """Where there is no derivative, and where the formula does not hold."""
    holds: bool = True
    """Whether it holds wherever there is a derivative."""


@dataclass(frozen=True, slots=True)
class _Border:
    """Where a difference is zero, and the comparisons that change there."""

    difference: Expr
    comparisons: Mapping[Relational, tuple[int, int, int]]
    """For each the sign of its own difference where this one is zero, positive, and negative: by index 0, 1, -1."""
    local: bool = False
    """Whether those are the signs near this border alone: elsewhere the comparisons hold in other places, too."""

    def is_alone(self) -> bool:
        """Whether it is looked at by itself anyway: one of ==."""
        return all(each.rel_op in ("==", "!=") for each in self.comparisons)

    def cell(self, expression: Expr, sign: int) -> Expr:
        """What an expression is where the difference has this sign."""
        decided = {
            each: sympy.true if signs[sign] in SIGNS[each.rel_op] else sympy.false
            for each, signs in self.comparisons.items()
        }
        return Substitution(decided)(expression)


def mend(expression: Expr, derivative: Expr, symbol: Symbol, steps: Mapping[Symbol, Expr]) -> Mended:
    """The derivative of an expression with respect to a symbol; `steps` are what the constants in it mean.

    A sign is a step with a value of its own on its border: sign(x)**2*x is x.
    """
    signs = {each: _as_choice(meaning.args[0]) for each, meaning in steps.items() if isinstance(meaning, sympy.sign)}
    start = Substitution(signs)(derivative)
    mended = Mended(start)
    for border in _borders(start, symbol):
        whole = Substitution(steps)(border.difference)
        if symbol not in whole.free_symbols:
            continue
        zero, *beside = (border.cell(mended.formula, sign) for sign in (0, -1, 1))
        if zero in beside or (whole != border.difference and _steps_alone(border.difference, symbol)):
            continue
        found = _Seam(expression, symbol, steps, border, mended.formula).mended()
        notes = dict.fromkeys((*mended.notes, *found.notes))
        mended = Mended(found.formula, tuple(notes), mended.holds and found.holds)
    return replace(mended, formula=derivative) if mended.formula == start else mended


def changes(derivative: Expr, steps: Mapping[Symbol, Expr]) -> bool:
    """Whether there are borders in a derivative that are worth a look."""
    return any(
        isinstance(node, Relational) or isinstance(steps.get(node), sympy.sign) for node in tree_sizes(derivative)
    )


def _as_choice(u: Expr) -> Expr:
    return where(u > 0, sympy.S.One, where(u < 0, sympy.S.NegativeOne, sympy.S.Zero))


def absorbed(formula: Expr) -> Expr:
    """The formula without choices of what would be there anyway: where(x == 3, 6, 2*x) is 2*x."""
    changed = {}
    for node in tree_sizes(formula):
        if isinstance(node, where) and isinstance(node.args[0], sympy.Eq | sympy.Ne):
            condition, yes, no = node.args
            there, elsewhere = (yes, no) if isinstance(condition, sympy.Eq) else (no, yes)
            for one, other in (condition.args, condition.args[::-1]):
                if one.is_Symbol and one not in other.free_symbols and _put(elsewhere, one, other) == there:
                    changed[node] = elsewhere
    return Substitution(changed)(formula)


def _steps_alone(difference: Expr, symbol: Symbol) -> bool:
    """Whether a border is a jump of one step function, which is no point of its own: floor(x) == 2."""
    return symbol not in difference.free_symbols and sum(each.is_Dummy for each in difference.free_symbols) == 1


def _borders(formula: Expr, symbol: Symbol) -> list[_Border]:
    found: dict[Expr, dict[Relational, tuple[int, int, int]]] = {}
    for node in tree_sizes(formula):
        if isinstance(node, Relational):
            difference, signs = canonical(node.lhs - node.rhs)
            found.setdefault(difference, {})[node] = signs
    crossed = [_Border(difference, comparisons) for difference, comparisons in found.items()]
    return [*crossed, *chain.from_iterable(_touched(border, symbol) for border in crossed)]


def _touched(border: _Border, symbol: Symbol) -> Iterator[_Border]:
    """The borders at which a difference is zero and has one sign on both sides."""
    if any(signs[1] == signs[-1] for signs in border.comparisons.values()) or border.is_alone():
        return
    for zero, known in touching(border.difference, symbol):
        for sign in (1, -1) if known is None else (known,):
            sides = {each: (signs[0], signs[sign], signs[sign]) for each, signs in border.comparisons.items()}
            yield _Border(zero, sides, local=True)


def canonical(difference: Expr) -> tuple[Expr, tuple[int, int, int]]:
    """A difference without factors that are numbers, absolute values and powers, and its own sign by the other's.

    So that x > 3, 6 - 2*x < 0, abs(x - 3) == 0 and x**2 - 6*x + 9 > 0 have one border.
    """
    sign, even = 1, False
    while True:
        content, difference = sympy.expand(difference).as_content_primitive()
        turned = difference.could_extract_minus_sign()
        if turned:
            difference = -difference
        if not even and (content < 0) != turned:
            sign = -sign
        base, degree = _as_power(difference)
        if degree == 1:
            return difference, (0, sign, sign if even else -sign)
        difference, even = base, even or degree % 2 == 0


def _as_power(difference: Expr) -> tuple[Expr, int]:
    """The base and the degree of what is a power, also if it is written out; of what is a size, or several, 2."""
    if tree_sizes(difference)[difference] > LIMITED:
        return difference, 1
    # Factors in exp(-100) would be looked for as in a polynomial of degree 100 in exp(-1).
    numbers = {each: sympy.Dummy() for each in difference.atoms(sympy.exp) if not each.free_symbols}
    try:
        factor, parts = sympy.factor_list(difference.xreplace(numbers))
    except sympy.PolynomialError:
        return difference, 1
    known = {dummy: number for number, dummy in numbers.items()}
    parts = [(base.xreplace(known), multiplicity) for base, multiplicity in parts]
    if factor != 1 or any(multiplicity != int(multiplicity) for _, multiplicity in parts):
        return difference, 1
    if all(isinstance(base, Abs) or multiplicity % 2 == 0 for base, multiplicity in parts):
        bases = dict.fromkeys(base.args[0] if isinstance(base, Abs) else base for base, _ in parts)
        return sympy.Mul(*bases), 2
    degree = gcd(*(int(multiplicity) for _, multiplicity in parts))
    return sympy.Mul(*(base ** (multiplicity // degree) for base, multiplicity in parts)), degree


def _put(expression: Expr, symbol: Symbol, value: Expr) -> Expr:
    return Substitution({symbol: value})(expression)


@dataclass(frozen=True, slots=True)
class _Slope:
    """A limit of secants."""

    value: Fraction
    error: Fraction
    """By how much it may be off."""

    def is_near(self, other: Fraction, error: Fraction = Fraction(0)) -> bool:
        """Whether it may be the same as another number, which may be off as well."""
        digits = DIGITS * (abs(self.value) + abs(other))
        return abs(self.value - other) <= self.error + error + digits


Place = tuple[Mapping[Expr, Fraction], _Slope | None]
"""Values of the other variables, and the derivative there; None where there is none."""


@dataclass(frozen=True, slots=True)
class _Seam:
    """A border at which the formula of the derivative is neither side's."""

    expression: Expr
    symbol: Symbol
    steps: Mapping[Symbol, Expr]
    border: _Border
    formula: Expr

    @property
    def _zero(self) -> Expr:
        return self.border.cell(self.formula, 0)

    @property
    def _below(self) -> Expr:
        return self.border.cell(self.formula, -1)

    @property
    def _above(self) -> Expr:
        return self.border.cell(self.formula, 1)

    def mended(self) -> Mended:
        """The formula, right on this border if that can be found out."""
        places = self._places()
        if places is None:
            if not self.border.local and self._below == self._above and self._is_isolated() and _is_smooth(self._above):
                return Mended(self._above)
            return Mended(self.formula, (f"{self._text()} the formula may not hold",), holds=False)
        notes: list[str] = []
        holds = True
        found: dict[Expr, Expr] = {}
        for place in places:
            looked = list(self._slopes(place))
            smooth = [(values, slope) for values, slope in looked if slope is not None]
            derivative = self._derivative(place, smooth) if smooth else None
            if derivative is not None:
                found[place] = derivative
            elif looked and not smooth:
                notes.append(f"{self._text(place)} there is no derivative")
            else:
                notes.append(self._failure(place, smooth))
                holds = False
        return Mended(self._joined(places, found), tuple(notes), holds)

    def _joined(self, places: Sequence[Expr], found: Mapping[Expr, Expr]) -> Expr:
        """The formula with the derivatives on the border in it."""
        if all(derivative == _put(self._zero, self.symbol, place) for place, derivative in found.items()):
            return self.formula
        formula, added = self.formula, dict(found)
        if not self.border.local and self._below == self._above and len(found) == len(places):
            formula = self._above
            added = {place: each for place, each in found.items() if each != _put(formula, self.symbol, place)}
        for place, derivative in added.items():
            formula = where(sympy.Eq(self.symbol, place), derivative, formula)
        return formula

    def _places(self) -> list[Expr] | None:
        """The values of the symbol on the border, in the other variables; None if they are not known."""
        difference, symbol = self.border.difference, self.symbol
        if any(each.is_Dummy for each in difference.free_symbols) or not difference.is_polynomial(symbol):
            return None
        polynomial = sympy.Poly(difference, symbol)
        if polynomial.degree() == 1:
            return [sympy.expand(-polynomial.TC() / polynomial.LC())]
        rational = polynomial.domain.is_QQ or polynomial.domain.is_ZZ
        if difference.free_symbols != {symbol} or polynomial.degree() > DEGREE or not rational:
            return None
        roots = list(dict.fromkeys(sympy.real_roots(polynomial)))
        return None if any(isinstance(root, sympy.CRootOf) for root in roots) else roots

    def _is_line(self) -> bool:
        """Whether the border may have a line along the symbol in it, on which it is no point of its own: x*y == 0."""
        return not sympy.Poly(self.border.difference, self.symbol).LC().is_number

    def _is_isolated(self) -> bool:
        """Whether the border is a point here and there, whose neighbours are none of it."""
        difference = self.border.difference
        return difference.free_symbols == {self.symbol} and not _chooses(difference)

    def _slopes(self, place: Expr) -> Iterator[Place]:
        """The derivative at a place of the border, for some values of the other variables where it can be told."""
        others = sorted(self.expression.free_symbols - {self.symbol, *self.steps}, key=str)
        for number in range(len(SAMPLES) if others else 1):
            values = {each: Fraction(SAMPLES[(number + i) % len(SAMPLES)]) for i, each in enumerate(others)}
            try:
                left, right = (self._side(place, values, sign) for sign in (-1, 1))
            except (NoValue, Tie):
                continue
            if left is None or right is None or not left.is_near(right.value, right.error):
                yield values, None
            else:
                yield values, right

    def _side(self, place: Expr, values: Mapping[Expr, Fraction], sign: int) -> _Slope | None:
        """The slope on one side; None if the expression jumps or has a vertical tangent there.

        NoValue if it has no value, or the secants have no limit that can be told.
        """
        here, meanings = self._at(place)
        secants = []
        for distance in DISTANCES:
            step = sympy.Rational(sign * distance.numerator, distance.denominator)
            beside, others = self._at(place + step)
            secants.append(Fraction(evaluate((beside - here) / step, Point(values, {**meanings, **others}))))
        far, near = secants
        if abs(near) * CONVERGED > abs(far):
            return None
        if min(abs(near), abs(far - near)) > CONVERGED * max(abs(far), abs(near)):
            raise NoValue("the secants have no limit that can be told")
        return _Slope(near, abs(far - near) * LEFT)

    def _at(self, place: Expr) -> tuple[Expr, Mapping[Expr, Expr]]:
        """The expression at a place, and what the step functions in it are there."""
        own = {each: sympy.Dummy(real=True) for each in self.steps}
        there = Substitution({self.symbol: place, **own})
        return there(self.expression), {own[each]: there(meaning) for each, meaning in self.steps.items()}

    def _derivative(self, place: Expr, smooth: Sequence[Place]) -> Expr | None:
        """The formula on the border: one that the slopes confirm wherever they were found."""
        candidates = chain(
            (_put(self._zero, self.symbol, place),),
            () if self._is_line() else (_value(each, self.symbol, place) for each in (self._above, self._below)),
            () if self._is_line() else (limit_of(self._above, self.symbol, place, "+"),),
        )
        confirmed = (each for each in candidates if each is not None and all(_is_confirmed(each, *at) for at in smooth))
        return next(confirmed, None)

    def _failure(self, place: Expr, smooth: Sequence[Place]) -> str:
        if len(smooth) == 1 and (slope := smooth[0][1]) is not None and not smooth[0][0]:
            return f"{self._text(place)} the formula does not hold: the derivative there is {float(slope.value)!r}"
        return f"{self._text(place)} the formula may not hold"

    def _text(self, place: Expr | None = None) -> str:
        difference = Substitution(self.steps)(self.border.difference)
        left, right = (difference, sympy.S.Zero) if place is None else (self.symbol, place)
        return f"where {write(sympy.Eq(left, right, evaluate=False), 'text', decimal=False)}"


def _value(formula: Expr, symbol: Symbol, place: Expr) -> Expr | None:
    """What a formula is at a place; None if it has no value there."""
    found = _put(formula, symbol, place)
    return None if found.has(*NO_VALUES) else found


def limit_of(formula: Expr, symbol: Symbol, place: Expr, direction: str) -> Expr | None:
    """What a formula tends to; None if it is long, or SymPy does not find it."""
    if tree_sizes(formula)[formula] > LIMITED or _chooses(formula):
        return None
    try:
        found = sympy.limit(formula, symbol, place, direction)
    except Exception:  # in many ways
        return None
    return None if found.has(*NO_VALUES) else found


def _is_confirmed(candidate: Expr, values: Mapping[Expr, Fraction], slope: _Slope | None) -> bool:
    try:
        return slope is not None and slope.is_near(Fraction(evaluate(candidate, Point(values, {}))))
    except (NoValue, Tie):
        return False


def _chooses(formula: Expr) -> bool:
    return any(isinstance(node, CHOOSES) for node in tree_sizes(formula))


def _is_smooth(formula: Expr) -> bool:
    """Whether a formula has a value, and no jump, everywhere."""
    return all(map(_is_smooth_node, tree_sizes(formula)))


def _is_smooth_node(node: Expr) -> bool:
    power = node.is_Pow and node.exp.is_Integer and node.exp > 0
    return bool(node.is_Symbol or node.is_number or isinstance(node, SMOOTH) or power)
