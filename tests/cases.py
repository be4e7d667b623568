"""Case files made for tests."""

from pathlib import Path
from textwrap import dedent

from autogradcli.checks.outcome import Outcome
from autogradcli.compute.problem import Options
from autogradcli.problems.cases.build import CaseError, build_case
from autogradcli.problems.cases.read import read_cases


def write(folder: Path, text: str, name: str = "formulas.grad.toml") -> str:
    """The path of a case file with this text, its indentation taken off."""
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return str(path)


def complaint(path: str) -> tuple[int, str, str | None]:
    """Line, message and hint of the first thing that is wrong with a file."""
    for entry in read_cases(path):
        if isinstance(entry, Outcome):
            assert entry.error is not None
            return entry.place.line, entry.error["message"], entry.error["hint"]
        try:
            build_case(entry, Options())
        except CaseError as error:
            return error.line, error.message, error.hint
    raise AssertionError("nothing is wrong with it")
