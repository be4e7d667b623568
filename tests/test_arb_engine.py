"""The Arb engine: enclosures, the rounding budget, one-sided slopes, causes, blame. Truth comes from mpmath."""

import math

import mpmath
import pytest
from flint import arb, ctx
from mpmath import mp

from autogradcli.engines.arb.blame import cancellation, first_divergence
from autogradcli.engines.arb.decimals import as_text
from autogradcli.engines.arb.enclose import LAST_PRECISION, Enclosures
from autogradcli.engines.arb.error_bounds import measure_gradients, measure_values
from autogradcli.engines.arb.kinks import sides
from autogradcli.engines.arb.primitives import rule, value
from autogradcli.engines.arb.ternary import FALSE, TRUE, UNDECIDED, Truth, logical_and, logical_not, logical_or
from autogradcli.engines.results import Ball, Cancellation
from autogradcli.engines.torch.engine import differentiate
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.tape import Input
from tests.helpers import prove

DOUBLE = DTYPES["float64"]


def proof(text: str, **at: float) -> Enclosures:
    """Enclosures about all variables."""
    program = parse(text, given=tuple(at))
    return prove(program, at, DOUBLE)


def derivative(found: Enclosures, name: str = "x") -> arb:
    """The proven derivative with respect to a scalar variable."""
    return found.gradient(found.plan.inputs[name][0])


TRUTHS = [
    ("x**3*sin(x)", 1.5, lambda x: 3 * x**2 * mpmath.sin(x) + x**3 * mpmath.cos(x)),
    ("exp(-x**2/2)/sqrt(2*pi)", 2.942, lambda x: -x * mpmath.exp(-(x**2) / 2) / mpmath.sqrt(2 * mpmath.pi)),
    ("sigmoid(x)", 40.0, lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2),
    ("(x + 1)**2 - x**2", 1e17, lambda _: mpmath.mpf(2)),
    ("sin(x)", 1e300, mpmath.cos),
    ("x**0.1", 0.3, lambda x: x ** (mpmath.mpf(1) / 10 - 1) / 10),
    ("log(1 + exp(x))", 1000.0, lambda x: 1 / (1 + mpmath.exp(-x))),
    ("lgamma(x)", -2.5, mpmath.digamma),
    ("sinc(x)", 1e-8, lambda x: (mpmath.cos(mpmath.pi * x) - mpmath.sin(mpmath.pi * x) / (mpmath.pi * x)) / x),
    ("exp(exp(x))", 10.0, lambda x: mpmath.exp(mpmath.exp(x)) * mpmath.exp(x)),
    (
        "sin(xlogy(x**2, x**2))",
        1e4,
        lambda x: mpmath.cos(2 * x**2 * mpmath.ln(10**4)) * 2 * x * (2 * mpmath.ln(10**4) + 1),
    ),
    ("exp(-exp(x))", 20.0, lambda x: -mpmath.exp(-mpmath.exp(x)) * mpmath.exp(x)),
]


@pytest.mark.parametrize(("text", "x", "truth"), TRUTHS, ids=[row[0] for row in TRUTHS])
def test_the_ball_holds_the_derivative(text: str, x: float, truth: object) -> None:
    """To far below half an ulp, also where exponents are beyond all doubles and where terms cancel."""
    ball = derivative(proof(text, x=x))
    with mpmath.workdps(400), ctx.workprec(1300):
        exact = arb(mpmath.nstr(truth(mpmath.mpf(x)), 350))  # type: ignore[operator]
        assert abs(ball.mid() - exact) <= ball.rad() + abs(exact) * arb(10) ** -300
    assert ball.rel_accuracy_bits() > 53 + 30


def test_precision_grows_only_where_it_must() -> None:
    """An easy derivative is settled at the first precision; one that cancels to zero ends below the budget."""
    assert proof("x**2", x=3.0).precision == 128
    assert proof("(x + 1)**2 - x**2", x=1e100).precision == 512
    zero = proof("sin(x)**2 + cos(x)**2", x=0.7)
    assert zero.precision < LAST_PRECISION
    assert derivative(zero).contains(0)
    assert derivative(zero).rad() < arb(2) ** -300


