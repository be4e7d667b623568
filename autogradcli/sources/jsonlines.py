"""Problems from JSON Lines: one object with an expression and a point on each line.

    {"id": 7, "expression": "x**y", "at": {"x": 2, "y": "pi/4"}, "wrt": ["x"]}
    {"id": 8, "expression": "norm(v)", "at": {"v": [3, 4]}}

Whatever a line holds, what comes out is a problem, or a failure that says what is wrong with the line.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO

from autogradcli.compute.problem import Problem
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import Program
from autogradcli.sources.argv import parse_program
from autogradcli.sources.files.source import MARK
from autogradcli.sources.point import Notation, check_names, check_wrt, parse_upstream, parse_value
from autogradcli.sources.settings import LARGEST_SEED, Settings
from autogradcli.sources.strict_json import json_kind, json_number, read_json
from autogradcli.sources.tensors import scalar, tensor

MAX_LINE = 32_000_000
"""Bytes in one line."""
KEYS = ("id", "expression", "at", "wrt", "of", "dtype", "rtol", "atol", "max_ulps", "upstream", "seed")
"""What a line may hold."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that states no problem."""

    id: Any
    """The line's `id`, if it could be read."""
    expression: Any
    """The line's `expression`, if it could be read."""
    error: GradcalcError


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream that are not blank, as they arrive; one beyond `MAX_LINE` is cut off just beyond it."""
    while line := stream.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        if not line.isspace():
            yield line


def read_problem(line: bytes, settings: Settings) -> Problem | Failure:
    """The problem on one line; what the line does not say itself, `settings` say."""
    fields: dict[str, Any] = {}
    try:
        fields = _read_object(line)
        return _build(fields, settings)
    except GradcalcError as error:
        return Failure(fields.get("id"), fields.get("expression"), error)


def _read_object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise GradcalcError("limit", f"the line is longer than {MAX_LINE:,} bytes")
    value = read_json(line, "the line")
    if not isinstance(value, dict):
        raise GradcalcError("parse", "the line is not a JSON object", hint='type {"expression": "...", "at": {...}}')
    return value


def _build(fields: Mapping[str, Any], settings: Settings) -> Problem:
    """The problem that the fields of a line state."""
    for key in fields:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"the keys are {', '.join(KEYS)}"
            raise GradcalcError("usage", f'there is no key "{key}"', hint=hint)
    if "expression" not in fields:
        raise GradcalcError("usage", 'the line has no "expression"')
    values = _values(fields.get("at", {}))
    wrt = _names(fields.get("wrt", ()))
    output = None if fields.get("of") is None else _text(fields, "of")
    program = parse_program(_text(fields, "expression"), [*values, *wrt], output)
    check_names(program, values, _NOTATION)
    at = {name: _value(value, _NOTATION.label(name), parse_value) for name, value in values.items()}
    asked = _override(settings, fields)
    if fields.get("upstream") is not None:
        asked = replace(asked, upstream=_value(fields["upstream"], '"upstream"', partial(parse_upstream, program)))
    return asked.problem(program, at, check_wrt(program, wrt, '"wrt"'), fields.get("id"))


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise GradcalcError("usage", f'"{key}" must be text, and is {json_kind(value)}')
    return value


def _values(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GradcalcError("usage", f'"at" must be an object, and is {json_kind(value)}', hint='type "at": {"x": 2}')
    return {unicodedata.normalize("NFKC", name): each for name, each in value.items()}


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise GradcalcError("usage", '"wrt" must be a list of names', hint='type "wrt": ["x"]')
    return tuple(unicodedata.normalize("NFKC", name) for name in value)


def _override(settings: Settings, fields: Mapping[str, Any]) -> Settings:
    dtype = settings.dtype
    if fields.get("dtype") is not None:
        dtype = _text(fields, "dtype")
        if dtype not in DTYPES:
            hint = did_you_mean(dtype, DTYPES) or f"the dtypes are {', '.join(DTYPES)}"
            raise GradcalcError("usage", f"there is no dtype {dtype}", hint=hint)
    return replace(
        settings,
        dtype=dtype,
        rtol=_tolerance(fields, "rtol", settings.rtol),
        max_ulps=_tolerance(fields, "max_ulps", settings.max_ulps),
        atol=_tolerance(fields, "atol", settings.atol),
        seed=_seed(fields, settings.seed),
    )


def _seed(fields: Mapping[str, Any], default: int) -> int:
    value = fields.get("seed")
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
        raise GradcalcError("usage", f'"seed" must be a whole number, 0 to {LARGEST_SEED:,}')
    return value


def _tolerance(fields: Mapping[str, Any], key: str, default: float | None) -> float | None:
    value = fields.get(key)
    if value is None:
        return default
    number = json_number(value, f'"{key}"')
    if number < 0:
        raise GradcalcError("usage", f'"{key}" must be 0 or more, and is {value}')
    return number


def _value(value: Any, label: str, parse: Callable[[str, str], Program]) -> Program:
    """What a field means: text is an expression, a number is the double nearest to it, lists are a tensor."""
    if isinstance(value, str):
        if value.startswith(MARK):
            hint = "write the numbers themselves: a line may come from anywhere, and must not read the machine's files"
            raise GradcalcError("value", f"{label} names a file", hint=hint)
        return parse(value, label)
    if isinstance(value, list):
        return tensor(value, label, json_number)
    return scalar(json_number(value, label))


def _give(names: Sequence[str]) -> str:
    return '"at": {' + ", ".join(f'"{name}": NUMBER' for name in names) + "}"


_NOTATION = Notation(give=_give, label=lambda name: f'"{name}" in "at"', unknown="is not a variable")
