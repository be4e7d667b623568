"""Derivatives beyond the gradient, with truths by hand or by mpmath: every number, and every verdict."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from mpmath import mp

from autogradcli.compute.compute import Pending, compute
from autogradcli.compute.problem import Beyond
from autogradcli.compute.report import Gradient, Report
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from autogradcli.language.parser import parse
from autogradcli.processes.limits import OutOfTime
from tests.generate import Case
from tests.helpers import problem
from tests.oracles.orders import cornered, outcomes


def report(text: str, at: Mapping[str, str], beyond: Beyond, upstream: str | None = None) -> Report:
    """The report by torch and Arb."""
    backward = Backward(None if upstream is None else parse(upstream))
    return compute(replace(problem(text, at), beyond=beyond, backward=backward))


def derivative(text: str, x: str, order: int) -> Gradient:
    """The finding on a derivative with respect to one number."""
    return report(text, {"x": x}, Beyond(order=order)).derivatives["x"][str(order)]


def near(found: Any, truth: Any) -> bool:
    """Whether numbers agree to 12 digits."""
    return len(flat(found)) == len(flat(truth)) and all(
        abs(a - b) <= 1e-12 * abs(b) for a, b in zip(flat(found), flat(truth), strict=True)
    )


@pytest.mark.parametrize(
    ("text", "x", "order", "truth"),
    [
        ("5*x**3 + 2*x**2 + 4*x + 8", "2", 2, 64),
        ("5*x**3 + 2*x**2 + 4*x + 8", "2", 3, 30),
        ("5*x**3 + 2*x**2 + 4*x + 8", "2", 4, 0),
        ("sin(x)*exp(x)", "1", 4, -4 * mp.sin(1) * mp.e),
        ("1/x", "1e-5", 2, 2e15),
        ("3*x", "1", 2, 0),
        ("(x - 1)**4", "1.5", 3, 12),
        ("erf(x)", "1", 2, -4 / (mp.e * mp.sqrt(mp.pi))),
        ("abs(x)**3", "0", 2, 0),
        ("x*abs(x)", "-3", 2, -2),
        ("relu(x)**3", "0", 2, 0),
        ("silu(x)", "-40", 2, mp.diff(lambda x: x / (1 + mp.exp(-x)), -40, 2)),
        # What is compared beside the point differs by the fourth power of the distance.
        ("max(tanh(x), tanh(x) + (x - 1)**4)", "1", 2, -2 * mp.tanh(1) / mp.cosh(1) ** 2),
    ],
)
def test_a_right_derivative_is_verified(text: str, x: str, order: int, truth: Any) -> None:
    """Whatever its order is."""
    found = derivative(text, x, order)
    assert (found.verdict, near(found.autograd, float(truth))) == ("verified", True)


@pytest.mark.parametrize(
    ("text", "x", "order", "verdict", "code"),
    [
        # sinc''(0) is -pi**2/3 and torch gives NaN.
        ("sinc(x)", "0", 2, "mismatch", "GC203"),
        ("where(x > 0, sqrt(x), x**2)", "-1", 2, "mismatch", "GC201"),
        ("log(1 + exp(x))", "1000", 2, "mismatch", "GC202"),
        # The slope of the slope, 2, is known from neighbours; autograd differentiates the 9.
        ("where(x == 3, 9, x**2)", "3", 2, "mismatch", "GC104"),
        ("tanh(x)", "20", 2, "imprecise", "GC301"),
        ("softplus(x)", "25", 2, "imprecise", "GC301"),
        # 2*abs(x) has a kink.
        ("x*abs(x)", "0", 2, "kink", "GC101"),
        ("abs(x)**3", "0", 3, "kink", "GC101"),
        ("softsign(x)", "0", 2, "kink", "GC101"),
        # There is no derivative of order n where there is none of order n - 1.
        ("relu(x)", "0", 2, "undefined", "GC101"),
        ("abs(x)**3", "0", 4, "undefined", "GC101"),
        ("log(x)", "-1", 2, "undefined", "GC111"),
        ("floor(x) + x**2", "1", 2, "undefined", "GC113"),
        ("sqrt(x)*0 + x", "0", 2, "undefined", "GC114"),
        ("cbrt(x)", "0", 3, "undefined", "GC112"),
        # The gradient, cbrt(x)*4/3, has a vertical tangent.
        ("x*cbrt(x)", "0", 2, "undefined", "GC112"),
        # It is the constant 0**0, which its gradient written out has a log(0) in.
        ("remainder(x, x)**remainder(x, x)", "2.5", 2, "unverified", "GC501"),
    ],
)
def test_a_derivative_that_is_wrong_or_is_none(text: str, x: str, order: int, verdict: str, code: str) -> None:
    """The verdict and the reason."""
    found = derivative(text, x, order)
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == (verdict, code)


SILENT = [
    # What PyTorch's double backward gets wrong, where its first is right or has one more excuse.
    ("det(x)", {"x": "[[0, 0], [0, 0]]"}, "mismatch", "GC203", "autograd gives nan; the truth is 0"),
    (
        "logaddexp(x, y)",
        {"x": "1000", "y": "0"},
        "mismatch",
        "GC203",
        "autograd gives nan; the truth is -5.075959e-435",
    ),
    ("x**y", {"x": "2", "y": "0"}, "mismatch", "GC102", "the slope is 0.5, but torch's conventions"),
    ("atan2(x, y)", {"x": "1e-200", "y": "1e-200"}, "mismatch", "GC203", "autograd gives nan; the truth is 0"),
    ("hypot(x, y)", {"x": "0", "y": "0"}, "undefined", "GC203", "there is no gradient here"),
    ("cosine_similarity(x, [2, 4], 0)", {"x": "[0, 0]"}, "mismatch", "GC203", "autograd gives nan; the truth is 0"),
    ("binary_cross_entropy(sigmoid(x), 1)", {"x": "-40"}, "mismatch", "GC303", "the truth is 4.248354e-18"),
    ("logsigmoid(x)", {"x": "50"}, "mismatch", "GC303", "autograd gives 0.0, the truth is -1.92875e-22"),
    ("softplus(x)", {"x": "25"}, "imprecise", "GC301", "autograd gives 0.0, the truth is 1.388794e-11"),
    ("std(x)", {"x": "[1, 1, 1]"}, "undefined", "GC101", "there is no gradient here"),
    ("max(x)", {"x": "[1, 1]"}, "undefined", "GC101", "there is no gradient here"),
]


@pytest.mark.parametrize(("text", "at", "verdict", "code", "said"), SILENT, ids=[each[0] for each in SILENT])
def test_silent_faults_of_double_backward(text: str, at: Mapping[str, str], verdict: str, code: str, said: str) -> None:
    """One of the second derivatives has the verdict, and the reason says what is so."""
    found = report(text, at, Beyond(order=2, hessian=True)).findings()
    reasons = [each.reason for name, each in found.items() if "," in name and each.verdict == verdict]
    assert any(each and each.code == code and said in each.message for each in reasons), reasons


@pytest.mark.parametrize(
    ("text", "order", "truth"),
    [
        ("sinc(x)", 2, -(mp.pi**2) / 3),
        ("where(x != 0, sin(x)/x, 1)", 2, mp.mpf(-1) / 3),
        ("1 if x == 0 else expm1(x)/x", 2, mp.mpf(1) / 3),
        # Here the binary digits of the first look beside the point, 4096, are too few.
        ("where(x != 0, (x - sin(x))/x**2, 0)", 3, mp.mpf(-1) / 20),
        ("where(x != 0, sin(x)/x, 1)", 4, mp.mpf(1) / 5),
    ],
)
def test_the_truth_at_a_removable_point(text: str, order: int, truth: Any) -> None:
    """It is the limit, whatever the formula has in that place."""
    found = derivative(text, "0", order)
    assert found.reason is not None
    assert f"the truth is {mp.nstr(truth, 7)}" in found.reason.message


def test_what_torch_has_no_double_backward_for_is_unverified() -> None:
    """With torch's sentence; the gradient is verified all the same."""
    found = report("cdist([[x, x**2]], [[0, 0]])[0, 0]", {"x": "2"}, Beyond(order=2))
    assert (found.gradients["x"].verdict, found.verdict) == ("verified", "unverified")
    reason = found.derivatives["x"]["2"].reason
    assert reason is not None
    assert (reason.code, reason.message) == ("GC509", "torch: the derivative for '_cdist_backward' is not implemented")


