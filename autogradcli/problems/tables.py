"""Many problems that are written together: the rows of a table, or one line of JSON with a list of points.

Both become lines of JSON Lines, each with one point.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, BinaryIO

from autogradcli.errors import GradcalcError
from autogradcli.language.lexer import normal
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.parser import parse
from autogradcli.problems.jsonlines import Line, read_lines
from autogradcli.problems.point import enumerate_names
from autogradcli.problems.strict_json import read_json

FIELDS = ("id", "expression", "wrt", "of", "upstream", "dtype")
"""Columns of a table that are no variables."""
_POINTS = re.compile(rb'"at"\s*:\s*\[')


def problem_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream of JSON Lines or of a table with a column `expression`, each with one point."""
    lines = read_lines(stream)
    first = next(lines, None)
    if first is None:
        return
    if not first.lstrip().startswith((b"{", b"[")) and "expression" in _cells(first):
        yield from _rows(first, lines, {})
    else:
        for line in chain([first], lines):
            yield from _points(line)


def point_lines(stream: BinaryIO, stated: Mapping[str, Any]) -> Iterator[Line]:
    """A line for each point of a stream: the rows of a table, or JSON Lines of objects; `stated` says the rest.

    Raises GradcalcError if the stream is empty, or its first line has no names.
    """
    lines = read_lines(stream)
    first = next(lines, None)
    if first is None:
        hint = "the first line has the names of the variables: x,y"
        raise GradcalcError("value", "there are no points", hint=hint)
    if first.lstrip().startswith(b"{"):
        for line in chain([first], lines):
            yield _joined(line, stated)
    else:
        yield from _rows(first, lines, stated)


def _joined(line: Line, stated: Mapping[str, Any]) -> Line:
    """The problem at the point that a line of JSON is; what is no point is left for the reader of lines to refuse."""
    try:
        point = read_json(line, "the line")
    except GradcalcError:
        return line
    return _line({**stated, "at": {**stated["at"], **point} if isinstance(point, dict) else point}, line.number)


def _rows(header: Line, lines: Iterator[Line], stated: Mapping[str, Any]) -> Iterator[Line]:
    """The rows of a table below its header."""
    names = _cells(header)
    if wrong := next((name for name in names if not name.isidentifier()), None):
        hint = "the first line has the names of the variables: x,y"
        if set(wrong) & set(";\t|"):
            hint = "columns are separated by commas: x,y"
        raise GradcalcError("value", f"line {header.number} of the table: {wrong or 'nothing'} is no name", hint=hint)
    if "expression" in stated:
        _check_columns(names, stated, header.number)
    for line in lines:
        cells = _cells(line)
        if len(cells) != len(names):
            message = f"line {line.number} of the table has {len(cells)} fields, and the first has {len(names)}"
            raise GradcalcError("shape", message, hint="columns are separated by commas")
        row = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
        fields: dict[str, Any] = {name: row.pop(name) for name in FIELDS if name in row and "expression" not in stated}
        if "wrt" in fields:
            fields["wrt"] = re.split(r"[,;\s]+", fields["wrt"])
        yield _line({**stated, **fields, "at": {**stated.get("at", {}), **row}}, line.number)


def _check_columns(names: Sequence[str], stated: Mapping[str, Any], line: int) -> None:
    """Raises GradcalcError if a column is no variable of the expression, or a variable has no column and no value."""
    given = {*map(normal, names), *stated.get("at", {})}
    variables = parse(stated["expression"], [*given, *stated.get("wrt", ())]).variables
    where = f"line {line} of the table"
    for name in names:
        if normal(name) not in variables:
            hint = did_you_mean(name, variables) or f"the variables are {enumerate_names(variables)}"
            raise GradcalcError("value", f"{where}: {name} is not a variable of the expression", hint=hint)
    for name in variables:
        if name not in given:
            hint = f"add a column {name}, or for one number at all points type --{name} NUMBER"
            raise GradcalcError("value", f"{where}: there is no column {name}", hint=hint)


def _cells(line: bytes) -> list[str]:
    text = line.decode("utf-8-sig", errors="replace")
    return [cell.strip() for cell in next(csv.reader([text]), [])]


def _points(line: Line) -> Iterator[Line]:
    """The line, or one for each of its points."""
    if not _POINTS.search(line):
        yield line
        return
    try:
        stated = read_json(line, "the line")
    except GradcalcError:
        yield line
        return
    points = stated.get("at") if isinstance(stated, dict) else None
    if not isinstance(points, list) or not points:
        yield line
        return
    for point in points:
        yield _line({**stated, "at": point}, line.number)


def _line(stated: Mapping[str, Any], number: int) -> Line:
    return Line(json.dumps(stated, ensure_ascii=False).encode(errors="surrogatepass"), number)
