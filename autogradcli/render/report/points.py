"""One expression at many points: a table with a line for each, or the bare numbers."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autogradcli.compute.report import findings_of
from autogradcli.errors import columns
from autogradcli.render.blocks import NO_NUMBER
from autogradcli.render.digits import in_digits
from autogradcli.render.layout import Column, Table, draw_table
from autogradcli.render.numbers import entries, shortest
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS

FEW = 6
"""Digits that numbers have where more do not fit."""
Answer = Mapping[str, Any]
"""A report as the JSON object that stands for it, or an object with an `error`."""


def draw_points(found: Iterable[Answer], terminal: Terminal) -> Iterator[str]:
    """A table: the point, the value, the gradients and the verdict of each answer; in few digits if it is too wide."""
    answers = list(found)
    lines = draw_table(_table(answers), terminal.endless)
    if terminal.width is not None and max(map(columns, lines)) > terminal.width:
        lines = draw_table(_table([in_digits(each, FEW) for each in answers]), terminal)
    yield from (f"{line}\n" for line in lines)


def _table(answers: Sequence[Answer]) -> Table:
    reports = [each for each in answers if "error" not in each]
    inputs = dict.fromkeys(name for each in reports for name in each["variables"])
    gradients = dict.fromkeys(name for each in reports for name in findings_of(each))
    found = [
        *(Column(name, tuple(_input(each, name) for each in answers), right=True) for name in inputs),
        Column("value", tuple(_number(each.get("value")) for each in answers), right=True),
        *(Column(f"d/d{name}", tuple(_gradient(each, name) for each in answers), right=True) for name in gradients),
        Column("verdict", tuple(map(_verdict, answers)), styles=tuple(map(_style, answers))),
    ]
    return Table(tuple(found))


def draw_bare(answers: Iterable[Answer], _: Terminal) -> Iterator[str]:
    """The gradients of each answer on a line, with spaces between them."""
    for answer in answers:
        numbers = [] if "error" in answer else [_number(each["autograd"]) for each in findings_of(answer).values()]
        yield f"{' '.join(numbers) or 'nan'}\n"


def draw_csv(answers: Iterable[Answer], _: Terminal) -> Iterator[str]:
    """The same as a table in CSV, with the reason beside each verdict; the first report says what columns there are."""
    waiting: list[Answer] = []
    columns: dict[str, None] | None = None
    for answer in answers:
        waiting.append(answer)
        if columns is None and "error" not in answer:
            columns = dict.fromkeys(_cells(answer))
            yield _line(columns)
        if columns is not None:
            yield from (_line(_cells(each).get(name, "") for name in columns) for each in waiting)
            waiting = []
    yield from (_line(_cells(each).values()) for each in waiting)


def _cells(answer: Answer) -> dict[str, str]:
    """What a row of CSV says, by column."""
    if "error" in answer:
        return {"verdict": "error", "reason": answer["error"]["message"]}
    found = findings_of(answer)
    reasons = [each["reason"] for each in found.values() if each["reason"]]
    return {
        **{name: _input(answer, name) for name in answer["variables"]},
        "value": _number(answer["value"]),
        **{f"d/d{name}": _gradient(answer, name) for name in found},
        "verdict": answer["verdict"],
        "reason": " | ".join(f"{each['code']} {each['message']}" for each in reasons),
    }


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()


def _input(answer: Answer, name: str) -> str:
    found = answer.get("variables", {}).get(name)
    return "" if found is None else _number(found["value"])


def _gradient(answer: Answer, name: str) -> str:
    found = {} if "error" in answer else findings_of(answer)
    return (_number(found[name]["autograd"]) or NO_NUMBER) if name in found else ""


def _number(value: Any) -> str:
    """A number or a tensor; JSON has text for what is not finite."""
    return (
        ""
        if value is None
        else entries(value, lambda each: each if isinstance(each, str) else shortest(float(each), "float64"))
    )


def _verdict(answer: Answer) -> str:
    return f"error: {answer['error']['message']}" if "error" in answer else str(answer["verdict"])


def _style(answer: Answer) -> str | None:
    return "red" if "error" in answer else LOOKS[answer["verdict"]].style


DRAW = {"text": draw_points, "plain": draw_bare, "csv": draw_csv}
"""The formats that have a row for each point; the others are those of many reports."""
