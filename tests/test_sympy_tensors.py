"""SymPy's opinion on tensors: a formula and a number for every component, and the pattern that covers all."""

from typing import Any

import pytest

from autogradcli.compute.compute import compute
from autogradcli.compute.report import Symbolic
from autogradcli.engines.sympy import translate
from autogradcli.engines.sympy.messages import EvaluatedNumber
from autogradcli.language.shapes import Shape
from tests.helpers import problem
from tests.symbolic import Asked

FORMULAS = [
    ("sum(x**2)", {"x": (2,)}, ["2*x[0]", "2*x[1]"]),
    ("x[0]*x[1]**2", {"x": (2,)}, ["x[1]**2", "2*x[0]*x[1]"]),
    ("prod(x)", {"x": (3,)}, ["x[1]*x[2]", "x[0]*x[2]", "x[0]*x[1]"]),
    ("sum(x*y)", {"x": (2, 1), "y": (2,)}, [["y[0] + y[1]"], ["y[0] + y[1]"]]),
    ("sum(x)*y", {"x": (2, 2)}, [["y", "y"], ["y", "y"]]),
    ("max(x)", {"x": (2,)}, ["where(x[0] > x[1], 1, 0)", "where(x[1] > x[0], 1, 0)"]),
    ("sum(abs(x))", {"x": (1,)}, ["sign(x[0])"]),
    ("sum(x*floor(x))", {"x": (2,)}, ["floor(x[0])", "floor(x[1])"]),
    ("sum([x, x**2])", {"x": ()}, "2*x + 1"),
]


@pytest.mark.parametrize(("text", "shapes", "formulas"), FORMULAS)
def test_formulas(text: str, shapes: dict[str, Any], formulas: object) -> None:
    """Components are symbols with the user's name and their indices, row by row."""
    texts, reasons = Asked(text, **shapes).formula("x")
    assert texts == formulas
    assert str(reasons).count("None") == str(formulas).count("'") // 2 + isinstance(formulas, str)


def test_long_sums_are_in_the_order_of_the_components() -> None:
    """The tenth component comes after the second; among other names a tensor has the place of its name."""
    total = " + ".join(f"x[{place}]" for place in range(12))
    assert Asked("y*sum(x)", x=(12,)).formula("y") == (total, None)
    assert Asked("a*x[0]*z + a*z", x=(1,)).formula("a") == ("x[0]*z + z", None)


PATTERNS = [
    ("sum(x**2)", {"x": (3,)}, "2*x[i]"),
    ("sum(x)", {"x": (3,)}, "1"),
    ("sum(x*w[0])", {"x": (3,), "w": (3,)}, "w[0]"),
    ("sum(x*x[0])", {"x": (3,)}, None),
    ("x[0]*x[1]", {"x": (2,)}, None),
    ("x[0]**2", {"x": (1,)}, None),
    ("x**2", {"x": ()}, None),
    ("sum(x*x.T)", {"x": (3, 3)}, "2*x[j, i]"),
    ("sum(x*(x + x.T))", {"x": (2, 2)}, "2*x[i, j] + 2*x[j, i]"),
    ("sum(x*y)", {"x": (3, 4), "y": (4,)}, "y[j]"),
    ("sum(x*y)", {"x": (3, 1), "y": (3, 2)}, "y[i, 0] + y[i, 1]"),
    ("sum((y @ x)**2)", {"x": (2,), "y": (1, 2)}, "2*y[0, i]*(x[0]*y[0, 0] + x[1]*y[0, 1])"),
    ("sum(x)*sum(x**2)", {"x": (2,)}, "x[0]**2 + x[1]**2 + 2*x[i]*(x[0] + x[1])"),
    ("z = y @ x; sum(z**2)", {"x": (3,), "y": (2, 3)}, "2*y[0, i]*z[0] + 2*y[1, i]*z[1]"),
    ("norm(x)", {"x": (3,)}, "x[i]/sqrt(x[0]**2 + x[1]**2 + x[2]**2)"),
    ("r = norm(x); r**3", {"x": (3,)}, "3*r*x[i]"),
    ("s = sum(exp(x)); log(s)", {"x": (2,)}, "exp(x[i])/s"),
    ("a = x**2; sum(a*x)", {"x": (2,)}, "3*x[i]**2"),
    ("sum(x*i)", {"x": (3,), "i": (3,)}, "i[j]"),
    ("z = x*w; binary_cross_entropy_with_logits(z, y)", {"x": (3,), "y": (3,)}, "w*(sigmoid(z[i]) - y[i])/3"),
    ("sum(where(x > 0, x**2, floor(x)*x))", {"x": (3,)}, "where(x[i] > 0, 2*x[i], floor(x[i]))"),
]


@pytest.mark.parametrize(("text", "shapes", "pattern"), PATTERNS)
def test_patterns(text: str, shapes: dict[str, Any], pattern: str | None) -> None:
    """Letters for the component's own indices, if that gives every component; names of the text where it is shorter."""
    assert Asked(text, **shapes).pattern("x") == pattern


