"""SymPy's side of one program: formulas as they are printed, numbers to 30 digits, and reasons in words."""

import pytest
import sympy
from mpmath import mp, mpf

from autogradcli.engines.sympy.messages import EvaluatedNumber
from tests.symbolic import Asked

FORMULAS = [
    ("5*x**3 + 2*x**2 + 4*x + 8", "15*x**2 + 4*x + 4"),
    ("y = 2*x; z = y**2", "8*x"),
    ("sigmoid(x)", "exp(x)/(exp(x) + 1)**2"),
    ("softplus(x)", "sigmoid(x)"),
    ("silu(x)", "(x + exp(x) + 1)*exp(x)/(exp(x) + 1)**2"),
    ("tanh(x)", "1 - tanh(x)**2"),
    ("exp(-x**2/2)/sqrt(2*pi)", "-sqrt(2)*x*exp(-x**2/2)/(2*sqrt(pi))"),
    ("log(1 + exp(x))", "sigmoid(x)"),
    ("logit(x)", "1/(x*(1 - x))"),
    ("x/(x + 1)", "(x + 1)**(-2)"),
    ("(x**2 - 1)/(x**2 + 1)", "4*x/(x**2 + 1)**2"),
    ("x*(x + 1)*(x + 2)", "3*x**2 + 6*x + 2"),
    ("x*sin(x)*cos(2)", "(x*cos(x) + sin(x))*cos(2)"),
    ("sin(x)*cos(x)", "cos(x)**2 - sin(x)**2"),
    ("(a - x)**2", "2*x - 2*a"),
    ("log(x, 3)", "1/(x*log(3))"),
    ("2**x", "2**x*log(2)"),
    ("x**x", "x**x*(log(x) + 1)"),
    ("e**(2*x)", "2*exp(2*x)"),
    ("e*x**2", "2*exp(1)*x"),
    ("hypot(x, 2)", "x/sqrt(x**2 + 4)"),
    ("atan2(x, 2)", "2/(x**2 + 4)"),
    ("erf(x)", "2*exp(-x**2)/sqrt(pi)"),
    ("lgamma(x)", "digamma(x)"),
    ("gamma(x)", "gamma(x)*digamma(x)"),
    ("digamma(x)", "polygamma(1, x)"),
    ("i0(x)", "i1(x)"),
    ("cbrt(x)", "1/(3*cbrt(x)**2)"),
    ("sqrt(x**2)", "sign(x)"),
    ("xlogy(x, 3)", "log(3)"),
    ("5", "0"),
]


@pytest.mark.parametrize(("text", "formula"), FORMULAS)
def test_formulas_read_as_a_person_would_write_them(text: str, formula: str) -> None:
    """The derivative with respect to x, in the shortest of a few cheap forms."""
    assert Asked(text + " + 0*x").formula("x") == (formula, None)


DECIMALS = [
    ("0.1*x**2", "0.2*x"),
    ("1.602e-19*x**2", "3.204e-19*x"),
    ("6.02e23*x**2", "1.204e+24*x"),
    ("0.5*x**1.5", "0.75*sqrt(x)"),
    ("x**0.3", "0.3/x**0.7"),
    ("x**2/2 + 0.1", "x"),
    ("x/3 + 0.1", "1/3"),
    ("0.1*log(0.3)*x", "0.1*log(0.3)"),
    ("0.7*where(x > 0.5, x**2, 0)", "0.7*where(x > 0.5, 2*x, 0)"),
    ("0.123456789012345678901*x**2", "0.24691357802469136*x"),
    ("x**2/8", "x/4"),
]


@pytest.mark.parametrize(("text", "formula"), DECIMALS)
def test_decimals_stay_decimals(text: str, formula: str) -> None:
    """Where the text has decimal fractions the formula has them, too; roots stay roots, and thirds stay thirds."""
    assert Asked(text).formula("x") == (formula, None)


