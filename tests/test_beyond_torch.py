"""Functions that torch does not have: SymPy against balls, the truth by mpmath, and no number of autograd's."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flint import arb, ctx
from mpmath import mp

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Beyond, Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.engines.arb.primitives import value
from autogradcli.language.parser import parse
from tests.command import gradcalc

DIGITS = 50


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """One process of SymPy's for all tests of this file."""
    with Session() as warm:
        yield warm


def report(session: Session, text: str, at: Mapping[str, float], order: int = 1) -> Report:
    """The report with respect to all variables."""
    program = parse(text, given=tuple(at))
    point = {name: parse(repr(number)) for name, number in at.items()}
    options = Options(timeout=60)
    return session.start(Problem(program, point, program.variables, options, beyond=Beyond(order=order))).report()


def assert_verified(found: Gradient, truth: Any) -> None:
    """There is no number of autograd's, and SymPy's and the ball's are the truth."""
    assert found.autograd is None
    assert (found.verdict, found.symbolic.status) == ("verified", "agrees")
    assert abs(mp.mpf(found.exact.value) - truth) < mp.mpf(10) ** -28 * abs(truth)


CALLS: list[tuple[str, float, Callable[[Any], Any]]] = [
    ("erfi(x)", 0.7, mp.erfi),
    ("dawsn(x)", -1.3, lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)),
    ("Ei(x)", -0.4, mp.ei),
    ("expint(3, x)", 1.7, lambda x: mp.expint(3, x)),
    ("E1(x)", 0.3, mp.e1),
    ("li(x)", 0.6, mp.li),
    ("Li(x)", 5.5, lambda x: mp.li(x, offset=True)),
    ("Si(x)", -2.5, mp.si),
    ("Ci(x)", 2.5, mp.ci),
    ("Shi(x)", 1.5, mp.shi),
    ("Chi(x)", 1.5, mp.chi),
    ("fresnels(x)", 1.1, mp.fresnels),
    ("fresnelc(x)", -0.6, mp.fresnelc),
    ("lambertw(x)", -0.3, mp.lambertw),
    ("LambertW(x, -1)", -0.3, lambda x: mp.lambertw(x, -1)),
    ("polylog(2, x)", 0.4, lambda x: mp.polylog(2, x)),
    ("airyai(x)", -3.0, mp.airyai),
    ("airyaiprime(x)", 0.8, lambda x: mp.airyai(x, derivative=1)),
    ("airybi(x)", -1.5, mp.airybi),
    ("airybiprime(x)", 0.8, lambda x: mp.airybi(x, derivative=1)),
    ("besselj(0.5, x)", 2.5, lambda x: mp.besselj(0.5, x)),
    ("besselj(-3, x)", -2.5, lambda x: mp.besselj(-3, x)),
    ("bessely(1, x)", 0.9, lambda x: mp.bessely(1, x)),
    ("besseli(2, x)", -1.2, lambda x: mp.besseli(2, x)),
    ("besselk(0.25, x)", 1.6, lambda x: mp.besselk(0.25, x)),
    ("j0(x)", 2.0, lambda x: mp.besselj(0, x)),
    ("y1(x)", 2.0, lambda x: mp.bessely(1, x)),
    ("k0(x)", 2.0, lambda x: mp.besselk(0, x)),
    ("elliptic_k(x)", 0.6, mp.ellipk),
    ("ellipe(x)", -0.6, mp.ellipe),
    ("x*besselj(0, x)", 3.0, lambda x: x * mp.besselj(0, x)),
]


@pytest.mark.parametrize(("text", "x", "truth"), CALLS, ids=[text for text, *_ in CALLS])
def test_both_derivatives_are_verified(session: Session, text: str, x: float, truth: Callable[[Any], Any]) -> None:
    """The first and the second, and the value is the true one to the nearest double."""
    found = report(session, text, {"x": x}, order=2)
    with mp.workdps(DIGITS):
        assert found.value == pytest.approx(float(truth(mp.mpf(x))), rel=1e-15)
        assert_verified(found.gradients["x"], mp.diff(truth, x))
        assert_verified(found.derivatives["x"]["2"], mp.diff(truth, x, 2))


def test_what_has_no_known_derivative_is_unverified(session: Session) -> None:
    """The order of a Bessel function; the derivative with respect to x is known beside it."""
    found = report(session, "besselj(n, x)", {"n": 1.0, "x": 2.0}, order=2)
    of_order = found.gradients["n"]
    assert of_order.reason is not None
    assert (of_order.verdict, of_order.reason.code) == ("unverified", "GC504")
    assert of_order.reason.message == "there is no formula for the derivative of besselj with respect to its n"
    with mp.workdps(DIGITS):
        assert_verified(found.gradients["x"], mp.diff(lambda x: mp.besselj(1, x), 2))
        assert_verified(found.hessian["x"]["x"], mp.diff(lambda x: mp.besselj(1, x), 2, 2))
    assert {found.hessian[a][b].verdict for a, b in (("x", "n"), ("n", "x"), ("n", "n"))} == {"unverified"}


