"""Claims about functions in pieces: a short run of the campaign `scripts/campaigns/claims.py`."""

import pytest

from autogradcli.checks.claims import ClaimText, judge
from autogradcli.compute.problem import Problem
from autogradcli.engines.sympy.claims import settled
from autogradcli.engines.sympy.messages import Prove
from autogradcli.language.parser import parse
from tests.oracles.claims_in_pieces import Piecewise, piecewise


def said(made: Piecewise) -> str:
    """What balls say of a claim."""
    point = dict(zip("xy", made.at, strict=True))
    return judge(Problem(parse(made.expression), {}, ("x",)), ClaimText("x", parse(made.claim)), [point]).status


@pytest.mark.parametrize("block", range(5))
def test_wrong_ones_do_not_pass(block: int) -> None:
    """At single points, on one branch, far away only, or by next to nothing."""
    for number in range(10 * block, 10 * block + 10):
        made = piecewise(2, number, true=False)
        assert said(made) in ({"wrong", "untold"} if made.in_text else {"wrong", "untold", "holds"}), (number, made)


@pytest.mark.parametrize("block", range(5))
def test_true_ones_are_not_refused(block: int) -> None:
    """Written in other words, and in pieces."""
    for number in range(10 * block, 10 * block + 10):
        made = piecewise(2, number, true=True)
        assert said(made) == "holds", (number, made)


LOST_CONDITIONS = [
    # The claim of the campaign's seed 4, number 9, in its own spelling.
    (
        "(where((x - (-17/3))**2 == 0, atan(tanh((-17/3))), atan(tanh(x)))) + 0*x + 0*y",
        "where((x - (-17/3))**2 == 0, 0, (1/(1 + (tanh(x))**2))*((1 - tanh(x)**2)*(1)))",
    ),
    ("x**2", "where(x**2 == 0, 1, 2*x)"),
    ("x**2", "where((x - 3)**2 == 0, 0, 2*x)"),
    ("x**3 + 0*y", "where((x - y)**2 == 0, 0, 3*x**2)"),
    ("x*sin(x)", "where((x - 1)**2 == 0, 5, sin(x) + x*cos(x))"),
    ("sinh(x)", "where((x - 1)**4 == 0, 5, (exp(x) + exp(-x))/2)"),
    ("tanh(x)", "where(not (x - 1)**2 > 0, 0, 1 - tanh(x)**2)"),
]
"""Wrong where a square is 0, which SymPy loses: it writes u**2 as exp(2*log(u)), and that has no zero."""


@pytest.mark.parametrize(("expression", "claim"), LOST_CONDITIONS)
def test_sympy_does_not_lose_a_condition(expression: str, claim: str) -> None:
    """`rewrite(exp)` of the difference with its condition is 0 everywhere."""
    assert not settled(Prove(1, parse(expression), "x", parse(claim), 10.0))


@pytest.mark.parametrize("number", [0, 1, 3, 6, 7, 8, 10])
def test_sympy_alone_proves_no_wrong_one(number: int) -> None:
    """Even where balls have found nothing."""
    made = piecewise(4, number, true=False)
    assert not settled(Prove(1, parse(made.expression), "x", parse(made.claim), 10.0)), made
