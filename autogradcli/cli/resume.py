"""Going on where a run was interrupted."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from autogradcli.checks.outcome import Outcome
from autogradcli.checks.run import CaseOrOutcome
from autogradcli.cli.pipeline import Status
from autogradcli.compute.problem import Options, Problem
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from autogradcli.language.program import Constant, Program, Tensor
from autogradcli.problems.jsonlines import MAX_LINE, BadLine, read_problem


def check_resumable(path: str, alone: bool) -> None:
    """Raises GradcalcError if an interrupted run cannot go on with a file.

    That is so if something else is said of the output (not `alone`), or if the file has but half a line, which is cut
    off, and that is not the beginning of ours.
    """
    if not alone:
        raise GradcalcError("usage", "--resume is for JSON Lines in a file, and names the file itself")
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return  # to open it says why that cannot be
    with open(path, "rb") as file:
        line = file.readline(MAX_LINE)
    if line and not line.startswith(b"{") and not line.endswith(b"\n"):
        raise _other(path, 1, "it is no JSON")


def done_cases(entries: Iterator[CaseOrOutcome], path: str) -> Iterator[Outcome]:
    """The outcomes in a file, whose cases are taken from `entries`; raises GradcalcError if they are of other cases."""
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                outcome = Outcome.from_dict(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise _other(path, number, "it is no outcome of gradcalc check") from error
            entry = next(entries, None)
            if entry is None:
                raise _other(path, number, "there is no such case")
            if (entry.place.name, entry.place.file) != (outcome.place.name, outcome.place.file):
                raise _other(path, number, "it is of another case than the files have there")
            if entry.place.digest != outcome.place.digest:
                raise _other(path, number, "the case has been changed since")
            yield outcome


def unfinished(lines: Iterable[bytes], path: str, status: Status, options: Options) -> Iterator[bytes]:
    """The lines that the answers in a file do not answer yet; `status` takes in those that they do.

    Raises GradcalcError if the file answers other lines than these.
    """
    rest = iter(lines)
    with open(path, "rb") as answers:
        for number, answer in enumerate(answers, start=1):
            line = next(rest, None)
            if line is None:
                raise _other(path, number, "there is no such line in the input")
            _compare(path, number, _read(path, number, answer), line, options, status)
    return rest


def _read(path: str, number: int, answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
        if {"id", "expression"} <= found.keys():
            return found  # type: ignore[no-any-return]
    except (ValueError, AttributeError):
        pass
    raise _other(path, number, "it is no answer of gradcalc batch")


def _compare(path: str, number: int, answer: dict[str, Any], line: bytes, options: Options, status: Status) -> None:
    problem = read_problem(line, options)
    expression = problem.expression if isinstance(problem, BadLine) else problem.program.source
    if (answer["id"], answer["expression"]) != (problem.id, expression):
        raise _other(path, number, "it answers another line than the input has there")
    if isinstance(problem, Problem) and any(
        _differs(variable, problem.at[name], problem.options.dtype)
        for name, variable in answer.get("variables", {}).items()
    ):
        raise _other(path, number, "it is of another point or dtype than the input has there")
    status.verdicts.update([answer["verdict"]] if "verdict" in answer else [])
    status.failed |= "error" in answer


def _differs(variable: Mapping[str, Any], value: Program, dtype: str) -> bool:
    """Whether a variable that was answered for is not the one that the input has.

    Of what is computed or rounded, which only torch could tell, the dtype alone is compared.
    """
    only = value.steps[0]
    if variable["dtype"] != dtype or dtype != "float64" or len(value.steps) > 1:
        return bool(variable["dtype"] != dtype)
    if isinstance(only, Constant) and isinstance(only.value, Fraction):
        return bool(variable["value"] != float(only.value))
    return isinstance(only, Tensor) and flat(variable["value"]) != list(only.components)


def _other(path: str, number: int, why: str) -> GradcalcError:
    return GradcalcError("usage", f"{path} cannot be gone on with: line {number}: {why}", hint="write to another file")
