"""A case: one expression at one point or many, and what is to hold there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autogradcli.compute.problem import Problem
from autogradcli.language.program import Program


@dataclass(frozen=True, slots=True)
class CasePlace:
    """Where a case is written down."""

    name: str
    file: str
    line: int
    """Counted from 1."""
    digest: str = ""
    """Tells whether what a case of a file says has changed."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is to hold at every point of a case. With nothing stated, gradients are to be right and to exist."""

    value: Program | None = None
    """The expected value of the output, as an expression in the variables of the case."""
    grad: Mapping[str, Program] = field(default_factory=dict)
    """The expected gradients, in the same way."""
    further: Mapping[tuple[str, ...], Program] = field(default_factory=dict)
    """Other expected derivatives, by their path in the report: `hessian`, `x`, `y`."""
    verdicts: tuple[str, ...] = ()
    """The verdicts that are allowed; none stated means any but mismatch and undefined."""
    tolerance: float | None = None
    """How far `value` and `grad` may be off, relative to what is expected; None for the dtype's own tolerance.

    Claims, which are the problem's, are exact unless it is given.
    """


@dataclass(frozen=True, slots=True)
class Case:
    """A case, understood."""

    place: CasePlace
    problems: tuple[Problem, ...]
    """One for each point."""
    expected: Expectation


@dataclass(frozen=True, slots=True)
class CaseText:
    """A case as it stands in a file: only where it is, and what its keys say."""

    place: CasePlace
    fields: Mapping[str, Any]
    """Its own keys, and those of the file's defaults that it has not."""
    lines: Mapping[str, int]
    """The line of each key; of what stands in a table, by dotted path (`grad.x`)."""

    def line(self, key: str) -> int:
        """The line of a key, or of the table that it should stand in."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, self.place.line)
