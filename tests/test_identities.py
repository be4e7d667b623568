"""Comparisons of two numbers that are one are in a tie, though no balls tell; derivatives beside them are judged."""

import math

import pytest
from flint import arb, ctx

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Beyond, Options, Problem
from autogradcli.engines.arb.primitives import forward, primitive
from autogradcli.engines.arb.ternary import Truth
from autogradcli.language.parser import parse
from autogradcli.language.tape import scalarise

SAME = ("sin(x)", "sin(x) + 0*y", "sin(x)*y**0", "(x*0 + 1)*sin(x)", "sin(x)/cos(0*x)", "where(x > 0, sin(x), y)")
OTHERS = (
    "sin(x) + 1e-30",
    "sin(x*(1 + 1e-30))",
    "where(x > 1, sin(x), y)",
    "sin(x) + y",
    "cos(x)",
    "(1 - 0*x) + sin(x)",
)


def truth(text: str) -> Truth:
    """The truth of a condition where x is 1/2 and y is 1."""
    tape = scalarise(parse(f"where({text}, 1, 0)"), primitive)
    with ctx.workprec(1000):
        values = forward(tape.entries, {"x": [arb(0.5)], "y": [arb(1)]})
    return [each for each in values if isinstance(each, Truth)][-1]


@pytest.mark.parametrize("text", SAME)
def test_what_is_one_number_is_in_a_tie(text: str) -> None:
    """A zero that is added, a one that multiplies and a choice that is certain leave a number as it is."""
    assert truth(f"sin(x) >= {text}") == Truth(True, tie=True)
    assert truth(f"{text} < sin(x)") == Truth(False, tie=True)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_another_number_is_in_none(text: str) -> None:
    """However near two numbers are, digits decide."""
    assert not truth(f"sin(x) >= {text}").tie


def test_what_is_no_number_is_not_compared() -> None:
    """NaN equals nothing."""
    assert truth("log(x - 1) >= log(x - 1) + 0").undefined


def second(text: str, by: tuple[str, str], **at: float) -> tuple[str, float]:
    """The verdict on a mixed partial derivative, and torch's number for it."""
    point = {name: parse(repr(value)) for name, value in at.items()}
    problem = Problem(parse(text), point, tuple(dict.fromkeys(by)), Options(symbolic=False), beyond=Beyond(mixed=by))
    found = compute(problem).derivatives[",".join(by)]["2"]
    return found.verdict, found.autograd


@pytest.mark.parametrize("by", [("x", "y"), ("y", "x"), ("y", "y")])
def test_along_a_tie_that_stays_one_derivatives_are_verified(by: tuple[str, str]) -> None:
    """max(a, a + (x - 2)**3) has the second derivatives of a = sin(x*y) where x is 2: y*cos - …, by hand."""
    verdict, number = second("max(sin(x*y), sin(x*y) + (x - 2)**3)", by, x=2.0, y=0.3)
    true = -4 * math.sin(0.6) if by == ("y", "y") else math.cos(0.6) - 0.6 * math.sin(0.6)
    assert verdict == "verified"
    assert number == pytest.approx(true, rel=1e-12)
