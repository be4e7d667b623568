"""Calls: which row of the table is meant, and which argument belongs to which of its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.function import Function, Parameter


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as it stands in a call."""

    value: int | str
    """Index of a step, or the text that selects an option."""
    span: Span
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A row of the table, and for each of its parameters the argument or the default."""

    function: Function
    operands: tuple[tuple[Parameter, Argument | Fraction], ...]
    options: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a row does not fit a call."""

    message: str
    span: Span | None = None
    hint: str | None = None


def bind(function: Function, name: str, arguments: Sequence[Argument]) -> Binding | Mismatch:
    """The arguments of a call of `name`, given to the parameters of one row, or why they do not fit."""
    parameters = function.parameters
    given: dict[str, Argument] = {}
    positional = [parameter for parameter in parameters if not parameter.keyword_only]
    for index, argument in enumerate(arguments):
        if argument.name is not None:
            parameter = next((each for each in parameters if each.name == argument.name), None)
            if parameter is None:
                return _unknown_keyword(function, name, argument)
        elif index < len(positional):
            parameter = positional[index]
        else:
            return Mismatch(_count(function, name, len(arguments)), argument.span)
        if parameter.name in given:
            return Mismatch(f"{parameter.name} of {name} is given twice", argument.span)
        mismatch = _check_option(parameter, name, argument)
        if mismatch is not None:
            return mismatch
        given[parameter.name] = argument
    return _complete(function, name, given, len(arguments))


def _complete(function: Function, name: str, given: dict[str, Argument], count: int) -> Binding | Mismatch:
    operands: list[tuple[Parameter, Argument | Fraction]] = []
    options: list[tuple[str, object]] = []
    for parameter in function.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            return Mismatch(_count(function, name, count))
        if parameter.kind == "option":
            options.append((parameter.name, parameter.allowed))
        else:
            assert not isinstance(value, str)
            operands.append((parameter, value))
    return Binding(function, tuple(operands), tuple(options))


def _check_option(parameter: Parameter, name: str, argument: Argument) -> Mismatch | None:
    if parameter.kind == "option":
        if argument.value == parameter.allowed:
            return None
        hint = f'type {parameter.name}="{parameter.allowed}"'
        return Mismatch(f"{parameter.name} of {name} has another value", argument.span, hint)
    if isinstance(argument.value, str):
        return Mismatch(f"{parameter.name} of {name} must be a number", argument.span)
    return None


def _unknown_keyword(function: Function, name: str, argument: Argument) -> Mismatch:
    known = [parameter.name for parameter in function.parameters]
    near = get_close_matches(str(argument.name), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"its arguments are {signature(function, name)}"
    return Mismatch(f"{name} has no argument {argument.name}", argument.span, hint)


def _count(function: Function, name: str, count: int) -> str:
    return f"{signature(function, name)} does not take {count} argument{'' if count == 1 else 's'}"


def signature(function: Function, name: str) -> str:
    """How a row is called: `leaky_relu(x, negative_slope=0.01)`."""
    parts: list[str] = []
    for parameter in function.parameters:
        if parameter.keyword_only and "*" not in parts:
            parts.append("*")
        parts.append(_parameter(parameter))
    return f"{name}({', '.join(parts)})"


def _parameter(parameter: Parameter) -> str:
    if parameter.kind == "option":
        return f'{parameter.name}="{parameter.allowed}"'
    if isinstance(parameter.default, Fraction):
        return f"{parameter.name}={float(parameter.default):g}"
    return parameter.name


def bind_first(
    functions: Sequence[Function], name: str, arguments: Sequence[Argument], call: Span, source: str
) -> Binding:
    """The binding of the first row that fits; an error that says what they take if none does."""
    mismatches: list[Mismatch] = []
    for function in functions:
        found = bind(function, name, arguments)
        if isinstance(found, Binding):
            return found
        mismatches.append(found)
    reason = mismatches[0] if len(mismatches) == 1 else _merge(functions, name, arguments, mismatches)
    raise GradcalcError("argument", reason.message, source=source, span=reason.span or call, hint=reason.hint)


def _merge(
    functions: Sequence[Function], name: str, arguments: Sequence[Argument], mismatches: list[Mismatch]
) -> Mismatch:
    ways = " or ".join(dict.fromkeys(signature(function, name) for function in functions))
    count = len(arguments)
    message = f"{name} does not take {'these' if count > 1 else 'this'} argument{'s' if count > 1 else ''}"
    if not arguments:
        message = f"{name} needs an argument"
    spans = {mismatch.span for mismatch in mismatches}
    return Mismatch(message, spans.pop() if len(spans) == 1 else None, f"type {ways}")
