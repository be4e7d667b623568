"""One gradient: the three opinions on it, side by side, and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autogradcli.compute.opinions import Opinions
from autogradcli.compute.reasons import Case, reason
from autogradcli.compute.report import Gradient, Reason, Symbolic
from autogradcli.compute.verdict import Ruling, contains, rule, scale, tolerance, worst
from autogradcli.engines.opinions import Enclosure, flat, nested, shape
from autogradcli.engines.sympy.process import Derivative
from autogradcli.language.dtypes import DTYPES


@dataclass(frozen=True, slots=True)
class Finding:
    """One component of a gradient: autograd's number, the truth and the verdict."""

    number: float
    truth: Enclosure
    ruling: Ruling


def gradient(opinions: Opinions, name: str) -> Gradient:
    """The finding on the derivative with respect to one variable: of a tensor the worst of its components'."""
    x = opinions.autograd.inputs[name]
    numbers = opinions.autograd.gradients[name]
    components = [0.0] * len(flat(x)) if numbers is None else flat(numbers)
    findings = _findings(opinions, name, components)
    sizes = shape(x)
    verdict = worst(each.ruling.verdict for each in findings)
    return Gradient(
        autograd=nested(components, sizes),
        symbolic=_symbolic(opinions, name, findings),
        exact=nested([each.truth.ball for each in findings], sizes),
        ulps=nested([each.truth.ulps for each in findings], sizes),
        verdict=verdict,
        reason=_reason(opinions, name, findings, verdict),
    )


def _findings(opinions: Opinions, name: str, numbers: Sequence[float]) -> Sequence[Finding]:
    from autogradcli.engines.arb.measure import measure_gradient

    largest = max(map(abs, flat(opinions.autograd.inputs[name])))
    findings: list[Finding] = []
    for place, number in enumerate(numbers):
        truth = measure_gradient(opinions.proof, name, place, number)
        findings.append(Finding(number, truth, _rule(opinions, number, truth, largest)))
    return findings


def _rule(opinions: Opinions, number: float, truth: Enclosure, x: float) -> Ruling:
    problem = opinions.problem
    dtype = DTYPES[problem.dtype]
    value = opinions.autograd.value if opinions.value.nearest is None else opinions.value.nearest
    size = max(map(abs, truth.slopes)) if truth.slopes else truth.nearest or 0.0
    return rule(number, truth, tolerance(problem, scale(size, value, x)), dtype)


def _reason(opinions: Opinions, name: str, findings: Sequence[Finding], verdict: str) -> Reason | None:
    """Why the gradient has this verdict: the reason of the first component that has it."""
    place, found = next((i, each) for i, each in enumerate(findings) if each.ruling.verdict == verdict)
    return reason(Case(opinions, name, place, found.number, found.truth), found.ruling)


def _symbolic(opinions: Opinions, name: str, findings: Sequence[Finding]) -> Symbolic:
    answer = opinions.answer
    if answer is None:
        why = "SymPy is asked about numbers, not about tensors" if opinions.problem.tensors else "SymPy was not asked"
        return Symbolic(None, None, None, "unavailable", why)
    derivative = answer.derivatives[name]
    if derivative.digits is None:
        return Symbolic(derivative.formula, None, None, "unavailable", derivative.reason)
    status, reason = _agreement(derivative, findings[0].truth)
    return Symbolic(derivative.formula, float(derivative.digits), derivative.digits, status, reason)


def _agreement(derivative: Derivative, truth: Enclosure) -> tuple[str, str | None]:
    """Whether SymPy's number lies in the proven ball."""
    assert derivative.digits is not None
    if truth.ball is None:
        why = "not differentiable here" if truth.slopes else "no proven number here"
        return "unavailable", f"{why}: nothing to agree with"
    if contains(truth.ball, derivative.digits):
        return "agrees", None
    return "disagrees", f"GC401: SymPy's {derivative.digits} lies outside {truth.ball.value} ± {truth.ball.radius}"


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
