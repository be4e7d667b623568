"""Findings that are the rows of one, as of a Hessian; and what stands where there is none."""

import math
from collections.abc import Sequence
from dataclasses import replace

from autogradcli.compute.gradients import WORST_STATUS
from autogradcli.compute.report import Gradient, Reason, Symbolic
from autogradcli.compute.verdict import WORST_FIRST, worst
from autogradcli.engines.results import Array, nested, shape
from autogradcli.language.shapes import Shape, indices


def unknown(why: Reason, sizes: Shape) -> Gradient:
    """The finding where torch has no number."""
    nothing = nested([None] * math.prod(sizes), sizes)
    symbolic = Symbolic(nothing, nothing, nothing, "unavailable", "torch has no number to verify")
    return Gradient(nothing, symbolic, nothing, nothing, "unverified", why)


def stacked(rows: Sequence[Gradient], sizes: Shape) -> Gradient:
    """Findings that are the rows of one; `sizes` is the shape of what they are the rows for."""
    verdict = worst(each.verdict for each in rows)
    place = next(i for i, each in enumerate(rows) if each.verdict == verdict)
    found = rows[place]
    counts = {each: sum(row.counts.get(each, 0) for row in rows) for each in WORST_FIRST}
    return replace(
        found,
        autograd=nested([each.autograd for each in rows], sizes),
        symbolic=_stacked_symbolic([each.symbolic for each in rows], sizes),
        exact=nested([each.exact for each in rows], sizes),
        ulps=nested([each.ulps for each in rows], sizes),
        verdicts=nested([_verdicts(each) for each in rows], sizes) if sum(map(bool, counts.values())) > 1 else None,
        counts={each: count for each, count in counts.items() if count},
        worst=None if found.worst is None else replace(found.worst, index=(*indices(place, sizes), *found.worst.index)),
    )


def _verdicts(row: Gradient) -> Array:
    """The verdict of each component of a row."""
    sizes = shape(row.autograd)
    return row.verdicts or nested([row.verdict] * math.prod(sizes), sizes)


def _stacked_symbolic(rows: Sequence[Symbolic], sizes: Shape) -> Symbolic:
    """SymPy's opinions on the rows as one; the status is the worst of theirs."""
    found = min(rows, key=lambda each: WORST_STATUS.index(each.status))
    return Symbolic(
        formula=nested([each.formula for each in rows], sizes),
        value=nested([each.value for each in rows], sizes),
        digits=nested([each.digits for each in rows], sizes),
        status=found.status,
        reason=found.reason,
    )
