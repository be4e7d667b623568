"""Rows of tensor functions at work: what the tests of their families share."""

import math
from collections.abc import Mapping

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Report
from autogradcli.language.indices import index_variables
from autogradcli.language.parser import parse
from autogradcli.language.program import Call

VALUES = {
    "s": "0.7",
    "v": "[0.8, -1.2, 2.9]",
    "u": "[1.4, 0.3, -0.9]",
    "p": "[[0.2, 0.5, 0.7], [0.6, 0.9, 0.3]]",
    "m": "[[0.5, -1.1, 2.3], [1.7, 0.4, -0.6]]",
    "n": "[[1.3, 0.2, -0.4], [-0.8, 1.9, 0.9]]",
    "q": "[[0.5, -1.1], [1.7, 0.4], [-0.6, 2.1]]",
    "a": "[[1.5, -1.1], [0.7, 2.4]]",
    "b": "[[2.5, 0.3, -0.2], [0.6, 1.7, 0.4], [-0.3, 0.1, 3.2]]",
    "c": "sin(arange(25)*1.7).reshape(5, 5) + 2*eye(5)",
    "d": "sin(arange(64)*1.7).reshape(8, 8) + 2*eye(8)",
    "t": "sin(arange(24)*1.7 + 0.5).reshape(2, 3, 4)",
    "r": "cos(arange(24)*0.9).reshape(2, 4, 3)",
    "k": "sin(arange(12)*2.3).reshape(2, 3, 2)",
    "i": "[2, 0]",
    "w": "[0.3, 1.2, 2.1]",
}
"""Values that no two components share; a letter stands for the same one in every test."""


def report(session: Session, text: str, values: Mapping[str, str] = VALUES) -> Report:
    """The report on a sum that hangs on every component of a text in another way."""
    program = parse(f"sum(sin({text} + 0.4))")
    wrt = tuple(name for name in program.variables if name not in index_variables(program))
    at = {name: parse(values[name]) for name in program.variables}
    return session.start(Problem(program, at, wrt)).report()


def proven(text: str) -> bool:
    """Whether balls prove torch's value and gradients of a text."""
    with Session(symbolic=False) as session:
        found = report(session, text)
    assert found.exact_value is not None
    return found.verdict == "verified" and math.isclose(
        found.value, float(found.exact_value.value), rel_tol=1e-12, abs_tol=1e-12
    )


def rows(text: str) -> set[str]:
    """The rows of the table that a text calls."""
    return {step.function for step in parse(text).steps if isinstance(step, Call)}
