"""Calls: which row of the table is meant, and which argument belongs to which of its parameters."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from autogradcli.errors import Span
from autogradcli.functions.function import LISTS, REQUIRED, Function, Parameter, Placeholder, parse_signature
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.lexer import Token

SYNONYMS = {"axis": "dim", "keepdims": "keepdim"}
"""NumPy's names of parameters, and torch's."""
BY_PLACE = {"input": 0, "self": 0, "other": 1, "exponent": 1, "tensor1": 1, "tensor2": 2, "axis0": 1, "axis1": 2}
"""What torch calls parameters of many functions, and their places."""
FORMATS = {each: each for each in DTYPES} | {"double": "float64", "float": "float32", "half": "float16"}
"""What torch calls the formats of numbers."""
WITHOUT_EFFECT: dict[str, bool | Fraction | None] = {
    "out": None,
    "dtype": None,
    "device": None,
    "memory_format": None,
    "generator": None,
}
WITHOUT_EFFECT |= {"size_average": None, "reduce": None, "layout": None, "inplace": False, "requires_grad": False}
WITHOUT_EFFECT |= {"sparse": False, "max_norm": None, "enable_gqa": False, "_stacklevel": Fraction(3)}
"""Arguments that change nothing, given as torch's default."""


@dataclass(frozen=True, slots=True)
class Static:
    """A value that the text fixes: an exact number, a text, True, False, None, a tuple of such, a subscript."""

    value: Any


class Argument(NamedTuple):
    """An argument as it stands in a call; a plain tuple, as there are many."""

    value: int | tuple[int, ...] | Static
    """Index of a step, several for a list that is taken apart, or what the text fixes."""
    span: Span
    """Where the value stands."""
    name: Token | None = None

    @property
    def place(self) -> Span:
        """Where the name stands if there is one, else the value."""
        return self.span if self.name is None else self.name.span


class Binding(NamedTuple):
    """A row of the table with its arguments; a plain tuple, as there are many."""

    function: Function
    operands: tuple[tuple[Parameter, Argument | Fraction], ...]
    """Each parameter that takes a value, with its argument or its default."""
    options: tuple[tuple[str, object], ...]
    """What the text fixes, as far as it is given; None for an operand that is left out."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a call fits no row."""

    message: str
    span: Span | None
    """The argument that does not fit; None for the whole call."""
    suggestions: tuple[str, ...]
    """What can be typed instead."""


