"""Every row of the table against its meaning in mpmath, which was written by hand and knows nothing of our parser."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autogradcli.compute.compute import Session
from autogradcli.functions.function import Function
from autogradcli.functions.table import row, rows
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Tensor
from autogradcli.language.tape import Input, Literal, scalarise
from tests.meanings import VALUES, report
from tests.oracles.precise import MEANING, close, exactly, real
from tests.oracles.rows import NUMBERS, TENSORS
from tests.oracles.rows.shaping import whole
from tests.oracles.rows.tools import each
from tests.test_meaning_formulas import CALLS, WITHOUT_FORMULA

DIGITS = 50
MATRICES = [
    "svdvals(a)",
    "eigvalsh(a + a.T)",
    "cond(a)",
    "eigh(a + a.T).eigenvalues",
    "torch.linalg.svd(a).S",
    "svd(a).S",
]
"""Calls of rows that have no definition in scalar operations."""


def called(function: Function, operands: list[Any], options: Mapping[str, Any]) -> Any:
    """What the meaning by hand gives."""
    if not function.tensor:
        return each(NUMBERS[function.name])(*operands)
    given = function.arguments(operands, options)
    given.pop("dtype", None)
    for parameter in function.parameters:
        if given.get(parameter.name) is None:
            continue
        if parameter.kind == "indices" or (parameter.kind == "classes" and np.ndim(given[parameter.name]) < 2):
            given[parameter.name] = whole(given[parameter.name])
    return np.asarray(TENSORS[function.name](**given), dtype=object)


def by_hand(program: Program, at: Mapping[str, Any]) -> Any:
    """The value of a program, one call of a meaning after the other."""
    found: list[Any] = []
    for step in program.steps:
        if isinstance(step, Call):
            found.append(called(row(step.function), [found[each] for each in step.operands], dict(step.options)))
        elif isinstance(step, Constant):
            found.append(np.array(exactly(step.value), dtype=object))
        elif isinstance(step, Tensor):
            found.append(np.array([mp.mpf(each) for each in step.components], dtype=object).reshape(step.shape))
        else:
            found.append(at[step.name])
    return found[program.output]


def by_tape(program: Program, at: Mapping[str, Any]) -> Any:
    """The value of the program's tape, whose entries are functions that mpmath has."""
    shapes = {name: value.shape for name, value in at.items() if value.ndim}
    tape = scalarise(program, lambda each: each.name in MEANING, shapes)
    values: list[Any] = []
    for entry in tape.entries:
        if isinstance(entry, Input):
            values.append(at[entry.name].ravel()[entry.place])
        elif isinstance(entry, Literal):
            values.append(exactly(entry.value))
        else:
            values.append(real(MEANING[entry.function], [values[operand] for operand in entry.operands]))
    return values[tape.output]


def point(program: Program) -> dict[str, Any]:
    """The values of its variables."""
    return {name: by_hand(parse(VALUES[name]), {}) for name in program.variables}


def test_every_row_has_a_meaning_by_hand() -> None:
    """But for random numbers, and for derivatives, which are not made of the values of their operands."""
    table = [each for each in rows().values() if not (each.random or each.differentiates)]
    missing = [each.name for each in table if each.name not in (TENSORS if each.tensor else NUMBERS)]
    assert missing == [], "write their meanings into tests/oracles/rows/"


def test_every_meaning_has_its_row() -> None:
    """One that no row asks for would be dead."""
    assert {*TENSORS, *NUMBERS} <= set(rows())


@pytest.mark.parametrize("text", CALLS)
def test_a_tensor_row_means_what_is_written_by_hand(text: str) -> None:
    """Its body or its definition gives the same number, to many digits; each component counts in another way."""
    program = parse(f"sum(sin({text} + 0.4))")
    with mp.workdps(DIGITS):
        at = point(program)
        assert close(by_tape(program, at), by_hand(program, at)[()], 1e-40)


@pytest.mark.parametrize("text", [*WITHOUT_FORMULA, *MATRICES])
def test_torch_computes_what_is_written_by_hand(text: str) -> None:
    """Where the tape has no operations, or not these."""
    program = parse(f"sum(sin({text} + 0.4))")
    with mp.workdps(DIGITS), Session(symbolic=False) as session:
        assert close(report(session, text).value, by_hand(program, point(program))[()], 1e-12)
