"""One expression at many points: a table with a line for each, or the bare numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from autogradcli.compute.report import findings_of
from autogradcli.render.blocks import NO_NUMBER
from autogradcli.render.layout import Column, Table, draw_table
from autogradcli.render.numbers import entries, shortest
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS

Answer = Mapping[str, Any]
"""A report as the JSON object that stands for it, or an object with an `error`."""


def draw_points(answers: Sequence[Answer], terminal: Terminal) -> str:
    """A table: the point, the value, the gradients and the verdict of each answer."""
    reports = [each for each in answers if "error" not in each]
    inputs = dict.fromkeys(name for each in reports for name in each["variables"])
    gradients = dict.fromkeys(name for each in reports for name in findings_of(each))
    columns = [
        *(Column(name, tuple(_input(each, name) for each in answers), right=True) for name in inputs),
        Column("value", tuple(_number(each.get("value")) for each in answers), right=True),
        *(Column(f"d/d{name}", tuple(_gradient(each, name) for each in answers), right=True) for name in gradients),
        Column("verdict", tuple(map(_verdict, answers)), styles=tuple(map(_style, answers))),
    ]
    return "".join(f"{line}\n" for line in draw_table(Table(tuple(columns)), terminal))


def draw_bare(answers: Sequence[Answer], _: Terminal) -> str:
    """The gradients of each answer on a line, with spaces between them."""
    lines = [
        " ".join(_number(each["autograd"]) for each in findings_of(answer).values()) if "error" not in answer else "nan"
        for answer in answers
    ]
    return "".join(f"{line}\n" for line in lines)


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


DRAW = {"text": draw_points, "plain": draw_bare}
"""The formats that hold all points at once; the others are written as answers come."""
