"""Whether torch computes the functions that are defined here: where it does not, autograd cannot be judged."""

import math
from collections.abc import Sequence

from flint import arb, ctx

from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.paths import Local
from autogradcli.engines.arb.primitives import primitive
from autogradcli.engines.arb.rounding import Underflow
from autogradcli.engines.results import Array, OtherValue, flat
from autogradcli.functions.table import row
from autogradcli.language.program import Call


def other_value(proof: Enclosures, values: Sequence[Array]) -> OtherValue | None:
    """The first step whose value torch has otherwise than its definition gives for what the step received.

    Asked of the rows that are defined by others: elementary ones are one formula in all books. A value that is not
    finite tells of the range of the dtype, not of the function; masks only move components about.
    """
    with ctx.workprec(proof.precision):
        for index, step in enumerate(proof.plan.program.steps):
            if isinstance(step, Call) and not primitive(row(step.function)):
                found = _other(proof, values, index)
                if found is not None:
                    return found
    return None


def _other(proof: Enclosures, values: Sequence[Array], index: int) -> OtherValue | None:
    given = flat(values[index])
    operands = [number for each in proof.plan.program.steps[index].operands for number in flat(values[each])]  # type: ignore[union-attr]
    numbers = [*given, *operands]
    if any(isinstance(each, bool) for each in numbers) or not all(map(math.isfinite, numbers)):
        return None
    local = Local(proof, values, index)
    defined, rounded = local.results(None), local.results(Underflow.of(proof.dtype))
    # Beside the operands too: what torch loses in the tail of a function (gelu at -11 is 0) makes it no other one.
    size = max([abs(each).upper() for each in [*defined, *map(arb, operands)] if each.is_finite()], default=arb(0))
    for place, number in enumerate(given):
        off = abs(defined[place] - arb(number))
        explained = not rounded[place].is_finite() or rounded[place].contains(arb(number))
        if not explained and off > size * proof.dtype.rtol:
            return OtherValue(index, place, number, float(defined[place]))
    return None
