"""One program in SymPy's hands: its derivatives, found, printed and evaluated."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property, partial

import sympy
from sympy import Add, Expr, Rational, Symbol

from autogradcli.engines.results import Array, flat, nested
from autogradcli.engines.sympy.arithmetic import NoValue
from autogradcli.engines.sympy.borders import Mended, changes, limit_of, mend
from autogradcli.engines.sympy.evaluate import Point, Tie, evaluate
from autogradcli.engines.sympy.formulas import LISTED, GradientFormulas, NoFormula, Style
from autogradcli.engines.sympy.messages import Differentiate, EvaluatedNumber
from autogradcli.engines.sympy.printing import Unprintable, write
from autogradcli.engines.sympy.readable import PRINTABLE, forms, forms_with_sigmoids, tree_sizes
from autogradcli.engines.sympy.sharing import shared
from autogradcli.engines.sympy.slopes import Slopes
from autogradcli.engines.sympy.substitution import Substitution, fold
from autogradcli.engines.sympy.translate import TooMuch, Translation, translate
from autogradcli.errors import GradcalcError
from autogradcli.language.program import Direction
from autogradcli.language.shapes import Shape

MENDED = 1_000
"""Nodes of an expression up to which its derivatives are looked at where conditions change."""
LEGIBLE = 5_000
"""Characters of a formula of higher order beyond which it is called too long to be read."""


@dataclass(frozen=True, slots=True)
class PrintedDerivative:
    """The derivative with respect to one variable, printed."""

    texts: Array
    """The formula of each component; None where there is none."""
    reasons: Array
    """Why there is none."""
    pattern: str | None = None
    """One formula for all components, with letters for indices."""
    notes: tuple[str, ...] = ()
    """Where conditions change and there is no derivative, or the formula does not hold."""


class Differentiation:
    """A program, and the derivatives of it that have been found. Nothing that SymPy does becomes an exception here."""

    def __init__(self, request: Differentiate) -> None:
        self._request = request
        self._derivatives: dict[str, list[Expr]] = {}
        self._found: dict[str, PrintedDerivative] = {}
        self._totals: dict[Symbol, Expr] = {}
        self._holds = True
        self._mended: dict[str, list[Mended]] = {}

    @cached_property
    def _attempt(self) -> Translation | Exception:
        request = self._request
        try:
            return translate(request.program, request.wrt, request.tensors)
        except Exception as problem:
            return problem

    @property
    def _translation(self) -> Translation:
        if isinstance(self._attempt, Exception):
            raise self._attempt
        return self._attempt

    @cached_property
    def _slopes(self) -> Slopes:
        translation = self._translation
        asked = [symbol for name in self._request.wrt for symbol in translation.symbols[name]]
        return Slopes(dict.fromkeys((*asked, *translation.intermediates)))

    @cached_property
    def _expand(self) -> Substitution:
        return Substitution(self._translation.intermediates)

    def formula(self, name: str) -> PrintedDerivative:
        """The derivative with respect to one name, printed; or the reason why there is none."""
        if name not in self._found:
            try:
                self._found[name] = self._find(name)
            except Exception as problem:
                self._found[name] = PrintedDerivative(None, _explain(problem))
        return self._found[name]

    def derivative(self, name: str) -> list[Expr]:
        """The derivative with respect to one name, component by component; none if SymPy has none."""
        self.formula(name)
        return self._derivatives.get(name, [])

    def holds(self, name: str) -> bool:
        """Whether the formula that was found holds wherever there is a derivative, so far as conditions go."""
        return self._holds and all(each.holds for each in self._mended.get(name, []))

    def _find(self, name: str) -> PrintedDerivative:
        translation = self._translation
        gradient = self._differentiate(name, translation.shapes[name])
        style = self._style if self._order == 1 or gradient.shape else self._sharing
        pattern = text = None
        try:
            printable = gradient.within(PRINTABLE)
            # The gradient of one component's derivative, a row of a Hessian, follows no pattern of its own.
            general = self._order == 1
            pattern = printable.pattern(translation.shapes, self._names, style) if general else None
            text = None if pattern is None else style.write(pattern.formula)
            texts = printable.within(LISTED if gradient.shape else PRINTABLE).texts(pattern, style)
        except Exception as problem:
            return PrintedDerivative(gradient.filled(None), gradient.filled(_explain(problem)), text)
        notes = list(dict.fromkeys(note for each in self._mended[name] for note in each.notes))
        longest = max(map(len, texts), default=0)
        if not general and longest > LEGIBLE:
            notes.append(f"the formula of order {self._order} is too long to be read: it has {longest:,} characters")
        return PrintedDerivative(nested(texts, gradient.shape), gradient.filled(None), text, tuple(notes))

    @property
    def _order(self) -> int:
        return len(self._request.tensors.along) + 1

    def _differentiate(self, name: str, shape: Shape) -> GradientFormulas:
        translation = self._translation
        if self._output.is_number:
            _check(self._output)
        short = [self._total(self._output, symbol, self._totals) for symbol in translation.symbols[name]]
        exact = [self._expand(each) for each in short]
        for each in exact:
            _check(each)
        self._mended[name] = [
            self._mend(self._output, each, symbol)
            for each, symbol in zip(exact, translation.symbols[name], strict=True)
        ]
        self._derivatives[name] = mended = [each.formula for each in self._mended[name]]
        versions = [mended, short] if translation.intermediates and mended == exact else [mended]
        return GradientFormulas([[translation.restore(each) for each in version] for version in versions], shape)

    def _mend(self, output: Expr, derivative: Expr, symbol: Symbol) -> Mended:
        """The derivative of an output with respect to a component of a variable, right where conditions change."""
        translation = self._translation
        if not changes(derivative, translation.steps):
            return Mended(derivative)
        expression = self._expand(output)
        if symbol in translation.intermediates or tree_sizes(expression)[expression] > MENDED:
            return Mended(derivative, holds=False)
        steps = {constant: self._expand(meaning) for constant, meaning in translation.steps.items()}
        return mend(expression, derivative, symbol, steps)

    @property
    def _names(self) -> set[str]:
        """The names that mean something in the text."""
        return {*self._request.program.variables, *self._request.program.assigned}

    @cached_property
    def _style(self) -> Style:
        def writer(style: str) -> Callable[[Expr], str]:
            return cache(lambda formula: write(formula, style, decimal=self._translation.decimal))

        style = self._request.style
        return Style(writer("text"), writer(style), forms_with_sigmoids if style == "text" else forms)

    @cached_property
    def _sharing(self) -> Style:
        """The style of a formula that stands alone: the next derivative repeats what the one before is made of."""
        style = self._style
        return replace(style, write=partial(shared, style=self._request.style, write=style.write, taken=self._names))

    @cached_property
    def _output(self) -> Expr:
        """What is differentiated: the output, or its derivative along the request's directions, one after the other."""
        output = self._translation.expression
        for direction in self._request.tensors.along:
            totals: dict[Symbol, Expr] = {}
            moved = self._moved(direction)
            output = Add(*[weight * self._slope(output, symbol, totals) for symbol, weight in moved])
        return output

    def _slope(self, output: Expr, symbol: Symbol, totals: dict[Symbol, Expr]) -> Expr:
        """The derivative of an output that is differentiated again, right where conditions change."""
        total = self._total(output, symbol, totals)
        mended = self._mend(output, self._expand(total), symbol)
        self._holds = self._holds and mended.holds
        return total if mended.formula == self._expand(total) else mended.formula

    def _moved(self, direction: Direction) -> Iterator[tuple[Symbol, Rational]]:
        """The symbols that a direction moves, and by what."""
        for name, weights in direction.parts:
            for symbol, weight in zip(self._translation.symbols[name], weights, strict=True):
                if weight:
                    yield symbol, Rational(weight)

    def _total(self, output: Expr, symbol: Symbol, totals: dict[Symbol, Expr]) -> Expr:
        """The derivative of an output, in terms of intermediates: through each of them that depends on the symbol.

        `totals` keeps those that were found.
        """
        if symbol not in totals:
            slopes = self._slopes
            terms = [slopes.by(output, symbol)]
            for intermediate, meaning in self._translation.intermediates.items():
                if slopes.depends(meaning, symbol):
                    slope = fold(slopes.by(meaning, symbol), meaning, intermediate)
                    terms.append(self._total(output, intermediate, totals) * slope)
            totals[symbol] = Add(*terms)
        return totals[symbol]

    def point(self, at: Mapping[str, Array]) -> Point | None:
        """The point with the exact doubles `at`, tensors as nested lists; None if it is not finite."""
        if isinstance(self._attempt, Exception):
            return None
        numbers = {
            symbol: number
            for name in self._request.program.variables
            for symbol, number in zip(self._attempt.symbols[name], flat(at[name]), strict=True)
        }
        if not all(map(math.isfinite, numbers.values())):
            return None
        steps = {constant: self._expand(meaning) for constant, meaning in self._attempt.steps.items()}
        return Point({symbol: Fraction(number) for symbol, number in numbers.items()}, steps)

    def value(self, point: Point | None) -> EvaluatedNumber:
        """The value of the scalar that is differentiated."""
        try:
            return _number(self._expand(self._output), point)
        except Exception as problem:
            return EvaluatedNumber(None, _explain(problem))

    def slope(self, name: str, point: Point | None) -> Array:
        """The value of each component of a derivative that was found; a formula that cannot be printed has one, too."""
        if name not in self._derivatives:
            return EvaluatedNumber(None, None)
        numbers = [_number(each, point) for each in self._derivatives[name]]
        divisions = sum(each.reason == DIVISION for each in numbers)
        if point is not None and 0 < divisions <= LIMITS and self._has_gaps(point):
            symbols = self._translation.symbols[name]
            numbers = [
                (each.reason == DIVISION and _limit(formula, symbol, point)) or each
                for formula, symbol, each in zip(self._derivatives[name], symbols, numbers, strict=True)
            ]
        return nested(numbers, self._translation.shapes[name])

    def _has_gaps(self, point: Point) -> bool:
        """Whether the program has a value where SymPy's formulas for its derivatives may be 0/0."""
        expression = self._expand(self._translation.expression)
        return expression.has(*WITH_GAPS) and _number(expression, point).reason is None


