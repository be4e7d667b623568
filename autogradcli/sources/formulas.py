"""Formulas beside a program: what somebody says that its value or a derivative of it is."""

from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.parser import parse
from autogradcli.language.program import Program


def parse_formula(program: Program, text: str, label: str) -> Program:
    """An expression in the variables of a program."""
    try:
        formula = parse(text, program.variables)
    except GradcalcError as error:
        message = f"{label}: {error.message}"
        raise GradcalcError(error.kind, message, source=error.source, span=error.span, hint=error.hint) from error
    for name in formula.variables:
        if name not in program.variables:
            span = formula.steps[formula.variable_index(name)].span
            hint = did_you_mean(name, program.variables) or f"there are {', '.join(program.variables)}"
            message = f"{label}: {name} is not a variable of the expression"
            raise GradcalcError("name", message, source=text, span=span, hint=hint)
    return formula