CHOICES = [
    ("abs(x)", "sign(x)"),
    ("abs(log(x))", "sign(log(x))/x"),
    ("relu(x)", "where(x > 0, 1, 0)"),
    ("relu(3 - x)", "where(x < 3, -1, 0)"),
    ("relu(x)**2", "2*max(x, 0)*where(x > 0, 1, 0)"),
    ("leaky_relu(x)", "where(x > 0, 1, 0.01)"),
    ("elu(x)", "where(x > 0, 1, exp(x))"),
    ("max(x, x**2)", "where(x > x**2, 1, 2*x)"),
    ("min(x, x**2)", "where(x**2 > x, 1, 2*x)"),
    ("max(x, 2*x, 3*x)", "where(max(x, 2*x) > 3*x, where(x < 0, 1, 2), 3)"),
    ("max(x, x)", "1"),
    ("clamp(x, 0, 1)", "where(max(x, 0) < 1, where(x > 0, 1, 0), 0)"),
    ("x**2 if x > 0 and not x == 3 or x < -1 else -x", "where((x > 0 and x != 3) or x < -1, 2*x, -1)"),
    ("where(not (x > 0 and x < 1), x**2, x)", "where(not (x > 0 and x < 1), 2*x, 1)"),
    ("where(2 > 1, x, -x)", "1"),
    ("where(2 < 1, x, -x)", "-1"),
    ("where(x > 1, x, x)", "1"),
]


@pytest.mark.parametrize(("text", "formula"), CHOICES)
def test_choices_and_extremes(text: str, formula: str) -> None:
    """Piecewise functions are differentiated branch by branch; their slopes are choices again."""
    assert Asked(text).formula("x") == (formula, None)


STEPS = [
    ("floor(x)", "0"),
    ("ceil(x)*x", "ceil(x)"),
    ("x*sign(x)", "sign(x)"),
    ("round(x)", "0"),
    ("trunc(x)*x", "where(x >= 0, floor(x), -floor(-x))"),
    ("frac(x)", "1"),
    ("x % y", "1"),
    ("y % x", "-floor(y/x)"),
    ("floor(x + floor(2*x))**2*x", "(floor(x) + floor(2*x))**2"),
    ("floor(x)*x - floor(x)*x", "0"),
]


@pytest.mark.parametrize(("text", "formula"), STEPS)
def test_step_functions_are_constant_between_their_jumps(text: str, formula: str) -> None:
    """No DiracDelta, no unevaluated derivative: a step has slope 0."""
    assert Asked(text, "x", "y").formula("x") == (formula, None)


@pytest.mark.parametrize(
    "name", ["E", "I", "N", "S", "beta", "gamma", "zeta", "lambda_", "list", "sin", "π", "e", "oo"]
)
def test_every_name_is_a_variable(name: str) -> None:
    """Names that SymPy, Python or the table claim are printed as the user's."""
    found = Asked(f"{name}**2 + exp(1)*{name}", name)
    assert found.formula(name) == (f"2*{name} + exp(1)", None)
    assert found.slope(name, {name: 0.5}) == EvaluatedNumber("3.71828182845904523536028747135", None)


NO_FORMULA = [
    ("x/0", "SymPy gives zoo: a pole"),
    ("x*(inf - inf)", "SymPy gives nan: not a number"),
    ("(-2)**x", "SymPy gives a formula with I: complex"),
    ("where(sqrt(-1 - x**2) > 0, x, 2*x)", "SymPy failed: Invalid comparison of non-real sqrt(-x**2 - 1)"),
]


@pytest.mark.parametrize(("text", "reason"), NO_FORMULA)
def test_what_is_no_formula_has_a_reason(text: str, reason: str) -> None:
    """Poles, NaN and complex formulas are data; a number is then missing without a reason of its own."""
    found = Asked(text)
    assert found.formula("x") == (None, reason)
    assert found.slope("x", {"x": 0.5}) == EvaluatedNumber(None, None)
    assert found.value({"x": 0.5}).digits is None


UNDONE = [
    (sympy.Derivative(sympy.Function("f")(sympy.Symbol("x")), sympy.Symbol("x")), "Derivative(f(x), x)"),
    (sympy.Integral(sympy.Function("f")(sympy.Symbol("x")), sympy.Symbol("x")) + 1, "Integral(f(x), x)"),
]


@pytest.mark.parametrize(("formula", "part"), UNDONE)
def test_what_sympy_leaves_undone_has_a_reason(monkeypatch: pytest.MonkeyPatch, formula: sympy.Expr, part: str) -> None:
    """No row of the table has such a derivative today; a new one might."""
    monkeypatch.setattr("autogradcli.engines.sympy.slopes.Slopes.by", lambda *_: formula)
    assert Asked("x**2").formula("x") == (None, f"SymPy left {part} unevaluated")