def test_inputs_are_the_exact_doubles_and_constants_the_exact_decimals() -> None:
    """0.1 as a value is the double nearest to it, 0.1 in the text is one tenth."""
    assert proof("x", x=0.1).value == arb(3602879701896397) / 2**55
    assert proof("x - 0.1", x=0.1).value.overlaps(arb(3602879701896397) / 2**55 - arb(1) / 10)
    assert not proof("x - 0.1", x=0.1).value.contains(0)


BUDGETS = [("sin(x)*exp(x)", 0.3, 30), ("x**7", 1.1, 100), ("x/x", 1e-9, 1e20), ("(x + 1)**2 - x**2", 1e17, 1e20)]


@pytest.mark.parametrize(("text", "x", "most"), BUDGETS)
def test_the_budget_is_wide_enough_and_tight(text: str, x: float, most: float) -> None:
    """It holds the truth and torch's number, and is a few units of roundoff wide where nothing cancels."""
    program = parse(text)
    found = proof(text, x=x)
    entry = found.plan.inputs["x"][0]
    number = differentiate(program, {"x": parse(repr(x))}, ("x",), "float64").gradients["x"]
    assert found.budget(entry).contains(found.gradient(entry).mid())
    assert found.budget(entry).contains(arb(number))
    ulps = float(found.budget(entry).rad()) / DOUBLE.unit_roundoff
    assert 1 <= ulps / max(1.0, abs(float(found.gradient(entry)))) <= most


WIDTHS = [
    ("binomial(x, 2.2)", -5.5, 2000),
    ("beta(x, 2.7)", -1.5, 100),
    ("digamma(1.1*x)", -4.3, 300),
    ("polygamma(1, 1.1*x)", 40.3, 40),
    ("polygamma(0, 1.1*x)", -4.3, 300),
    ("log_ndtr(1.1*x)", -50.0, 40),
    ("log_ndtr(1.1*x)", -1e8, 40),
    ("erfcx(1.1*x)", -5.0, 1000),
    ("i0e(1.1*x)", 700.0, 5e4),
    ("i1e(1.1*x)", 50.0, 5e3),
    ("i1e(1.1*x)", 0.5, 100),
]


@pytest.mark.parametrize(("text", "x", "most"), WIDTHS)
def test_the_budget_is_tight_where_rounding_widens_the_argument(text: str, x: float, most: float) -> None:
    """In units of roundoff of the derivative: monotone functions of a wide ball are taken at its ends."""
    found = proof(text, x=x)
    budget = found.budget(found.plan.inputs["x"][0])
    assert budget.contains(derivative(found))
    assert budget.rad() < most * DOUBLE.unit_roundoff * abs(derivative(found))


@pytest.mark.parametrize("x", [-1e5, -1e8])
def test_the_far_tail_of_log_ndtr_is_torchs_own_inaccuracy(x: float) -> None:
    """Its derivative is wrong in the seventh digit, and no cancellation in the expression is to blame."""
    found = measure_gradients(proof("log_ndtr(1.1*x)", x=x), "x", [-1.1 * 1.1 * x * (1 + 1e-6)])[0]
    assert not found.inside


@pytest.mark.parametrize(
    "text", ["sigmoid(x)", "softplus(x)", "logaddexp(x, 1)", "logaddexp(1, x)", "logaddexp2(x, 1)", "softplus(-x)"]
)
def test_the_budget_of_a_saturated_function_is_finite(text: str) -> None:
    """Where rounding of a large argument makes its exponential anything at all."""
    found = prove(parse(f"({text})*x"), {"x": 5e27}, DOUBLE)
    assert found.budget(found.plan.inputs["x"][0]).is_finite()


