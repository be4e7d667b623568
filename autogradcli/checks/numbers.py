"""Numbers that torch gives, beside what somebody expects of them."""

import math
from collections.abc import Mapping

from autogradcli.checks.describe import at
from autogradcli.compute.report import Report
from autogradcli.engines.results import Array, flat, shape
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.program import Program
from autogradcli.language.shapes import subscript, written


def difference(found: Array, formula: Program, report: Report, tolerance: float | None = None) -> str | None:
    """What is wrong with a value or a gradient in a report, in a sentence; None if it is what is expected.

    `formula` is what is expected, in the variables; `tolerance` is relative to it, the dtype's own if it is None.
    """
    from autogradcli.engines.arb.formulas import values  # python-flint is loaded with the engines, not before

    wanted, sizes, where = values(formula, point(report)), shape(found), at(point(report))
    if shape(wanted) not in {(), sizes}:
        return f"torch's shape is {written(sizes)}{where}, expected {written(shape(wanted))}"
    allowed = _tolerance(report) if tolerance is None else tolerance
    pairs = zip(flat(found), _spread(wanted, math.prod(sizes)), strict=True)
    wrong = [(place, one, other) for place, (one, other) in enumerate(pairs) if not _near(one, other, allowed)]
    if not wrong:
        return None
    place, one, other = max(wrong, key=lambda each: _distance(each[1], each[2]))
    index = subscript(place, sizes)
    return _said(f"{f' at {index}' if index else ''}{where}", one, other, allowed)


def point(report: Report) -> Mapping[str, Array]:
    """The point of a report: the values that torch received."""
    return {name: each.value for name, each in report.variables.items()}


def _spread(wanted: Array, size: int) -> list[float]:
    """The components of what is expected; one number is expected of every component."""
    return flat(wanted) if shape(wanted) else [wanted] * size


def _tolerance(report: Report) -> float:
    return DTYPES[next((variable.dtype for variable in report.variables.values()), "float64")].rtol


def _near(found: float, wanted: float, tolerance: float) -> bool:
    """Whether a number is what is expected: relative to that, or absolutely where 0 is expected."""
    if found == wanted:
        return True
    return abs(found - wanted) <= tolerance * (abs(wanted) or 1.0) and math.isfinite(wanted)


def _distance(found: float, wanted: float) -> float:
    distance = abs(found - wanted)
    return math.inf if math.isnan(distance) else distance


def _said(where: str, found: float, wanted: float, tolerance: float) -> str:
    if math.isnan(wanted):
        return f"torch gives {found!r}{where}, and what is expected has no value there"
    distance = f"off by {abs(found - wanted):.3g}, allowed {tolerance * (abs(wanted) or 1.0):.3g}"
    return f"torch gives {found!r}{where}, expected {wanted!r} ({distance})"
