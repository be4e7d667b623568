"""The chain rule written out: its factors, their products, and what they add up to."""

import json
import math
import operator
import re
from functools import reduce
from typing import Any
from unittest.mock import patch

import pytest
from flint import arb

from autogradcli.engines.arb import paths as module
from autogradcli.engines.arb.paths import paths
from autogradcli.engines.results import Ball, flat
from autogradcli.engines.torch.engine import differentiate
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.local_derivatives import local_slope
from autogradcli.language.parser import parse
from tests.command import Screen, gradcalc
from tests.generate import Case, cases
from tests.helpers import prove


def ball(text: Ball) -> arb:
    """The ball that a text means."""
    return arb(text.value, text.radius)


def random_cases() -> list[Case]:
    """Scalar programs of both families, shared subexpressions included."""
    found = [case for family in ("tame", "wild") for case in cases(family, "float64", "trace", 60)]
    return [*found, *(Case(f"t = {case.text}; t*t + sin(t)", case.at, case.dtype, case.family) for case in found[:40])]


@pytest.mark.parametrize("case", random_cases(), ids=lambda case: case.text[:40])
def test_the_products_add_up_to_the_gradient_in_balls(case: Case) -> None:
    """Each path's product is that of its factors, and all paths together are the gradient that the sweep proves."""
    program = parse(case.text, given=tuple(case.at))
    proof = prove(program, case.at, DTYPES["float64"])
    values = differentiate(program, {name: parse(repr(x)) for name, x in case.at.items()}, (), "float64").values
    with patch.object(module, "MOST_PATHS", 500), patch.object(module, "MOST_LINKS", 50_000):
        for name in program.variables:
            found = paths(proof, values, name)
            if len(found.shown) < found.count or any(path.product is None for path in found.shown):
                continue
            for path in found.shown:
                factors = [ball(link.derivative) for link in path.links if link.derivative is not None]
                if len(factors) == len(path.links):
                    assert reduce(operator.mul, factors, arb(1)).overlaps(ball(path.product))
            total = sum((ball(path.product) for path in found.shown), arb(0))
            assert total.overlaps(ball(found.total))
            assert ball(found.total).overlaps(proof.gradient(proof.plan.asked[name][0]))


def trace(text: str, name: str, **at: str) -> dict[str, Any]:
    """The chain rule for one name, as JSON has it."""
    given = [word for each, value in at.items() for word in (f"--{each}", value)]
    result = gradcalc("eval", text, *given, "--trace", "--json", "--no-symbolic")
    found: dict[str, Any] = json.loads(result.out)["traces"][name]
    return found


def test_each_step_stands_on_its_own() -> None:
    """From the output down: what is differentiated by what, the formula, the number, and the product so far."""
    (path,) = trace("sin(3*x**2)", "x", x="0.5")["paths"]
    assert [(each["expression"], each["operand"], each["formula"]) for each in path["factors"]] == [
        ("sin(3*x**2)", "3*x**2", "cos(3*x**2)"),
        ("3*x**2", "x**2", "3"),
        ("x**2", "x", "2*x"),
    ]
    values = [float(each["derivative"]["value"]) for each in path["factors"]]
    assert values == pytest.approx([math.cos(0.75), 3, 1], rel=1e-15)
    assert float(path["product"]["value"]) == pytest.approx(3 * math.cos(0.75), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "name", "at", "products", "total"),
    [
        ("x*x", "x", {"x": "3"}, ["3", "3"], "6"),
        ("y = x**2; y*x + y", "x", {"x": "2"}, ["8", "4", "4"], "16"),
        ("where(x > 0, sqrt(x), x)", "x", {"x": "-1"}, ["0", "1"], "1"),
        ("x", "x", {"x": "3"}, ["1"], "1"),
        ("x + 0*y", "y", {"x": "3", "y": "1"}, ["0"], "0"),
        ("sum(v*v)", "v", {"v": "[1, 2]"}, [["1", "2"], ["1", "2"]], ["2", "4"]),
        ("sum(m @ v)", "v", {"m": "[[1, 2], [3, 4]]", "v": "[1, 1]"}, [["4", "6"]], ["4", "6"]),
    ],
)
def test_paths_are_added(text: str, name: str, at: dict[str, str], products: list[Any], total: Any) -> None:
    """A path through a branch that is not taken adds nothing, whatever lies on it."""
    found = trace(text, name, **at)
    assert [_values(path["product"]) for path in found["paths"]] == products
    assert (found["count"], _values(found["total"])) == (len(products), total)


