"""One gradient: the three opinions on it, side by side, and the verdict."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from autogradcli.compute.evidence import Evidence
from autogradcli.compute.reasons import Doubt, reason, short
from autogradcli.compute.report import NOT_ASKED, Component, Gradient, RoundedOff, Symbolic
from autogradcli.compute.verdict import WORST_FIRST, Ruling, agrees, judge, judge_symbolic, scale, tolerance, worst
from autogradcli.engines.results import Array, Enclosure, flat, nested, shape
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.shapes import Shape, indices, subscript


@dataclass(frozen=True, slots=True)
class JudgedComponent:
    """One component of a gradient: autograd's number, the truth and the verdict."""

    number: float
    truth: Enclosure
    scale: float
    """The size that the number is compared with."""
    ruling: Ruling


def gradient(evidence: Evidence, name: str, findings: Sequence[JudgedComponent]) -> Gradient:
    """The gradient with respect to one name, by the findings on its components: the verdict is the worst of theirs."""
    sizes = shape(evidence.point(name))
    place = _worst(findings)
    found = findings[place]
    passes = evidence.autograd.passes.get(name, ())
    return Gradient(
        autograd=nested([_shown(evidence, each.number) for each in findings], sizes),
        symbolic=_symbolic(evidence, name, findings),
        exact=nested([each.truth.ball for each in findings], sizes),
        ulps=nested([each.truth.ulps for each in findings], sizes),
        verdict=found.ruling.verdict,
        reason=reason(Doubt(evidence, name, place, found.number, found.truth), found.ruling),
        counts=_counts(findings),
        worst=_component(evidence, found, indices(place, sizes)),
        passes=passes if evidence.problem.backward.repeat > 1 else (),
        rounded_off=_rounded_off(evidence, name, findings),
        verdicts=_verdicts(findings, sizes),
    )


MANY_ULPS = 100
"""Units in the last place beyond which a person sees that digits differ."""


def _rounded_off(evidence: Evidence, name: str, findings: Sequence[JudgedComponent]) -> RoundedOff | None:
    """The largest error, with its scale, of those that are verified although their digits differ."""
    off = [
        (each.truth.error[1] / each.scale, place)
        for place, each in enumerate(findings)
        if each.ruling.verdict == "verified"
        and each.truth.error
        and (each.truth.ulps or 0.0) > MANY_ULPS
        and each.scale
    ]
    if not off:
        return None
    share, place = max(off)
    found = findings[place]
    x = evidence.point(name)
    assert found.truth.error is not None
    true, error = abs(found.truth.nearest or 0.0), found.truth.error[1]
    beside = "f/x" if any(flat(x)) else "f"
    if name in evidence.lower.scales:
        beside = "the derivatives before it"
    elif true >= found.scale:
        beside = "the gradient"
    return RoundedOff(indices(place, shape(x)), error, share, beside, error / true if true else None)


def _worst(findings: Sequence[JudgedComponent]) -> int:
    """The place of the component with the worst verdict, of those the first that is farthest off."""
    verdict = worst(each.ruling.verdict for each in findings)
    places = [place for place, each in enumerate(findings) if each.ruling.verdict == verdict]
    return max(places, key=lambda place: findings[place].truth.ulps or 0.0)


def _counts(findings: Sequence[JudgedComponent]) -> dict[str, int]:
    """How many components have each verdict, the worst verdict first."""
    found = [each.ruling.verdict for each in findings]
    return {verdict: found.count(verdict) for verdict in WORST_FIRST if verdict in found}


def _verdicts(findings: Sequence[JudgedComponent], sizes: Shape) -> Array:
    """The verdict of each component, if they are not all the same."""
    found = [each.ruling.verdict for each in findings]
    return nested(found, sizes) if len(set(found)) > 1 else None


def _shown(evidence: Evidence, number: float) -> float | None:
    """A number of torch's; None where it has none."""
    return number if evidence.autograd.lacking is None else None


def _component(evidence: Evidence, finding: JudgedComponent, index: tuple[int, ...]) -> Component:
    truth = finding.truth
    return Component(index, _shown(evidence, finding.number), truth.ball, truth.ulps, finding.ruling.verdict)


def findings(evidence: Evidence, name: str) -> Sequence[JudgedComponent]:
    """The finding on the derivative with respect to each component of one name."""
    x = flat(evidence.point(name))
    if not x:
        raise GradcalcError("value", f"{name} has no components: there is nothing to differentiate with respect to")
    gradient = evidence.autograd.gradients[name]
    nothing = 0.0 if evidence.autograd.lacking is None else math.nan
    numbers = [nothing] * len(x) if gradient is None else flat(gradient)
    truths = evidence.proof.gradient(name, numbers)
    for place, cause in enumerate(evidence.lower.causes.get(name, ())):
        if cause is not None:
            truths[place] = Enclosure(cause=cause)
    scales = evidence.lower.scales.get(name, [0.0] * len(x))
    size = partial(_size, evidence.scalar, max(map(abs, x)))
    if evidence.autograd.lacking is not None:
        return _without_torch(evidence, name, truths, [partial(size, least) for least in scales])
    if truths[0].cause is not None and all(each is truths[0] for each in truths):  # nothing is proven of any of them
        one = _finding(evidence, name, numbers[0], truths[0], partial(size, scales[0]))
        return [JudgedComponent(number, one.truth, one.scale, one.ruling) for number in numbers]
    each = zip(numbers, truths, scales, strict=True)
    return [_finding(evidence, name, number, truth, partial(size, least)) for number, truth, least in each]