def test_a_derivative_that_does_not_require_grad_is_0_with_a_note() -> None:
    """Of 3*x the second."""
    found = report("3*x", {"x": "1"}, Beyond(order=2))
    assert (found.derivatives["x"]["2"].autograd, found.verdict) == (0, "verified")
    assert found.notes == ("torch: the gradient does not require grad, so that what comes after it is 0",)


def test_orders_of_one_number_stand_by_their_order() -> None:
    """From the second on; the first is the gradient."""
    found = report("x**4", {"x": "1"}, Beyond(order=4))
    assert {order: each.autograd for order, each in found.derivatives["x"].items()} == {"2": 12, "3": 24, "4": 24}
    assert found.gradients["x"].autograd == 4


def test_the_hessian_of_several_variables() -> None:
    """All second derivatives, in the order of the variables, the components of the first before those of the second."""
    found = report("sum(x**2)*y + y**3", {"x": "[1, 2]", "y": "3"}, Beyond(order=2)).hessian
    assert {(a, b): found[a][b].autograd for a in found for b in found[a]} == {
        ("x", "x"): [[6, 0], [0, 6]],
        ("x", "y"): [2, 4],
        ("y", "x"): [2, 4],
        ("y", "y"): 18,
    }
    assert {found[a][b].verdict for a in found for b in found[a]} == {"verified"}


