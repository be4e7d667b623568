"""The sentence behind a verdict: what happened, in which step, with the numbers of this case, and what to write instead."""

import math
import re
from collections.abc import Callable

from autogradcli.compute.opinions import Opinions
from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import Ruling
from autogradcli.engines.opinions import Cancellation, Enclosure, Parting
from autogradcli.language.program import Call, Program
from autogradcli.language.rewrites import better_spelling


def reason(opinions: Opinions, name: str, number: float, truth: Enclosure, ruling: Ruling) -> Reason | None:
    """Why the derivative with respect to `name` is not `verified`; None if it is."""
    if ruling.code is None:
        return None
    return EXPLAIN[ruling.code](opinions, name, number, truth)


def _as_the_cause_says(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    assert truth.cause is not None
    cause = truth.cause
    return _of_step(opinions, cause.code, cause.message, cause.step)


def _kink(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    assert truth.slopes is not None
    left, right = truth.slopes
    at = f"{name} = {opinions.autograd.inputs[name]!r}"
    return Reason(
        "GC101",
        f"not differentiable at {at}: the slope is {short(left)} to the left and {short(right)} to the right;"
        f" torch's convention gives {short(number)}",
        truth.step,
        _text(opinions, truth.step),
    )


def _conventions(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    assert truth.slopes is not None
    left, right = truth.slopes
    at = f"{name} = {opinions.autograd.inputs[name]!r}"
    slopes = f"the slope is {short(left)}" if left == right else f"the slopes are {short(left)} and {short(right)}"
    message = f"at {at} {slopes}, but torch's conventions for functions with a kink come to {short(number)}"
    return Reason("GC102", message, truth.step, _text(opinions, truth.step))


def _too_large(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    if truth.cause is not None:
        return _as_the_cause_says(opinions, name, number, truth)
    assert truth.ball is not None
    message = f"the true derivative, {_digits(truth)}, is too large for {opinions.problem.dtype}"
    return Reason("GC115", message)


def _not_finite(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    """NaN or infinity where the truth is finite: born in a branch not taken, in a value, or in a backward."""
    parted = opinions.parting
    if parted is not None and not parted.taken:
        return _masked(opinions, parted)
    step = _first_broken_value(opinions)
    if step is not None:
        value = opinions.autograd.values[step]
        message = f"{_text(opinions, step)} is {value!r} in {opinions.problem.dtype}, so the gradient is {number!r};"
        return _of_step(opinions, "GC202", f"{message} the truth is {_digits(truth)}", step)
    if parted is not None:
        return _of_step(opinions, "GC203", _parting_text(opinions, parted), parted.step)
    return Reason("GC203", f"autograd gives {number!r}; the truth is {_digits(truth)}")


def _masked(opinions: Opinions, parted: Parting) -> Reason:
    program = opinions.problem.program
    text = program.text(parted.step)
    message = (
        f"{text} belongs to a branch that is not taken, yet backward goes through it:"
        f" there it is 0 times infinity or NaN, which is {parted.autograd!r}"
    )
    return Reason("GC201", message, parted.step, text, _two_wheres(program, parted))


def _two_wheres(program: Program, parted: Parting) -> str | None:
    """The `where` around the guarded step, whose operand is made harmless where the branch is not taken."""
    guarded = program.steps[parted.step].span
    for step in program.steps[parted.step :]:
        if not (isinstance(step, Call) and step.function == "where"):
            continue
        condition, yes, no = (program.steps[operand].span for operand in step.operands)
        operand, where = program.text(parted.operand), program.source[condition.start : condition.end]
        for branch, safe in ((yes, f"where({where}, {operand}, 1)"), (no, f"where({where}, 1, {operand})")):
            if branch.start <= guarded.start and guarded.end <= branch.end:
                word = rf"(?<!\w){re.escape(operand)}(?!\w)"
                inner = re.sub(word, lambda _, safe=safe: safe, program.text(parted.step), count=1)  # type: ignore[misc]
                source, outer = program.source, step.span
                return source[outer.start : guarded.start] + inner + source[guarded.end : outer.end]
    return None


def _first_broken_value(opinions: Opinions) -> int | None:
    """The first step, in order of evaluation, whose value is not finite though its operands' values are."""
    values = opinions.autograd.values
    for index, step in enumerate(opinions.problem.program.steps):
        if isinstance(step, Call) and not math.isfinite(values[index]):
            if all(math.isfinite(values[operand]) for operand in step.operands):
                return index
    return None


def _formula_loses(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    return _by_parting(opinions, "GC301", number, truth, "torch's formula loses accuracy here")


def _wrong(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    return _by_parting(opinions, "GC303", number, truth, "honest rounding does not explain it")


def _by_parting(opinions: Opinions, code: str, number: float, truth: Enclosure, judgement: str) -> Reason:
    parted = opinions.parting
    if parted is None:
        return Reason(code, f"autograd gives {number!r}, the truth is {_digits(truth)}: {judgement}")
    return _of_step(opinions, code, f"{_parting_text(opinions, parted)}: {judgement}", parted.step)


def _parting_text(opinions: Opinions, parted: Parting) -> str:
    step, operand = _text(opinions, parted.step), _text(opinions, parted.operand)
    return f"backward of {step} sends {short(parted.autograd)} to {operand} where {short(parted.truth)} is true"


def _cancellation(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    found: Cancellation | None = opinions.cancellation
    off = f"autograd gives {number!r}, the truth is {_digits(truth)}"
    if found is None:
        return Reason("GC302", f"{off}: rounding of the steps before adds up to this")
    terms = " and ".join(short(term) for term in found.terms[:2])
    more = f" (and {len(found.terms) - 2} more)" if len(found.terms) > 2 else ""
    return _of_step(opinions, "GC302", f"{off}: terms of {terms}{more} leave {short(found.left)}", found.step)


def _demand(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    return Reason(
        "GC304",
        f"autograd gives {number!r}, the truth is {_digits(truth)}: rounding explains it, but it is more than was allowed",
    )


def _undecided(opinions: Opinions, name: str, number: float, truth: Enclosure) -> Reason:
    return Reason("GC502", f"the enclosure {_digits(truth)} is too wide to tell whether {number!r} is near enough")


EXPLAIN: dict[str, Callable[[Opinions, str, float, Enclosure], Reason]] = {
    "GC101": _kink,
    "GC102": _conventions,
    "GC111": _as_the_cause_says,
    "GC112": _as_the_cause_says,
    "GC113": _as_the_cause_says,
    "GC114": _as_the_cause_says,
    "GC115": _too_large,
    "GC202": _not_finite,
    "GC301": _formula_loses,
    "GC302": _cancellation,
    "GC303": _wrong,
    "GC304": _demand,
    "GC501": _as_the_cause_says,
    "GC502": _undecided,
}


def _of_step(opinions: Opinions, code: str, message: str, step: int | None) -> Reason:
    remedy = None if step is None else better_spelling(opinions.problem.program, step)
    return Reason(code, message, step, _text(opinions, step), remedy)


def _text(opinions: Opinions, step: int | None) -> str | None:
    return None if step is None else opinions.problem.program.text(step)


def _digits(truth: Enclosure) -> str:
    """The true number in a few digits, for a sentence."""
    assert truth.ball is not None
    return short(float(truth.ball.value)) if truth.nearest and math.isfinite(truth.nearest) else truth.ball.value[:12]


def short(number: float) -> str:
    """A number in at most seven digits, for a sentence."""
    return f"{number:.7g}"
