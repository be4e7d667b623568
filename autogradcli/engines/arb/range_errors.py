"""Where torch's numbers leave the range of the dtype: values that are not finite, numbers too small to be whole."""

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from flint import arb, ctx

from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, FirstDivergence, Small, flat
from autogradcli.language.program import Call
from autogradcli.language.tape import Operation, components

DIGITS = 7
"""Of a number in a sentence."""


def live(proof: Enclosures) -> AbstractSet[int]:
    """The entries that the output is made of: not those of a branch that is not taken, nor those of a condition.

    Where a condition is in a tie and both branches have the same value, the output is made of both.
    """
    found: set[int] = set()
    pending = [entry for entry, _ in proof.plan.tape.seeds]
    while pending:
        index = pending.pop()
        if index not in found:
            found.add(index)
            pending.extend(_made_of(proof, index))
    return found


def _made_of(proof: Enclosures, index: int) -> Sequence[int]:
    entry, values = proof.plan.tape.entries[index], proof.exact.values
    if not isinstance(entry, Operation):
        return ()
    truth = values[entry.operands[0]]
    if not isinstance(truth, Truth) or len(entry.operands) != 3:
        return entry.operands
    _, yes, no = entry.operands
    meet = values[yes].is_finite() and values[no].is_finite() and values[yes].overlaps(values[no])
    if truth.value is None or (truth.tie and meet):
        return yes, no
    return (yes,) if truth.value else (no,)


def broken(proof: Enclosures, values: Sequence[Array], parted: FirstDivergence | None) -> tuple[int, int] | None:
    """The first step with a component that is not finite in torch, though the operands are; and that component.

    Only components count that the output is made of; with an operation whose backward goes wrong, only a step that it
    depends on.
    """
    steps = range(len(values)) if parted is None else _hangs_on(proof, parted.step)
    alive = live(proof)
    for index in sorted(steps):
        step = proof.plan.program.steps[index]
        operands = step.operands if isinstance(step, Call) else (index,)
        if _finite(values[index]) or not all(_finite(values[operand]) for operand in operands):
            continue
        entries = components(proof.plan.tape.results[index])
        for place, (entry, value) in enumerate(zip(entries, flat(values[index]), strict=True)):
            if entry in alive and not math.isfinite(value):
                return index, place
    return None


def _finite(value: Array) -> bool:
    return all(map(math.isfinite, flat(value)))


def _hangs_on(proof: Enclosures, step: int) -> AbstractSet[int]:
    """A step and all that it is computed from."""
    found: set[int] = set()
    pending = [step]
    while pending:
        index = pending.pop()
        if index not in found:
            found.add(index)
            each = proof.plan.program.steps[index]
            pending.extend(each.operands if isinstance(each, Call) else ())
    return found


def vanished(proof: Enclosures, values: Sequence[Array]) -> Small | None:
    """The first number on the way to the output that torch has as 0, because it is too small for the dtype.

    Where a value of torch's is not finite, one that this value is computed from.
    """
    alive, born = live(proof), broken(proof, values, None)
    steps = range(len(values)) if born is None else sorted(_hangs_on(proof, born[0]))
    with ctx.workprec(proof.precision):
        for step in steps:
            each = proof.plan.program.steps[step]
            if isinstance(each, Call):
                for entry, value in zip(components(proof.plan.tape.results[step]), flat(values[step]), strict=True):
                    if entry in alive and value == 0 and _is_small(proof, proof.exact.values[entry]):
                        return Small(step, _short(proof.exact.values[entry]), gradient=False)
    return None


def small(proof: Enclosures, parted: FirstDivergence) -> Small | None:
    """A number that underflows, behind an operation whose backward goes wrong: one of its values, or a gradient."""
    with ctx.workprec(proof.precision):
        return next(_small_values(proof, parted), None) or next(_small_gradients(proof, parted), None)


def _small_values(proof: Enclosures, parted: FirstDivergence) -> Iterator[Small]:
    alive = live(proof)
    for step in sorted(_hangs_on(proof, parted.step)):
        if isinstance(proof.plan.program.steps[step], Call):
            for entry in components(proof.plan.tape.results[step]):
                if entry in alive and _is_small(proof, proof.exact.values[entry]):
                    yield Small(step, _short(proof.exact.values[entry]), gradient=False)


def _small_gradients(proof: Enclosures, parted: FirstDivergence) -> Iterator[Small]:
    for step in (*range(parted.step, len(proof.plan.program.steps)), parted.operand):
        for entry in components(proof.plan.tape.results[step]):
            if _is_small(proof, proof.exact.adjoints[entry]):
                yield Small(step, _short(proof.exact.adjoints[entry]), gradient=True)


def _is_small(proof: Enclosures, number: object) -> bool:
    return isinstance(number, arb) and bool(0 < abs(number) < proof.dtype.normal)


def _short(ball: arb) -> str:
    """A number in a few digits, whatever its exponent."""
    text: str = ball.mid().str(DIGITS, radius=False)
    mantissa, mark, exponent = text.partition("e")
    return mantissa.rstrip("0").rstrip(".") + mark + exponent if "." in mantissa else text
