"""`gradcalc eval --at`: one expression at many points."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Any

from autogradcli.cli.batch import draw_answer, run_lines, stream
from autogradcli.cli.inputs import STANDARD_INPUT, open_inputs
from autogradcli.cli.jobs import executor
from autogradcli.cli.output import say
from autogradcli.cli.pipeline import LineAnswer, Status
from autogradcli.cli.writing import Writing
from autogradcli.compute.problem import Options
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.jsonlines import Line
from autogradcli.problems.tables import point_lines
from autogradcli.processes.limits import Limits
from autogradcli.render.json import draw_json_line
from autogradcli.render.report import STREAMED
from autogradcli.render.report.points import DRAW


def evaluate_points(
    path: str, stated: Mapping[str, Any], options: Options, limits: Limits, form: str, writing: Writing
) -> Status:
    """What came of all points of a file, or of standard input; they are written as they come where that can be."""
    if form not in DRAW and form not in STREAMED:
        raise GradcalcError("usage", f"--at has no format {form}", hint=f"type --format {STREAMED[1]}")
    if "function" in stated:
        hint = "for many points type --x @points.csv:x --upstream 'ones_like(out)', or see gradcalc explain cases"
        raise GradcalcError("usage", "--function and --at exclude each other", hint=hint)
    (points,) = open_inputs([_existing(path)], writing.output)
    asked = {"at": {}, **{key: value for key, value in stated.items() if value or key == "at"}}
    draw = draw_json_line if form in DRAW else partial(draw_answer, form, writing)
    status = Status()
    places: list[str] = []
    lines = run_lines(_noted(point_lines(points, asked), path, places), executor(1, None, limits), options, draw)
    with points, writing.open(form) as place, closing(lines) as answers:
        texts = _counted(answers, status)
        if form in DRAW:
            pieces = DRAW[form](_told(map(json.loads, texts), places, form, writing), place.terminal)
        else:
            pieces = chain([stream(form).begin], texts, [stream(form).end])
        for piece in pieces:
            place.write(piece)
    return status


def _counted(answers: Iterable[LineAnswer], status: Status) -> Iterator[str]:
    """The texts of answers, each of which is taken into the status."""
    for answer in answers:
        status.add(answer)
        yield answer.text


def _noted(lines: Iterable[Line], path: str, places: list[str]) -> Iterator[Line]:
    """The lines, whose places are noted."""
    name = "" if path == STANDARD_INPUT else f"{os.path.basename(path.removeprefix('@'))}, "
    for line in lines:
        places.append(f"{name}line {line.number}")
        yield line


def _told(answers: Iterable[Any], places: Sequence[str], form: str, writing: Writing) -> Iterator[Any]:
    """The answers, whose errors name file, line and column; beside the table it is said which points have none."""
    failed: list[str] = []
    for number, answer in enumerate(answers, 1):
        if "error" in answer:
            message = _COLUMN.sub(r"column \1", answer["error"]["message"])
            answer["error"]["message"] = f"{places[number - 1]}, {message}"
            failed.append(places[number - 1])
        if form == "plain" and "error" in answer:
            say(f"error: point {number}: {answer['error']['message']}")
        yield writing.shown(answer, form)
    if failed and form != "plain":
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        say(f"error: {len(failed)} of {len(places):,} points: {'; '.join(failed[:MOST_NAMED])}{more}")


MOST_NAMED = 3
"""Points without an answer that are named beside a table."""
_COLUMN = re.compile(r'"([^"]+)" in "at"')
"""How the reader of lines calls the value of a variable."""


def _existing(path: str) -> str:
    """The path of the file that is named; raises GradcalcError, with what may be meant, if there is none."""
    name = path.removeprefix("@")
    if name == STANDARD_INPUT or os.path.exists(name):
        return name
    folder = os.path.dirname(name) or "."
    if re.fullmatch(r"[^\W\d]\w*=.+", path):
        hint = "--at takes a file with a column for each variable; for one point type --" + path.replace("=", " ", 1)
        raise GradcalcError("file", f"there is no file {name}", hint=hint)
    if re.fullmatch(r"\[?[-+\d.e]+(?:[,;\s]+[-+\d.e]+)+\]?", path):
        numbers = "\\\\n".join(re.findall(r"[-+\d.e]+", path))
        hint = f"points come from a file, or from a pipe: printf 'x\\\\n{numbers}\\\\n' | gradcalc eval EXPR --at -"
        raise GradcalcError("file", f"--at takes a table, and {path} is none", hint=hint)
    near = did_you_mean(os.path.basename(name), os.listdir(folder) if os.path.isdir(folder) else [])
    own = f"; the value of a variable called at is --set at={name}" if "." not in os.path.splitext(name)[1] else ""
    hint = near or f"--at takes a file with a column for each variable; for one point type --x NUMBER{own}"
    raise GradcalcError("file", f"there is no file {name}", hint=hint)