FAILURES = [
    (MemoryError(), "SymPy ran out of memory"),
    (RecursionError(), "nested too deeply for SymPy"),
    (NotImplementedError(), "SymPy failed: NotImplementedError"),
    (ValueError("no such thing"), "SymPy failed: no such thing"),
]


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_exceptions_of_sympy_become_reasons(monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str) -> None:
    """In formulas and in numbers."""

    def fail(*_: object) -> None:
        raise failure

    found, broken = Asked("x**2"), Asked("x**2")
    found.formula("x")
    monkeypatch.setattr("autogradcli.engines.sympy.slopes.Slopes.by", fail)
    monkeypatch.setattr("autogradcli.engines.sympy.differentiate.evaluate", fail)
    assert broken.formula("x") == (None, reason)
    assert found.slope("x", {"x": 1.0}) == EvaluatedNumber(None, reason)
    assert found.value({"x": 1.0}) == EvaluatedNumber(None, reason)


def test_a_formula_beyond_print_is_still_evaluated() -> None:
    """A product of 190 sums has a derivative of 190 terms with 190 factors each."""
    found = Asked("*".join(f"(x + {i})" for i in range(190)))
    assert found.formula("x") == (None, "the formula is too long to be printed: it has more than 100000 parts")
    assert found.slope("x", {"x": 0.0}).digits is not None


VALUES = [
    ("5*x**3 + 2*x**2 + 4*x + 8", 2.0, "64", "72"),
    ("exp(-x**2/2)/sqrt(2*pi)", 2.942, "0.00526528221257163542209902804545", "-0.0154904602693857523097052671984"),
    ("0.1*x**2", 0.1, "0.00100000000000000011102230246252", "0.0200000000000000011102230246252"),
    ("2*x - 1", 0.5, "0", "2"),
    ("(x - 0.5)**2", 0.5, "0", "0"),
    ("sin(x)**2 + cos(x)**2", 0.3, "1", "0"),
    ("exp(x)", 12000.0, "3.41808484721055361468246955155e+5211", "3.41808484721055361468246955155e+5211"),
    ("exp(-x)", 12000.0, "2.92561491215200405031884216792e-5212", "-2.92561491215200405031884216792e-5212"),
    ("1e300*x**20", 1e300, "1.00000000000000105009520510409e+6300", "2.00000000000000199518088969777e+6001"),
    ("sigmoid(x)", 40.0, "0.999999999999999995751645744708", "4.24835425529158895923220702595e-18"),
    ("(exp(1e-200*x) - 1)*1e200", 0.5, "0.5", "1"),
    ("sinc(x)", 1e-8, "0.999999999999999835506593315177", "-0.0000000328986813369645261708032637032"),
    ("sinc(x)", 0.0, "1", "0"),
    ("(x + 1)**2 - x**2", 1e17, "200000000000000001", "2"),
    ("sin(x)", 1e12, "-0.611238702376889498192020415325", "0.791446301852890270053766214114"),
    ("cos(x)", 3.141592653589793, "-1", "-1.22464679914735317722606593227e-16"),
    ("floor(x/3)*x", 3.0, "3", "1"),
    ("floor(x**2)*x", -1.5, "-3", "2"),
    ("where(x > 0.1, x, 2*x)", 0.1, "0.100000000000000005551115123126", "1"),
    ("where(sqrt(x) >= 2, x, 0)", 4.0, "4", "1"),
    ("where(exp(x) > 1, x, 3*x)", 1e-30, "1.00000000000000008333642060759e-30", "1"),
    ("max(x, x**3)", 2.0, "8", "12"),
    ("abs(x**3)", 0.0, "0", "0"),
    ("relu(x) - relu(-x)", 0.0, "0", "1"),
    ("lgamma(x)", -1.5, "0.86004701537648101451093268167", "0.703156640645243187225690333668"),
    ("cbrt(x)", -8.0, "-2", "0.0833333333333333333333333333333"),
    ("x**0.5", 4.0, "2", "0.25"),
    ("x**2.5", 0.0, "0", "0"),
    ("x**3", 0.0, "0", "0"),
    ("x**(1/3)", 27.0, "3", "0.037037037037037037037037037037"),
    ("acos(x)", 0.0, "1.57079632679489661923132169164", "-1"),
    ("tan(x)", 1.5707963267948966, "16331239353195369.7559677370415", "2.66709378811357119103130796883e+32"),
]


