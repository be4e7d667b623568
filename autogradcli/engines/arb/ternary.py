"""Comparisons of balls: true, false, or not decided at this precision, and whether they depend on a tie."""

from collections.abc import Callable
from dataclasses import dataclass

from flint import arb


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a condition.

    `tie` is set where the two sides are equal, or not told apart: there, the smallest change of an operand may change
    the outcome, so that whatever depends on it need not be differentiable.
    """

    value: bool | None
    tie: bool = False
    undefined: bool = False
    """Whether one of the two sides is no number at all."""


TRUE = Truth(True)
FALSE = Truth(False)
UNDECIDED = Truth(None, tie=True)
UNDEFINED = Truth(None, tie=True, undefined=True)


def _compare(less: bool, equal: bool, greater: bool) -> Callable[[arb, arb], Truth]:
    """The comparison that is true in the cases named."""
    settled = {order: Truth(outcome) for order, outcome in (("<", less), (">", greater))}
    tied = Truth(equal, tie=True)

    def compare(x: arb, y: arb) -> Truth:
        if x < y:
            return settled["<"]
        if x > y:
            return settled[">"]
        if x == y:
            return tied
        return UNDEFINED if x.is_nan() or y.is_nan() else UNDECIDED

    return compare


def logical_not(x: Truth) -> Truth:
    """The opposite of x, with the same tie."""
    return x if x.value is None else Truth(not x.value, x.tie)


def logical_and(x: Truth, y: Truth) -> Truth:
    """Both; a side that is false beyond doubt settles it whatever the other side depends on."""
    if FALSE in (x, y):
        return FALSE
    if x.value is False or y.value is False:
        return Truth(False, tie=True)
    if x.value is None or y.value is None:
        return UNDEFINED if x.undefined or y.undefined else UNDECIDED
    return Truth(True, x.tie or y.tie)


def logical_or(x: Truth, y: Truth) -> Truth:
    """x or y: true as soon as one side is true beyond doubt, whatever the other side depends on."""
    return logical_not(logical_and(logical_not(x), logical_not(y)))


def isnan(x: arb) -> Truth:
    """Whether x is a NaN that was given. One that comes of an operation has no middle, and may be any number."""
    if not x.is_nan():
        return FALSE
    return TRUE if x.is_exact() else UNDEFINED


CONDITIONS: dict[str, Callable[..., Truth]] = {
    "lt": _compare(less=True, equal=False, greater=False),
    "le": _compare(less=True, equal=True, greater=False),
    "gt": _compare(less=False, equal=False, greater=True),
    "ge": _compare(less=False, equal=True, greater=True),
    "eq": _compare(less=False, equal=True, greater=False),
    "ne": _compare(less=True, equal=False, greater=True),
    "isnan": isnan,
    "logical_and": logical_and,
    "logical_or": logical_or,
    "logical_not": logical_not,
}
"""The rows of the table that give a condition."""
