"""The square of verdicts, the tolerance and the exit status: pure rules over plain data."""

import math
from dataclasses import replace

import pytest

from autogradcli.compute.problem import Options
from autogradcli.compute.verdict import Ruling, Tolerance, contains, exit_code, judge, scale, tolerance, worst
from autogradcli.engines.results import Ball, Cause, Enclosure
from autogradcli.errors import ExitCode
from autogradcli.language.dtypes import DTYPES
from tests.helpers import problem

DOUBLE = DTYPES["float64"]
BALL = Ball("1", "0")


def truth(error: float, inside: bool, ulps: float = 100.0) -> Enclosure:
    """A proven 1 beside a number that is off by `error`."""
    return Enclosure(BALL, 1.0, (error, error), ulps, inside)


SQUARE = [
    (1e-9, True, "verified", None),
    (1e-3, True, "imprecise", "GC302"),
    (1e-9, False, "imprecise", "GC301"),
    (1e-3, False, "mismatch", "GC303"),
]


@pytest.mark.parametrize(("error", "inside", "verdict", "code"), SQUARE)
def test_the_square(error: float, inside: bool, verdict: str, code: str | None) -> None:
    """Two questions are asked of autograd's number, and the answers make a square."""
    ruling = judge(1.0, truth(error, inside), Tolerance(1e-7, demanded=False), DOUBLE)
    assert (ruling.verdict, ruling.code) == (verdict, code)


def test_a_demand_is_not_excused_by_rounding() -> None:
    """Beyond a tolerance that the user gave is a mismatch even inside the rounding budget."""
    ruling = judge(1.0, truth(1e-3, inside=True), Tolerance(1e-7, demanded=True), DOUBLE)
    assert (ruling.verdict, ruling.code) == ("mismatch", "GC304")


def test_within_one_ulp_is_verified_however_small_the_scale() -> None:
    """The correct underflow of a gradient beyond the smallest double is no error."""
    underflow = Enclosure(Ball("1e-400", "0"), 0.0, (0.0, 5e-324), 1.0, inside=True)
    assert judge(0.0, underflow, Tolerance(0.0, demanded=False), DOUBLE).verdict == "verified"


def test_bounds_on_both_sides_of_the_tolerance_decide_nothing() -> None:
    """A ball that is too wide is no ground for a verdict."""
    wide = Enclosure(BALL, 1.0, (1e-9, 1e-3), 100.0, inside=True)
    assert judge(1.0, wide, Tolerance(1e-7, demanded=False), DOUBLE).verdict == "unverified"


SINGLE = [
    (math.nan, Enclosure(BALL, 1.0), "mismatch", "GC202"),
    (math.inf, Enclosure(BALL, 1.0), "mismatch", "GC202"),
    (math.inf, Enclosure(BALL, 1.0, inside=True), "imprecise", "GC302"),
    (math.inf, Enclosure(Ball("2e400", "0"), math.inf), "undefined", "GC115"),
    (0.5, Enclosure(slopes=(-1.0, 1.0)), "kink", "GC101"),
    (1.0 + 1e-9, Enclosure(slopes=(-1.0, 1.0)), "kink", "GC101"),
    (2.0, Enclosure(slopes=(-1.0, 1.0)), "mismatch", "GC102"),
    (math.nan, Enclosure(slopes=(-1.0, 1.0)), "mismatch", "GC202"),
    (0.0, Enclosure(cause=Cause("undefined", "GC113", "it jumps", 0)), "undefined", "GC113"),
    (0.0, Enclosure(cause=Cause("unverified", "GC501", "no telling", 0)), "unverified", "GC501"),
    (0.0, Enclosure(BALL, 1.0, (1.0, 1.0), 1e15, False, slopes=(1.0, 1.0)), "mismatch", "GC102"),
]


@pytest.mark.parametrize(("number", "found", "verdict", "code"), SINGLE)
def test_where_the_square_does_not_apply(number: float, found: Enclosure, verdict: str, code: str) -> None:
    """Numbers that are not finite, kinks, and points without a derivative."""
    ruling = judge(number, found, Tolerance(1e-7, demanded=False), DOUBLE)
    assert (ruling.verdict, ruling.code) == (verdict, code)