@pytest.mark.parametrize(("order", "x"), [(1, -25.3), (2, -25.3), (3, -40.7), (6, -21.25), (1, -1e9 - 0.3)])
def test_polygamma_far_below_zero(order: int, x: float) -> None:
    """By its reflection (mpmath, DLMF 5.15.6), in no time."""
    with ctx.workprec(200), mp.workdps(60):
        below, above = (mp.polygamma(order, 1 - mp.mpf(x)), mp.diff(mp.cot, mp.pi * mp.mpf(x), order))
        true = (-1) ** order * below - mp.pi ** (order + 1) * above
        assert value("polygamma")(arb(order), arb(x)).overlaps(arb(mp.nstr(true, 30)) * arb(1, 1e-25))


def test_integer_exponents_are_exact_in_the_budget() -> None:
    """A negative base keeps its power when the exponent is computed."""
    found = proof("x**(3 - 1)", x=-2.0)
    assert found.budget(found.plan.inputs["x"][0]).contains(-4)


SIDES = [
    ("abs(x)", 0.0, ("slope", -1.0), ("slope", 1.0)),
    ("relu(x) - relu(-x)", 0.0, ("slope", 1.0), ("slope", 1.0)),
    ("abs(x)**3", 0.0, ("slope", 0.0), ("slope", 0.0)),
    ("floor(x)", 2.0, ("jump", None), ("slope", 0.0)),
    ("sqrt(x)", 0.0, ("outside", None), ("unbounded", None)),
    ("asin(x)", 1.0, ("unbounded", None), ("outside", None)),
    ("x*abs(x)**0.5", 0.0, ("slope", 0.0), ("slope", 0.0)),
    ("hypot(x, 0)", 0.0, ("slope", -1.0), ("slope", 1.0)),
    ("where(x > 0, x/log(x), 0)", 0.0, ("slope", 0.0), ("unsettled", None)),
    ("sign(x)", 0.0, ("jump", None), ("jump", None)),
    ("max(x, 1e300*x)", 0.0, ("slope", 1.0), ("slope", 1e300)),
]


@pytest.mark.parametrize(("text", "x", "left", "right"), SIDES, ids=[row[0] for row in SIDES])
def test_how_a_function_leaves_a_point(
    text: str, x: float, left: tuple[str, float | None], right: tuple[str, float | None]
) -> None:
    """One-sided slopes, jumps, vertical tangents and ends of the domain are told apart by secants."""
    found = proof(text, x=x)
    for side, (kind, slope) in zip(sides(found, Input("x", 0)), (left, right), strict=True):
        assert side.kind == kind
        assert (None if side.slope is None else float(side.slope)) == slope


NEAR = [
    ("relu(x)", 5e-324, 1.0),
    ("abs(x - 1)", 1 + 2**-52, 1.0),
    ("max(x, 0.3)", 0.3, 0.0),
    ("floor(x)", 2 - 2**-52, 0.0),
]


@pytest.mark.parametrize(("text", "x", "slope"), NEAR)
def test_a_near_hit_is_no_kink(text: str, x: float, slope: float) -> None:
    """Precision tells a kink from a point beside it; 0.3 as a value is not three tenths, but a little less."""
    found = proof(text, x=x)
    assert found.proves(found.plan.inputs["x"][0])
    assert derivative(found) == slope


HIDDEN = ["floor(2 + (exp(x*1e-50) - 1))", "(exp(x*1e-50) - 1)**1.5", "where(exp(x*1e-50) > 1, x, -x)"]


@pytest.mark.parametrize("text", HIDDEN)
def test_a_near_hit_is_proven_once_there_are_digits_enough(text: str) -> None:
    """A step, an end of a domain or a condition that 128 digits cannot tell from a hit: more digits are taken."""
    found = proof(text, x=1.0)
    assert found.precision > 128
    assert measure_gradients(found, "x", [0.0])[0].ball is not None


