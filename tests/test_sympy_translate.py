"""From programs to SymPy expressions."""

import pytest
import sympy

from autogradcli.engines.sympy.adapters import Max, Min, cbrt, magnitude, where
from autogradcli.engines.sympy.translate import translate
from autogradcli.language.parser import parse

x, y, z = (sympy.Symbol(name, real=True) for name in "xyz")

EXPRESSIONS = [
    ("x + y - (z - x) - -y", 2 * x + 2 * y - z),
    ("x*y/(z/x)/2", x**2 * y / z / 2),
    ("-(x*y)/-z", x * y / z),
    ("s = x + y; s*s + s", (x + y) ** 2 + x + y),
    ("p = x*y; p + p*z", x * y + x * y * z),
    ("0.1*x", sympy.Rational(1, 10) * x),
    ("e**x + tau + pi", sympy.exp(x) + 3 * sympy.pi),
    ("log(x, 2)", sympy.log(x) / sympy.log(2)),
    ("hypot(x, y)", sympy.sqrt(x**2 + y**2)),
    ("y = 7; x", x),
    ("where(x < y, x, z)", where(x < y, x, z)),
    ("max(x, y, x)", Max(x, y)),
    ("min(x, min(y, z))", Min(x, y, z)),
    ("abs(x*y)", sympy.Abs(x * y)),
    ("abs(log(x))", magnitude(sympy.log(x))),
    ("cbrt(x)", cbrt(x)),
    ("floor(2.5)*x", 2 * x),
    ("xlogy(x, y)", x * sympy.log(y)),
    ("xlog1py(x, y)", x * sympy.log(1 + y)),
    ("i1(x)*digamma(x)", sympy.besseli(1, x) * sympy.polygamma(0, x)),
]


@pytest.mark.parametrize(("text", "expression"), EXPRESSIONS)
def test_expressions(text: str, expression: sympy.Expr) -> None:
    """Symbols are real, numbers exact, and only what the output hangs on is translated."""
    assert translate(parse(text)).expression == expression


def test_step_functions_stand_as_constants() -> None:
    """Equal ones are one constant; restored, they are SymPy's functions again, nested ones too."""
    found = translate(parse("x*floor(x*y) - floor(y*x) + ceil(sign(x) + y)"))
    assert len(found.steps) == 3
    assert not found.expression.has(sympy.floor, sympy.ceiling, sympy.sign)
    expected = x * sympy.floor(x * y) - sympy.floor(x * y) + sympy.ceiling(sympy.sign(x) + y)
    assert found.restore(found.expression) == expected


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("x/2 + 3", False), ("1e3*x", False), ("0.5*x", True), ("1e20*x", True), ("leaky_relu(x)", True)],
)
def test_decimals_are_noticed(text: str, decimal: bool) -> None:
    """Fractions that were written as decimals, and numbers that were written with an exponent."""
    assert translate(parse(text)).decimal is decimal


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_chains_of_a_thousand_links_become_one_node(operator: str) -> None:
    """The time stays linear, and the expression stays flat."""
    names = [f"a{index}" for index in range(1000)]
    expression = translate(parse(operator.join(names))).expression
    assert len(expression.args) == 1000
    assert expression.free_symbols == {sympy.Symbol(name, real=True) for name in names}