@pytest.mark.parametrize(
    ("gradient", "value", "x", "size"),
    [(3.0, 2.0, 4.0, 3.0), (0.1, 2.0, 4.0, 0.5), (0.1, -2.0, 0.0, 2.0), (0.0, 1.0, 1e-320, math.inf)],
)
def test_the_scale(gradient: float, value: float, x: float, size: float) -> None:
    """max(|g|, |f / x|), with |f| for the latter at 0."""
    assert scale(gradient, value, x) == size


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_the_tolerance_does_not_depend_on_units(unit: float) -> None:
    """f in other units, or x in other units, and the tolerance changes with the gradient."""
    plain = tolerance(problem("x", {"x": "1"}), scale(3.0, 2.0, 4.0)).absolute
    assert tolerance(problem("x", {"x": "1"}), scale(3.0 * unit, 2.0 * unit, 4.0)).absolute == pytest.approx(
        plain * unit
    )
    assert tolerance(problem("x", {"x": "1"}), scale(3.0 / unit, 2.0, 4.0 * unit)).absolute == pytest.approx(
        plain / unit
    )


def test_demands_replace_the_defaults() -> None:
    """rtol is relative to the scale, atol is added; either makes it a demand."""
    asked = problem("x", {"x": "1"})
    assert tolerance(asked, 2.0) == Tolerance(2e-7, demanded=False)
    assert tolerance(replace(asked, options=Options(rtol=1e-3)), 2.0) == Tolerance(2e-3, demanded=True)
    assert tolerance(replace(asked, options=Options(rtol=0.0, atol=0.5)), 2.0) == Tolerance(0.5, demanded=True)
    assert tolerance(replace(asked, options=Options(rtol=0.0, atol=0.5)), math.inf) == Tolerance(0.5, demanded=True)
    assert tolerance(replace(asked, options=Options(max_ulps=2.0)), 2.0) == Tolerance(
        2e-7, demanded=False, max_ulps=2.0
    )


def test_a_demand_in_ulps_stands_alone() -> None:
    """More ulps than were allowed are a mismatch even where the tolerance forgives them."""
    allowed = Tolerance(1e-7, demanded=False, max_ulps=4.0)
    assert judge(1.0, truth(1e-15, inside=True, ulps=4.5), allowed, DOUBLE) == Ruling("mismatch", "GC305")
    assert judge(1.0, truth(1e-15, inside=True, ulps=3.5), allowed, DOUBLE) == Ruling("verified")


EXITS = [
    ((), False, ExitCode.OK),
    (("verified", "kink", "imprecise", "unverified"), False, ExitCode.OK),
    (("verified", "undefined"), False, ExitCode.UNDEFINED),
    (("undefined", "mismatch"), False, ExitCode.MISMATCH),
    (("verified",), True, ExitCode.OK),
    (("verified", "kink"), True, ExitCode.UNDEFINED),
    (("unverified",), True, ExitCode.UNDEFINED),
    (("mismatch", "kink"), True, ExitCode.MISMATCH),
]


@pytest.mark.parametrize(("verdicts", "strict", "code"), EXITS)
def test_the_exit_status(verdicts: tuple[str, ...], strict: bool, code: ExitCode) -> None:
    """1 for a mismatch, else 3 for what is undefined, or with --strict for anything but verified."""
    assert exit_code(verdicts, strict) is code


def test_the_worst_verdict() -> None:
    """A report is as good as its worst gradient; a report without gradients is verified."""
    assert worst(["verified", "kink", "undefined", "imprecise"]) == "undefined"
    assert worst([]) == "verified"


@pytest.mark.parametrize(
    ("ball", "digits", "inside"),
    [
        (Ball("0.1", "0"), "0.1", True),
        (Ball("0.1", "0"), "0.100000000000000000000000000001", True),
        (Ball("0.1", "0"), "0.1000000000000000000000001", False),
        (Ball("0", "1e-500"), "0", True),
        (Ball("0", "1e-500"), "1e-499", False),
        (Ball("4.16e-3830", "1e-3867"), "0", True),
        (Ball("1e-1000", "1e-1040"), "0", False),
        (Ball("1e-5000", "1e-5040"), "1.0e-5000", True),
    ],
)
def test_a_number_in_a_ball(ball: Ball, digits: str, inside: bool) -> None:
    """SymPy's 30 digits may differ from the ball's midpoint by their own rounding and by its radius, and no more."""
    assert contains(ball, digits) is inside
