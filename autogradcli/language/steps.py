"""The steps of a program that is being built; types, constants and bounds are checked as each is added."""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import table
from autogradcli.language.binding import Argument, Binding, Mismatch, Static, bind_first
from autogradcli.language.characters import excerpt
from autogradcli.language.function import FIELD, Function, Parameter
from autogradcli.language.program import Call, Constant, Step, Variable
from autogradcli.language.shapes import Shape, written

MAX_STEPS = 20_000
MAX_EXACT_BITS = 2_000
"""Size up to which the exact value of a constant expression is followed."""
MAX_MAGNITUDE = 1_080
"""Beyond 2 to this power, and below 2 to its negative, there is no float64 number."""

FOLDED = frozenset({"maximum", "minimum", "hypot", "logical_and", "logical_or"})
"""Functions of two that may be called with more: they are applied from left to right."""


class _Known(NamedTuple):
    """What is known of a step before anything is computed; a plain tuple, as there are many."""

    condition: bool = False
    """Whether it is true or false, and not a number."""
    constant: bool = False
    """Whether torch may take it as a number: no variable is below it."""
    exact: Fraction | None = None
    """Its value, if it is a constant that four operations and powers give, and small."""
    shape: Shape | None = None
    """() for a number, more for a list; None where that depends on the variables."""
    fields: tuple[str, ...] = ()
    """What it gives beside each other, one of which must be chosen before it is a number."""