def _number(expression: Expr, point: Point | None) -> EvaluatedNumber:
    if point is None:
        return EvaluatedNumber(None, "the point is not finite")
    try:
        return EvaluatedNumber(_both_sides(expression, point), None)
    except Exception as problem:
        return EvaluatedNumber(None, _explain(problem))


DIVISION = "division by zero"
LIMITS = 16
"""Limits that are looked for of one variable: each may take half a second."""
WITH_GAPS = (sympy.LambertW, sympy.Si, sympy.Shi, sympy.elliptic_k, sympy.elliptic_e, sympy.polylog)
"""Functions for whose derivatives SymPy has formulas that are 0/0 at a point, as sin(x)/x for that of Si."""


def _limit(formula: Expr, symbol: Symbol, point: Point) -> EvaluatedNumber | None:
    """What a derivative tends to from both sides, which is the derivative there if there is one; None if not found."""
    others = {each: Rational(value) for each, value in point.values.items() if each != symbol}
    try:
        line, place = Substitution(others)(formula), Rational(point.values[symbol])
    except Exception:  # in many ways
        return None
    right, left = (limit_of(line, symbol, place, side) for side in "+-")
    if right is None or right != left or right.free_symbols:
        return None
    found = _number(right, point)
    return None if found.reason else found


def _explain(problem: Exception) -> str:
    """The reason in words."""
    if isinstance(problem, GradcalcError):
        return problem.message
    if isinstance(problem, NoFormula | NoValue | TooMuch | Unprintable):
        return str(problem)
    if isinstance(problem, MemoryError):
        return "SymPy ran out of memory"
    if isinstance(problem, RecursionError):
        return "nested too deeply for SymPy"
    return f"SymPy failed: {str(problem) or type(problem).__name__}"


