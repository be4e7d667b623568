"""The verdict on gradients of programs that are too long for a proof of every component: along random directions."""

import math
from typing import TYPE_CHECKING

from autogradcli.compute.evidence import Lower, differentiated
from autogradcli.compute.problem import Problem, called
from autogradcli.compute.unproven import Unproven, because, unproven
from autogradcli.compute.verdict import scale, tolerance
from autogradcli.engines.results import Autograd, Cause, flat
from autogradcli.functions.function import NoDefinition
from autogradcli.functions.handles import TooLong
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.tape import TapeOptions

if TYPE_CHECKING:
    from autogradcli.engines.arb.directions import Errors

REACH = 5
"""How many times the operations that are allowed for a proof may be followed along directions."""
MOST_MOVED = 300_000
"""Components of all variables together that a direction may have."""
CHANCE = 1e-6
"""The probability of a miss that the note is about."""


def along_directions(problem: Problem, autograd: Autograd, lower: Lower, too_long: TooLong) -> Unproven:
    """The opinion on a program of which no tape was made; why there is none if no direction decides.

    `lower` is what is known from derivatives of lower order.
    """
    # python-flint is loaded with the engines, not before.
    from autogradcli.engines.arb import directions

    if sum(len(flat(each)) for each in autograd.inputs.values()) > MOST_MOVED:
        return unproven(too_long, autograd)
    gradients = {name: _components(autograd, name) for name in problem.wrt}
    moved = {name for direction in problem.backward.along for name, _ in direction.parts}
    decidable = {*problem.wrt, *moved} <= {*problem.program.variables} and problem.options.max_ulps is None
    if not decidable or not all(math.isfinite(each) for numbers in gradients.values() for each in numbers):
        return unproven(too_long, autograd)
    allowed = {name: _allowed(problem, autograd, lower, name, numbers) for name, numbers in gradients.items()}
    upstream = None if autograd.upstream is None else flat(autograd.upstream)
    layout = TapeOptions(upstream, limit=REACH * problem.options.max_operations)
    rounding = directions.ROUNDINGS * DTYPES[problem.options.dtype].unit_roundoff
    try:
        claim = directions.GradientClaim(gradients, allowed, problem.backward.along)
        errors = directions.along_directions(problem.program, autograd.inputs, layout, claim, rounding)
    except (TooLong, NoDefinition, directions.Undirected):
        return unproven(too_long, autograd)
    what = called(len(problem.backward.along) + 1)
    if errors.most <= 1 and errors.explained:
        missed = errors.missed(CHANCE)
        beyond = "the tolerance" if missed <= 1 else f"{missed:.0f} times the tolerance"
        note = (
            f"{too_long}, so the {what} was checked along {directions.DIRECTIONS} random directions and not component"
            f" by component: that an error beyond {beyond} was missed has a probability below {CHANCE}"
        )
        return because(Cause("verified", None, note, None), autograd, note)
    return because(_cause(problem, errors, too_long, what), autograd)


def _components(autograd: Autograd, name: str) -> list[float]:
    numbers = autograd.gradients[name]
    return [0.0] * len(flat(autograd.inputs[name])) if numbers is None else flat(numbers)


def _allowed(problem: Problem, autograd: Autograd, lower: Lower, name: str, gradient: list[float]) -> list[float]:
    """What each component may be off, by the same rule as where the truth is known."""
    scalar = differentiated(problem, autograd)
    largest = max(map(abs, flat(autograd.inputs[name])))
    least = lower.scales.get(name, [0.0] * len(gradient))
    sizes = [max(scale(each, scalar, largest), size) for each, size in zip(gradient, least, strict=True)]
    return [tolerance(problem, size).absolute for size in sizes]


def _cause(problem: Problem, errors: "Errors", too_long: TooLong, what: str) -> Cause:
    if errors.most <= 1:
        small = f"off by {errors.most:.1e} of what is allowed, which honest rounding does not explain"
        return Cause("imprecise", "GC306", f"{too_long}; along a random direction the {what} is {small}", None)
    if not errors.least > 1:
        message = f"{too_long}, and along random directions the {what} could not be told: --max-operations allows more"
        return Cause("unverified", "GC503", message, None)
    off = f"{too_long}; along a random direction the {what} is off by {errors.least:.3g} times what is allowed"
    demanded = problem.options.rtol is not None or problem.options.atol is not None
    if errors.explained and not demanded:
        return Cause("imprecise", "GC306", f"{off}, which honest rounding explains", None)
    reason = "which honest rounding explains" if errors.explained else "which honest rounding does not explain"
    return Cause("mismatch", "GC306", f"{off}, {reason}", None)
