"""Derivatives of a derivative that is known from its neighbours alone.

At a guard the tape of a derivative holds the branch that is taken at the point, which need not be the derivative there.
Along any other variable the tape stays in that branch. So such a derivative is looked at on both sides of the point,
along the direction in which it was taken, where its limit is what counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nextafter

from flint import arb, ctx

from autogradcli.engines.arb.enclose import FEWER_DIGITS, Enclosures
from autogradcli.engines.arb.plan import Plan, moved
from autogradcli.engines.arb.sweep import sweep
from autogradcli.engines.results import Enclosure
from autogradcli.language.program import Direction

BESIDE = 1090
"""Binary logarithm of the distance, negated. Two doubles are farther apart; what is looked at from there is nearer."""
SETTLED = 128
"""Binary digits of a derivative that need no more."""


def with_neighbours(proof: Enclosures, lower: Sequence[Plan], along: Sequence[Direction]) -> Enclosures:
    """The proof, with proofs on both sides of it where a derivative on the way is known from its neighbours alone.

    `lower` are the plans whose outputs were differentiated, each along one of the directions.
    """
    if not proof.choosing:
        return proof
    for plan, direction in zip(lower, along, strict=True):
        with ctx.workprec(proof.precision):
            nonsmooth = sweep(plan, proof.at).nonsmooth
        if any(nonsmooth[entry] for entry, _ in moved(plan, direction)):
            return replace(proof, neighbours=(_beside(proof, direction, -1), _beside(proof, direction, 1)))
    return proof


def _beside(proof: Enclosures, direction: Direction, sign: int) -> Enclosures:
    """What balls prove on one side of the point."""
    found = _with_digits(FEWER_DIGITS, proof, direction, sign)
    asked = (found.gradient(entry) for entries in proof.plan.asked.values() for entry in entries)
    settled = all(each.rel_accuracy_bits() > SETTLED or each.rad() < arb(2) ** -BESIDE for each in asked)
    return found if settled else _with_digits(proof.precision_beside, proof, direction, sign)


def _with_digits(digits: int, proof: Enclosures, direction: Direction, sign: int) -> Enclosures:
    with ctx.workprec(digits):
        step = sign * arb(2) ** -BESIDE
        moving = {name: weights for name, weights in direction.parts if name in proof.at}
        at = {name: [x + step * each for x, each in zip(proof.at[name], moving[name], strict=True)] for name in moving}
        there = {**proof.at, **at}
        return Enclosures(proof.plan, there, proof.dtype, digits, sweep(proof.plan, there))


def limit_of(left: Enclosure, right: Enclosure) -> Enclosure:
    """The opinion on the point itself, as the limit of the opinions on both sides."""
    if left.nearest is None or right.nearest is None:
        return left if left.nearest is None else right
    slopes = left.nearest, right.nearest
    if nextafter(slopes[0], -inf) <= slopes[1] <= nextafter(slopes[0], inf):
        return replace(left, ball=None, slopes=slopes)
    return Enclosure(slopes=slopes)
