"""Calls: which row of the table is meant, and which argument belongs to which of its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from autogradcli.errors import Span
from autogradcli.language.function import Function, Parameter
from autogradcli.language.lexer import Token


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as it stands in a call."""

    value: int | str
    """Index of a step, or the text that selects an option."""
    span: Span
    """Where the value stands."""
    name: Token | None = None

    @property
    def place(self) -> Span:
        """Where the name stands if there is one, else the value."""
        return self.span if self.name is None else self.name.span


@dataclass(frozen=True, slots=True)
class Binding:
    """A row of the table with its arguments."""

    function: Function
    operands: tuple[tuple[Parameter, Argument | Fraction], ...]
    """Each parameter that takes a value, with its argument or its default."""
    options: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a call fits no row."""

    message: str
    span: Span | None
    """The argument that does not fit; None for the whole call."""
    suggestions: tuple[str, ...]
    """What can be typed instead."""


def bind_first(functions: Sequence[Function], name: str, arguments: Sequence[Argument]) -> Binding | Mismatch:
    """The arguments of a call of `name`, bound to the first row that they fit, or why they fit none."""
    mismatches: list[Mismatch] = []
    for function in functions:
        found = bind(function, name, arguments)
        if isinstance(found, Binding):
            return found
        mismatches.append(found)
    return _merge(mismatches, functions, name)


def bind(function: Function, name: str, arguments: Sequence[Argument]) -> Binding | Mismatch:
    """The arguments of a call of `name`, bound to the parameters of one row, or why they do not fit."""
    parameters = function.parameters
    positional = [parameter for parameter in parameters if not parameter.keyword_only]
    by_name = {parameter.name: parameter for parameter in parameters}
    given: dict[str, Argument] = {}
    for index, argument in enumerate(arguments):
        if argument.name is not None:
            parameter = by_name.get(argument.name.text)
        else:
            parameter = positional[index] if index < len(positional) else None
        if parameter is None:
            return _no_parameter(function, name, argument, len(arguments))
        if parameter.name in given:
            return Mismatch(f"{parameter.name} of {name} is given twice", argument.place, ())
        if not _selects(argument, parameter):
            return _wrong_value(parameter, name, argument)
        given[parameter.name] = argument
    return _complete(function, name, given)


def _selects(argument: Argument, parameter: Parameter) -> bool:
    """Whether an argument is a value where one is needed, and the right text for an option."""
    if parameter.kind == "option":
        return argument.value == parameter.allowed
    return isinstance(argument.value, int)


def _complete(function: Function, name: str, given: dict[str, Argument]) -> Binding | Mismatch:
    operands: list[tuple[Parameter, Argument | Fraction]] = []
    options: list[tuple[str, object]] = []
    for parameter in function.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            return Mismatch(f"{parameter.name} of {name} is missing", None, (signature(function, name),))
        if isinstance(value, str) or parameter.kind == "option":
            options.append((parameter.name, parameter.allowed))
        else:
            operands.append((parameter, value))
    return Binding(function, tuple(operands), tuple(options))


def _no_parameter(function: Function, name: str, argument: Argument, count: int) -> Mismatch:
    if argument.name is not None:
        near = get_close_matches(argument.name.text, [parameter.name for parameter in function.parameters], 1)
        suggestion = f"{near[0]}=..." if near else signature(function, name)
        return Mismatch(f"{name} has no argument {argument.name.text}", argument.place, (suggestion,))
    return Mismatch(f"{name} does not take {count} arguments", argument.span, (signature(function, name),))


def _wrong_value(parameter: Parameter, name: str, argument: Argument) -> Mismatch:
    if parameter.kind == "option":
        suggestion = f'{parameter.name}="{parameter.allowed}"'
        return Mismatch(f"{parameter.name} of {name} has no such value", argument.span, (suggestion,))
    return Mismatch(f"{parameter.name} of {name} is a number", argument.span, ())


def _merge(mismatches: Sequence[Mismatch], functions: Sequence[Function], name: str) -> Mismatch:
    """One reason: the one that all rows share, else that the arguments fit no row."""
    spans = {mismatch.span for mismatch in mismatches}
    span = spans.pop() if len(spans) == 1 else None
    messages = {mismatch.message for mismatch in mismatches}
    if len(messages) == 1:
        suggestions = dict.fromkeys(text for mismatch in mismatches for text in mismatch.suggestions)
        return Mismatch(messages.pop(), span, tuple(suggestions))
    signatures = dict.fromkeys(signature(function, name) for function in functions)
    return Mismatch(f"{name} does not take these arguments", span, tuple(signatures))


def signature(function: Function, name: str) -> str:
    """How a row is called: `leaky_relu(x, negative_slope=0.01)`; a list is written with brackets."""
    if any(parameter.variadic for parameter in function.parameters):
        return "[x, y, ...]"
    return f"{name}({', '.join(map(_written, function.parameters))})"


def _written(parameter: Parameter) -> str:
    if parameter.kind == "option":
        return f'{parameter.name}="{parameter.allowed}"'
    if isinstance(parameter.default, Fraction):
        return f"{parameter.name}={float(parameter.default):g}"
    return f"{parameter.name}=..." if parameter.keyword_only else parameter.name
