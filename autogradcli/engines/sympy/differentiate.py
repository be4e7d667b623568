"""One program in SymPy's hands: its derivatives, found, printed and evaluated."""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

import sympy
from sympy import Expr, Symbol

from autogradcli.engines.sympy.arithmetic import NoValue
from autogradcli.engines.sympy.evaluate import Point, Tie, evaluate
from autogradcli.engines.sympy.messages import Number
from autogradcli.engines.sympy.printing import Unprintable, write
from autogradcli.engines.sympy.readable import PRINTABLE, forms, tree_sizes
from autogradcli.engines.sympy.translate import Translation, translate
from autogradcli.language.program import Program

SHORT = 12
"""Number of operands up to which a product is short."""


class NoFormula(Exception):
    """SymPy's answer is no formula; the message says why."""


class Work:
    """A program, and the derivatives of it that have been found. Nothing that SymPy does becomes an exception here."""

    def __init__(self, program: Program, style: str) -> None:
        self._program = program
        self._style = style
        self._derivatives: dict[str, Expr] = {}
        self._formulas: dict[str, tuple[str | None, str | None]] = {}

    @cached_property
    def _translation(self) -> Translation:
        return translate(self._program)

    def formula(self, name: str) -> tuple[str | None, str | None]:
        """The derivative about one variable, printed; or None and the reason why there is none."""
        if name not in self._formulas:
            try:
                self._formulas[name] = self._find(name), None
            except Exception as problem:
                self._formulas[name] = None, _explain(problem)
        return self._formulas[name]

    def _find(self, name: str) -> str:
        translation = self._translation
        if not translation.expression.free_symbols:
            _check(translation.expression)
        derivative = _differentiate(translation.expression, translation.symbols[name])
        _check(derivative)
        self._derivatives[name] = derivative
        formula = translation.restore(derivative)
        if tree_sizes(formula)[formula] > PRINTABLE:
            raise NoFormula(f"the formula is too long to be printed: it has more than {PRINTABLE} parts")
        texts = [(write(form, "text", decimal=translation.decimal), form) for form in forms(formula)]
        text, best = min(texts, key=lambda each: len(each[0]))
        return text if self._style == "text" else write(best, self._style, decimal=translation.decimal)

    def value(self, at: Mapping[str, float]) -> Number:
        """The program's own value at the exact doubles `at`."""
        try:
            return self._number(self._translation.expression, at)
        except Exception as problem:
            return Number(None, _explain(problem))

    def slope(self, name: str, at: Mapping[str, float]) -> Number:
        """The value of a derivative that was found; a formula that cannot be printed has one, too."""
        if name not in self._derivatives:
            return Number(None, None)
        try:
            return self._number(self._derivatives[name], at)
        except Exception as problem:
            return Number(None, _explain(problem))

    def _number(self, expression: Expr, at: Mapping[str, float]) -> Number:
        translation = self._translation
        if not all(math.isfinite(at[name]) for name in translation.symbols):
            return Number(None, "the point is not finite")
        values = {symbol: Fraction(at[name]) for name, symbol in translation.symbols.items()}
        return Number(_both_sides(expression, Point(values, translation.steps)), None)


def _differentiate(expression: Expr, symbol: Symbol) -> Expr:
    """SymPy's derivative.

    These are the rules that `diff` calls; but `diff` then tries to prove the result zero, which takes longer than the
    derivative. There are two, because the first multiplies products factor by factor.
    """
    if symbol not in expression.free_symbols:
        return sympy.S.Zero
    if len(expression.args) <= SHORT:
        derivative = expression._eval_derivative(symbol)
    else:
        derivative = expression._eval_derivative_n_times(symbol, 1)
    return sympy.Derivative(expression, symbol) if derivative is None else derivative


def _explain(problem: Exception) -> str:
    """The reason in words."""
    if isinstance(problem, NoFormula | NoValue | Unprintable):
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
            raise NoValue(f"a kink: SymPy's formula gives {left} and {right} on its sides") from None
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
