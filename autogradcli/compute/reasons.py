"""The sentence behind a verdict: what happened, in which step, with which numbers, and what to write instead."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from autogradcli.compute.evidence import Evidence
from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import Ruling
from autogradcli.engines.results import Cancellation, Enclosure, FirstDivergence, Small, flat, shape
from autogradcli.language.program import Program
from autogradcli.language.shapes import component, subscript


@dataclass(frozen=True, slots=True)
class Doubt:
    """One number that needs a reason."""

    evidence: Evidence
    name: str
    """The variable."""
    index: int
    """Which of its components, row by row."""
    number: float
    """Autograd's derivative with respect to it."""
    truth: Enclosure

    @property
    def program(self) -> Program:
        """The program that was differentiated."""
        return self.evidence.problem.program

    @property
    def place(self) -> str:
        """Where on the component's axis."""
        value = self.evidence.point(self.name)
        return f"{self.name}{subscript(self.index, shape(value))} = {flat(value)[self.index]!r}"

    @property
    def off(self) -> str:
        """Both numbers, autograd's and the true one."""
        true = _digits(self.truth)
        if self.truth.nearest is not None and math.isfinite(self.truth.nearest):
            true = contrast(self.number, self.truth.nearest)[1]
        return f"autograd gives {self.number!r}, the truth is {true}"

    def first_divergence(self) -> FirstDivergence | None:
        """The operation whose backward goes wrong on the way to the variable."""
        return self.evidence.proof.first_divergence(self.name, self.index)

    def text(self, step: int | None) -> str | None:
        """The source text of a step."""
        return None if step is None else self.program.text(step)


def reason(case: Doubt, ruling: Ruling) -> Reason | None:
    """Why the number is not `verified`; None if it is."""
    if ruling.code is None:
        return None
    if case.evidence.autograd.lacking is not None:
        return _without_torch(case, ruling.code)
    if case.truth.cause is not None and case.truth.cause.code not in NOTHING_PROVEN:
        return _as_the_cause_says(case)
    return EXPLAIN[ruling.code](case)


NOTHING_PROVEN = frozenset({"GC306", "GC503", "GC504"})
"""Codes of programs of which nothing is proven: their sentences name no number of autograd's."""


SEE_MASKED = ": see GC201"
"""What ends the reason for NaN from a branch that is not taken, where there is no derivative either."""


def _without_torch(case: Doubt, code: str) -> Reason:
    """The reason where torch has no number, and so no convention either."""
    cause, ball = case.truth.cause, case.truth.ball
    if cause is not None:
        return _of_step(case, code, cause.message, cause.step)
    if case.truth.nearest is None:
        return _at_corners(case, code, _kink_here(case))
    if code == "GC115":
        return _too_large(case)
    if code == "GC502" and ball is not None:
        return Reason(code, f"the enclosure {_rounded(ball.value)} ± {_rounded(ball.radius)} is too wide")
    if code == "GC401":
        return Reason(code, f"the proven derivative is {_digits(case.truth)}, and SymPy gives another")
    lacking = case.evidence.autograd.lacking
    return Reason(code, f"torch has no {lacking} that it can differentiate, and SymPy has no number either")


def _as_the_cause_says(case: Doubt) -> Reason:
    cause = case.truth.cause
    assert cause is not None
    assert cause.code is not None
    if math.isfinite(case.number):
        return _of_step(case, cause.code, f"{cause.message}; autograd gives {case.number!r} all the same", cause.step)
    parted = case.first_divergence() if cause.verdict == "undefined" and cause.code != "GC111" else None
    masked = ""
    if parted is not None and not parted.taken:
        text = case.program.text(parted.step)
        masked = f"; autograd's {parted.autograd!r} comes from {text}, on the branch that is not taken{SEE_MASKED}"
    return _of_step(case, cause.code, cause.message + masked, cause.step)