Size = Callable[[Enclosure], float]
"""The scale of a derivative."""


def _without_torch(
    evidence: Evidence, name: str, truths: Sequence[Enclosure], sizes: Sequence["Size"]
) -> Sequence[JudgedComponent]:
    """The finding where torch has no number: it is about SymPy's."""
    digits = flat(evidence.answer.derivatives[name].digits) if evidence.answer is not None else []
    said = digits if len(digits) == len(truths) else [None] * len(truths)
    dtype = DTYPES[evidence.problem.options.dtype]
    found = []
    for text, truth, size in zip(said, truths, sizes, strict=True):
        scale = size(truth)
        ruling = judge_symbolic(text, truth, tolerance(evidence.problem, scale), dtype)
        found.append(JudgedComponent(math.nan, truth, scale, ruling))
    return found


def _finding(evidence: Evidence, name: str, number: float, truth: Enclosure, size: Size) -> JudgedComponent:
    """The verdict on one number; beyond a guard that covers almost nothing, on its value there."""
    found = JudgedComponent(number, truth, size(truth), _rule(evidence, name, number, truth, size))
    if truth.farther is None or found.ruling.verdict in ("undefined", "unverified"):
        return found
    ruling = _rule(evidence, name, number, truth.farther, size)
    return JudgedComponent(number, truth.farther, size(truth.farther), ruling) if ruling.code == "GC104" else found


def _size(value: float, x: float, least: float, truth: Enclosure) -> float:
    """The scale of a derivative, at least `least`: of one-sided slopes of the larger."""
    slope = max(map(abs, truth.slopes)) if truth.slopes else truth.nearest or 0.0
    return max(scale(slope, value, x), least)


def _rule(evidence: Evidence, name: str, number: float, truth: Enclosure, size: Size) -> Ruling:
    dtype = DTYPES[evidence.problem.options.dtype]
    loss = max(abs(truth.nearest or 0.0), abs(evidence.scalar))
    allowed = replace(tolerance(evidence.problem, size(truth)), loss=loss)
    ruling = judge(number, truth, allowed, dtype)
    if ruling.code == "GC102" and truth.nearest is not None and _loses_elsewhere(evidence, name):
        return judge(number, replace(truth, slopes=None), allowed, dtype)
    if ruling.code == "GC302" and math.isfinite(number) and evidence.proof.lossy_piece(name) is not None:
        return Ruling("imprecise", "GC301")
    # A gradient is judged only where torch and the definition are one function.
    if ruling.verdict == "mismatch" and evidence.proof.other_value is not None:
        return Ruling("unverified", "GC511")
    return ruling


def _loses_elsewhere(evidence: Evidence, name: str) -> bool:
    """Whether the first operation that goes wrong is none that chooses in a tie: then no convention is to blame."""
    parted = evidence.proof.first_divergence(name, None)
    return parted is not None and not parted.tied


def _symbolic(evidence: Evidence, name: str, findings: Sequence[JudgedComponent]) -> Symbolic:
    """SymPy's opinion; its status is the worst of its components'."""
    if evidence.answer is None:
        return Symbolic(None, None, None, "unavailable", NOT_ASKED)
    derivative = evidence.answer.derivatives[name]
    sizes, digits = shape(derivative.digits), flat(derivative.digits)
    if len(digits) != len(findings):  # it gave up before it had told the components apart
        return Symbolic(None, None, None, "unavailable", derivative.reason)
    rulings = [_agreement(*each) for each in zip(digits, flat(derivative.reason), findings, strict=True)]
    place = min(range(len(rulings)), key=lambda each: WORST_STATUS.index(rulings[each][0]))
    status, reason = rulings[place]
    if reason is not None and sizes:
        reason = f"{name}{subscript(place, sizes)}: {reason}"
    return Symbolic(
        formula=derivative.formula,
        value=nested([None if each is None else float(each) for each in digits], sizes),
        digits=derivative.digits,
        status=status,
        reason=reason,
        pattern=derivative.pattern,
    )


WORST_STATUS = ("disagrees", "unavailable", "agrees")


def _agreement(digits: str | None, missing: str | None, finding: JudgedComponent) -> tuple[str, str | None]:
    """Whether SymPy's number lies in the proven ball; if not, why."""
    truth = finding.truth
    if digits is None:
        return "unavailable", missing
    if truth.ball is None and truth.nearest is not None:
        return _beside_slopes(digits, truth)
    if truth.ball is None:
        why = "this is not differentiable here" if truth.slopes and truth.nearest is None else "nothing is proven here"
        return "unavailable", f"its formula gives {short(float(digits))}, but {why}"
    if agrees(digits, truth):
        return "agrees", None
    return "disagrees", f"GC401: SymPy's {digits} lies outside {truth.ball.value} ± {truth.ball.radius}"


def _beside_slopes(digits: str, truth: Enclosure) -> tuple[str, str | None]:
    """The same where conditions change, and the slopes on both sides tell the derivative."""
    if agrees(digits, truth):
        return "agrees", None
    return "disagrees", f"GC401: SymPy's {digits} is not the slope on both sides, {truth.nearest!r}"
