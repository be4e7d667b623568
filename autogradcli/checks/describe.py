"""Points and claims in words."""

from collections.abc import Mapping

from autogradcli.compute.report import Report
from autogradcli.engines.results import Array, flat, shape
from autogradcli.language.shapes import written

FEW = 12
"""Components of a tensor up to which its numbers are named."""


def at(point: Mapping[str, Array]) -> str:
    """` at x = 2.0`: a point as the end of a phrase; a large tensor by its shape."""
    return f" at {described(point)}" if point else ""


def described(point: Mapping[str, Array]) -> str:
    """`x = 2.0, v = [1.0, 2.0], w of shape (20, 30)`: numbers that can be typed in again where they are few."""
    parts = (
        f"{name} = {value!r}" if len(flat(value)) <= FEW else f"{name} of shape {written(shape(value))}"
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