def _nothing_proven(case: Doubt) -> Reason:
    cause = case.truth.cause
    assert cause is not None
    assert cause.code is not None
    return Reason(cause.code, cause.message)


def _kink(case: Doubt) -> Reason:
    return _at_corners(case, "GC101", f"{_kink_here(case)}; torch's convention gives {short(case.number)}")


def _kink_here(case: Doubt) -> str:
    assert case.truth.slopes is not None
    one, other = map(short, case.truth.slopes)
    slopes = f"{one} to the left and {other} to the right"
    if case.truth.together:
        slopes = f"{one} along it alone, and {other} along all that tie with it"
    return f"not differentiable at {case.place}: the slope is {slopes}"


def _kink_of_several(case: Doubt) -> Reason:
    message = f"{_kink_here(case)}; torch's convention gives {short(case.number)}"
    return _at_corners(case, "GC103", message, hidden=True)


def _conventions(case: Doubt) -> Reason:
    assert case.truth.slopes is not None
    left, right = case.truth.slopes
    slopes = f"the slope is {short(left)}" if left == right else f"the slopes are {short(left)} and {short(right)}"
    message = f"at {case.place} {slopes}, but torch's conventions at corners and jumps come to {short(case.number)}"
    return _at_corners(case, "GC102", message, hidden=True)


def _at_corners(case: Doubt, code: str, message: str, *, hidden: bool = False) -> Reason:
    """A reason that names the operations with the corner; with `hidden` those of corners that cancel as well."""
    first, *others = case.evidence.proof.corners(case.name, case.index, hidden)
    texts = dict.fromkeys(map(case.program.text, others))
    return Reason(
        code, message, first, case.text(first), others=tuple(each for each in texts if each != case.text(first))
    )


def _guarded(case: Doubt) -> Reason:
    """Autograd differentiated a branch that is taken at the point alone."""
    guard = case.truth.guard
    assert guard is not None
    assert case.truth.slopes is not None
    left, right = map(short, case.truth.slopes)
    slopes = f"the slope is {left}" if left == right else f"the slopes are {left} and {right}"
    reach = f"within {short(guard.width)} of {case.place}" if guard.width else f"at {case.place}"
    message = (
        f"{case.text(guard.branch)} is taken only {reach}: autograd differentiated that branch and gives"
        f" {short(case.number)}; beside it {slopes}"
    )
    return Reason("GC104", message, guard.step, case.text(guard.step))


def _too_large(case: Doubt) -> Reason:
    if case.truth.cause is not None:
        return _as_the_cause_says(case)
    message = f"the true derivative, {_digits(case.truth)}, is too large for {case.evidence.problem.options.dtype}"
    vanished = case.evidence.proof.vanished
    if vanished is not None:
        return _of_step(case, "GC115", f"{_rounds_to_zero(case, vanished)}; {message}", vanished.step)
    return Reason("GC115", message)


def _rounds_to_zero(case: Doubt, small: Small) -> str:
    return f"{case.text(small.step)} is {small.truth}, which rounds to 0 in {case.evidence.problem.options.dtype}"


def _not_finite(case: Doubt) -> Reason:
    """NaN or infinity where the truth is finite: born in a branch not taken, in a value, or in a backward."""
    parted = case.first_divergence()
    if parted is not None and not parted.taken and case.evidence.proof.broken(parted) is None:
        return _masked(case, parted)
    vanished, broken = case.evidence.proof.vanished, case.evidence.proof.broken(None)
    if vanished is not None and (broken is None or vanished.step <= broken[0]):
        message = f"{_rounds_to_zero(case, vanished)}, so the gradient is {case.number!r}; the truth is"
        return _of_step(case, "GC202", f"{message} {_digits(case.truth)}", vanished.step)
    if broken is not None:
        message = f"{_not_finite_value(case, *broken)}, so the gradient is {case.number!r}; the truth is"
        return _of_step(case, "GC202", f"{message} {_digits(case.truth)}", broken[0])
    if case.truth.nearest is None:
        return _at_corners(case, "GC203", _nan_at_a_kink(case), hidden=case.truth.together)
    if parted is not None:
        return _of_step(case, "GC203", _sends(case, parted), parted.step)
    return Reason("GC203", f"autograd gives {case.number!r}; the truth is {_digits(case.truth)}")