ORIGINS = [
    ("clamp(sqrt(x), min=0)", "sqrt(x) has a vertical tangent at x = 0"),
    ("abs(sqrt(x))", "sqrt(x) has a vertical tangent at x = 0"),
    ("relu(asin(1 - x))**0.5", "asin(1 - x) has a vertical tangent at 1 - x = 1"),
    ("abs(floor(x)*2)", "floor(x) jumps at x = 0: the function's limit on the left is -1, the slope on the right is 0"),
    ("relu(x**1.5)", "x**1.5 is not defined to the left of x = 0"),
    ("where(x >= 0, sqrt(x), x)", "sqrt(x) has a vertical tangent at x = 0"),
    ("where(x > 0, 1 + x, x)", "where(x > 0, 1 + x, x) jumps at x = 0, where x > 0 changes: the slope on the left"),
    (
        "where(x > 0, log(where(x > 0, x, 1)), 0)",
        "where(x > 0, log(where(x > 0, x, 1)), 0) jumps at x = 0, where x > 0 "
        "changes: the slope on the left is 0, the function's limit on the right is -inf",
    ),
    (
        "where(x > 0, sqrt(where(x > 0, x, 1)), 2*x)",
        "the secants of where(x > 0, sqrt(where(x > 0, x, 1)), 2*x) grow without bound at x = 0, where x > 0 changes",
    ),
    (
        "where(x > 0, sin(1/where(x > 0, x, 1)), 0)",
        "the secants of where(x > 0, sin(1/where(x > 0, x, 1)), 0) grow without bound at x = 0, where x > 0 changes",
    ),
    (
        "2*where(x == 0, 1, x)",
        "where(x == 0, 1, x) jumps at x = 0, where x == 0 changes: the function's limit on the left is 0, the "
        "function's limit on the right is 0",
    ),
    (
        "where(x < 1, where(x > 0, 1, floor(x)), 5)",
        "floor(x) jumps at x = 0: the function's limit on the left is -1, where(x > 0, 1, floor(x)) jumps on the right",
    ),
    (
        "sign(x)",
        "sign(x) jumps at x = 0: the function's limit on the left is -1, the function's limit on the right is 1",
    ),
    (
        "where(x >= 0, 1 + x, log(-x))",
        "where(x >= 0, 1 + x, log(-x)) jumps at x = 0, where x >= 0 changes: the function's limit on "
        "the left is -inf, the slope on the right is 1",
    ),
]


@pytest.mark.parametrize(("text", "message"), ORIGINS)
def test_the_operation_that_has_no_slope_is_named(text: str, message: str) -> None:
    """Not a later one whose own tie hides it."""
    cause = measure_gradients(proof(text, x=0.0), "x", [0.0])[0].cause
    assert cause is not None
    assert cause.message.startswith(message)


def test_a_tie_that_no_precision_settles_is_a_kink_by_its_secants() -> None:
    """sqrt(2)**2 - 2 is zero, which balls cannot prove."""
    found = measure_gradients(proof("relu(x + sqrt(2)**2 - 2)", x=0.0), "x", [0.0])[0]
    assert found.slopes == (0.0, 1.0)


def test_a_kink_on_one_variable_leaves_the_others_alone() -> None:
    """The derivative with respect to a variable that does not pass the tie is proven."""
    found = proof("abs(x)*y + y**2", x=0.0, y=3.0)
    assert not found.proves(found.plan.inputs["x"][0])
    assert found.proves(found.plan.inputs["y"][0])
    assert derivative(found, "y") == 6


def test_a_tie_between_constants_is_no_kink() -> None:
    """Nothing that the variables do can change the outcome."""
    found = proof("where(3 >= 3, x, 2*x)", x=0.0)
    assert found.proves(found.plan.inputs["x"][0])


CAUSES = [
    ("log(x)", {"x": -1.0}, "GC111", "log(x) is not defined at x = -1"),
    ("1 + 1/(x - 2)", {"x": 2.0}, "GC111", "1/(x - 2) is not defined at x - 2 = 0"),
    ("1 + exp(exp(exp(x)))", {"x": 10.0}, "GC115", "exp(exp(exp(x))) is too large at exp(exp(x)) = 9.38751e+9565"),
]


@pytest.mark.parametrize(("text", "at", "code", "message"), CAUSES)
def test_the_cause_of_no_value_names_the_step(text: str, at: dict[str, float], code: str, message: str) -> None:
    """Domain errors and poles are data: which operation, and the values of its operands."""
    cause = measure_values(proof(text, **at), [math.nan])[0].cause
    assert cause is not None
    assert (cause.code, cause.message) == (code, message)