def _both_sides(expression: Expr, point: Point) -> str:
    """The value; at a kink of |u| or max(u, v), the value that the formula has with the slopes of either side."""
    try:
        return evaluate(expression, point)
    except Tie:
        left, right = evaluate(expression, point, -1), evaluate(expression, point, 1)
        if left != right:
            raise NoValue(f"a kink: SymPy's formula gives {left} for one side and {right} for the other") from None
        return left


def _check(formula: Expr) -> None:
    """NoFormula if SymPy found none, or none in real numbers."""
    nodes = tree_sizes(formula)
    unevaluated = [str(node) for node in nodes if isinstance(node, UNEVALUATED)]
    if unevaluated:
        raise NoFormula(f"SymPy left {min(unevaluated, key=len)} unevaluated")
    for wrong, meaning in NOT_REAL.items():
        if wrong in nodes:
            raise NoFormula(f"SymPy gives {'' if formula == wrong else 'a formula with '}{wrong}: {meaning}")


UNEVALUATED = (sympy.Derivative, sympy.Subs, sympy.Integral, sympy.Limit, sympy.Sum)
NOT_REAL = {
    sympy.nan: "not a number",
    sympy.zoo: "a pole",
    sympy.oo: "infinite",
    -sympy.oo: "infinite",
    sympy.I: "complex",
}
"""What can stand in an expression and is not a real number."""
