"""The edges of the dtypes, and parameters of any size: every finding there is true, as mpmath tells it."""

import math
from collections.abc import Iterator
from fractions import Fraction

import pytest

from autogradcli.engines.arb.error_bounds import measure_gradients
from autogradcli.functions.function import Function, Parameter
from autogradcli.functions.table import rows
from autogradcli.language.dtypes import DTYPES, Dtype
from autogradcli.language.parser import parse
from tests.generate import Case
from tests.helpers import examine, prove
from tests.oracles.findings import outcomes

ARITHMETIC = ["x", "x*1", "x/2", "2*x", "x*x", "x*x*x", "x + 1", "x - x/3", "x/(1 + x)", "1/x"]
FUNCTIONS = ["sqrt", "cbrt", "log", "log1p", "exp", "sin", "atan", "tanh", "sigmoid", "abs", "relu"]
EXPRESSIONS = [*ARITHMETIC, *(f"{name}(x)" for name in FUNCTIONS), "x**0.5", "exp(-x)", "hypot(x, 1)"]


def edges(dtype: Dtype) -> dict[str, float]:
    """The numbers at which a format ends, by what they are."""
    return {
        "largest": dtype.largest,
        "smallest normal": dtype.normal,
        "largest subnormal": dtype.normal * (1 - 2 * dtype.unit_roundoff),
        "smallest": math.ldexp(1.0, dtype.smallest),
        "next to 1": 1 + 2 * dtype.unit_roundoff,
    }


@pytest.mark.parametrize("edge", edges(DTYPES["float64"]))
@pytest.mark.parametrize("dtype", DTYPES)
def test_findings_at_the_edges_of_a_dtype_are_true(dtype: str, edge: str) -> None:
    """Overflow, underflow and rounding are judged by the dtype's own range and unit roundoff."""
    x = edges(DTYPES[dtype])[edge]
    cases = [Case(text, {"x": sign * x}, dtype, "wild") for text in EXPRESSIONS for sign in (1, -1)]
    assert [(case.text, case.at, each) for case in cases for each in outcomes(case) if each.violations] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("units", "inside"), [(0, True), (3, True), (40, False)])
def test_the_budget_is_in_the_dtypes_own_unit_roundoff(dtype: str, units: float, inside: bool) -> None:
    """The same number of units of roundoff is explained, or not, in every format."""
    format_ = DTYPES[dtype]
    found = prove(parse("x*x", given=("x",)), {"x": 1.5}, format_)
    number = 3.0 * (1 + units * format_.unit_roundoff)
    (opinion,) = measure_gradients(found, "x", [number])
    assert opinion.inside is inside


SIZES = ["1e20", "1e300", "-1e300", "1e-300"]
POINT = {"x": 0.7, "y": 1.3, "z": 0.4}


def parametrised() -> list[tuple[Function, Parameter]]:
    """Every number that is a parameter of a scalar function, with the function."""
    scalar = [each for each in rows().values() if each.returns == "number" and not each.tensor]
    return [(each, parameter) for each in scalar for parameter in each.parameters if parameter.kind == "number"]


def call(function: Function, chosen: Parameter, size: str) -> str:
    """A call of the function with that size for one parameter."""
    names = iter(POINT)
    written = []
    for parameter in function.parameters:
        text = size if parameter == chosen else argument(parameter, names)
        written.append(f"{parameter.name}={text}" if parameter.keyword_only else text)
    return f"{function.name}({', '.join(written)})"


def argument(parameter: Parameter, names: Iterator[str]) -> str:
    """Something ordinary for a parameter."""
    if parameter.kind == "number":
        return str(parameter.default) if isinstance(parameter.default, Fraction) else "2"
    if parameter.kind == "boolean":
        return f"{next(names)} > 1"
    return f'"{parameter.choices[0]}"' if parameter.kind == "option" else next(names)


@pytest.mark.parametrize(("function", "parameter"), parametrised(), ids=lambda each: each.name)
def test_findings_with_parameters_of_any_size_are_true(function: Function, parameter: Parameter) -> None:
    """No parameter makes gradcalc crash, hang or say what is not so."""
    for size in SIZES:
        text = call(function, parameter, size)
        at = {name: POINT[name] for name in parse(text, given=tuple(POINT)).variables}
        assert [each for each in outcomes(Case(text, at, "float64", "wild")) if each.violations] == []


def test_rows_that_torch_has_not_are_granted_the_rounding_of_their_definition() -> None:
    """gamma(19.5) is exp(37.86…) in torch's hands: in float32, 13 units in the last place are honest."""
    found = examine("gamma(x)", {"x": "19.5"}, "float32")["x"]
    assert (found.verdict, found.reason.code if found.reason else None) == ("imprecise", "GC302")
