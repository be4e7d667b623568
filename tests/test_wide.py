"""Functions of wide balls: budgets are finite where the function is, and what rounding does is no mismatch."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from flint import arb, ctx
from mpmath import mp

from autogradcli.compute.report import Gradient
from autogradcli.engines.arb.primitives import Kind, primitive, rule
from autogradcli.engines.arb.wide import BOUNDS, by_parts
from autogradcli.functions.function import Function
from autogradcli.functions.table import rows
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from tests.helpers import examine, prove
from tests.oracles.precise import MEANING

MIDDLES = (0, 0.3, -1, 2.5, -30, 1e3, -1e9, 1e20)
RADII = (1e-12, 1e-3, 0.5, 3, 100, 1e10)
BALLS = [arb(middle, radius) for middle in MIDDLES for radius in RADII]
SMOOTH = [
    each for each in rows().values() if primitive(each) and rule(each.name).kind is Kind.SMOOTH and not each.absent
]


def boxes(function: Function) -> list[list[arb]]:
    """Wide balls for the operands, inside the domain."""
    chance, each = Random(function.name), rule(function.name)
    count = len(function.operand_names)
    chosen = [[ball] for ball in BALLS] if count == 1 else [chance.choices(BALLS, k=count) for _ in range(50)]
    return [box for box in chosen if each.domain is None or each.domain(*box).value is True]


@pytest.mark.parametrize("function", SMOOTH, ids=[each.name for each in SMOOTH])
def test_values_and_slopes_over_wide_balls_inside_the_domain_are_finite(function: Function) -> None:
    """A budget that is NaN there would explain nothing, and honest rounding would be called wrong."""
    each = rule(function.name)
    with ctx.workprec(128):
        for formula in (each.value, *each.partials):
            assert [box for box in boxes(function) if not by_parts(formula, box).is_finite()] == []


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_of_slopes_hold_every_slope(name: str) -> None:
    """Of numbers in the ball, its ends and middle among them, by mpmath's differences."""
    chance = Random(name)
    with mp.workdps(40), ctx.workprec(128):
        for ball in (arb(middle, radius) for middle in (0, 1e-20, -0.3, 2.5, -30) for radius in (1e-15, 0.1, 2, 20)):
            slope = rule(name).partials[0]
            bound, (middle, radius) = BOUNDS[name](slope, ball), (mp.mpf(float(ball.mid())), mp.mpf(float(ball.rad())))
            for part in (0, -1, 1, chance.uniform(-1, 1), chance.uniform(-1, 1)):
                true = mp.diff(MEANING[name], middle + mp.mpf("0.999999") * part * radius, h=mp.mpf("1e-15"))
                assert bound.overlaps(arb(mp.nstr(true, 20)) * arb(1, 1e-9) + arb(0, 1e-9)), (ball, true, bound)


NUDGED = [
    ("cos(3*x)*sinc(remainder(x, x))", 0.7, lambda x: -3 * mp.sin(3 * x)),
    ("x**3*exp(5*i1(remainder(x, x)))", 0.7, lambda x: 3 * x**2),
    ("x**3*exp(5*i1e(fmod(x, x)))", 0.7, lambda x: 3 * x**2),
    ("x**3*unnormalised_sinc(ieee_remainder(x, x))", 1.7, lambda x: 3 * x**2),
    ("exp(x)/sinc(x - x/3*3)", 0.7, mp.exp),
    ("log_ndtr(40**frac(cosh(x)))*x", 1e-10, lambda _: mp.ln(mp.ncdf(1))),
    ("cbrt(x + 300*positive_frac(remainder(x, x)))", 3.7, lambda x: mp.cbrt(x) / (3 * x)),
    ("1/(positive_frac(remainder(x, x)) + x)", 0.7, lambda x: -1 / x**2),
    ("abs(mvlgamma(x, 1))", 0.5, mp.digamma),
    ("remainder(mvlgamma(x, 1)/x, 1)", 0.5, lambda x: mp.digamma(x) / x - mp.loggamma(x) / x**2),
    ("abs(mvlgamma(x, 2))", 1.75, lambda x: mp.digamma(x) + mp.digamma(x - 0.5)),
]
"""What rounding moves to the other side of 0 or of a whole number, or a branch that is not taken makes NaN."""


@pytest.mark.parametrize(("text", "x", "truth"), NUDGED, ids=[row[0] for row in NUDGED])
def test_numbers_that_only_rounding_moves_are_verified(text: str, x: float, truth: Callable[[Any], Any]) -> None:
    """Autograd is right, and no loss of digits is reported; the truth is written by hand."""
    found = examined(text, x)
    with mp.workdps(30):
        assert found.autograd == pytest.approx(float(truth(mp.mpf(x))), rel=1e-13)
    assert found.verdict == "verified"


LOST = {
    "tanh": mp.tanh,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "sinc": mp.sincpi,
    "i1": MEANING["i1"],
    "i1e": MEANING["i1e"],
    "log_ndtr": MEANING["log_ndtr"],
    "softsign": lambda x: x / (1 + abs(x)),
    "sigmoid": MEANING["sigmoid"],
    "erf": mp.erf,
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_left_of_a_huge_number_is_rounding(name: str) -> None:
    """x**6 is rounded to 3e8, so that what is left of it by 3/4 may be anything: imprecise, and no mismatch."""
    found, x = examined(f"{name}(fmod(x**6, 0.75))", 12345.678), mp.mpf(12345.678)
    with mp.workdps(60):
        left = mp.fmod(x**6, mp.mpf("0.75"))
        truth = mp.diff(LOST[name], left) * 6 * x**5
    assert found.exact is not None
    assert mp.almosteq(mp.mpf(found.exact.value), truth, rel_eps=1e-12)
    assert abs(found.autograd - float(truth)) > 0.01 * abs(float(truth))
    assert found.verdict == "imprecise"


SATURATED = [
    "sigmoid(x**4)",
    "softplus(-x**4)",
    "softplus(x**4)",
    "logaddexp(x**4, x)",
    "logaddexp2(-x**4, x)",
    "tanh(x**4)",
]


@pytest.mark.parametrize("text", SATURATED)
def test_what_saturates_has_a_budget_at_any_size(text: str) -> None:
    """1e84 is beyond what exponentials of balls reach."""
    found = prove(parse(f"({text})*x"), {"x": 1e21}, DTYPES["float64"])
    (entry,) = found.plan.inputs["x"]
    assert found.gradient(entry).is_finite()
    assert found.budget(entry).is_finite()


def examined(text: str, x: float) -> Gradient:
    """The finding on an expression in x."""
    return examine(text, {"x": repr(x)})["x"]


@pytest.mark.parametrize(
    "tie", ["clamp_min(x, x)", "maximum(x, x)", "minimum(x, 1*x)", "relu(x - x) + x", "abs(x - x) + x"]
)
@pytest.mark.parametrize("turned", ["unnormalised_sinc(4*x*x)", "cos(4*x*x)/x", "sinc(x*x)"])
def test_rounding_that_turns_a_sine_is_no_fault_of_the_tie_beside_it(tie: str, turned: str) -> None:
    """The slope may be anything between its bounds, which may be farther from the truth than half of their distance."""
    at = -1107377074.4437544
    alone, beside = examined(turned, at), examined(f"({tie})*1e-12 + {turned}", at)
    assert alone.exact is not None
    assert abs(alone.autograd - float(alone.exact.value)) > abs(alone.autograd) / 10
    assert (alone.verdict, beside.verdict) == ("imprecise", "imprecise")
    assert beside.reason is not None
    assert beside.reason.code == "GC302"
