"""One gradient: the three opinions on it, side by side, and the verdict."""

import math

from autogradcli.compute.opinions import Opinions
from autogradcli.compute.reasons import Case, reason
from autogradcli.compute.report import Gradient, Symbolic
from autogradcli.compute.verdict import Ruling, contains, rule, scale, tolerance
from autogradcli.engines.opinions import Enclosure
from autogradcli.engines.sympy.process import Answer, Derivative
from autogradcli.language.dtypes import DTYPES


def gradient(opinions: Opinions, name: str) -> Gradient:
    """The finding on the derivative with respect to one variable."""
    from autogradcli.engines.arb.measure import measure_gradient

    found = opinions.autograd.gradients[name]
    number: float = 0.0 if found is None else found
    truth = measure_gradient(opinions.proof, name, number)
    ruling = _rule(opinions, name, number, truth)
    return Gradient(
        autograd=number,
        symbolic=_symbolic(opinions.answer, name, truth),
        exact=truth.ball,
        ulps=truth.ulps,
        verdict=ruling.verdict,
        reason=reason(Case(opinions, name, number, truth), ruling),
    )


def _rule(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Ruling:
    problem = opinions.problem
    dtype = DTYPES[problem.dtype]
    value = opinions.autograd.value if opinions.value.nearest is None else opinions.value.nearest
    size = max(map(abs, truth.slopes)) if truth.slopes else truth.nearest or 0.0
    allowed = tolerance(dtype, problem.rtol, problem.atol, scale(size, value, opinions.autograd.inputs[name]))
    return rule(number, truth, allowed, dtype)


def _symbolic(answer: Answer | None, name: str, truth: Enclosure) -> Symbolic:
    if answer is None:
        return Symbolic(None, None, None, "unavailable", "SymPy was not asked")
    derivative = answer.derivatives[name]
    if derivative.digits is None:
        return Symbolic(derivative.formula, None, None, "unavailable", derivative.reason)
    status, reason = _agreement(derivative, truth)
    return Symbolic(derivative.formula, float(derivative.digits), derivative.digits, status, reason)


def _agreement(derivative: Derivative, truth: Enclosure) -> tuple[str, str | None]:
    """Whether SymPy's number lies in the proven ball."""
    assert derivative.digits is not None
    if truth.ball is None:
        why = "not differentiable here" if truth.slopes else "no proven number here"
        return "unavailable", f"{why}: nothing to agree with"
    if contains(truth.ball, derivative.digits):
        return "agrees", None
    return "disagrees", f"SymPy's {derivative.digits} lies outside {truth.ball.value} ± {truth.ball.radius}"


def value_note(opinions: Opinions) -> str | None:
    """A sentence if torch's value of the function itself is far from the truth."""
    truth, value = opinions.value, opinions.autograd.value
    if truth.nearest is None or math.isinf(truth.nearest):
        return None
    rtol = DTYPES[opinions.problem.dtype].rtol
    if truth.error is not None and truth.error[1] <= rtol * abs(truth.nearest):
        return None
    if truth.ulps is not None and truth.ulps <= 1:
        return None
    return f"the value itself is off: torch gives {value!r}, the true value is {truth.nearest!r}"
