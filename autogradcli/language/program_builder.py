"""The builder of a program: bound nodes -> steps; types, constants and bounds are checked as each is added."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.function import FIELD, Function, Parameter
from autogradcli.language.bind import BoundCall, BoundNode, Choice
from autogradcli.language.call_binding import Argument, Binding, Static
from autogradcli.language.characters import excerpt
from autogradcli.language.program import MAX_STEPS, Call, Constant, Program, Step, Variable
from autogradcli.language.resolve import StatementEnd
from autogradcli.language.shapes import Shape, written

MAX_EXACT_BITS = 2_000
"""Size up to which the exact value of a constant expression is followed."""
MAX_MAGNITUDE = 1_080
"""Beyond 2 to this power, and below 2 to its negative, there is no float64 number."""
JOINING = ("&", "|")
"""Operators that bind tighter than people think."""


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


class ProgramBuilder:
    """Adds the steps of one text."""

    def __init__(self, source: str, parameters: Mapping[str, Parameter]) -> None:
        self._source = source
        self._parameters = parameters
        """In a formula of the table, the parameters that its variables are."""
        self._steps: list[Step] = []
        self._known: list[_Known] = []
        self._places: list[int] = []
        """The step of each node."""
        self._assigned: dict[str, int] = {}
        self._result: StatementEnd | None = None

    def add(self, node: BoundNode | StatementEnd) -> None:
        """Add the steps of a node. Raises GradcalcError where a condition or a constant is needed and there is none."""
        match node:
            case BoundCall():
                self._call(node)
            case Variable():
                self._places.append(self._variable(node))
            case Constant():
                self._places.append(self._constant(node))
            case Choice():
                self._places.append(self._choose(self._places[node.operand], node.field, node.span))
            case StatementEnd():
                self._end(node)

    def check_number(self) -> None:
        """Raises GradcalcError if the output is a condition, or has several results."""
        assert self._result is not None
        self._check_number(self._places[self._result.value], self._result.span)

    def program(self) -> Program:
        """The program of all steps; its output is the result of the last statement."""
        assert self._result is not None
        return Program(
            source=self._source,
            steps=tuple(self._steps),
            output=self._places[self._result.value],
            output_name=self._result.name,
            assigned=self._assigned,
            variables=tuple(step.name for step in self._steps if isinstance(step, Variable)),
        )

    def _end(self, result: StatementEnd) -> None:
        self._result = result
        if result.name is not None:
            self._assigned[result.name] = self._places[result.value]

    def _variable(self, node: Variable) -> int:
        """A new step; in a formula of the table a variable is a row's parameter."""
        parameter = self._parameters.get(node.name)
        kind = "tensor" if parameter is None else parameter.kind
        return self._append(node, _Known(condition=kind == "boolean", constant=kind == "number"))

    def _constant(self, node: Constant) -> int:
        exact = node.value if isinstance(node.value, Fraction) else None
        return self._append(node, _Known(constant=True, exact=exact, shape=()))

    def _call(self, node: BoundCall) -> None:
        """A step for each binding; the later ones take the one before, which stands under the call's own index."""
        first, *others = node.bindings
        self._places.append(self._add(first, node.name, node.span))
        for binding in others:
            self._places[-1] = self._add(binding, node.name, node.span)

    def _choose(self, index: int, field: str, span: Span) -> int:
        """Index of a step that is one of the results of a step; where nothing has come since, it takes its place."""
        step = self._steps[index]
        assert isinstance(step, Call)
        chosen = replace(step, options=(*step.options, (FIELD, field)), span=span)
        known = self._known[index]._replace(fields=())
        if index < len(self._steps) - 1:
            return self._append(chosen, known)
        self._steps[index], self._known[index] = chosen, known
        return index

    def _append(self, step: Step, known: _Known) -> int:
        if len(self._steps) >= MAX_STEPS:
            raise self._error("limit", f"the text has more than {MAX_STEPS:,} operations", step.span)
        self._steps.append(step)
        self._known.append(known)
        return len(self._steps) - 1

    def _add(self, binding: Binding, name: str, span: Span) -> int:
        function = binding.function
        if function.name == "stack_items":
            self._check_shapes([argument for _, argument in binding.operands if isinstance(argument, Argument)])
        operands = [self._operand(parameter, argument, name, span) for parameter, argument in binding.operands]
        known = _Known(
            condition=function.returns == "boolean",
            constant=all(self._known[operand].constant for operand in operands),
            exact=self._evaluate(function.name, operands, span),
            shape=self._shape(function, operands),
            fields=function.fields if function.returns == "fields" else (),
        )
        return self._append(Call(function.name, tuple(operands), binding.options, span), known)

    def _operand(self, parameter: Parameter, argument: Argument | Fraction, name: str, call: Span) -> int:
        """The step of an operand; a number that the text fixes, or a default, becomes one."""
        if not isinstance(argument, Argument):
            return self._constant(Constant(argument, call))
        if isinstance(argument.value, Static):
            return self._constant(Constant(argument.value.value, argument.span))
        assert isinstance(argument.value, int)
        index = self._places[argument.value]
        if parameter.kind == "boolean" and self._is_mask(index, name):
            known = _Known(condition=True, shape=self._known[index].shape)
            return self._append(Call("as_condition", (index,), (), argument.span), known)
        self._check(index, argument.span, parameter, name)
        return index

    def _is_mask(self, index: int, name: str) -> bool:
        """Whether a step is a variable, or a list of constants, that stands for a tensor of True and False."""
        if name in JOINING or self._known[index].condition:
            return False
        step = self._steps[index]
        listed = isinstance(step, Call) and step.function == "stack_items" and self._known[index].constant
        return listed or (isinstance(step, Variable) and step.name not in self._parameters)

    def _check(self, index: int, span: Span, parameter: Parameter, name: str) -> None:
        """Raises GradcalcError if a step is not what a parameter takes."""
        if parameter.kind == "boolean":
            self._check_condition(index, span, name)
        elif parameter.kind not in {"mask", "places", "subscripts"}:
            self._check_number(index, span)
        if parameter.kind == "number" and not self._known[index].constant:
            message = f"{parameter.name} of {name} must be a constant"
            hint = "torch takes a number there and does not differentiate it"
            raise self._error("argument", message, span, hint)

    def _check_number(self, index: int, span: Span) -> None:
        known = self._known[index]
        if known.condition:
            hint = f"type where({excerpt(self._source, span)}, 1, 0)"
            raise self._error("parse", "this is a condition, and a number is needed here", span, hint)
        if known.fields:
            text = excerpt(self._source, span)
            fields = (
                f"{text}[0]" if known.fields[0] == "0" else " or ".join(f"{text}.{field}" for field in known.fields)
            )
            raise self._error("parse", "this gives several results, and one is needed here", span, f"type {fields}")

    def _check_condition(self, index: int, span: Span, name: str) -> None:
        if self._known[index].condition:
            return
        if name in JOINING:
            message = f"{name} joins conditions, and this is a number"
            hint = f"{name} binds tighter than a comparison: type (x > 0) {name} (y > 0)"
            raise self._error("parse", message, span, hint)
        text = excerpt(self._source, span)
        hint = f"type {text if text.isidentifier() else f'({text})'} != 0"
        raise self._error("parse", "this is a number, and a condition is needed here", span, hint)

    def _error(self, kind: str, message: str, span: Span, hint: str | None = None) -> GradcalcError:
        return GradcalcError(kind, message, source=self._source, span=span, hint=hint)

    def _check_shapes(self, items: Sequence[Argument]) -> None:
        first: Shape | None = None
        for item in items:
            assert isinstance(item.value, int)
            shape = self._known[self._places[item.value]].shape
            if first is None:
                first = shape
            elif shape is not None and shape != first:
                message = f"this item of a list {_described(shape)}, and an earlier one {_described(first)}"
                raise self._error("shape", message, item.span, "the items of a list have one shape")

    def _shape(self, function: Function, operands: Sequence[int]) -> Shape | None:
        """The shape of a call, where it is known: of a list, and of any function of numbers."""
        shapes = [self._known[operand].shape for operand in operands]
        if function.name == "stack_items":
            known = next((shape for shape in shapes if shape is not None), None)
            return None if known is None else (len(shapes), *known)
        return () if not function.tensor and all(shape == () for shape in shapes) else None

    def _evaluate(self, function: str, operands: Sequence[int], span: Span) -> Fraction | None:
        """The exact value of a call if it is known; raises GradcalcError for a power that float64 cannot hold."""
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
            raise self._error("limit", f"this power is too {size} for float64", span)
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