class _Misfit(Exception):
    """Carries the reason out of the functions that bind one row."""

    def __init__(self, message: str, span: Span | None = None, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.mismatch = Mismatch(message, span, () if suggestion is None else (suggestion,))


def bind_first(functions: Sequence[Function], name: str, arguments: Sequence[Argument]) -> Binding | Mismatch:
    """The arguments of a call of `name`, bound to the first row that they fit, or why they fit none."""
    mismatches: list[Mismatch] = []
    for function in functions:
        found = _bind(function, name, arguments)
        if isinstance(found, Binding):
            return found
        mismatches.append(found)
    fewer = _without_none(functions[0], arguments) if functions else arguments
    if len(fewer) < len(arguments):
        return bind_first(functions, name, fewer)
    return _merge(mismatches, functions, name)


def _without_none(function: Function, arguments: Sequence[Argument]) -> Sequence[Argument]:
    """The arguments without those that are None, where the others go by their names: a bound that is not there."""
    named = [
        argument._replace(name=Token("name", parameter.name, argument.span.start, argument.span.end))
        if argument.name is None and (parameter := parameter_at(function, place)) is not None and place
        else argument
        for place, argument in enumerate(arguments)
    ]
    return [argument for argument in named if argument.value != Static(None)]


def _bind(function: Function, name: str, arguments: Sequence[Argument]) -> Binding | Mismatch:
    """The arguments of a call of `name`, bound to the parameters of one row, or why they do not fit."""
    if _is_plain(function, arguments):
        return Binding(function, tuple(zip(function.parameters, arguments, strict=True)), ())
    try:
        return _complete(function, name, _assign(function, name, arguments))
    except _Misfit as misfit:
        return misfit.mismatch


def _is_plain(function: Function, arguments: Sequence[Argument]) -> bool:
    """Whether each parameter is given one step of the program by its place, as in most calls."""
    return (
        len(arguments) == len(function.parameters)
        and function.takes_steps
        and all(type(argument.value) is int and argument.name is None for argument in arguments)
    )


def parameter_at(function: Function, place: int | str) -> Parameter | None:
    """The parameter that an argument belongs to, by its place among the positional ones or by its name."""
    return _parameter_at(function.signature, place)


@lru_cache(maxsize=4096)
def _parameter_at(signature: str, place: int | str) -> Parameter | None:
    """A loop asks it at each of its passes."""
    parameters = parse_signature(signature)
    if isinstance(place, str):
        by_name = {parameter.name: parameter for parameter in parameters}
        synonym = SYNONYMS.get(place, place)
        if synonym not in by_name and place in BY_PLACE:
            return _parameter_at(signature, BY_PLACE[place])
        return by_name.get(synonym)
    positional = [parameter for parameter in parameters if not parameter.keyword_only]
    for index, parameter in enumerate(positional):
        if index == place or parameter.variadic or parameter.kind == "shape":
            return parameter
    return None


def _assign(function: Function, name: str, arguments: Sequence[Argument]) -> dict[str, list[Argument]]:
    """For each parameter that is given its arguments: one, or several of those that take several."""
    given: dict[str, list[Argument]] = {}
    for index, argument in enumerate(_in_new_words(function, arguments)):
        if _has_no_effect(function, argument):
            continue
        parameter = parameter_at(function, index if argument.name is None else argument.name.text)
        if parameter is None:
            raise _no_parameter(function, name, argument, len(arguments))
        several = parameter.variadic or (parameter.kind == "shape" and argument.name is None)
        if parameter.name in given and not several:
            raise _Misfit(f"{parameter.name} of {name} is given twice", argument.place)
        given.setdefault(parameter.name, []).append(argument)
    return given


def _in_new_words(function: Function, arguments: Sequence[Argument]) -> Sequence[Argument]:
    """The arguments with the reduction that size_average and reduce, older options of losses, come to."""
    if all(each.name != "reduction" for each in function.parameters):
        return arguments
    old = {each.name.text: each for each in arguments if each.name is not None and each.name.text in OLD_OPTIONS}
    if all(each.value not in (Static(True), Static(False)) for each in old.values()):
        return arguments
    off = {name for name, each in old.items() if each.value == Static(False)}
    reduction = "none" if "reduce" in off else "sum" if "size_average" in off else "mean"
    place = next(iter(old.values())).span
    new = Argument(Static(reduction), place, Token("name", "reduction", place.start, place.end))
    return [*(each for each in arguments if each.name is None or each.name.text not in {*old, "reduction"}), new]


OLD_OPTIONS = ("size_average", "reduce")


def _has_no_effect(function: Function, argument: Argument) -> bool:
    """Whether it is an option that changes nothing, and that the row does not know."""
    if argument.name is None or argument.name.text not in WITHOUT_EFFECT:
        return False
    known = any(each.name == argument.name.text for each in function.parameters)
    return not known and argument.value == Static(WITHOUT_EFFECT[argument.name.text])


def _complete(function: Function, name: str, given: Mapping[str, list[Argument]]) -> Binding:
    operands: list[tuple[Parameter, Argument | Fraction]] = []
    options: list[tuple[str, object]] = []
    for parameter in function.parameters:
        arguments = given.get(parameter.name, [])
        if not arguments and parameter.default is REQUIRED:
            raise _Misfit(f"{parameter.name} of {name} is missing", suggestion=signature(function, name))
        if not parameter.operand:
            if arguments or parameter.kind == "option":
                options.append((parameter.name, _static(parameter, name, arguments)))
        elif arguments and not _is_none(arguments[0], parameter):
            operands += [(parameter, operand) for each in arguments for operand in _operands(parameter, name, each)]
        elif isinstance(parameter.default, Fraction):
            operands.append((parameter, parameter.default))
        else:
            options.append((parameter.name, None))
    return Binding(function, tuple(operands), tuple(options))


def _is_none(argument: Argument, parameter: Parameter) -> bool:
    """Whether an argument that can be left out is given as None."""
    return parameter.default is None and argument.value == Static(None)


def _operands(parameter: Parameter, name: str, argument: Argument) -> list[Argument]:
    """The steps of an argument, or an exact number that is still to become one."""
    value = argument.value
    if parameter.kind in LISTS:
        if not isinstance(value, tuple):
            raise _Misfit(f"{parameter.name} of {name} is a list", argument.span, f"{name}([x, y])")
        if parameter.kind == "pair" and len(value) != 2:
            raise _Misfit(f"{parameter.name} of {name} is a list of two", argument.span)
        return [argument._replace(value=each) for each in value]
    if parameter.variadic and isinstance(value, tuple):
        return [argument._replace(value=each) for each in value]
    if isinstance(value, Static) and isinstance(value.value, bool) and parameter.kind == "tensor":
        return [argument._replace(value=Static(Fraction(int(value.value))))]
    if isinstance(value, Static) and isinstance(value.value, Fraction):
        return [argument]
    if not isinstance(value, int):
        raise _Misfit(f"{parameter.name} of {name} is a number", argument.span)
    return [argument]


def _static(parameter: Parameter, name: str, arguments: Sequence[Argument]) -> object:
    """What the text fixes for a parameter."""
    if not arguments:
        return parameter.choices[0]
    values = [each.value.value for each in arguments if isinstance(each.value, Static)]
    whole = arguments[0].span.join(arguments[-1].span)
    if len(values) < len(arguments):
        raise _Misfit(f"{parameter.name} of {name} must be {WORDS[parameter.kind]}, written out in the text", whole)
    value = values[0] if len(values) == 1 else tuple(values)
    if isinstance(value, Placeholder) or (value is None and parameter.default is None):
        return value
    if parameter.choices and value not in parameter.choices:
        nearest = get_close_matches(str(value), parameter.choices, 1) or parameter.choices[:1]
        raise _Misfit(f"{parameter.name} of {name} has no such value", whole, f'{parameter.name}="{nearest[0]}"')
    try:
        return CONVERT[parameter.kind](value)
    except (TypeError, ValueError, AttributeError):
        raise _Misfit(f"{parameter.name} of {name} must be {WORDS[parameter.kind]}", whole) from None


def _whole(value: Any) -> int:
    """An exact number as an int. Raises ValueError or AttributeError if it is none."""
    if value.denominator != 1 or isinstance(value, bool):
        raise ValueError
    return int(value)


def _several(value: Any) -> int | tuple[int, ...]:
    return tuple(map(_whole, value)) if isinstance(value, tuple) else _whole(value)


def _sizes(value: Any) -> tuple[int, ...]:
    sizes = _several(value)
    return sizes if isinstance(sizes, tuple) else (sizes,)


def _nested(value: Any) -> Any:
    return tuple(map(_nested, value)) if isinstance(value, tuple) else _whole(value)


def _subscript(value: Any) -> tuple[Any, ...]:
    items = value if isinstance(value, tuple) else (value,)
    return tuple(_nested(each) if isinstance(each, Fraction | tuple) else each for each in items)


def _exact(value: Any) -> Fraction:
    if not isinstance(value, Fraction):
        raise TypeError
    return value


def _order(value: Any) -> int | float | str:
    if isinstance(value, str):
        return math.inf if value == "inf" else -math.inf if value == "-inf" else value
    return _whole(value) if value.denominator == 1 else float(value)


def _sizes_or_none(value: Any) -> Any:
    return tuple(map(_sizes_or_none, value)) if isinstance(value, tuple) else None if value is None else _whole(value)


def _reals(value: Any) -> Any:
    return tuple(map(_exact, value)) if isinstance(value, tuple) else _exact(value)


def _dtype(value: Any) -> str:
    if value not in FORMATS:
        raise ValueError
    return FORMATS[value]


def _padding(value: Any) -> str | int | tuple[int, ...]:
    return value if value in {"same", "valid"} else _several(value)


def _kept(kind: type) -> Callable[[Any], Any]:
    def keep(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return keep


CONVERT: Mapping[str, Callable[[Any], object]] = {
    "option": _kept(str),
    "text": _kept(str),
    "flag": _kept(bool),
    "int": _whole,
    "ints": _several,
    "nested": _nested,
    "integers": _nested,
    "shape": _sizes,
    "real": _exact,
    "order": _order,
    "dtype": _dtype,
    "padding": _padding,
    "sizes": _sizes_or_none,
    "reals": _reals,
    "index": _subscript,
}
"""For each kind of parameter that the text fixes, what it becomes; an exception if it does not fit."""
WORDS = {
    "option": "a text in quotes",
    "text": "a text in quotes",
    "flag": "True or False",
    "int": "a whole number",
    "ints": "a whole number or several, as (0, 1)",
    "nested": "a whole number, or lists of them, as ([0], [1])",
    "integers": "whole numbers without a decimal point, as 2 or [1, 2]",
    "shape": "sizes, as (2, 3)",
    "real": "a number",
    "order": "a number, inf or a text",
    "dtype": "a format of numbers, as torch.float64",
    "reals": "a number or several, as (2, 1.5)",
    "sizes": "whole numbers or None",
    "padding": 'whole numbers, "same" or "valid"',
    "index": "whole numbers and slices",
}


TORCHS_OWN = frozenset({"requires_grad", "device", "pin_memory", "layout", "generator"})
"""Arguments by which torch makes tensors, and which a formula has no use for."""


def _no_parameter(function: Function, name: str, argument: Argument, count: int) -> _Misfit:
    if argument.name is not None:
        if argument.name.text in TORCHS_OWN:
            return _Misfit(f"gradcalc itself sets {argument.name.text}", argument.place, f"{name}(...) without it")
        near = get_close_matches(argument.name.text, [parameter.name for parameter in function.parameters], 1)
        suggestion = f"{near[0]}=..." if near else signature(function, name)
        return _Misfit(f"{name} has no argument {argument.name.text}", argument.place, suggestion)
    note = f"; {function.note}" if function.random and function.note else ""
    return _Misfit(f"{name} does not take {count} arguments", argument.span, f"{signature(function, name)}{note}")


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
    if function.name == "stack_items":
        return "[x, y, ...]"
    return f"{name}({', '.join(map(_written, function.parameters))})"


def _written(parameter: Parameter) -> str:
    if parameter.variadic:
        return "x, y, ..."
    if parameter.kind == "option":
        return f'{parameter.name}="{parameter.choices[0]}"'
    if isinstance(parameter.default, Fraction):
        return f"{parameter.name}={float(parameter.default):g}"
    if parameter.default is not REQUIRED:
        quoted = f'"{parameter.default}"' if isinstance(parameter.default, str) else parameter.default
        return f"{parameter.name}={quoted}"
    return f"{parameter.name}=..." if parameter.keyword_only else parameter.name