def _nan_at_a_kink(case: Doubt) -> str:
    """Where any number between the slopes would do."""
    return f"{_kink_here(case)}, and any number between them would do; autograd gives {case.number!r}, which is none"


def _masked(case: Doubt, parted: FirstDivergence) -> Reason:
    program = case.program
    text = program.text(parted.step)
    message = (
        f"{text} belongs to a branch that is not taken, yet backward goes through it:"
        f" there it is 0 times infinity or NaN, which is {parted.autograd!r}"
    )
    return Reason("GC201", message, parted.step, text)


def _not_finite_value(case: Doubt, step: int, place: int) -> str:
    value = case.evidence.autograd.values[step]
    text = component(case.program.text(step), place, shape(value))
    return f"{text} is {flat(value)[place]!r} in {case.evidence.problem.options.dtype}"


def _formula_loses(case: Doubt) -> Reason:
    judgement = "torch's formula loses accuracy here"
    parted = case.evidence.proof.lossy_piece(case.name) if case.first_divergence() is None else None
    if parted is not None:
        return _of_step(case, "GC301", f"{_sends(case, parted)}: {judgement}", parted.step)
    return _by_parting(case, "GC301", judgement)


def _wrong(case: Doubt) -> Reason:
    return _by_parting(case, "GC303", "honest rounding does not explain it")


def _underflow(case: Doubt) -> Reason:
    return _by_parting(case, "GC204", f"numbers on the way are too small for {case.evidence.problem.options.dtype}")


def _by_parting(case: Doubt, code: str, judgement: str) -> Reason:
    """The operation that goes wrong; before it comes what has left the range of the dtype."""
    parted = case.first_divergence()
    if parted is None:
        custom = " and ".join(case.evidence.autograd.backwards)
        through = f"; the gradient goes through {custom}" if custom else ""
        return Reason(code, f"{case.off}: {judgement}{through}")
    broken = case.evidence.proof.broken(parted)
    if broken is not None:
        return _of_step(case, "GC202", f"{_not_finite_value(case, *broken)}, so {_sends(case, parted)}", broken[0])
    small = case.evidence.proof.small(parted) if code == "GC204" else None
    if small is not None:
        return _of_step(case, code, f"{_too_small(case, small)}, so {_sends(case, parted)}", small.step)
    return _of_step(case, code, f"{_sends(case, parted)}: {judgement}", parted.step)


def _too_small(case: Doubt, small: Small) -> str:
    subject = f"the gradient of {case.text(small.step)}" if small.gradient else case.text(small.step)
    return f"{subject} is {small.truth}, which underflows in {case.evidence.problem.options.dtype}"


def _sends(case: Doubt, parted: FirstDivergence) -> str:
    step, operand = case.program.text(parted.step), case.program.text(parted.operand)
    operand = component(operand, parted.place, shape(case.evidence.autograd.values[parted.operand]))
    sent, true = contrast(parted.autograd, parted.truth)
    if math.isinf(parted.truth):
        true = f"a number too large for {case.evidence.problem.options.dtype}"
    return f"backward of {step} sends {sent} to {operand} where {true} is true"


def _cancellation(case: Doubt) -> Reason:
    found: Cancellation | None = case.evidence.proof.cancellation
    if found is None:
        return Reason("GC302", f"{case.off}: {_reaches(case) or 'rounding of the steps before adds up to this'}")
    terms = " and ".join(short(term) for term in found.terms[:2])
    more = f" (and {len(found.terms) - 2} more)" if len(found.terms) > 2 else ""
    also = f", so that {end}" if (end := _reaches(case)) else ""
    return _of_step(case, "GC302", f"{case.off}: terms of {terms}{more} leave {short(found.left)}{also}", found.step)


