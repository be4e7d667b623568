"""Formulas as text, LaTeX, Python or C, all in the user's own names.

`text` is the language that gradcalc reads, so that a formula can be pasted back.
"""

from collections.abc import Callable
from functools import cache, reduce
from typing import Any

import sympy
from sympy import Add, Expr, Float, Mul, Pow, Rational
from sympy.printing.c import C99CodePrinter
from sympy.printing.latex import LatexPrinter
from sympy.printing.pycode import PythonCodePrinter
from sympy.printing.str import StrPrinter

from autogradcli.engines.sympy.adapters import where

DIGITS = 17
"""Significant digits of a decimal number: as many as a double needs."""
DOUBLE = 53
"""Binary digits of a double."""
SHORT = 8
"""Digits up to which a fraction that is no decimal number stays a fraction."""
KEPT = 5_000
"""Texts that are kept for parts of further formulas."""
KEPT_LENGTH = 500
"""Characters of a text that is kept."""


class Unprintable(Exception):
    """A function that the style has no name for; the message is a sentence for the user."""


class _Readable:
    """What all styles share: a sum begins with a term that has no minus sign, if there is one."""

    def _as_ordered_terms(self, expression: Expr, order: str | None = None) -> list[Expr]:
        terms: list[Expr] = super()._as_ordered_terms(expression, order=order)  # type: ignore[misc]
        first = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        return [terms[first], *terms[:first], *terms[first + 1 :]]


class _OnOneLine(_Readable):
    """What text, Python and C share: a choice is an expression, and 2e-5 has no decimal point."""

    _choice = ""
    """How to write a choice between `yes` and `no`."""

    def _print_where(self, expression: Expr) -> str:
        condition, yes, no = map(self._print, expression.args)  # type: ignore[attr-defined]
        return self._choice.format(condition=condition, yes=yes, no=no)

    def _print_side(self, expression: Expr) -> str:
        return self._print_where(_as_choice(expression))

    def _print_Float(self, number: Float) -> str:
        return str(StrPrinter._print_Float(self, number)).replace(".0e", "e")


class TextPrinter(_OnOneLine, StrPrinter):  # type: ignore[misc]
    """gradcalc's own language."""

    _choice = "where({condition}, {yes}, {no})"

    def __init__(self, settings: dict[str, object]) -> None:
        super().__init__(settings)
        self._texts: dict[Expr, str] = {}
        """What has been printed last: the forms of a formula, among which the shortest is sought, share their parts."""

    def _print(self, expression: Expr) -> str:
        text = self._texts.get(expression)
        if text is None:
            text = str(super()._print(expression))
            if len(text) <= KEPT_LENGTH:
                if len(self._texts) == KEPT:
                    self._texts.clear()
                self._texts[expression] = text
        return text

    def _print_Exp1(self, _: Expr) -> str:
        return "exp(1)"

    def _named(self, name: str, *arguments: Expr) -> str:
        return f"{name}({', '.join(map(self._print, arguments))})"

    def _print_Function(self, expression: Expr) -> str:
        name = expression.func.__name__
        return self._named(NAMES.get(name, name), *expression.args)

    _print_Max = _print_Min = _print_Abs = _print_Function

    def _print_polygamma(self, expression: Expr) -> str:
        order, x = expression.args
        return self._named("digamma", x) if order == 0 else self._named("polygamma", order, x)

    def _print_besseli(self, expression: Expr) -> str:
        order, x = expression.args
        return self._named(f"i{order}", x) if order in (0, 1) else self._named("besseli", order, x)

    def _print_Relational(self, expression: Expr) -> str:
        return f"{self._print(expression.lhs)} {expression.rel_op} {self._print(expression.rhs)}"

    def _print_And(self, expression: Expr) -> str:
        return " and ".join(self._operand(each) for each in _sorted(expression))

    def _print_Or(self, expression: Expr) -> str:
        return " or ".join(self._operand(each) for each in _sorted(expression))

    def _print_Not(self, expression: Expr) -> str:
        return f"not {self._operand(expression.args[0])}"

    def _operand(self, condition: Expr) -> str:
        text: str = self._print(condition)
        return text if condition.is_Relational else f"({text})"


NAMES = {"Abs": "abs", "magnitude": "abs", "Max": "max", "Min": "min", "loggamma": "lgamma", "ceiling": "ceil"}
"""SymPy's names that the language has others for."""


