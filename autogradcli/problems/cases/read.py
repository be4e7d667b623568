"""Case files to the texts of cases: TOML, JSON, or JSON Lines with one case on each line.

    [defaults]
    dtype = "float32"

    [[case]]
    name = "sigmoid"
    expression = "1/(1 + exp(-x))"
    at.x = 2
    claim.x = "sigmoid(x)*(1 - sigmoid(x))"

What makes no sense is an outcome of its own, with its line, so that the other cases are still run.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from autogradcli.checks.case import CasePlace, CaseText
from autogradcli.checks.outcome import unusable
from autogradcli.checks.run import CaseOrOutcome
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.cases.keys import DEFAULT_KEYS, KEYS
from autogradcli.problems.cases.lines import Lines, json_lines, line_of, toml_lines
from autogradcli.problems.jsonlines import MAX_LINE
from autogradcli.problems.strict_json import json_kind, read_json

SUFFIXES = (".toml", ".json", ".jsonl")
"""How the names of case files end."""
CONVENTION = tuple(f".grad{suffix}" for suffix in SUFFIXES)
"""How the names of those end that are found by searching a directory."""
TABLES = ("defaults", "case")
"""What a file may hold."""
DIGEST = 12
"""Hexadecimal digits by which two versions of one case are told apart."""
MAX_BYTES = 100_000_000
"""In one file."""


def find_case_files(path: str) -> list[str]:
    """The file itself, or all case files in a directory; raises GradcalcError if there is none."""
    place = Path(path)
    if not place.is_dir():
        if not place.exists():
            near = did_you_mean(place.name, [each.name for each in place.parent.glob("*")])
            hint = near or "type the path of a case file, or of a directory with some"
            raise GradcalcError("file", f"there is no file or directory {path}", hint=hint)
        if not path.endswith(SUFFIXES):
            hint = f"the names of case files end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            raise GradcalcError("file", f"{path} is not a case file", hint=hint)
        return [path]
    found = [each for each in place.rglob("*.grad.*") if each.name.endswith(CONVENTION) and each.is_file()]
    visible = sorted(str(each) for each in found if not _hidden(each.relative_to(place)))
    if not visible:
        raise GradcalcError("file", f"{path} has no case files in it", hint="their names end in .grad.toml")
    return visible


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read_cases(path: str) -> Iterator[CaseOrOutcome]:
    """The cases of a file in their order; raises GradcalcError if the file cannot be read at all."""
    try:
        with open(path, "rb") as file:
            yield from _named_once(_read_lines(path, file) if path.endswith(".jsonl") else _read_whole(path, file))
    except (OSError, ValueError) as error:
        raise GradcalcError("file", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _named_once(entries: Iterator[CaseOrOutcome]) -> Iterator[CaseOrOutcome]:
    """The cases; one whose name an earlier one has is an outcome."""
    seen: dict[str, int] = {}
    for entry in entries:
        name = entry.fields.get("name") if isinstance(entry, CaseText) else None
        if isinstance(entry, CaseText) and isinstance(name, str) and name.strip():
            first = seen.setdefault(name, entry.place.line)
            if first != entry.place.line:
                message = f"two cases are called {name}: the other stands in line {first}"
                yield unusable(entry.place, GradcalcError("usage", message, hint="give each a name of its own"))
                continue
        yield entry


def _read_whole(path: str, file: BinaryIO) -> Iterator[CaseOrOutcome]:
    data = file.read(MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise Misplaced(GradcalcError("limit", f"the file is longer than {MAX_BYTES:,} bytes"), 1)
        value, lines = (_parse_toml if path.endswith(".toml") else _parse_json)(data)
        cases, defaults = _tables(value, lines)
    except Misplaced as problem:
        if problem.error.hint == BEGINS and not path.endswith(".toml"):
            problem.error.hint = BEGINS_IN_JSON
        yield unusable(CasePlace("", path, problem.line), problem.error)
        return
    for number, fields in enumerate(cases):
        yield _case(path, number, fields, defaults, lines)


def _read_lines(path: str, file: BinaryIO) -> Iterator[CaseOrOutcome]:
    number = 0
    while data := file.readline(MAX_LINE + 1):
        number += 1
        if data.isspace():
            continue
        try:
            if len(data) > MAX_LINE:
                raise GradcalcError("limit", f"the line is longer than {MAX_LINE:,} bytes")
            fields = read_json(data, "the line")
        except GradcalcError as error:
            yield unusable(CasePlace("", path, number), error)
            if error.kind == "limit":
                return
            continue
        yield _case(path, number - 1, fields, {}, {("case", number - 1): number})


BEGINS, BEGINS_IN_JSON = "a case begins with [[case]]", 'type {"case": [{"expression": "..."}]}'
"""What is said of a file that has no cases where they stand."""


class Misplaced(Exception):
    """An error of a file as a whole, and its line."""

    def __init__(self, error: GradcalcError, line: int) -> None:
        super().__init__(error.message)
        self.error = error
        self.line = line


def _parse_toml(data: bytes) -> tuple[Any, Lines]:
    try:
        text = data.decode("utf-8-sig")
        if deep := _DEEP.search(text):
            line = text.count("\n", 0, deep.start()) + 1
            raise Misplaced(GradcalcError("limit", "the file is nested too deep"), line)
        return tomllib.loads(text), toml_lines(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = GradcalcError("parse", f"the file is not UTF-8: byte {data[error.start]:#04x}")
        raise Misplaced(wrong, line) from error
    except tomllib.TOMLDecodeError as error:
        message, line = _toml_message(str(error), text)
        bare = _BARE.match(text.split("\n")[line - 1])
        hint = f'text stands in quotes: {bare[1]} = "{bare[2].strip()}"' if bare else None
        raise Misplaced(GradcalcError("parse", f"the file is not TOML: {message}", hint=hint), line) from error
    except RecursionError as error:
        raise Misplaced(GradcalcError("limit", "the file is nested too deep"), 1) from error


_DEEP = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""A key of more parts than any case has; a reader of TOML takes time and memory with the square of their number."""
_BARE = re.compile(r"\s*([\w.-]+)\s*=\s*([^\W\d][^\"'#]*)$")
"""A line whose value is text without quotes."""
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


