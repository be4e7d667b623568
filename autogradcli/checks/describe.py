"""Points and claims in words."""

from collections.abc import Mapping

from autogradcli.compute.report import Report
from autogradcli.engines.results import Array, shape
from autogradcli.language.shapes import written


def at(point: Mapping[str, Array]) -> str:
    """` at x = 2.0`: a point as the end of a phrase; a tensor by its shape."""
    return f" at {described(point)}" if point else ""


def described(point: Mapping[str, Array]) -> str:
    """`x = 2.0, w of shape (2, 3)`."""
    parts = (
        f"{name} of shape {written(shape(value))}" if shape(value) else f"{name} = {value!r}"
        for name, value in point.items()
    )
    return ", ".join(parts)


def instead(name: str, status: str, report: Report) -> str:
    """`; SymPy's derivative is 2*x`, of a claim that is wrong, if SymPy has a formula."""
    found = report.findings().get(name)
    if status != "wrong" or found is None:
        return ""
    formula = found.symbolic.pattern or found.symbolic.formula
    return f"; SymPy's derivative is {formula}" if isinstance(formula, str) else ""
