"""Why there is no number to compare torch's with, in a sentence: jumps, vertical tangents, ends of domains."""

from collections.abc import Set
from dataclasses import replace

from flint import arb

from autogradcli.engines.arb.decimals import short_text
from autogradcli.engines.arb.diagnose import of_gradient, of_value
from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.kinks import Side
from autogradcli.engines.results import Cause
from autogradcli.language.program import Call, Constant
from autogradcli.language.shapes import component, subscript
from autogradcli.language.tape import Input, Operation, components, shape_of


def no_value(proof: Enclosures, entry: int) -> Cause:
    """Why an entry has no finite value."""
    culprit = of_value(proof.plan, proof.exact, entry)
    variable = proof.plan.tape.entries[culprit.entry]
    if isinstance(variable, Input):
        message = f"{_point(proof, culprit.entry)}, so there is no finite value"
        return Cause("undefined", "GC111", message, variable.step)
    text, where, step = _place(proof, culprit.entry)
    if culprit.outside:
        return Cause("undefined", "GC111", f"{text} is not defined{where}", step)
    if culprit.large:
        return Cause("undefined", "GC115", f"{text} is too large{where}", step)
    if culprit.settled:
        return Cause("undefined", "GC111", f"{text} has no finite value{where}", step)
    return Cause("unverified", "GC501", f"{text} could not be enclosed{where}", step)


def no_gradient(proof: Enclosures, entry: int, left: Side, right: Side) -> Cause:
    """Why there is no derivative: a jump, an infinite slope, a slope on one side only, or none at all."""
    kinds = {left.kind, right.kind}
    worst, *others = (each for each in ("jump", "unbounded", "unsettled", "outside") if each in kinds)
    cause = _of_sides(proof, entry, left, right, worst)
    return replace(cause, end=_of_sides(proof, entry, left, right, "outside")) if "outside" in others else cause


def no_gradient_of_intermediate(proof: Enclosures, entry: int) -> Cause:
    """Why nothing is proven along an intermediate value: it is a ball, and no points beside it can be tried."""
    text, where, step = _place(proof, singular_culprit(proof, entry))
    message = f"{text} may not be differentiable{where}, and slopes are found beside variables alone"
    return Cause("unverified", "GC501", message, step)


def singular_culprit(proof: Enclosures, entry: int) -> int:
    """The entry that the sweep could not pass: a tie on the way, or a partial derivative that does not exist."""
    if proof.proves(entry):
        return of_gradient(proof.plan, proof.exact, entry).entry
    return proof.first_ties.get(entry, proof.plan.tape.output)


def _of_sides(proof: Enclosures, entry: int, left: Side, right: Side, kind: str) -> Cause:
    """Why there is no derivative, of the sides that are of one kind."""
    worse = left if left.kind == kind else right
    text, where, step = _place(proof, singular_culprit(proof, entry) if worse.origin is None else worse.origin)
    if kind == "jump":
        return Cause("undefined", "GC113", _of_jump(proof, entry, step, left, right), step)
    if kind == "unbounded":
        # Beside a condition it may as well oscillate: two secants do not tell.
        changes = _changes(proof, entry, worse)
        message = (
            f"the secants of {text} grow without bound{changes}" if changes else f"{text} has a vertical tangent{where}"
        )
        return Cause("undefined", "GC112", message, step)
    if kind == "unsettled":
        return Cause("unverified", "GC501", f"the slope of {text} could not be told{where}", step)
    beside = "on either side" if left.kind == right.kind else "to the left" if left.kind == kind else "to the right"
    if proof.plan.order > 1:  # the function is defined there, or its own gradient would have said so and been inherited
        message = f"the derivative of {text} as it is written out has no value {beside} of {_point(proof, entry)}"
        return Cause("unverified", "GC501", message, step)
    return Cause("undefined", "GC114", f"{text} is not defined {beside} of {_point(proof, entry)}", step)


def _of_jump(proof: Enclosures, entry: int, step: int, left: Side, right: Side) -> str:
    """What jumps, where, and what it does on either side."""
    jumping = left if left.kind == "jump" else right
    where = _changes(proof, entry, jumping) or f" at {_point(proof, entry)}"
    said = [_of_side(proof, side, name, step) for side, name in ((left, "left"), (right, "right"))]
    return f"{proof.plan.program.text(step)} jumps{where}: {', '.join(said)}"


def _changes(proof: Enclosures, entry: int, side: Side) -> str:
    """The point, and the condition that comes out otherwise on a side of it; nothing if none does."""
    if side.condition is None:
        return ""
    condition = proof.plan.program.text(proof.plan.tape.entries[side.condition].step)
    return f" at {_point(proof, entry)}, where {condition} changes"


def _of_side(proof: Enclosures, side: Side, name: str, step: int) -> str:
    """What the function does on one side, where a step jumps."""
    if side.kind == "jump":
        other = step if side.origin is None else proof.plan.tape.entries[side.origin].step
        if other != step:
            return f"{proof.plan.program.text(other)} jumps on the {name}"
        return f"the function's limit on the {name} " + (
            "could not be told" if side.limit is None else f"is {_number(side.limit)}"
        )
    if side.kind == "outside":
        return f"it is not defined on the {name}"
    slope = "is infinite" if side.kind == "unbounded" else "could not be told"
    return f"the slope on the {name} " + (slope if side.slope is None else f"is {_number(side.slope)}")


def _number(number: arb) -> str:
    return short_text(number) if number.is_finite() else f"{float(number)}"


def _point(proof: Enclosures, entry: int) -> str:
    """A component of a variable and its value, for a sentence."""
    variable = proof.plan.tape.entries[entry]
    assert isinstance(variable, Input)
    values = proof.at[variable.name]
    index = subscript(variable.place, proof.plan.shapes.get(variable.name, ()))
    number = values[variable.place]
    return f"{variable.name}{index} = {_number(number)}"


def _place(proof: Enclosures, entry: int) -> tuple[str, str, int]:
    """Text of the program step that an entry belongs to, the values of its operands, and the step.

    Of an operand that is a tensor the component that the entry is computed from, if it is one alone.
    """
    program, tape = proof.plan.program, proof.plan.tape
    index = tape.entries[entry].step
    step = program.steps[index]
    operands = step.operands if isinstance(step, Call) else ()
    below = _below(proof, entry, len(operands))
    values: dict[str, arb] = {}
    for each in operands:
        entries = components(tape.results[each])
        places = [place for place, component in enumerate(entries) if component in below]
        if len(places) == 1 and not isinstance(program.steps[each], Constant):
            sizes = shape_of(tape.results[each])
            values[component(program.label(each), places[0], sizes)] = proof.exact.values[entries[places[0]]]
    where = ", ".join(f"{text} = {short_text(ball)}" for text, ball in values.items() if _is_number(ball))
    return program.text(index), f" at {where}" if where else "", index


def _is_number(ball: object) -> bool:
    return isinstance(ball, arb) and bool(ball.is_finite())


def _below(proof: Enclosures, entry: int, most: int) -> Set[int]:
    """The entries of other steps that an entry is computed from; none if they are more than `most`."""
    entries = proof.plan.tape.entries
    seen: set[int] = set()
    found: set[int] = set()
    pending = [entry]
    while pending and len(found) <= most:
        index = pending.pop()
        each = entries[index]
        if index not in seen and isinstance(each, Operation):
            own = {operand for operand in each.operands if entries[operand].step == each.step}
            pending.extend(own)
            found.update(set(each.operands) - own)
        seen.add(index)
    return found if len(found) <= most else set()
