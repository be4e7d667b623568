"""Problems from the command line: an expression, a value for each of its variables, and what else is asked."""

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.language.lexer import normal
from autogradcli.language.program import Program
from autogradcli.problems.build import THE_VARIABLE, ProblemBuilder
from autogradcli.problems.commandline import ELSEWHERE, SET
from autogradcli.problems.point import MARK, RANGE, Notation, parse_value


def command_line(said: Mapping[str, Any], spellings: Collection[str] = ()) -> ProblemBuilder:
    """The builder of the problem that a command line states.

    `said` is what its options say, as they are typed: `at` and `claim` a list of `NAME=EXPR`, `wrt` names with commas
    between them; None for what is not said. `spellings` are those of the command's own options.
    """
    fields = {key: SPLIT.get(key, str)(value) for key, value in said.items() if value is not None}
    return _CommandLineBuilder(fields, _notation(spellings))


class _CommandLineBuilder(ProblemBuilder):
    """Reads the words of a command line."""

    def value(self, path: str, value: Any, read: Callable[[str, str], Program] = parse_value) -> Program:
        """What a value means; of one that is the name of a file the error says how to read the file."""
        try:
            return super().value(path, value, read)
        except GradcalcError as error:
            if os.path.isfile(value) or os.path.isfile(value.partition(":")[0]):
                error.hint = f"for the numbers in that file type {self.notation.label(path)} {MARK}{value}"
            elif RANGE.fullmatch(value):
                error.hint = f"for many points type --at points.csv; {error.hint}"
            raise


def split_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """The values of `--set NAME=VALUE`, by name as the parser has it; raises GradcalcError if one is given twice."""
    values: dict[str, str] = {}
    for assignment in assignments:
        written, equals, value = assignment.partition("=")
        name = normal(written.strip())
        if not name or not equals:
            raise GradcalcError("usage", f"{SET} {assignment} gives no variable a value", hint=f"type {SET} NAME=VALUE")
        if name in values:
            message = f"{name} is given twice: {values[name]} and {value}"
            raise GradcalcError("value", message, hint="leave one of them out")
        values[name] = value
    return values


def split_names(text: str) -> tuple[str, ...]:
    """The names in `a,b`; raises GradcalcError if one is empty."""
    names = tuple(normal(name.strip()) for name in re.split(r",|(?<=\w)\s+(?=\w)", text.strip(" []()")))
    if not all(names):
        raise GradcalcError("usage", f"--wrt {text} leaves a name out", hint="type --wrt x or --wrt x,y")
    return names


_CLAIM = re.compile(r"\s*([^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)?\s*=(?!=)(.*)", re.DOTALL)
_DERIVATIVE = re.compile(r"\s*(?:d\w*/d(\w+)|\w+'(?:\((\w+)\))?)\s*=(?!=)")
"""`df/dx = 2*x`, `f'(x) = 2*x` and `f' = 2*x`, as a derivative is written on paper."""


def split_claims(texts: Sequence[str]) -> dict[str, str]:
    """The formulas of `--claim NAME=EXPR`, by name."""
    claims: dict[str, str] = {}
    for text in texts:
        found = _CLAIM.fullmatch(_DERIVATIVE.sub(lambda name: f"{name[1] or name[2] or ''}=", text, count=1))
        name, formula = (found[1] or THE_VARIABLE, found[2].strip()) if found else (THE_VARIABLE, text.strip())
        name = re.sub(r"\s", "", name)
        if not formula:
            raise GradcalcError("usage", f"--claim {text} claims nothing", hint="type --claim x=EXPR")
        if name in claims:
            raise GradcalcError("usage", f"--claim {name} is given twice", hint="leave one of them out")
        claims[name] = formula
    return claims


def split_direction(option: str, texts: Sequence[str]) -> dict[str, str]:
    """The parts of `--hvp NAME=VALUE` or `--jvp NAME=VALUE`, by name."""
    parts: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise GradcalcError("usage", f"{option} {text} names no direction", hint=f"type {option} x=VALUE")
        if name in parts:
            raise GradcalcError("usage", f"{option} {name} is given twice", hint="leave one of them out")
        parts[name] = value
    return parts


def _as_it_is(value: Any) -> Any:
    return value


SPLIT: Mapping[str, Callable[[Any], Any]] = {
    "at": split_assignments,
    "wrt": split_names,
    "claim": split_claims,
    "hvp": partial(split_direction, "--hvp"),
    "jvp": partial(split_direction, "--jvp"),
    "order": _as_it_is,
    "hessian": _as_it_is,
    "jacobian": _as_it_is,
}
"""How the options are taken apart that hold several things."""


def _notation(spellings: Collection[str]) -> Notation:
    def give(names: Sequence[str]) -> str:
        return " ".join(f"{SET} {name}=NUMBER" if f"--{name}" in spellings else f"--{name} NUMBER" for name in names)

    return Notation(
        label=_label,
        give=give,
        unknown="is neither an option nor a variable",
        number=_no_number,
        file=_file,
        others=tuple(name for name in spellings if name.startswith("--")),
        elsewhere=ELSEWHERE,
    )


def _label(path: str) -> str:
    """`--x` for the value of x, `--claim x` for what is claimed about it."""
    key, _, name = path.partition(".")
    return f"--{name}" if key == "at" else f"--{key} {name}".rstrip()


def _no_number(value: object, label: str) -> float:
    raise AssertionError(f"{label}: a word of a command line is text, not {value!r}")


def _file(reference: str, label: str) -> Program:
    """The numbers in a file."""
    # Only where a value is in a file.
    from autogradcli.problems.files.read import read_file

    return read_file(reference, label)