class TexPrinter(_Readable, LatexPrinter):  # type: ignore[misc]
    """LaTeX, to be set between dollar signs."""

    def _print_Symbol(self, symbol: Expr, style: str = "plain") -> str:
        # Without its underscore, lambda_ is a Greek letter.
        return str(super()._print_Symbol(sympy.Symbol(symbol.name.rstrip("_") or symbol.name), style))

    def _print_magnitude(self, expression: Expr) -> str:
        return str(self._print_Abs(expression))

    def _print_where(self, expression: Expr) -> str:
        condition, yes, no = expression.args
        return str(self._print_Piecewise(sympy.Piecewise((yes, condition), (no, True), evaluate=False)))

    def _print_side(self, expression: Expr) -> str:
        return self._print_where(_as_choice(expression))

    def _print_cbrt(self, expression: Expr, exp: str | None = None) -> str:
        root = rf"\sqrt[3]{{{self._print(expression.args[0])}}}"
        return root if exp is None else rf"{root}^{{{exp}}}"


class _Code(_OnOneLine):
    """What Python and C share: functions that the language does not have cannot be printed."""

    _language = ""

    def _print_not_supported(self, expression: Expr) -> str:
        name, _, _ = write(expression, "text", decimal=False).partition("(")
        raise Unprintable(f"{self._language} has no {name}")


class PythonPrinter(_Code, PythonCodePrinter):  # type: ignore[misc]
    """Python, with the functions of `math`."""

    _language = "Python's math module"

    _choice = "({yes} if {condition} else {no})"

    def _print_magnitude(self, expression: Expr) -> str:
        return f"abs({self._print(expression.args[0])})"

    def _print_cbrt(self, expression: Expr) -> str:
        return f"math.cbrt({self._print(expression.args[0])})"


class CPrinter(_Code, C99CodePrinter):  # type: ignore[misc]
    """C99, with the functions of <math.h>."""

    _language = "C"

    _choice = "(({condition}) ? {yes} : {no})"

    def _print_magnitude(self, expression: Expr) -> str:
        return f"fabs({self._print(expression.args[0])})"

    def _print_cbrt(self, expression: Expr) -> str:
        return f"cbrt({self._print(expression.args[0])})"

    def _print_Max(self, expression: Expr) -> str:
        return str(reduce("fmax({}, {})".format, map(self._print, expression.args)))

    def _print_Min(self, expression: Expr) -> str:
        return str(reduce("fmin({}, {})".format, map(self._print, expression.args)))


STYLES: dict[str, tuple[Callable[..., Any], dict[str, object]]] = {
    "text": (TextPrinter, {"full_prec": False}),
    "latex": (TexPrinter, {"full_prec": False}),
    "python": (PythonPrinter, {"full_prec": False, "strict": True}),
    "c": (CPrinter, {"full_prec": False, "strict": True}),
}
"""For each style its printer and the printer's settings."""


@cache
def _printer(style: str) -> Any:
    kind, settings = STYLES[style]
    return kind(settings)


def write(expression: Expr, style: str, *, decimal: bool) -> str:
    """The formula in one of the styles; numbers as decimals where the source has decimals. May raise `Unprintable`."""
    text: str = _printer(style).doprint(with_decimals(expression) if decimal else expression)
    return text


def _as_choice(expression: Expr) -> Expr:
    u, x, y = expression.args
    return where(_positive(u), x, y)


def _positive(u: Expr) -> Expr:
    """The condition u > 0, without minus signs and with the variables at its left."""
    left = Add(*(term for term in Add.make_args(u) if not term.could_extract_minus_sign()))
    right = left - u
    return sympy.Gt(left, right) if left.free_symbols else sympy.Lt(right, left)


def with_decimals(expression: Expr) -> Expr:
    """The expression with decimal numbers for fractions, nothing else changed; for printing only.

    Halves in exponents stay, so that a square root stays one.
    """
    if expression.is_Rational:
        return _decimal(expression)
    if not expression.args or isinstance(expression, sympy.logic.boolalg.BooleanAtom):
        return expression
    arguments = [with_decimals(argument) for argument in expression.args]
    if isinstance(expression, Add | Mul):
        return expression.func._from_args(arguments)
    if isinstance(expression, Pow) and expression.exp.is_Rational and expression.exp.q <= 2:
        arguments[1] = expression.exp
    return expression.func(*arguments, evaluate=False)


def _decimal(number: Rational) -> Expr:
    """The number as a decimal, if that is exact in a few digits; or if the fraction is too long to be read.

    A double is what Python writes for it: 0.1 is not 0.10000000000000001.
    """
    if number.is_Integer and abs(number) < 10**DIGITS:
        return number
    if abs(number.p).bit_length() <= DOUBLE and number.q & (number.q - 1) == 0:
        return Float(repr(int(number.p) / int(number.q)), DIGITS)
    text = Float(number, DIGITS)
    if sympy.Rational(str(text)) == number:
        return text
    return number if len(str(number)) <= SHORT else text


def _sorted(condition: Expr) -> list[Expr]:
    """The parts of a condition in an order that does not depend on addresses."""
    return sorted(condition.args, key=sympy.default_sort_key)