def _toml_message(message: str, text: str) -> tuple[str, int]:
    """What the reader says, as a part of a sentence, and the line that it says it of."""
    place = _TOML_PLACE.search(message)
    line = int(place[1]) if place and place[1] else max(1, len(text.splitlines()))
    said = _TOML_PLACE.sub("", message)
    return said[:1].lower() + said[1:], line


def _parse_json(data: bytes) -> tuple[Any, Lines]:
    try:
        return read_json(data, "the file"), json_lines(data.decode())
    except GradcalcError as error:
        place = re.search(r"\bline (\d+)\b", error.message)
        raise Misplaced(error, int(place[1]) if place else 1) from error


def _tables(value: Any, lines: Lines) -> tuple[list[Any], Mapping[str, Any]]:
    """The cases of a file and its defaults."""
    if not isinstance(value, dict):
        raise Misplaced(GradcalcError("parse", "the file is not a JSON object", hint=BEGINS_IN_JSON), 1)
    for key in value:
        if key not in TABLES:
            raise Misplaced(_unknown_table(key), line_of(lines, (key,)))
    cases, defaults = value.get("case", []), value.get("defaults", {})
    if not isinstance(cases, list):
        error = GradcalcError("usage", f"case must be a list, and is {kind(cases)}", hint="type [[case]]")
        raise Misplaced(error, line_of(lines, ("case",)))
    if not cases:
        raise Misplaced(GradcalcError("usage", "the file has no cases", hint=BEGINS), 1)
    if not isinstance(defaults, dict):
        error = GradcalcError("usage", f"defaults must be a table, and is {kind(defaults)}", hint="type [defaults]")
        raise Misplaced(error, line_of(lines, ("defaults",)))
    for key in defaults:
        if key not in DEFAULT_KEYS:
            raise Misplaced(_unknown_default(key), line_of(lines, ("defaults", key)))
    return cases, defaults


def _unknown_table(key: str) -> GradcalcError:
    if key in KEYS:
        return GradcalcError("usage", f"{key} belongs to a case", hint=BEGINS)
    hint = did_you_mean(key, TABLES) or "a file holds defaults and cases: [defaults], [[case]]"
    return GradcalcError("usage", f"there is no table {key}", hint=hint)


def _unknown_default(key: str) -> GradcalcError:
    if key in KEYS:
        return GradcalcError("usage", f"{key} can have no default", hint="each case has its own")
    hint = did_you_mean(key, DEFAULT_KEYS) or f"the keys are {', '.join(DEFAULT_KEYS)}"
    return GradcalcError("usage", f"there is no key {key}", hint=hint)


def _case(path: str, number: int, fields: Any, defaults: Mapping[str, Any], lines: Lines) -> CaseOrOutcome:
    line = line_of(lines, ("case", number))
    if not isinstance(fields, dict):
        return unusable(
            CasePlace("", path, line), GradcalcError("usage", f"a case must be a table, and is {kind(fields)}")
        )
    merged = {key: value for key, value in defaults.items() if key not in _given(fields)} | fields
    written = {**_written(lines, ("defaults",), defaults), **_written(lines, ("case", number), fields)}
    digest = sha256(repr(merged).encode(errors="surrogatepass")).hexdigest()[:DIGEST]
    return CaseText(CasePlace(_name(fields, number), path, line, digest), merged, written)


def _given(fields: Mapping[str, Any]) -> set[str]:
    """The keys that a case says itself. Who says where to go does not want the default point as well."""
    return {*fields, *({"at", "sample", "count", "seed"} if fields.keys() & {"at", "sample"} else ())}


def _name(fields: Mapping[str, Any], number: int) -> str:
    """What a case is called: its own name, or its expression, or its number."""
    for key in ("name", "id", "expression"):
        if isinstance(fields.get(key), str | int) and str(fields[key]).strip():
            return " ".join(str(fields[key]).split())
    return f"case {number + 1}"


def _written(lines: Lines, path: tuple[str | int, ...], fields: Mapping[str, Any]) -> dict[str, int]:
    """The line of each key, and of each key of the tables that the keys hold."""
    found: dict[str, int] = {}
    for key, value in fields.items():
        found[key] = line_of(lines, (*path, key))
        for inner in value if isinstance(value, dict) else ():
            found[f"{key}.{inner}"] = line_of(lines, (*path, key, inner))
    return found


def kind(value: Any) -> str:
    """What a file's value is called: as in JSON, but an object is a table, and there are dates."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, date | time):
        return "a date or a time"
    return json_kind(value) if isinstance(value, float | int | str | list | None) else type(value).__name__
