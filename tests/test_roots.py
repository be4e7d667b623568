"""Equalities of square roots, which balls of no precision decide. Truths by hand."""

from fractions import Fraction
from math import sqrt

import pytest
from flint import arb, ctx

from autogradcli.engines.arb.plan import plan
from autogradcli.engines.arb.roots import exact_numbers
from autogradcli.language.parser import parse
from tests.helpers import examine

KINKS = [
    ("acos(dot(a, b)/(norm(a)*norm(b)))", {"a": "[1, 2]", "b": "[2, 4]"}, {"a": 2, "b": 2}),
    ("acos(cosine_similarity(a, b, dim=0))", {"a": "[1, 2]", "b": "[2, 4]"}, {"a": 2, "b": 2}),
    ("acos(cosine_similarity(a, b, dim=0))", {"a": "[1, 2]", "b": "[-2, -4]"}, {"a": 2, "b": 2}),
    ("abs(norm(v) - norm(w))", {"v": "[1, 2]", "w": "[2, 1]"}, {"v": 2, "w": 2}),
    ("abs(norm(v)/sqrt(5) - 1)", {"v": "[1, 2]"}, {"v": 2}),
    ("relu(sqrt(x) - sqrt(8)/2)", {"x": "2"}, {"x": 1}),
    ("max(sqrt(x)*sqrt(3), sqrt(6))", {"x": "2"}, {"x": 1}),
    ("abs(hypot(x, 2) - sqrt(5))", {"x": "1"}, {"x": 1}),
    ("abs(x**1.5 - 2*sqrt(2))", {"x": "2"}, {"x": 1}),
    ("abs(rsqrt(x)*sqrt(2) - 1)", {"x": "2"}, {"x": 1}),
]


@pytest.mark.parametrize(("text", "at", "counts"), KINKS)
def test_corners_on_such_an_equality_are_kinks(text: str, at: dict[str, str], counts: dict[str, int]) -> None:
    """Of every component."""
    found = examine(text, at)
    assert {name: each.counts for name, each in found.items()} == {name: {"kink": n} for name, n in counts.items()}


@pytest.mark.parametrize(
    ("text", "at", "code", "words"),
    [
        ("floor(sqrt(x)**2)", {"x": "2"}, "GC113", "jumps"),
        ("where(sqrt(x)*sqrt(8) == 4, 1, 0)*x", {"x": "2"}, "GC113", "jumps"),
        ("log(sqrt(x)*sqrt(8) - 4)", {"x": "2"}, "GC111", "is not defined at sqrt(x)*sqrt(8) - 4 = 0"),
        ("sqrt(sqrt(x)*sqrt(8) - 4)", {"x": "2"}, "GC112", "has a vertical tangent"),
    ],
)
def test_what_is_undefined_on_such_an_equality(text: str, at: dict[str, str], code: str, words: str) -> None:
    """Jumps, poles and vertical tangents."""
    found = examine(text, at)["x"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("undefined", code)
    assert words in found.reason.message


VALUES = [
    ("sqrt(5)*sqrt(20)", 10),
    ("sqrt(2)/sqrt(8)", Fraction(1, 2)),
    ("sqrt(8) - sqrt(2) - sqrt(2)", 0),
    ("sqrt(2)**4 + sqrt(9/4)", Fraction(11, 2)),
    ("sqrt(2)**-2", Fraction(1, 2)),
    ("(-sqrt(2))**3*sqrt(2)", -4),
    ("4**1.5", 8),
    ("sqrt(sqrt(16))", 2),
    ("floor(-sqrt(2)*sqrt(2) - 1/2)", -3),
    ("abs(sqrt(2) - sqrt(8))*sqrt(2)", 2),
    ("hypot(sqrt(2), sqrt(7))", 3),
    ("sqrt(3)", None),  # no binary number
    ("sqrt(2)*sqrt(2)/3", None),
    ("sqrt(2) + sqrt(3) - sqrt(2) - sqrt(3)", None),
    ("sqrt(-4)", None),
    ("1/(sqrt(2) - sqrt(2))", None),
    ("0**-1", None),
    ("exp(0)", None),
]


@pytest.mark.parametrize(("text", "truth"), VALUES)
def test_values_that_are_binary_numbers(text: str, truth: Fraction | int | None) -> None:
    """Exactly; None for what is no such number."""
    program = parse(text)
    made = plan(program, (), {})
    with ctx.workprec(200):
        found = exact_numbers(made, {}).get(made.tape.output)
        if truth is None:
            assert found is None
        else:
            assert found is not None
            assert found.is_exact()
            assert found == arb(Fraction(truth).numerator) / Fraction(truth).denominator


def test_they_are_ordered_as_numbers_are() -> None:
    """Signs, and squares within a sign."""
    numbers = {"-sqrt(3)": -sqrt(3), "-1": -1.0, "0": 0.0, "sqrt(2)": sqrt(2), "3/2": 1.5}
    for one, x in numbers.items():
        for other, y in numbers.items():
            made = plan(parse(f"where({one} < {other}, 1, 2) + 0"), (), {})
            assert exact_numbers(made, {})[made.tape.output] == (1 if x < y else 2)