def test_an_upstream_is_a_part_of_what_is_differentiated_twice() -> None:
    """Of a number, and of a vector: the Hessian of 3*x**3 at 2 is 36."""
    one = report("x**3", {"x": "2"}, Beyond(order=2), "3").derivatives["x"]["2"]
    several = report("x**3", {"x": "[1, 2]"}, Beyond(order=2), "[5, 3]").hessian["x"]["x"]
    assert (one.autograd, one.verdict) == (36, "verified")
    assert (several.autograd, several.verdict) == ([[30, 0], [0, 36]], "verified")


def test_the_hessian_of_rosenbrocks_function() -> None:
    """At (1, 1): 802, -400 and 200."""
    found = report("(1 - x)**2 + 100*(y - x**2)**2", {"x": "1", "y": "1"}, Beyond(order=2)).hessian
    assert [[found[a][b].autograd for b in "xy"] for a in "xy"] == [[802, -400], [-400, 200]]


def test_a_product_with_zeros() -> None:
    """Where torch's first derivative of prod had trouble, the second has none."""
    found = report("prod(x)", {"x": "[0, 2, 0]"}, Beyond(order=2)).hessian["x"]["x"]
    assert (found.autograd, found.verdict) == ([[0, 0, 2], [0, 0, 0], [2, 0, 0]], "verified")


def test_a_mixed_partial_derivative() -> None:
    """By its names, and its order."""
    found = report("x**2*y**3", {"x": "2", "y": "3"}, Beyond(mixed=("x", "x", "y"))).derivatives["x,x,y"]["3"]
    assert (found.autograd, found.verdict) == (54, "verified")


@pytest.mark.parametrize(
    ("text", "verdict", "code"),
    [
        ("y + sqrt(x)", "undefined", "GC114"),
        ("y**2 + ceil(x) + 0*sqrt(x)", "undefined", "GC114"),
        ("where(x <= 1, y, 2) + acosh(x + 1)", "undefined", "GC114"),
        ("y + cbrt(x)", "verified", None),
        ("y + ceil(x)", "verified", None),
    ],
)
def test_no_derivative_goes_on_where_the_function_ends(text: str, verdict: str, code: str | None) -> None:
    """The derivative with respect to y is a constant, but there is none to the left of 0, whatever is to the right."""
    found = report(text, {"x": "0", "y": "3"}, Beyond(mixed=("y", "x"))).derivatives["y,x"]["2"]
    assert (found.verdict, found.reason and found.reason.code) == (verdict, code)


def test_a_jacobian() -> None:
    """The components of the output come first; there is no gradient."""
    found = report("A @ x", {"A": "[[1, 2], [3, 4]]", "x": "[5, 6]"}, Beyond(jacobian=True), "ones_like(out)")
    assert found.jacobian["x"].autograd == [[1, 2], [3, 4]]
    assert found.jacobian["A"].autograd == [[[5, 6], [0, 0]], [[0, 0], [5, 6]]]
    assert (found.gradients, found.verdict) == ({}, "verified")


@pytest.mark.parametrize(
    ("text", "x", "rows", "verdict", "code"),
    [
        # A component of the output that is undefined, or has a corner, is no part of the others' derivatives.
        ("log(x)", "[-1, 1]", [[-1, 0], [0, 1]], "undefined", "GC111"),
        ("abs(x)", "[0, 2]", [[0, 0], [0, 1]], "kink", "GC101"),
        ("floor(x)", "[1.5, 1]", [[0, 0], [0, 0]], "undefined", "GC113"),
        ("where(x > 0, log(x), x)", "[-1, 1]", [[1, 0], [0, 1]], "verified", None),
        ("where(x > 1, x**2, 0)", "[-1, 2]", [[0, 0], [0, 4]], "verified", None),
        ("masked_fill(x**2, x > 1, 5)", "[0.5, 2]", [[1, 0], [0, 0]], "verified", None),
        ("cumsum(x, 0)", "[1, 2]", [[1, 0], [1, 1]], "verified", None),
        ("sum(x**2)", "[1, 2]", [2, 4], "verified", None),
    ],
)
def test_each_row_of_a_jacobian_is_about_its_own_component(
    text: str, x: str, rows: Any, verdict: str, code: str | None
) -> None:
    """With torch's numbers, and the reason for the worst of them."""
    found = report(text, {"x": x}, Beyond(jacobian=True), "ones_like(out)").jacobian["x"]
    assert (found.autograd, found.verdict) == (rows, verdict)
    assert (found.reason.code if found.reason else None) == code