@pytest.mark.parametrize(("text", "at", "value", "slope"), VALUES)
def test_values_at_the_very_double(text: str, at: float, value: str, slope: str) -> None:
    """30 digits of the function and of its derivative, whatever cancels, and however large or small."""
    found = Asked(text)
    assert found.formula("x")[1] is None
    assert (found.value({"x": at}), found.slope("x", {"x": at})) == (
        EvaluatedNumber(value, None),
        EvaluatedNumber(slope, None),
    )


NO_VALUE = [
    ("log(x)", 0.0, "division by zero"),
    ("1/x", 0.0, "division by zero"),
    ("x**0.3", 0.0, "division by zero"),
    ("x**0.5", -1.0, "complex value: the square root of a negative number"),
    ("x**0.3", -1.0, "complex value: a power of a negative number"),
    ("x*log(x)", 0.0, "a pole: log(0)"),
    ("x*log(x)", -1.0, "complex value: log(-1)"),
    ("gamma(x)", -2.0, "gamma(-2) has no value"),
    ("relu(x)", 0.0, "a kink: SymPy's formula gives 0 for one side and 1 for the other"),
    ("abs(x)", 0.0, "a kink: SymPy's formula gives -1 for one side and 1 for the other"),
    ("max(x, x**2)", 1.0, "a kink: SymPy's formula gives 1 for one side and 2 for the other"),
    ("min(x, x**2)", 1.0, "a kink: SymPy's formula gives 2 for one side and 1 for the other"),
    ("exp(exp(exp(x)))", 10.0, "beyond what can be evaluated: the argument of exp is too large"),
    ("exp(10000)*(sin(x)**2 + cos(x)**2 - 1)/(x*1e-20)", 0.3, "could not be resolved to 30 digits"),
    ("x**2", float("inf"), "the point is not finite"),
    ("x**2", float("nan"), "the point is not finite"),
]


@pytest.mark.parametrize(("text", "at", "reason"), NO_VALUE)
def test_what_has_no_value_has_a_reason(text: str, at: float, reason: str) -> None:
    """Poles, complex values, kinks, and what cannot be told are data."""
    found = Asked(text)
    assert found.formula("x")[1] is None
    assert found.slope("x", {"x": at}) == EvaluatedNumber(None, reason)


MEAN = [
    ("exp(sin(x))*log(1 + x**2)", lambda x: mp.exp(mp.sin(x)) * mp.log(1 + x**2)),
    ("x**x*atan(x)/gamma(x)", lambda x: x**x * mp.atan(x) / mp.gamma(x)),
    ("erfinv(x/3)*i0(x) + digamma(x)", lambda x: mp.erfinv(x / 3) * mp.besseli(0, x) + mp.digamma(x)),
    ("erfc(x)*tanh(x)*asinh(x)*acosh(1 + x)", lambda x: mp.erfc(x) * mp.tanh(x) * mp.asinh(x) * mp.acosh(1 + x)),
    ("(1 - cos(x))/x**2", lambda x: (1 - mp.cos(x)) / x**2),
    ("beta(x, 2.5)*polygamma(2, x)", lambda x: mp.beta(x, mpf(5) / 2) * mp.psi(2, x)),
    ("binomial(5, x)*exp2(-x)*log10(x)", lambda x: mp.binomial(5, x) * 2**-x * mp.log10(x)),
]


@pytest.mark.parametrize("at", [1e-7, 0.3, 1.4142135623730951])
@pytest.mark.parametrize(("text", "function"), MEAN)
def test_values_agree_with_mpmath_at_100_digits(text: str, function: object, at: float) -> None:
    """Against a numerical derivative that knows nothing of ours."""
    found = Asked(text)
    found.formula("x")
    with mp.workdps(100):
        for number, truth in (
            (found.value({"x": at}), function(mpf(at))),  # type: ignore[operator]
            (found.slope("x", {"x": at}), mp.diff(function, mpf(at))),
        ):
            assert number.digits is not None
            assert abs(mpf(number.digits) - truth) <= abs(truth) * mpf(10) ** -29
