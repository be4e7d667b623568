"""Errors of the library: what the command line says, in Python's words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autogradcli.api.sources import body_of
from autogradcli.errors import GradcalcError
from autogradcli.problems.cases.build import NOTATION

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_python(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function, with errors in Python's words, raised from here and not from where they were found."""

    @wraps(function)
    def called(*given: Parameters.args, **named: Parameters.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return function(*given, **named)
        except GradcalcError as error:
            said = error
        texts = [None if text is None else worded(text) for text in (said.message, said.hint)]
        raise GradcalcError(said.kind, str(texts[0]), source=said.source, span=said.span, hint=texts[1])

    return called


def worded(text: str) -> str:
    """What is said of a command line, said of the library's calls."""
    return _OPTION.sub(_argument, _VALUE.sub(r"\1=", text)).replace("=VALUE ", "=VALUE, ")


_VALUE = re.compile(r"\bat\.(\w+) = (?=NUMBER)")
"""What is said of a key of a case."""
_OPTION = re.compile(
    r"(?<![\w)\]}])"
    r"""--([^\W\d][\w-]*)(?:[ ]((?<=--wrt[ ])[\w,]+|(?<=--surrogate[ ])[\w.:]+|"[^"]*"|\d[\w.]*|[A-Z]+\b))?"""
    r"|gradcalc eval\b"
)
"""What is said of a command line in a message."""
FLAGS = frozenset({"hessian", "jacobian", "strict"})
NAMES = frozenset({"wrt", "surrogate"})
"""Arguments that are names, and so text in Python."""


def _argument(option: re.Match[str]) -> str:
    """The argument of a function that an option of a command line is."""
    if option[1] is None:
        return "evaluate"
    name, value = option[1].replace("-", "_"), option[2]
    if value is None:
        return f"{name}=True" if name in FLAGS else f"{name}="
    return f'{name}="{value}"' if name in NAMES else f"{name}={value}"


def _label(path: str) -> str:
    key, _, name = path.partition(".")
    return name if key == "at" and name else f'{key}["{name}"]' if name else key


def _kind(value: Any) -> str:
    """What Python calls a value of this kind."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _number(value: Any, label: str) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise GradcalcError("value", f"{label} must be a number, and is {_kind(value)}")
    return NOTATION.number(value, label)


def table(given: Any, name: str) -> Mapping[str, Any]:
    """What is given by name; raises GradcalcError for anything else."""
    if given is None or isinstance(given, Mapping):
        return given or {}
    hint = 'type x=2, or {"x": 2}' if name == "at" else f'type {name}={{"x": "2*x"}}' if name == "claim" else None
    raise GradcalcError("usage", f"{name}= must be a dict, and is {_kind(given)}", hint=hint)


def stated_point(at: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name; raises GradcalcError if one is given twice."""
    stated = table(at, "at")
    for name in values:
        if name in stated:
            message = f"{name} is given twice: {name}= and in at="
            raise GradcalcError("usage", message, hint="leave one of them out")
    return {**stated, **values}


def formula(expression: Any, caller: str) -> str:
    """The text of a formula; raises GradcalcError if it is none."""
    if isinstance(expression, str):
        return expression
    hint = f'give the formula as text, as in {caller}("{body_of(expression) or "x**2"}"'
    if callable(expression):
        message = f"{caller} takes a formula, and this is a function"
        elsewhere = "" if caller == "evaluate" else "; evaluate(f, x=2.0) takes a function"
        raise GradcalcError("value", message, hint=f"{hint}{')' if caller == 'diff' else ', x=2.0)'}{elsewhere}")
    raise GradcalcError("value", f"a formula is text, and this is {_kind(expression)}", hint=f"{hint}, ...)")


def seconds(timeout: Any) -> float:
    """How long a problem may take; raises GradcalcError if it is no number above 0."""
    if not isinstance(timeout, bool) and isinstance(timeout, float | int) and timeout > 0:
        return timeout
    raise GradcalcError("usage", f"timeout= cannot be {timeout!r}", hint="it can be a number of seconds above 0")


ARGUMENTS = (
    "wrt",
    "upstream",
    "order",
    "hessian",
    "jacobian",
    "dtype",
    "rtol",
    "max_ulps",
    "symbolic",
    "timeout",
    "function",
)
"""What a name that is no variable may have been meant for."""

ELSEWHERE = {
    **{name: f"assert_gradient(..., {name}=...) takes it" for name in ("claim", "expect", "strict")},
    "format": "print(report) is the text, report.to_object() the JSON, and diff(..., format=...) takes it",
}
"""What to type for arguments of other functions."""

PYTHON = replace(
    NOTATION,
    label=_label,
    number=_number,
    kind=_kind,
    table="a dict",
    others=tuple(f"{name}=" for name in ARGUMENTS),
    elsewhere=ELSEWHERE,
    give=lambda names: ", ".join(f"{name}=NUMBER" for name in names),
    unknown="is not a variable of the expression",
    names_example='{}=["x"]',
    table_example='{}={{"x": ...}}',
)
"""How Python's calls are told of in errors."""