@pytest.mark.parametrize(
    ("text", "beyond", "said"),
    [
        ("sum(x**3)", Beyond(order=2), "the Hessian has 1,002,001 components, and at most 1,000,000 are worked out"),
        ("x**3", Beyond(jacobian=True), "the Jacobian has 1,002,001 components, and at most 1,000,000 are worked out"),
    ],
)
def test_a_matrix_that_is_too_large(text: str, beyond: Beyond, said: str) -> None:
    """The hint names what can be had in its place."""
    with pytest.raises(GradcalcError) as caught:
        report(text, {"x": "ones(1001)"}, beyond, "ones_like(out)")
    assert caught.value.message == said
    assert caught.value.hint is not None


def test_an_output_without_components_has_no_jacobian() -> None:
    """The message says so."""
    with pytest.raises(GradcalcError, match="the output has no components"):
        report("x[:0]", {"x": "[1, 2]"}, Beyond(jacobian=True), "ones_like(out)")


def test_zero_times_infinity_in_a_jacobian_is_a_mismatch() -> None:
    """The second component of sqrt(x) has nothing to do with the first of x, and autograd says NaN."""
    found = report("sqrt(x)", {"x": "[0, 1]"}, Beyond(jacobian=True), "ones_like(out)").jacobian["x"]
    assert str(found.autograd) == "[[inf, 0.0], [nan, 0.5]]"
    assert found.counts == {"mismatch": 1, "undefined": 1, "verified": 2}
    assert (found.worst.index, found.worst.verdict) == ((1, 0), "mismatch") if found.worst else False


def test_a_directional_derivative_that_forward_mode_has_no_rule_for_is_unverified() -> None:
    """With torch's sentence."""
    asked = Beyond(jvp=(("x", parse("[[1, 0]]")),))
    found = report("cdist(x, y)", {"x": "[[1, 2]]", "y": "[[0, 0]]"}, asked, "ones_like(out)").jvp["x"]
    assert (found.verdict, found.autograd) == ("unverified", [[None]])
    assert found.reason is not None
    assert found.reason.code == "GC509"
    assert found.reason.message.startswith("torch: Trying to use forward AD with _cdist_forward that does not support")


@pytest.mark.parametrize("direction", ["inf", "nan", "[1, 1]", "[[1]]"])
def test_a_direction_that_is_none(direction: str) -> None:
    """It has the shape of the variable, and finite components."""
    with pytest.raises(GradcalcError, match="the direction for x"):
        report("x**3", {"x": "2"}, Beyond(hvp=(("x", parse(direction)),)))


@pytest.mark.parametrize(
    ("beyond", "names"),
    [
        (Beyond(order=2), {"x", "y", "x,x", "x,y", "y,x", "y,y"}),
        (Beyond(mixed=("x", "x", "y")), {"x", "y", "x,x,y"}),
        (Beyond(hvp=(("x", parse("1")),)), {"x", "y", "hvp.x", "hvp.y"}),
        (Beyond(jacobian=True), {"x", "y"}),
        (Beyond(jvp=(("x", parse("1")), ("y", parse("2")))), {"jvp.x,y"}),
    ],
)
def test_where_no_time_is_left_everything_asked_for_is_there_and_unverified(beyond: Beyond, names: set[str]) -> None:
    """As where the process that worked on it had to be ended; what torch had found stays."""
    asked = replace(problem("x**2*y**3", {"x": "1", "y": "2"}), beyond=beyond)
    pending = Pending(asked, None)
    found = Pending(asked, None).cut_short(pending.autograd, OutOfTime())
    assert (set(found.findings()), found.verdict) == (names, "unverified")
    assert {each.reason.code for each in found.findings().values() if each.reason} == {"GC506"}
    assert all(each.autograd is not None for each in found.gradients.values())


def test_a_hessian_times_a_direction() -> None:
    """For every variable, though the direction moves one."""
    found = report("sum(x**3)*y", {"x": "[1, 2, 3]", "y": "2"}, Beyond(hvp=(("x", parse("[1, 0, -1]")),))).hvp
    assert (found["x"].autograd, found["y"].autograd) == ([12, 0, -36], -24)


