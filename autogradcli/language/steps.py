"""The steps of a program under construction: types, constants and bounds are checked as each step is added."""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import table
from autogradcli.language.binding import Argument, Binding, bind_first
from autogradcli.language.function import Parameter
from autogradcli.language.program import Call, Constant, Step, Variable

MAX_STEPS = 20_000
FOLDED = frozenset({"maximum", "minimum", "hypot", "logical_and", "logical_or"})
"""Rows with two parameters that take more: from left to right."""
MAX_EXACT_BITS = 2_000
"""Size up to which the exact value of a constant expression is followed."""
MAX_MAGNITUDE = 1_080
"""Beyond 2 to this power, and below 2 to its negative, there is no float64 number."""


class Steps:
    """Steps, and for each its type and, where it is a small enough constant expression, its exact value."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.steps: list[Step] = []
        self.variables: dict[str, int] = {}
        self._exact: list[Fraction | None] = []
        self._constant: list[bool] = []

    def error(self, kind: str, message: str, span: Span, hint: str | None = None) -> GradcalcError:
        """An error in this text."""
        return GradcalcError(kind, message, source=self.source, span=span, hint=hint)

    def variable(self, name: str, span: Span) -> int:
        """Index of the step of a variable, which is added where it is new."""
        if name not in self.variables:
            self.variables[name] = self._append(Variable(name, span), None, constant=False)
        return self.variables[name]

    def constant(self, value: Fraction | str, span: Span) -> int:
        """Index of a new step with a constant."""
        exact = value if isinstance(value, Fraction) else None
        return self._append(Constant(value, span), exact, constant=True)

    def call(self, name: str, arguments: Sequence[Argument], span: Span) -> int:
        """Index of a new step that calls the function of this name; errors if the arguments do not fit."""
        functions = table.candidates(name)
        if len(arguments) > 2 and self._folds(name, arguments):
            return self._fold(name, arguments, span)
        return self._add(bind_first(functions, name, arguments, span, self.source), name, span)

    def is_condition(self, index: int) -> bool:
        """Whether a step is true or false."""
        step = self.steps[index]
        return isinstance(step, Call) and table.row(step.function).returns == "boolean"

    def _append(self, step: Step, exact: Fraction | None, *, constant: bool) -> int:
        if len(self.steps) >= MAX_STEPS:
            raise self.error("limit", f"the program has more than {MAX_STEPS:,} steps", step.span)
        self.steps.append(step)
        self._exact.append(exact)
        self._constant.append(constant)
        return len(self.steps) - 1

    def _folds(self, name: str, arguments: Sequence[Argument]) -> bool:
        """Whether a function of two is called with more, such as max(a, b, c)."""
        functions = table.candidates(name)
        positional = all(argument.name is None for argument in arguments)
        return positional and any(function.name in FOLDED for function in functions)

    def _fold(self, name: str, arguments: Sequence[Argument], span: Span) -> int:
        first, *others = arguments
        index = -1
        for other in others:
            index = self.call(name, (first, other), span)
            first = Argument(index, span)
        return index

    def _add(self, binding: Binding, name: str, span: Span) -> int:
        operands = []
        for parameter, value in binding.operands:
            if isinstance(value, Fraction):
                operands.append(self.constant(value, span))
            else:
                self._check_operand(parameter, name, value)
                assert isinstance(value.value, int)
                operands.append(value.value)
        function = binding.function.name
        exact = self._evaluate(function, operands, span)
        constant = all(self._constant[operand] for operand in operands)
        return self._append(Call(function, tuple(operands), binding.options, span), exact, constant=constant)

    def _check_operand(self, parameter: Parameter, name: str, argument: Argument) -> None:
        assert isinstance(argument.value, int)
        if parameter.kind == "boolean":
            self.check_condition(argument.value, argument.span)
            return
        self.check_number(argument.value, argument.span)
        if parameter.kind == "number" and not self._constant[argument.value]:
            message = (
                f"{parameter.name} of {name} must be a constant: torch takes a number there, "
                "and does not differentiate it"
            )
            raise self.error("argument", message, argument.span)

    def check_number(self, index: int, span: Span) -> None:
        """Nothing; an error if the step is a condition."""
        if self.is_condition(index):
            text = " ".join(self.source[span.start : span.end].split())
            raise self.error("parse", "this is a condition, not a number", span, f"type where({text}, 1, 0)")

    def check_condition(self, index: int, span: Span) -> None:
        """Nothing; an error if the step is a number."""
        if not self.is_condition(index):
            text = " ".join(self.source[span.start : span.end].split())
            raise self.error("parse", "this is a number, not a condition", span, f"type ({text}) != 0")

    def _evaluate(self, function: str, operands: Sequence[int], span: Span) -> Fraction | None:
        """The exact value of a call whose operands have one, as far as it is followed."""
        values = [value for operand in operands if (value := self._exact[operand]) is not None]
        if not values or len(values) < len(operands):
            return None
        if function == "pow":
            return self._power(values[0], values[1], span)
        operation = _ARITHMETIC.get(function)
        if operation is None or (function == "div" and values[1] == 0):
            return None
        return _small(operation(*values))

    def _power(self, base: Fraction, exponent: Fraction, span: Span) -> Fraction | None:
        """The power, if it is small; an error if float64 cannot hold it."""
        if base == 0 or exponent == 0 or abs(base) == 1:
            return Fraction(1) if exponent == 0 or base == 1 else None
        magnitude = exponent * Fraction(_log2(abs(base)))
        if abs(magnitude) > MAX_MAGNITUDE:
            size = "large" if magnitude > 0 else "small"
            raise self.error("limit", f"this power is too {size} for float64", span)
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator != 1 or bits * abs(exponent) > MAX_EXACT_BITS:
            return None
        return _small(base ** int(exponent))


def _log2(value: Fraction) -> float:
    return math.log2(value.numerator) - math.log2(value.denominator)


def _small(value: Fraction) -> Fraction | None:
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return value if bits <= MAX_EXACT_BITS else None


_ARITHMETIC: dict[str, Callable[..., Fraction]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "positive": operator.pos,
}
"""Functions whose values are followed exactly."""