class Steps:
    """The steps so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.steps: list[Step] = []
        self.variables: dict[str, int] = {}
        self._known: list[_Known] = []

    def variable(self, name: str, span: Span, parameter: Parameter | None = None) -> int:
        """Index of the step of a variable, which is added where it is new; in a formula it is a row's parameter."""
        if name not in self.variables:
            kind = "tensor" if parameter is None else parameter.kind
            known = _Known(condition=kind == "boolean", constant=kind == "number")
            self.variables[name] = self._append(Variable(name, span), known)
        return self.variables[name]

    def constant(self, value: Fraction | str, span: Span) -> int:
        """Index of a new step with a constant."""
        exact = value if isinstance(value, Fraction) else None
        return self._append(Constant(value, span), _Known(constant=True, exact=exact, shape=()))

    def call(self, name: str, arguments: Sequence[Argument], span: Span) -> int:
        """Index of a new step that calls the function of this name; an error if the arguments do not fit."""
        return self.call_row(table.candidates(name), name, arguments, span)

    def call_row(self, functions: Sequence[Function], name: str, arguments: Sequence[Argument], span: Span) -> int:
        """The same for one of these rows of the table; `name` is what the text calls it."""
        found = bind_first(functions, name, arguments)
        if isinstance(found, Binding):
            return self._add(found, name, span)
        if len(arguments) > 2 and any(function.name in FOLDED for function in functions):
            return self._fold(name, arguments, span)
        raise self._mismatch(found, span)

    def stack(self, items: Sequence[Argument], span: Span) -> int:
        """Index of a new step that is a list; an error if its items differ in shape."""
        function = table.row("stack_items")
        (parameter,) = function.parameters
        self._check_shapes(items)
        return self._add(Binding(function, tuple((parameter, item) for item in items), ()), function.name, span)

    def fields(self, index: int) -> tuple[str, ...]:
        """What a step gives beside each other; nothing for a number and for what has been chosen."""
        step = self.steps[index]
        chosen = isinstance(step, Call) and any(name == FIELD for name, _ in step.options)
        return table.row(step.function).fields if isinstance(step, Call) and not chosen else ()

    def choose(self, index: int, field: str, span: Span) -> int:
        """Index of a step that is one field of what a step gives beside each other."""
        step = self.steps[index]
        assert isinstance(step, Call)
        chosen = replace(step, options=(*step.options, (FIELD, field)), span=span)
        known = self._known[index]._replace(fields=())
        if index < len(self.steps) - 1:
            return self._append(chosen, known)
        self.steps[index], self._known[index] = chosen, known
        return index

    def check_number(self, index: int, span: Span) -> None:
        """Nothing; an error if the step is a condition."""
        if self._known[index].condition:
            hint = f"type where({self.text(span)}, 1, 0)"
            raise self.error("parse", "this is a condition, and a number is needed here", span, hint)
        if self._known[index].fields:
            fields = " or ".join(f"{self.text(span)}.{field}" for field in self._known[index].fields)
            raise self.error("parse", "this gives several results, and one is needed here", span, f"type {fields}")

    def check_condition(self, index: int, span: Span) -> None:
        """Nothing; an error if the step is a number."""
        if not self._known[index].condition:
            text = self.text(span)
            hint = f"type {text if text.isidentifier() else f'({text})'} != 0"
            raise self.error("parse", "this is a number, and a condition is needed here", span, hint)

    def is_condition(self, index: int) -> bool:
        """Whether a step is true or false, and not a number."""
        return self._known[index].condition

    def text(self, span: Span) -> str:
        """The source text of a span, as a message quotes it."""
        return excerpt(self.source, span)

    def error(self, kind: str, message: str, span: Span, hint: str | None = None) -> GradcalcError:
        """An error in this text."""
        return GradcalcError(kind, message, source=self.source, span=span, hint=hint)

    def _mismatch(self, mismatch: Mismatch, call: Span) -> GradcalcError:
        hint = f"type {' or '.join(mismatch.suggestions)}" if mismatch.suggestions else None
        return self.error("argument", mismatch.message, mismatch.span or call, hint)

    def _append(self, step: Step, known: _Known) -> int:
        if len(self.steps) >= MAX_STEPS:
            raise self.error("limit", f"the text has more than {MAX_STEPS:,} operations", step.span)
        self.steps.append(step)
        self._known.append(known)
        return len(self.steps) - 1

    def _fold(self, name: str, arguments: Sequence[Argument], span: Span) -> int:
        first, *others = arguments
        for other in others:
            first = Argument(self.call(name, (first, other), span), span)
        assert isinstance(first.value, int)
        return first.value

    def _add(self, binding: Binding, name: str, span: Span) -> int:
        operands = []
        for parameter, argument in binding.operands:
            if isinstance(argument, Fraction):
                operands.append(self.constant(argument, span))
            elif isinstance(argument.value, Static):
                operands.append(self.constant(argument.value.value, argument.span))
            else:
                operands.append(self._checked(argument, parameter, name))
        function = binding.function
        known = _Known(
            condition=function.returns == "boolean",
            constant=all(self._known[operand].constant for operand in operands),
            exact=self._evaluate(function.name, operands, span),
            shape=self._shape(function, operands),
            fields=function.fields if function.returns == "fields" else (),
        )
        return self._append(Call(function.name, tuple(operands), binding.options, span), known)

    def _check_shapes(self, items: Sequence[Argument]) -> None:
        first: Shape | None = None
        for item in items:
            assert isinstance(item.value, int)
            shape = self._known[item.value].shape
            if first is None:
                first = shape
            elif shape is not None and shape != first:
                message = f"this item of a list {_described(shape)}, and an earlier one {_described(first)}"
                raise self.error("shape", message, item.span, "the items of a list have one shape")

    def _shape(self, function: Function, operands: Sequence[int]) -> Shape | None:
        """The shape of a call, where it is known: of a list, and of any function of numbers."""
        shapes = [self._known[operand].shape for operand in operands]
        if function.name == "stack_items":
            known = next((shape for shape in shapes if shape is not None), None)
            return None if known is None else (len(shapes), *known)
        return () if not function.tensor and all(shape == () for shape in shapes) else None

    def _checked(self, argument: Argument, parameter: Parameter, name: str) -> int:
        """The step of an argument; an error if it is not what the parameter takes."""
        index = argument.value
        assert isinstance(index, int)
        if parameter.kind == "boolean":
            self.check_condition(index, argument.span)
        elif parameter.kind != "mask":
            self.check_number(index, argument.span)
        if parameter.kind == "number" and not self._known[index].constant:
            message = f"{parameter.name} of {name} must be a constant"
            hint = "torch takes a number there and does not differentiate it"
            raise self.error("argument", message, argument.span, hint)
        return index

    def _evaluate(self, function: str, operands: Sequence[int], span: Span) -> Fraction | None:
        """The exact value of a call, as far as it is followed; an error for a power that float64 cannot hold."""
        values = [value for operand in operands if (value := self._known[operand].exact) is not None]
        if len(values) < len(operands):
            return None
        if function == "pow":
            return self._power(values[0], values[1], span)
        operation = _ARITHMETIC.get(function)
        if operation is None or (function == "div" and values[1] == 0):
            return None
        return _small(operation(*values))

    def _power(self, base: Fraction, exponent: Fraction, span: Span) -> Fraction | None:
        if base == 0:
            return None
        magnitude = exponent * Fraction(_log2(abs(base)))
        if abs(magnitude) > MAX_MAGNITUDE:
            size = "large" if magnitude > 0 else "small"
            raise self.error("limit", f"this power is too {size} for float64", span)
        if exponent.denominator != 1 or _bits(base) * abs(exponent) > MAX_EXACT_BITS:
            return None
        return _small(base ** int(exponent))


def _described(shape: Shape) -> str:
    return f"has shape {written(shape)}" if shape else "is a number"


def _log2(value: Fraction) -> float:
    return math.log2(value.numerator) - math.log2(value.denominator)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _small(value: Fraction) -> Fraction | None:
    return value if _bits(value) <= MAX_EXACT_BITS else None


_ARITHMETIC: dict[str, Callable[..., Fraction]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "positive": operator.pos,
}
"""Functions whose values are followed exactly."""