def test_intermediates_are_symbols_of_their_own() -> None:
    """The derivative with respect to one is that of what follows; its value comes from what it means."""
    asked = Asked("s = sin(x); t = s**2; sum(t*x)", x=(2,), wrt=("s", "t", "x"))
    assert asked.pattern("s") == "2*s[i]*x[i]"
    assert asked.pattern("t") == "x[i]"
    assert asked.pattern("x") == "2*s[i]*x[i]*cos(x[i]) + t[i]"
    assert asked.slope("s", {"x": [0.0, 1.0]})[0] == EvaluatedNumber("0", None)
    assert asked.slope("s", {"x": [0.0, 1.0]})[1].digits.startswith("1.6829419696157930133")


def test_intermediates_of_numbers() -> None:
    """The output itself has the derivative 1; what the output does not depend on has 0."""
    asked = Asked("s = sin(x); t = 2*x; y = s**2", wrt=("s", "t", "y", "x"))
    assert [asked.formula(name)[0] for name in ("s", "t", "y")] == ["2*s", "0", "1"]


def test_an_upstream_weighs_the_components_of_the_output() -> None:
    """Doubles are written as Python writes them."""
    asked = Asked("x**2", x=(3,), upstream=(0.1, 0.5, -2.0))
    assert asked.formula("x")[0] == ["0.2*x[0]", "x[1]", "-4*x[2]"]
    assert asked.value({"x": [1.0, 2.0, 3.0]}) == EvaluatedNumber("-15.8999999999999999944488848769", None)


def test_a_point_that_is_not_finite_has_no_numbers() -> None:
    """Every component says so."""
    nowhere = EvaluatedNumber(None, "the point is not finite")
    assert Asked("sum(x**2)", x=(2,)).slope("x", {"x": [1.0, float("inf")]}) == [nowhere, nowhere]


def test_one_component_without_a_number_does_not_take_the_others_with_it() -> None:
    """Division by zero in one of them."""
    slopes = Asked("sum(log(x))", x=(2,)).slope("x", {"x": [0.0, 4.0]})
    assert slopes == [EvaluatedNumber(None, "division by zero"), EvaluatedNumber("0.25", None)]


SHAPES = [
    ("x[3]", (2,), "the shapes do not fit: index 3 is out of bounds for axis 0 with size 2"),
    ("x + 1", (2,), "the output has shape (2): backward starts from a single number"),
]


@pytest.mark.parametrize(("text", "shape", "reason"), SHAPES)
def test_shapes_that_do_not_fit(text: str, shape: Shape, reason: str) -> None:
    """They are nobody's failure but the text's."""
    assert Asked(text, x=shape).formula("x") == (None, reason)


def test_large_tensors_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason gives the number of local derivatives, or of operations, and the limit."""
    limit = f"{translate.MAX_DERIVATIVES:,}"
    reason = f"there are 6,000 local derivatives of scalar operations, and SymPy's limit is {limit}"
    assert Asked("sum(sin(x)**2)", x=(1000,)).formula("x")[0] is not None
    assert Asked("sum(sin(x)) + sum(x**2)", x=(2000,)).formula("x") == (None, reason)
    monkeypatch.setattr(translate, "MAX_COUNTED", 10)
    reason = "there are more than 10 components of x"
    assert Asked("sum(x**2)", x=(20,)).formula("x") == (None, reason)


def test_patterns_without_a_list() -> None:
    """Formulas that are too long to be printed for every component still have one pattern, and all have numbers."""
    asked = Asked("norm(x)", x=(90,))
    texts, reasons = asked.formula("x")
    assert texts == [None] * 90
    assert reasons[89] == "the formulas of all components are too long to be printed: they have more than 10000 parts"
    assert str(asked.pattern("x")).startswith("x[i]/sqrt(x[0]**2 + x[1]**2")
    assert asked.slope("x", {"x": [1.0] + [0.0] * 89})[:2] == [EvaluatedNumber("1", None), EvaluatedNumber("0", None)]


def test_the_opinion_on_a_tensor() -> None:
    """Nested as the tensor is; the status is the worst of its components', and the reason names the component."""
    found = (
        compute(problem("sum(log(x)) + sum(relu(x - 2))", {"x": "[1, 2, 4]"}, symbolic=True)).gradients["x"].symbolic
    )
    assert found.value == [1.0, None, 1.25]
    assert found.digits == ["1", None, "1.25"]
    assert (found.status, found.pattern) == ("unavailable", "where(x[i] > 2, 1, 0) + 1/x[i]")
    assert found.reason is not None
    assert found.reason.startswith("x[1]: a kink: SymPy's formula gives 0.5 for one side and 1.5 for the other")


def test_the_opinion_on_what_is_too_large() -> None:
    """One reason for all components."""
    found = compute(problem("sum(sin(x)*cos(x))", {"x": f"[{', '.join(['1'] * 900)}]"}, symbolic=True)).gradients["x"]
    reason = "there are 3,600 local derivatives of scalar operations, and SymPy's limit is 3,000"
    assert found.symbolic == Symbolic(None, None, None, "unavailable", reason)
    assert found.verdict == "verified"