def _reaches(case: Doubt) -> str | None:
    """Which denominator, logarithm or root can be at its end by rounding."""
    reached = case.truth.reached
    if reached is None:
        return None
    operand, operation = case.text(reached.operand), case.text(reached.step)
    if reached.kind == "zero" and operand != operation:
        return f"{operand} can be 0 by rounding"
    if reached.kind == "unbounded":
        return f"rounding leaves no bound for {operation}"
    return f"rounding reaches the end of the domain of {operation}"


def _demand(case: Doubt) -> Reason:
    return Reason("GC304", f"{case.off}: rounding explains it, but it is more than was allowed")


def _too_many_ulps(case: Doubt) -> Reason:
    allowed = case.evidence.problem.options.max_ulps
    return Reason("GC305", f"{case.off}: {_count(case.truth.ulps or 0.0)} ulp, and {allowed:g} were allowed")


def _undecided(case: Doubt) -> Reason:
    assert case.truth.ball is not None
    value, radius = _rounded(case.truth.ball.value), _rounded(case.truth.ball.radius)
    return Reason(
        "GC502", f"the enclosure {value} ± {radius} is too wide to tell whether {case.number!r} is near enough"
    )


def _another_function(case: Doubt) -> Reason:
    other = case.evidence.proof.other_value
    assert other is not None
    text = component(case.text(other.step) or "", other.place, shape(case.evidence.autograd.values[other.step]))
    given, defined = contrast(other.torch, other.defined)
    message = f"torch gives {given} for {text}, gradcalc's definition {defined}: of torch's function nothing is proven"
    return _of_step(case, "GC511", message, other.step)


def _rounded(decimal: str) -> str:
    return f"{Decimal(decimal):.7g}"


EXPLAIN: dict[str, Callable[[Doubt], Reason]] = {
    "GC101": _kink,
    "GC102": _conventions,
    "GC103": _kink_of_several,
    "GC104": _guarded,
    "GC111": _as_the_cause_says,
    "GC112": _as_the_cause_says,
    "GC113": _as_the_cause_says,
    "GC114": _as_the_cause_says,
    "GC115": _too_large,
    "GC202": _not_finite,
    "GC204": _underflow,
    "GC301": _formula_loses,
    "GC302": _cancellation,
    "GC303": _wrong,
    "GC304": _demand,
    "GC305": _too_many_ulps,
    "GC501": _as_the_cause_says,
    "GC502": _undecided,
    "GC306": _nothing_proven,
    "GC503": _nothing_proven,
    "GC504": _nothing_proven,
    "GC506": _nothing_proven,
    "GC507": _nothing_proven,
    "GC508": _nothing_proven,
    "GC511": _another_function,
}


def _of_step(case: Doubt, code: str, message: str, step: int | None) -> Reason:
    return Reason(code, message, step, case.text(step))


def _digits(truth: Enclosure) -> str:
    """The truth in a few digits, for a sentence."""
    if truth.ball is not None:
        return f"{Decimal(truth.ball.value):.7g}"
    if truth.nearest is not None or truth.slopes is None:
        return short(truth.nearest or 0.0)
    first, second = map(short, truth.slopes)
    if truth.together:
        return f"a slope of {first} along it alone and {second} along all that tie with it"
    return f"a slope of {first} to the left and {second} to the right"


def _count(number: float) -> str:
    """A number of units in the last place: in full as long as a person reads it so."""
    return f"{number:,.0f}" if 100 <= number < 1e6 else short(number)


def contrast(one: float, other: float) -> tuple[str, str]:
    """Two numbers in as few digits, seven or more, as tell them apart."""
    for digits in range(7, 17):
        pair = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if pair[0] != pair[1]:
            return pair
    return repr(one), repr(other)


def short(number: float) -> str:
    """A number in at most seven digits, for a sentence, in which -0 is 0."""
    return f"{number + 0:.7g}"
