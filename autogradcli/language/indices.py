"""Variables that torch does not differentiate: they pick components, or weight them, as in `cross_entropy`."""

from functools import cache

from autogradcli.functions.table import row
from autogradcli.language.program import Call, Program, Variable

NEVER = frozenset({"indices", "places", "subscripts", "fixed"})
"""Kinds of parameters that torch does not differentiate."""
FIXED = NEVER | {"classes"}
"""The same, and those that it differentiates if they are probabilities: only where somebody asks."""


def index_variables(program: Program, kinds: frozenset[str] = FIXED) -> dict[str, int]:
    """The variables that are used in this way and in no other, each with the step that uses it so."""
    if not any(isinstance(step, Call) and _picks(step.function) for step in program.steps):
        return {}
    picks: dict[int, int] = {}
    computes: set[int] = {program.output}
    for index, step in enumerate(program.steps):
        if isinstance(step, Call):
            parameters = row(step.function).parameters_of(step.operands, dict(step.options))
            for operand, parameter in zip(step.operands, parameters, strict=True):
                if parameter.kind in kinds:
                    picks.setdefault(operand, index)
                else:
                    computes.add(operand)
    return {
        step.name: picks[index]
        for index, step in enumerate(program.steps)
        if isinstance(step, Variable) and index in picks and index not in computes
    }


@cache
def _picks(function: str) -> bool:
    """Whether a row has such parameters."""
    return any(each.kind in FIXED for each in row(function).parameters)
