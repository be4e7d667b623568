"""Problems from JSON Lines: one object with an expression and a point on each line.

    {"id": 7, "expression": "x**y", "at": {"x": 2, "y": "pi/4"}, "wrt": ["x"]}
    {"id": 8, "expression": "norm(v)", "at": {"v": [3, 4]}}

Whatever a line holds, what comes out is a problem, or a failure that says what is wrong with the line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from autogradcli.compute.problem import LARGEST_SEED, Options, Problem
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import Program
from autogradcli.problems.build import ProblemBuilder
from autogradcli.problems.cases.keys import MEANT
from autogradcli.problems.point import Notation
from autogradcli.problems.strict_json import json_component, json_kind, read_json

MAX_LINE = 32_000_000
"""Bytes in one line."""
KEYS = (
    "id", "expression", "at", "wrt", "of", "dtype", "rtol", "atol", "max_ulps", "upstream", "seed",
    "order", "hessian", "jacobian", "hvp", "jvp", "claim",
)  # fmt: skip
"""What a line may hold."""
LIST = "the objects of a list become lines by jq -c '.[]' FILE"
"""What is said of a list of objects."""
SPREAD = "an object stands on one line: jq -c . FILE writes it so"
"""What is said of an object of which only a part stands on the line."""
EXPECTED = 'a line is an object: {"expression": "x**2", "at": {"x": 2}}; or the first line is a header: expression,x'
"""What is said of a line that is something else."""
OF_FORMULAS = f"{EXPECTED}; lines of formulas become objects by jq -cR '{{expression: ., at: {{x: 2}}}}' FILE"
"""What is said of a line that does not begin as an object does."""
OPTIONAL = frozenset(KEYS) - {"expression", "at", "wrt"}
"""What may as well be null."""


class Line(bytes):
    """A line, with its number in the stream that it comes from."""

    number: int

    def __new__(cls, data: bytes, number: int) -> "Line":
        """A line of this number, counted from 1."""
        line = super().__new__(cls, data)
        line.number = number
        return line

    def __reduce__(self) -> tuple[Any, ...]:
        return Line, (bytes(self), self.number)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that states no problem, or whose problem cannot be computed."""

    id: Any
    """The line's `id`, if it could be read."""
    expression: Any
    """The line's `expression`, if it could be read."""
    error: GradcalcError


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream that are not blank, as they arrive; one beyond `MAX_LINE` is cut off just beyond it."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        if not line.isspace():
            yield Line(line, number)


def read_problem(line: bytes, options: Options) -> Problem | BadLine:
    """The problem on one line; what the line does not say itself, `options` say."""
    fields: dict[str, Any] = {}
    try:
        fields = _read_object(line)
        _check_keys(fields)
        said = {key: value for key, value in fields.items() if key not in OPTIONAL or value is not None}
        return _LineBuilder(said, _NOTATION).problem(options, identifier=fields.get("id"))
    except GradcalcError as error:
        return BadLine(fields.get("id"), fields.get("expression"), error)


def identify(line: bytes) -> tuple[Any, Any]:
    """The `id` and the `expression` of a line, as far as they can be read; the expression is not parsed."""
    try:
        fields = _read_object(line)
    except GradcalcError:
        fields = {}
    return fields.get("id"), fields.get("expression")


def _read_object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise GradcalcError("limit", f"the line is longer than {MAX_LINE:,} bytes")
    which = f"line {line.number}" if isinstance(line, Line) else "the line"
    try:
        value = read_json(line, which)
    except GradcalcError as error:
        if "is not JSON" in error.message and error.hint is None:
            error.hint = _hint_of(line.strip())
        raise
    if not isinstance(value, dict):
        listed = isinstance(value, list) and any(isinstance(each, dict) for each in value)
        raise GradcalcError("parse", f"{which} is not a JSON object", hint=LIST if listed else EXPECTED)
    return value


def _hint_of(line: bytes) -> str:
    """What is said of a line that is not JSON."""
    if line in {b"[", b"{", b"[{"}:
        return LIST if line.startswith(b"[") else SPREAD
    return EXPECTED if line.startswith(b"{") else OF_FORMULAS


class _LineBuilder(ProblemBuilder):
    """Reads the fields of a line."""

    def options(self, options: Options) -> Options:
        """Those of every notation, and where random numbers start from."""
        options = super().options(options)
        if "seed" not in self.fields:
            return options
        seed = self.fields["seed"]
        if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
            raise GradcalcError("usage", f'"seed" must be a whole number, 0 to {LARGEST_SEED:,}')
        return replace(options, seed=seed)


def _check_keys(fields: Mapping[str, Any]) -> None:
    words = re.findall(r"\w+", str(fields.get("expression")))
    for key in fields:
        if key not in KEYS:
            value = f'a value stands in "at": {{"{key}": ...}}; ' if key in words else ""
            meant = f"did you mean {MEANT[key]}?" if MEANT.get(key) in KEYS else did_you_mean(key, KEYS)
            hint = meant or f"{value}the keys are {', '.join(KEYS)}"
            raise GradcalcError("usage", f'there is no key "{key}"', hint=hint)
    if "expression" not in fields:
        raise GradcalcError("usage", 'the line has no "expression"')


def _label(path: str) -> str:
    key, _, name = path.partition(".")
    return f'"{name}" in "{key}"' if name else f'"{key}"'


def _give(names: Sequence[str]) -> str:
    return '"at": {' + ", ".join(f'"{name}": NUMBER' for name in names) + "}"


def _no_file(_: str, label: str) -> Program:
    hint = "write the numbers themselves: a line may come from anywhere, and must not read the machine's files"
    raise GradcalcError("value", f"{label} names a file", hint=hint)


_NOTATION = Notation(
    label=_label,
    give=_give,
    unknown="is not a variable",
    number=json_component,
    file=_no_file,
    kind=json_kind,
    table="an object",
    names_example='"{}": ["x"]',
    table_example='"{}": {{"x": 2}}',
    lenient=True,
)
