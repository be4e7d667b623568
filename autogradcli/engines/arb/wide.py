"""Functions of wide balls, such as rounding gives: what an enclosure needs where the plain formula has none.

A formula that is evaluated as a whole may be NaN over a ball of whose every number the function has a value: the square
of a wide ball reaches below zero, and a quotient whose limit at 0 is finite divides by a ball that holds 0.
"""

from collections.abc import Callable, Sequence

from flint import arb

from autogradcli.processes.limits import check

MOST_PARTS = 200
"""Parts of a box without a finite enclosure beyond which there is none."""
SINC_DECREASES = 0.66
"""The size of an argument up to which the slope of sinc decreases: the first zero of its second derivative."""
HALF, QUARTER = arb(0.5), arb(0.25)
Partial = Callable[..., arb]
Box = tuple[arb, ...]


def by_parts(function: Callable[..., arb], box: Sequence[arb]) -> arb:
    """An enclosure of a function over a box, from halves of it, halves of those, and so on; NaN if there is none."""
    pending, total, failed = [tuple(box)], None, 0
    while pending:
        check()
        part = pending.pop()
        found = function(*part)
        if found.is_finite():
            total = found if total is None else total.union(found)
            continue
        failed += 1
        if failed > MOST_PARTS or all(each.is_exact() for each in part):
            return arb.nan()
        pending += _halves(function, part)
    return arb.nan() if total is None else total


def _halves(function: Callable[..., arb], box: Box) -> list[Box]:
    """Halves of a box, along the operand where more of them have a finite enclosure; of equals the widest."""
    splits = [_split(box, place) for place, each in enumerate(box) if not each.is_exact()]
    if len(splits) == 1:
        return splits[0][1]
    return max(splits, key=lambda split: (sum(function(*half).is_finite() for half in split[1]), split[0]))[1]


def _split(box: Box, place: int) -> tuple[float, list[Box]]:
    """The radius of one side of a box, and the two halves of the box along it."""
    middle, radius = box[place].mid(), box[place].rad() / 2
    halves = (arb(middle - radius, radius), arb(middle + radius, radius))
    return float(radius), [(*box[:place], half, *box[place + 1 :]) for half in halves]


def _sinc(slope: Partial, x: arb) -> arb:
    """The slope of sinc is minus pi times the integral of t sin(pi x t) over [0, 1]; at most 1.3701 in size.

    It decreases between its extrema at -0.66 and 0.66: there the ends of a ball tell more.
    """
    within = arb(0, (arb.pi() ** 2 / 3 * x.abs_upper()).upper().min(arb(1.38)))
    if not x.abs_upper() < SINC_DECREASES:
        return within
    between = _at_ends(slope, x)
    return between if between.rad() < within.rad() else within


def _i1(_: Partial, x: arb) -> arb:
    """The slope of i1, (I0 + I2)/2, is even and increases with abs(x)."""
    low, high = ((each.bessel_i(0) + each.bessel_i(2)) / 2 for each in (x.abs_lower(), x.abs_upper()))
    return low.union(high)


def _i1e(_: Partial, x: arb) -> arb:
    """The slope of i1e is even, 1/2 at 0 and not steeper than 1 from there, and lies in [-0.02, 1/2]."""
    largest = x.abs_upper()
    return arb(HALF, largest) if largest < QUARTER else arb(0.24, 0.27)


def _tanh(_: Partial, x: arb) -> arb:
    """The slope of tanh is even and decreases with abs(x)."""
    low, high = (4 * each / (1 + each) ** 2 for each in ((-2 * x.abs_lower()).exp(), (-2 * x.abs_upper()).exp()))
    return low.union(high)


def _log_ndtr(_: Partial, x: arb) -> arb:
    """The slope of log_ndtr lies above 0 and -x, and above the larger of them by less than 0.8, its value at 0."""
    low, high = ((-end).max(arb(0)) for end in (x.upper(), x.lower()))
    return low.union(high + 0.8)


def _erfcx(slope: Partial, x: arb) -> arb:
    """The slope of erfcx increases: erfcx(x) is an integral of exp(-2xt) with a positive weight (DLMF 7.7.1)."""
    return _at_ends(slope, x)


def _at_ends(slope: Partial, x: arb) -> arb:
    """A monotone slope over a ball."""
    return slope(x.lower()).union(slope(x.upper()))


BOUNDS: dict[str, Callable[[Partial, arb], arb]] = {
    "sinc": _sinc,
    "i1": _i1,
    "i1e": _i1e,
    "tanh": _tanh,
    "log_ndtr": _log_ndtr,
    "erfcx": _erfcx,
}
"""Slopes over wide balls, where the row's formula divides by what the ball makes zero, or subtracts what is equal."""


def bounded(name: str, formula: Partial) -> Partial:
    """A row's partial derivative: by its bound where its formula tells less of a wide ball."""
    bound = BOUNDS.get(name)
    if bound is None:
        return formula

    def partial(x: arb) -> arb:
        found = formula(x)
        if x.is_exact() or not x.is_finite() or _loses_little(found, x):
            return found
        other = bound(formula, x)
        return other if not found.is_finite() or other.rad() < found.rad() else found

    return partial


LOST = 10
"""Binary digits fewer than its operand has that a slope may have before its bound is asked."""


def _loses_little(found: arb, x: arb) -> bool:
    return bool(found.is_finite()) and found.rel_accuracy_bits() >= max(1, x.rel_accuracy_bits() - LOST)