def test_a_directional_derivative() -> None:
    """By torch's forward mode, of a number and of a vector."""
    one = report("x**2*y", {"x": "3", "y": "2"}, Beyond(jvp=(("x", parse("1")), ("y", parse("2"))))).jvp["x,y"]
    assert (one.autograd, one.verdict) == (30, "verified")
    several = report(
        "A @ x", {"A": "[[1, 2], [3, 4]]", "x": "[5, 6]"}, Beyond(jvp=(("x", parse("[1, -1]")),)), "ones_like(out)"
    )
    assert several.jvp["x"].autograd == [-1, -1]


@pytest.mark.parametrize(
    ("limit", "remarks"),
    [(1_000, []), (35, ["derivative of order 2"]), (30, ["gradient", "derivative of order 2"])],
)
def test_what_is_too_long_is_looked_at_along_random_directions(limit: int, remarks: list[str]) -> None:
    """A second derivative as a gradient is, which may still be short enough; and the report says so."""
    asked = problem("sum(exp(sin(x))**3)", {"x": "[1, 2, 3, 4, 5, 6, 7, 8]"})
    ones = Beyond(hvp=(("x", parse("[1, 1, 1, 1, 1, 1, 1, 1]")),))
    found = compute(replace(asked, options=replace(asked.options, max_operations=limit), beyond=ones))
    assert (found.gradients["x"].verdict, found.hvp["x"].verdict) == ("verified", "verified")
    assert [note.partition(" was checked")[0].partition("so the ")[2] for note in found.notes] == remarks


def test_an_order_that_needs_one_number() -> None:
    """The message says so, and the hint names a mixed partial."""
    with pytest.raises(GradcalcError) as caught:
        report("x*y", {"x": "1", "y": "2"}, Beyond(order=3))
    assert caught.value.hint == "type --wrt x,x,y for one mixed partial derivative"


@pytest.mark.campaign
@pytest.mark.parametrize(("order", "count"), [(2, 25), (3, 12), (4, 8)])
def test_random_expressions_with_corners_at_their_points(order: int, count: int) -> None:
    """Every number against differences in mpmath; `scripts/campaigns/orders` looks at thousands."""
    found = [each for number in range(count) for each in outcomes(cornered(number, "suite", "tame", 3), order)]
    assert [each for each in found if each.violations] == []
    assert sum(not each.beyond for each in found) > count / 2


@pytest.mark.parametrize("text", ["y*fdim(log2(x*x), 1)", "y*exp(log(abs(x)))", "y*i1(min(1/abs(x), inf))"])
def test_the_oracle_knows_no_derivative_at_a_pole(text: str) -> None:
    """It has infinities for numbers: log(0) is -inf there, of which a maximum with 0 would make a function again."""
    found = outcomes(Case(text, {"x": 0.0, "y": 2.0}, "float64", "wild"), 2)
    assert [(each.verdict, each.violations) for each in found] == [("undefined", ())] * 4


def test_the_oracle_takes_no_quick_swing_for_a_jump() -> None:
    """tan(exp(150*x)) has a fourth derivative at 1, but swings 1e24 times between two places that are compared."""
    (found,) = outcomes(Case("tan(exp(150*x))", {"x": 1.0}, "float64", "wild"), 4)
    assert (found.violations, found.beyond) == ((), True)
    (found,) = outcomes(Case("abs(x)**1.5 + x", {"x": 0.0}, "float64", "wild"), 2)
    assert (found.verdict, found.violations, found.beyond) == ("undefined", (), False)


def test_after_an_order_that_torch_refuses_the_next_are_refused_as_well() -> None:
    """hardsigmoid has no double backward, so there is nothing to differentiate a third time."""
    found = report("hardsigmoid(x)*(x + 4)**4", {"x": "-4"}, Beyond(order=3)).derivatives["x"]
    assert [each.reason and each.reason.code for each in found.values()] == ["GC509", "GC509"]


COMPILER = """
import sys
from autogradcli import evaluate
for text in ("x*abs(x)", "cbrt(x)", "x/abs(x)"):
    assert evaluate(text, x=2, order=3, symbolic=False).verdict == "verified"
assert "torch._dynamo" not in sys.modules
"""


def test_second_derivatives_that_are_zero_do_not_load_the_compiler() -> None:
    """torch would import it for the shape of a sum with the second derivative of abs, which takes seconds."""
    subprocess.run([sys.executable, "-c", COMPILER], check=True)
