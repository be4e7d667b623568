"""Errors of the library: what the command line says, in Python's words."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar

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
        texts = [None if text is None else _OPTION.sub(_argument, text) for text in (said.message, said.hint)]
        raise GradcalcError(said.kind, str(texts[0]), source=said.source, span=said.span, hint=texts[1])

    return called


_OPTION = re.compile(r"""--([a-z][\w-]*)(?:[ ]("[^"]*"|\d[\w.]*|[A-Z]+\b|(?<=--wrt[ ])[\w,]+))?|gradcalc eval\b""")
"""What is said of a command line in a message."""
FLAGS = frozenset({"hessian", "jacobian", "strict"})


def _argument(option: re.Match[str]) -> str:
    """The argument of a function that an option of a command line is."""
    if option[1] is None:
        return "evaluate"
    name, value = option[1].replace("-", "_"), option[2]
    if value is None:
        return f"{name}=True" if name in FLAGS else f"{name}="
    return f'{name}="{value}"' if name == "wrt" else f"{name}={value}"


def _label(path: str) -> str:
    key, _, name = path.partition(".")
    return name if key == "at" and name else f'{key}["{name}"]' if name else key


PYTHON = replace(
    NOTATION,
    label=_label,
    give=lambda names: ", ".join(f"{name}=NUMBER" for name in names),
    unknown="is not a variable of the expression",
    names_example='{}=["x"]',
    table_example='{}={{"x": ...}}',
)
"""How Python's calls are told of in errors."""