@pytest.mark.parametrize(
    ("text", "at", "verdict", "code"),
    [
        ("Ci(x)", {"x": -1.0}, "undefined", "GC111"),
        ("besselj(0.5, x)", {"x": 0.0}, "undefined", "GC112"),
        ("abs(Si(x))", {"x": 0.0}, "kink", "GC101"),
        ("erfi(x)", {"x": 40.0}, "undefined", "GC115"),
        ("where(besselj(0, x) > 0, x, x**2)", {"x": 1.0}, "verified", None),
        ("besselk(0, 1 + 0*floor(x))", {"x": 0.5}, "verified", None),
        ("airyai(x)", {"x": 1e5}, "verified", None),
    ],
)
def test_verdicts_without_a_number_of_torch(
    session: Session, text: str, at: Mapping[str, float], verdict: str, code: str | None
) -> None:
    """Mathematics has the last word, as everywhere; a branch is the true one."""
    found = report(session, text, at).gradients["x"]
    assert (found.verdict, found.reason and found.reason.code) == (verdict, code)


@pytest.mark.parametrize(
    ("text", "order", "truth"),
    [
        ("lambertw(x)", 1, 1),
        ("lambertw(x)", 2, -2),
        ("Shi(2*x) + Si(x)", 1, 3),
        ("Shi(2*x) + Si(x)", 2, 0),
        ("polylog(2, x)", 2, 0.5),
        ("elliptic_k(x)", 1, math.pi / 8),
        ("elliptic_e(sin(x))", 1, -math.pi / 8),
    ],
)
def test_where_a_formula_of_sympy_divides_by_zero_its_limit_is_its_number(
    session: Session, text: str, order: int, truth: float
) -> None:
    """At 0, by published series: sin(x)/x, W(x) = x - x**2 + …, DLMF 19.5.1 and 19.5.2."""
    found = report(session, text, {"x": 0.0}, order)
    last = found.gradients["x"] if order == 1 else found.derivatives["x"][str(order)]
    assert (last.verdict, last.symbolic.status) == ("verified", "agrees")
    assert math.isclose(float(str(last.symbolic.digits)), truth, rel_tol=1e-15)


def test_a_limit_is_no_number_where_the_function_has_none(session: Session) -> None:
    """Si(x)/x is 0/0 at 0, though its derivative tends to 0."""
    found = report(session, "Si(x)/x", {"x": 0.0}).gradients["x"]
    assert (found.verdict, found.symbolic.value) == ("undefined", None)


@pytest.mark.parametrize("middle", ["2.5", "0.1", "700"])
@pytest.mark.parametrize("name", ["besselj", "bessely", "besseli", "besselk", "expint"])
def test_a_wide_ball_is_enclosed_in_few_digits(name: str, middle: str) -> None:
    """At 8,000 binary digits of the arithmetic Arb would take minutes; the ball holds what mpmath gives inside."""
    with ctx.workprec(8000), mp.workdps(30):
        ball = value(name)(arb(1), arb(middle, arb(middle) / 1000))
        for part in ("-0.0009", "0", "0.0007"):
            inside = getattr(mp, name)(1, mp.mpf(middle) * (1 + mp.mpf(part)))
            assert ball.overlaps(arb(mp.nstr(inside, 25), abs(arb(mp.nstr(inside, 25))) * 1e-20))


def test_json_has_null_and_says_which_function() -> None:
    """Where other reports have autograd's number."""
    found = json.loads(gradcalc("eval", "erfi(x)*x", "--x", "1", "--json").out)
    assert found["gradients"]["x"]["autograd"] is None
    assert (found["not_in_torch"], found["verdict"], found["nodes"]) == ("erfi", "verified", [])


def test_screens_say_that_torch_has_no_number() -> None:
    """Words in text, a dash in tables, an empty cell where a program reads them."""
    text = gradcalc("eval", "Si(x)", "--x", "1").out
    assert "verified: SymPy and balls agree, and torch has no Si" in text
    assert "x          –          sinc(x/pi)" in text or "x          –          sin(x)/x" in text
    assert " | – | " in gradcalc("eval", "Si(x)", "--x", "1", "--format", "markdown").out
    assert "x,1.0,,0.84" in gradcalc("eval", "Si(x)", "--x", "1", "--format", "csv").out
    plain = gradcalc("eval", "Si(x)", "--x", "1", "--format", "plain").out
    assert float(plain) == pytest.approx(math.sin(1), rel=1e-15)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("graph", "Si(x)", "--x", "1"), "there is no graph: torch has no Si that it can differentiate"),
        (("eval", "x**2", "--x=erfi(2)"), "torch has no erfi that it can differentiate, and it is torch that computes"),
        (("functions", "sici"), "hint: It gives two functions at once: type Si(x) or Ci(x)."),
    ],
)
def test_what_needs_torch_says_so(words: tuple[str, ...], message: str) -> None:
    """In the words of the function."""
    result = gradcalc(*words)
    assert result.status == 2
    assert message in result.err


def test_claims_and_numbers_are_checked_against_the_truth(tmp_path: Path) -> None:
    """A case states the true derivative, and a false one fails."""
    file = tmp_path / "one.grad.toml"
    case = '[[case]]\nexpression = "Si(x)"\nat = {{x = 1}}\nclaim.x = "sin(x)/x"\ngrad.x = "{}"\n'
    file.write_text(case.format("sin(1)"))
    assert gradcalc("check", "--strict", str(file)).status == 0
    file.write_text(case.format("cos(1)"))
    assert gradcalc("check", str(file)).status == 1
