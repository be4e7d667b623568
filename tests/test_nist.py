"""Sums of squares of NIST's nonlinear regressions, at the published starting points and at the certified parameters.

Data, starting values and certified values: NIST StRD, Nonlinear Least Squares Regression (itl.nist.gov/div898/strd).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.language.parser import parse

SETS = json.loads((Path(__file__).parent / "data" / "nist_strd.json").read_text())
DIGITS = 50


@dataclass(frozen=True, slots=True)
class Truth:
    """Sum of squares and its derivatives, by SymPy's formula of one term and mpmath's numbers."""

    value: mpmath.mpf
    gradient: Sequence[mpmath.mpf]


def parameters(dataset: Mapping[str, Any]) -> list[str]:
    """The names b1, b2, ... of a model."""
    return [f"b{i + 1}" for i in range(len(dataset["certified"]))]


@cache
def term(model: str, names: tuple[str, ...]) -> Any:
    """A function of y, x and the parameters that gives one square and its derivatives."""
    symbols = sympy.symbols(("y", "x", *names), real=True)
    formula = sympy.sympify(model.replace("arctan", "atan"), {str(each): each for each in symbols})
    square = (symbols[0] - formula) ** 2
    return sympy.lambdify(symbols, [square, *(square.diff(each) for each in symbols[2:])], "mpmath", cse=True)


def truth(dataset: Mapping[str, Any], at: Sequence[str]) -> Truth:
    """The truth at the doubles that the texts mean."""
    with mpmath.workdps(DIGITS):
        square = term(dataset["model"], tuple(parameters(dataset)))
        point = [exact(text) for text in at]
        terms = [square(exact(y), exact(x), *point) for y, x in zip(dataset["y"], dataset["x"], strict=True)]
        value, *gradient = (mpmath.fsum(column) for column in zip(*terms, strict=True))
        return Truth(value, gradient)


def exact(text: str) -> mpmath.mpf:
    """The double nearest to a decimal, in many digits."""
    number = Fraction(float(text))
    return mpmath.mpf(number.numerator) / number.denominator


@pytest.fixture(scope="module")
def session() -> Any:
    """Engines that stay warm."""
    with Session(symbolic=False) as warm:
        yield warm


def report(session: Session, dataset: Mapping[str, Any], at: Sequence[str]) -> Report:
    """What gradcalc says of the sum of squares at a point."""
    names = parameters(dataset)
    values = {
        "y": f"[{', '.join(dataset['y'])}]",
        "x": f"[{', '.join(dataset['x'])}]",
        **dict(zip(names, at, strict=True)),
    }
    program = parse(f"sum((y - ({dataset['model']}))**2)", values)
    points = {name: parse(text) for name, text in values.items()}
    return session.start(Problem(program, points, tuple(names), Options(symbolic=False))).report()


CASES = [(each["name"], start) for each in SETS for start in (0, 1)]


@pytest.mark.parametrize(("name", "start"), CASES, ids=[f"{name}-{start + 1}" for name, start in CASES])
def test_at_a_starting_point(session: Session, name: str, start: int) -> None:
    """Far from the minimum every gradient lies in its ball, and the verdict is what mpmath's number says."""
    dataset = next(each for each in SETS if each["name"] == name)
    found, true = report(session, dataset, dataset["starts"][start]), truth(dataset, dataset["starts"][start])
    for gradient, number, x in zip(found.gradients.values(), true.gradient, dataset["starts"][start], strict=True):
        assert_holds(gradient, number, abs(true.value / exact(x)))


@pytest.mark.parametrize("name", [each["name"] for each in SETS])
def test_at_the_certified_parameters(session: Session, name: str) -> None:
    """At the minimum the sum of squares is NIST's, and no gradient, which is the rest of a sum, is called wrong."""
    dataset = next(each for each in SETS if each["name"] == name)
    found, true = report(session, dataset, dataset["certified"]), truth(dataset, dataset["certified"])
    certified = float(dataset["residual_sum_of_squares"])
    if certified > SMALLEST_CERTIFIED:
        assert math.isclose(found.value, certified, rel_tol=1e-9)
    for gradient, number, x in zip(found.gradients.values(), true.gradient, dataset["certified"], strict=True):
        assert_holds(gradient, number, abs(true.value / exact(x)))


SMALLEST_CERTIFIED = 1e-20
"""Lanczos1's sum of squares, 1.4e-25, is smaller than what eleven digits of the parameters leave of it."""


def assert_holds(gradient: Gradient, number: mpmath.mpf, scale: mpmath.mpf) -> None:
    """The ball holds the true number, and the verdict fits torch's error; `scale` is the sum of squares over x."""
    assert gradient.exact is not None
    with mpmath.workdps(DIGITS):
        slack = mpmath.mpf(gradient.exact.radius) + abs(number) * mpmath.mpf(10) ** -38
        assert abs(mpmath.mpf(gradient.exact.value) - number) <= slack
        error = abs(exact(repr(gradient.autograd)) - number)
        if gradient.verdict == "verified":
            assert error <= 1e-7 * max(abs(number), scale)
        else:
            assert gradient.verdict == "imprecise"
            assert gradient.reason is not None
            assert gradient.reason.code in {"GC301", "GC302"}