def _values(balls: Any) -> Any:
    return [each["value"] for each in flat(balls)] if isinstance(balls, list) else balls["value"]


def test_a_kink_has_no_derivative() -> None:
    """Nothing is claimed where there is none."""
    found = trace("abs(x)", "x", x="0")
    assert (found["paths"][0]["factors"][0]["derivative"], found["total"]) == (None, None)


def test_of_many_paths_some_are_shown() -> None:
    """Forty squarings of squarings: their number is told, and their sum."""
    text = "; ".join(["y0 = x*x", *(f"y{i} = y{i - 1}*y{i - 1}" for i in range(1, 40)), "y39"])
    found = trace(text, "x", x="1")
    assert (len(found["paths"]), found["count"], found["total"]["value"]) == (10, 2**40, str(2**40))
    out = gradcalc("eval", text, "--x", "1", "--trace", "--no-symbolic").out
    assert "df/dx = the sum of these and 1,099,511,627,766 more paths = 1099511627776" in out


def test_the_text_ends_with_the_sum() -> None:
    """One line for each factor, path by path."""
    out = gradcalc("eval", "x**2 - 3*x", "--x", "2", "--trace", "--no-symbolic").out
    assert out[out.index("chain rule") : out.index("\nverdict")] == (
        "chain rule for df/dx: 2 paths, which are added\n"
        "path 1                    formula   value   product so far\n"
        "  d(x**2 - 3*x)/d(x**2)   = 1           1                1\n"
        "  d(x**2)/dx              = 2*x         4                4\n"
        "path 2                   formula   value   product so far\n"
        "  d(x**2 - 3*x)/d(3*x)   = -1         -1               -1\n"
        "  d(3*x)/dx              = 3           3               -3\n"
        "df/dx = 4 + (-3) = 1\n"
    )


def test_what_cannot_be_proven_has_no_chain_rule() -> None:
    """Too many operations: the report says so, and there is no trace."""
    words = ("eval", "exp(sin(x))", "--x", "2", "--trace", "--json", "--no-symbolic", "--max-operations", "1")
    assert json.loads(gradcalc(*words).out)["traces"] == {}


@pytest.mark.parametrize(
    ("text", "place", "slope"),
    [
        ("x**3", 0, "3*x**2"),
        ("x**2", 0, "2*x"),
        ("x**2.5", 0, "2.5*x**1.5"),
        ("x**-1", 0, "-1*x**(-2)"),
        ("(x + y)**y", 0, "y*(x + y)**(y - 1)"),
        ("x**y", 1, "x**y*log(x)"),
        ("log(x*y)", 0, "1/(x*y)"),
        ("x/y", 1, "-x/y**2"),
        ("sin(x)/exp(y)", 1, "-sin(x)/exp(y)**2"),
        ("sqrt(x - y)", 0, "1/(2*sqrt(x - y))"),
        ("relu(x*y)", 0, "relu'(x*y)"),
        ("x*y", 0, "y"),
        ("sinc(x)", 0, "(cos(pi*x) - sinc(x))/x"),
    ],
)
def test_slopes_in_symbols(text: str, place: int, slope: str) -> None:
    """The row's own formula with the operands put in, and what is constant worked out."""
    program = parse(text)
    values: list[object] = [0.5 for _ in program.steps]
    assert local_slope(program, values, program.output, place) == slope


def test_a_row_with_a_formula_of_its_own_for_one_point() -> None:
    """At 0, sinc has the slope 0."""
    program = parse("sinc(x)")
    assert local_slope(program, [0.0, 1.0], program.output, 0) == "0"


def test_numbers_have_fewer_digits_where_the_terminal_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of the paths are no wider than it, and no row of them goes on in a second line."""
    monkeypatch.setenv("COLUMNS", "80")
    words = ("eval", "x**2 - 3*x + exp(sin(x))", "--x", "2", "--trace", "--no-symbolic")
    out = gradcalc(*words, stream=Screen).out
    rule = re.sub(r"\x1b\[[0-9;]*m", "", out[out.index("chain rule") : out.rindex("verdict")]).splitlines()
    assert max(map(len, rule)) <= 80
    products = [float(line.split()[-1]) for line in rule if line.startswith("  d(")]
    slope = math.exp(math.sin(2)) * math.cos(2)
    assert products == pytest.approx([1, 1, 4, 1, -1, -3, 1, math.exp(math.sin(2)), slope], rel=1e-5)
