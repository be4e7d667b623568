"""Numbers written as text: tables with commas, and JSON."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from autogradcli.errors import GradcalcError, Span, visible
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.characters import excerpt
from autogradcli.language.program import Program
from autogradcli.problems.data import data, scalar, tensor
from autogradcli.problems.files.source import Source
from autogradcli.problems.strict_json import json_component, read_json

_BEGINNING = re.compile(r"[+-]?(?:\.?\d|(?:inf|infinity|nan)$)", re.ASCII | re.IGNORECASE)
_OTHER_SEPARATORS = re.compile(r"[;\s]")
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of a table that is not blank."""

    number: int
    """Counted from 1, as editors do; of a field with line breaks the last one."""
    fields: tuple[str, ...]


def read_csv(source: Source) -> Program:
    """A table as a matrix, or as a vector if it has one column; by a name in its first line, that column alone."""
    lines = _lines(source)
    header = _header(lines[0])
    rows = lines[1:] if header else lines
    if not rows:
        raise source.error("has a line of names and no numbers")
    columns = range(len(lines[0].fields)) if source.name is None else [_column(source, header)]
    numbers = [_number(source, row, column, header) for row in rows for column in columns]
    shape = (len(rows),) if len(columns) == 1 else (len(rows), len(columns))
    return data(numbers, shape)


def _lines(source: Source) -> list[TableLine]:
    """The lines that are not blank, all with as many fields; raises GradcalcError if there are none, or too many."""
    try:
        text = source.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise source.error(f"is not UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[TableLine] = []
    try:
        for fields in reader:
            if any(map(str.strip, fields)):
                lines.append(TableLine(reader.line_num, tuple(map(str.strip, fields))))
                _check_line(source, lines)
    except csv.Error as error:
        raise source.error(f"is no table: line {reader.line_num}: {error}") from error
    if not lines:
        raise source.error("is empty")
    return lines


def _check_line(source: Source, lines: Sequence[TableLine]) -> None:
    """Raises GradcalcError if the last line has not as many fields as the first, or is one too many."""
    first, last = lines[0], lines[-1]
    if len(last.fields) != len(first.fields):
        sizes = f"line {last.number} has {_fields(last)}, and line {first.number} has {_fields(first)}"
        raise source.error(f"is ragged: {sizes}", kind="shape")
    if (len(lines) - 1) * len(first.fields) > MAX_ELEMENTS:
        raise source.error(f"has more than {MAX_ELEMENTS:,} numbers", kind="limit")


def _fields(line: TableLine) -> str:
    return "1 field" if len(line.fields) == 1 else f"{len(line.fields)} fields"


def _header(line: TableLine) -> tuple[str, ...]:
    """The names of the columns, if nothing in the first line begins as a number; NumPy writes a # before them."""
    if any(map(_BEGINNING.match, line.fields)):
        return ()
    return (line.fields[0].lstrip("# "), *line.fields[1:])


def _column(source: Source, header: Sequence[str]) -> int:
    """The place of the column that is meant."""
    if not header:
        hint = "names of columns stand in the first line"
        raise source.error(f"holds no {source.name}: its columns have no names", hint)
    name = source.pick(header, "columns")
    if header.count(name) > 1:
        raise source.error(f"has {header.count(name)} columns of the name {name}", "give each a name of its own")
    return header.index(name)


def _number(source: Source, line: TableLine, column: int, header: Sequence[str]) -> float:
    """The double nearest to what stands in one field."""
    text = line.fields[column]
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number) or text.lstrip("+-")[0].isalpha():
            return number
    name = f" ({header[column]})" if header else ""
    hint = "columns are separated by commas" if _OTHER_SEPARATORS.search(text) else None
    raise source.error(f"is no table of numbers: line {line.number}, field {column + 1}{name} {_fault(text)}", hint)


def _fault(text: str) -> str:
    """What is wrong with a field that is no number."""
    if not text:
        return "is empty"
    if _NUMBER.fullmatch(text):
        return "is beyond the largest double, 1.8e308"
    return f"is {excerpt(text, Span(0, len(text)))}"


def read_json_file(source: Source) -> Program:
    """A number, or nested lists of numbers; of an object of them one by its name."""
    content = source.read()
    with _labelled(source):
        value = read_json(content, source.path)
    if isinstance(value, dict):
        value = value[source.pick(value)]
    else:
        source.check_unnamed()
    with _labelled(source):
        if isinstance(value, list):
            return tensor(value, source.path, json_component)
        return scalar(json_component(value, f"what {source.path} holds"))


@contextmanager
def _labelled(source: Source) -> Iterator[None]:
    """Errors that begin with what the value is called."""
    try:
        yield
    except GradcalcError as error:
        raise GradcalcError(error.kind, visible(f"{source.label}: {error.message}"), hint=error.hint) from error