def test_blame_goes_to_the_first_wrong_operation_from_the_output() -> None:
    """tanh's backward is the one that errs; what multiplies it is right."""
    text, program = "3*tanh(x)", parse("3*tanh(x)")
    autograd = differentiate(program, {"x": parse("20")}, ("x",), "float64")
    found = first_divergence(proof(text, x=20.0), autograd, "x")
    assert found is not None
    assert (program.text(found.step), program.text(found.operand)) == ("tanh(x)", "x")
    assert found.autograd == 0.0
    assert found.truth == pytest.approx(3 * 1.6993417021166355e-17)


def test_no_blame_where_rounding_explains_everything() -> None:
    """An honest computation has no first wrong operation, whatever cancels in it."""
    program = parse("(x + 1)**2 - x**2")
    autograd = differentiate(program, {"x": parse("1e17")}, ("x",), "float64")
    assert first_divergence(proof("(x + 1)**2 - x**2", x=1e17), autograd, "x") is None


def test_the_terms_that_cancel() -> None:
    """The sum that loses the most, with its terms; none where nothing is lost."""
    assert cancellation(proof("(x + 1)**2 - x**2", x=1e17)) == Cancellation(0, (-2e17, 2e17), 2.0)
    assert cancellation(proof("x**2 + x", x=3.0)) is None


def test_a_ball_in_decimals_holds_what_it_leaves_out() -> None:
    """The printed midpoint and radius enclose the ball."""
    with ctx.workprec(160):
        third = as_text(arb(1) / 3)
        assert abs(arb(third.value) - arb(1) / 3) <= arb(third.radius)
        assert len(third.value) > 40


@pytest.mark.parametrize(
    ("ball", "value", "radius"),
    [
        (arb(72), "72", "0"),
        (arb(0), "0", "0"),
        (arb(-0.5), "-0.5", "0"),
        (arb(2) ** 40, "1099511627776", "0"),
        (arb(0, 1e-30), "0", "1.01e-30"),
        (arb(5, 0.5), "5", "0.501"),
    ],
)
def test_decimals_are_short(ball: arb, value: str, radius: str) -> None:
    """No zeros at the end, no exponent of zero."""
    assert as_text(ball) == Ball(value, radius)


TRUTHS_OF_AND = [
    (TRUE, TRUE, TRUE),
    (TRUE, FALSE, FALSE),
    (FALSE, UNDECIDED, FALSE),
    (TRUE, UNDECIDED, UNDECIDED),
    (Truth(False, tie=True), TRUE, Truth(False, tie=True)),
    (Truth(False, tie=True), FALSE, FALSE),
    (Truth(True, tie=True), TRUE, Truth(True, tie=True)),
]


@pytest.mark.parametrize(("x", "y", "both"), TRUTHS_OF_AND)
def test_ties_matter_only_where_they_can_change_the_outcome(x: Truth, y: Truth, both: Truth) -> None:
    """A side that is false beyond doubt settles a conjunction; a disjunction is its mirror."""
    assert logical_and(x, y) == both
    assert logical_and(y, x) == both
    assert logical_or(logical_not(x), logical_not(y)) == logical_not(both)


def test_a_jump_that_wide_balls_hide_is_no_vertical_tangent() -> None:
    """fmod(3, 1/3) is 0 or 1/3, and no ball tells which; floor jumps at -2 whatever it is."""
    cause = measure_gradients(proof("floor(x) + x*fmod(3, 1/3)", x=-2.0), "x", [0.0])[0].cause
    assert cause is not None
    assert cause.code != "GC112"


@pytest.mark.parametrize(("order", "low", "high"), [(2, 0, 0.25), (3, -0.125, 0.125), (1, -0.5, 0.5)])
def test_a_whole_power_of_a_ball_around_zero(order: int, low: float, high: float) -> None:
    """Arb's own is no number where the middle is exactly 0, and a rounding budget would be infinite."""
    found = rule("pow").value(arb(0, 0.5), arb(order))
    assert found.is_finite()
    assert abs(found.lower() - low) < 1e-6
    assert abs(found.upper() - high) < 1e-6
