"""Derivatives as formulas alone, at no point: SymPy is asked and torch is not."""

from autogradcli.engines.sympy.process import Derivative, SymbolicProcess
from autogradcli.language.program import Call, Program, Variable
from autogradcli.language.table import row

STYLES = ("text", "latex", "python", "c")
"""The languages that SymPy prints formulas in."""


def derivatives(program: Program, wrt: tuple[str, ...], style: str, timeout: float) -> dict[str, Derivative]:
    """The derivative with respect to each variable in one of `STYLES`, or why there is none; `timeout` in seconds."""
    if not wrt:
        return {}
    with SymbolicProcess() as process:
        return process.result(process.differentiate(program, wrt, timeout, style)).derivatives


def taken_for_numbers(program: Program) -> dict[str, int]:
    """The variables to which a function of whole tensors is applied, each with the first step that does so.

    A formula at no point knows no shapes: every variable is a number in it. In a list, it was meant to be one.
    """
    below: list[frozenset[str]] = []
    found: dict[str, int] = {}
    for index, step in enumerate(program.steps):
        names = frozenset[str]()
        if isinstance(step, Variable):
            names = frozenset({step.name})
        elif isinstance(step, Call) and not any(each.variadic for each in row(step.function).parameters):
            names = names.union(*(below[operand] for operand in step.operands))
            if row(step.function).tensor:
                found |= {name: index for name in program.variables if name in names and name not in found}
        below.append(names)
    return found
