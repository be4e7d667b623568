"""What several test modules share."""

from collections.abc import Mapping

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Gradient
from autogradcli.language.parser import parse


def problem(text: str, at: Mapping[str, str], dtype: str = "float64", symbolic: bool = False) -> Problem:
    """A problem with all variables asked about."""
    program = parse(text, given=tuple(at))
    return Problem(
        program, {name: parse(value) for name, value in at.items()}, program.variables, dtype, symbolic=symbolic
    )


def examine(text: str, at: Mapping[str, str], dtype: str = "float64") -> dict[str, Gradient]:
    """The findings on an expression at a point, by torch and Arb."""
    return compute(problem(text, at, dtype)).gradients
