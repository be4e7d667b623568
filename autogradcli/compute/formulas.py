"""Derivatives as formulas alone, at no point: SymPy is asked and torch is not."""

from autogradcli.engines.sympy.process import Derivative, SymbolicProcess
from autogradcli.language.program import Program

STYLES = ("text", "latex", "python", "c")
"""The languages that SymPy prints formulas in."""


def derivatives(program: Program, wrt: tuple[str, ...], style: str, timeout: float) -> dict[str, Derivative]:
    """The derivative with respect to each variable in one of `STYLES`, or why there is none; `timeout` in seconds."""
    if not wrt:
        return {}
    with SymbolicProcess() as process:
        return process.result(process.differentiate(program, wrt, timeout, style)).derivatives
