"""What people type into a calculator."""

import math
import re

import pytest

from autogradcli import evaluate
from autogradcli.errors import GradcalcError
from autogradcli.language.notation import in_the_language
from autogradcli.language.parser import parse

MEANT = [
    ("a×b÷c·d⋅e−f", "a*b/c*d*e-f"),
    ("x ≤ 2", "x <= 2"),
    ("x²", "x**2"),
    ("x⁻¹", "x**(-1)"),
    ("3x²y³", "3x**2*y**3"),
    ("x²(y+1)", "x**2*(y+1)"),
    ("√x", "sqrt(x)"),
    ("√(x+1)", "sqrt(x+1)"),
    ("2√x", "2*sqrt(x)"),
    ("x√y", "x*sqrt(y)"),
    ("∛8", "cbrt(8)"),
    ("³√x", "root(x, 3)"),
    ("2*⁴√(x+1)", "2*root(x+1, 4)"),
    ("x²√y", "x**2*sqrt(y)"),
    ("log₂(x₁)", "log2(x1)"),
    ("√sin(x)", "sqrt(sin(x))"),
    ("sin^2 x", "sin(x)**2"),
    ("limit*torch.sin(x)", "limit*torch.sin(x)"),
    ("slope*x + find", "slope*x + find"),
    ("Gamma[0] + Beta[i]", "Gamma[0] + Beta[i]"),
    ("sin^2(x) + cos^2(x)", "sin(x)**2 + cos(x)**2"),
    ("sin²x + cos² x", "sin(x)**2 + cos(x)**2"),
    ("sin**2 (x)", "sin(x)**2"),
    ("sin^2 2x", "sin(2x)**2"),
    ("ln^2 x", "ln(x)**2"),
    ("sin^2", "sin^2"),
    ("sin²2x", "sin(2x)**2"),
    ("cos³2x + tan²3x", "cos(2x)**3 + tan(3x)**2"),
    ("sin²0.5x", "sin(0.5x)**2"),
    ("x²2", "x**2*2"),
    ("1 - 2sin²x", "1 - 2sin(x)**2"),
    ("3sin^2(x)", "3sin(x)**2"),
    ("sin²(x)cos²(x)", "sin(x)**2*cos(x)**2"),
    ("sin²x cos² x", "sin(x)**2*cos(x)**2"),
    ("sin²(x) y + 1", "sin(x)**2*y + 1"),
    ("sin²x if x > 0 else y", "sin(x)**2 if x > 0 else y"),
    ("a = sin²(x)\ny = a", "a = sin(x)**2\ny = a"),
    ("x|x| + |x|x", "x*abs(x) + abs(x)x"),
    ("2πr + 0.5πr²", "2π r + 0.5π r**2"),
    ("cos²πx + rπ + xπy", "cos(π x)**2 + rπ + xπy"),
    ("πr = 2; πr", "πr = 2; πr"),
    ("d/dx2 + 1", "d/dx2 + 1"),
    ("d/dx if d > 1 else x", "d/dx if d > 1 else x"),
    ("a_sin**2 (x)", "a_sin**2 (x)"),
    ("ln|x| - 2ln|x - 1|", "ln(abs(x)) - 2ln(abs(x - 1))"),
    ("|x|", "abs(x)"),
    ("2|x|", "2*abs(x)"),
    ("|x - |y||", "abs(x - abs(y))"),
    ("||x| - 1|", "abs(abs(x) - 1)"),
    ("|a|*|b|", "abs(a)*abs(b)"),
    ("max(|x|, |y|)", "max(abs(x), abs(y))"),
    ("x if |x| > 1 else |y|", "x if abs(x) > 1 else abs(y)"),
    ("(a > 0) | (b > 0)", "(a > 0) | (b > 0)"),
    ("a|b", "a|b"),
    ("f(x) = x^2", "f = x^2"),
    ("f(x)=(x^2)*y", "f = (x^2)*y"),
    ("f(x, y) = x*y", "f = x*y"),
    ("a = 2; f(x) = a*x", "a = 2; f = a*x"),
    ("f(x) = x^2; f(3)", "f(x) = x^2; f(3)"),
    ("x**2  # the parabola\n", "x**2  \n"),
    ("mean(x, reduction='#a')", "mean(x, reduction='#a')"),
    ("Piecewise((sin(x), x < 0), (1/2, True))", "((sin(x)) if x < 0 else (1/2))"),
    ("2*sympy.Piecewise((x, x < 0), (f(x, 1), x > 1))", "2*((x) if x < 0 else ((f(x, 1)) if x > 1 else nan))"),
    ("Piecewise(x, y)", "Piecewise(x, y)"),
    ("x == y", "x == y"),
    ("(x) == 3", "(x) == 3"),
]


@pytest.mark.parametrize(("typed", "meant"), MEANT)
def test_a_calculators_notation(typed: str, meant: str) -> None:
    """Written as the language has it; what is of the language already stays as it is."""
    assert in_the_language(typed) == meant


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("√x²", "type sqrt(x)² or sqrt(x²)"),
        ("√x^2", "type sqrt(x)^2 or sqrt(x^2)"),
        ("√2x", "type sqrt(2)*x or sqrt(2*x)"),
        ("x + √2y", "type x + sqrt(2)*y or x + sqrt(2*y)"),
        ("sin²x y", "type sin(x)**2*y or sin(x*y)**2"),
        ("1 + ||x - y||²", "type 1 + norm(x - y)**2 for the norm, 1 + abs(x - y)**2 for the absolute value"),
        ("4/3πr³", "type (4/3)*π r**3 or 4/(3*π r**3)"),
        ("tan x/2", "type tan(x)/2 or tan(x/2)"),
        ("2 + sin x²", "type 2 + sin(x)**2 or 2 + sin(x**2)"),
        ("sin x y", "type sin(x)*y or sin(x*y)"),
        ("x^2 y", "type x^2*y or x^(2*y)"),
        ("e^x cos y", "type e^x*cos(y) or e^(x*cos(y))"),
        ("x^2 y z + sin x", "type x^2*y*z + sin(x) or x^(2*y*z) + sin(x)"),
        ("x sin x^2", "type x*sin(x)^2 or x*sin(x^2)"),
        ("x^-2 y", "type x^-2*y or x^(-2*y)"),
        ("1/x sin x", "type (1/x)*sin(x) or 1/(x*sin(x))"),
        ("sin²x²", "type sin(x**2)**2 or (sin(x)**2)**2"),
        ("1 + ln^2 (x) ^ 3", "type 1 + ln((x)**3)**2 or 1 + (ln(x)**2)**3"),
    ],
)
def test_two_readings(typed: str, hint: str) -> None:
    """Nothing says where an argument or a denominator ends: both readings are offered, and work."""
    with pytest.raises(GradcalcError) as caught:
        parse(typed)
    assert (caught.value.hint, caught.value.source) == (hint, typed)
    for reading in re.split(" or |, ", hint.removeprefix("type ")):
        assert parse(reading.partition(" for ")[0]).variables


@pytest.mark.parametrize(
    ("typed", "given", "hint"),
    [
        ("2x sin(x)", "", "for a product type 2x*sin(x)"),
        ("sin x cos x", "", "type sin(x)*cos(x)"),
        ("x sin x + y cos y", "", "for a product type x*sin(x) + y*cos(y)"),
        ("sin x cos x tan x", "", "type sin(x)*cos(x)*tan(x)"),
        ("y = x sin x; y^2", "", "for a product type y = x*sin(x); y^2"),
        ("x^T A x + 2 sin x", "", "for a transpose type x.T @ A @ x + 2 sin(x)"),
        ("xsin(x) + y(x+1)", "", "for a product type x*sin(x) + y*(x+1)"),
        ("x! + 2 y!", "", "type factorial(x) + 2 factorial(y)"),
        ("where(x&&y, x, 1)", "", "type where(x and y, x, 1)"),
        ("x // 2 + y // 3", "", "type floor(x / 2) + floor(y / 3)"),
        ("sin xy", "xy", "type sin(x*y)"),
        ("sin x + ", "", "type sin(x)"),
        (f"x y{' + x' * 100}", "", "for a product type x*y"),
    ],
)
def test_the_whole_text_as_it_is_to_be_typed(typed: str, given: str, hint: str) -> None:
    """All places at once; where something else is wrong, or the text is long, the piece alone."""
    with pytest.raises(GradcalcError) as caught:
        parse(typed, given)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("typed", "given", "hint"),
    [
        ("sin(xy)", "xy", "type sin(x*y)"),
        ("1/xy + 2^xy + xy^2", "xy", "type 1/(x*y) + 2^(x*y) + x*y^2"),
        ("2sinx + xyz", "xyz", "type 2sin(x) + x*y*z"),
        ("x*y + xy", "xy", "type x*y + x*y, or give it one: xy=NUMBER"),
        ("πx", "x", None),
    ],
)
def test_a_name_that_is_joined_of_names_with_values(typed: str, given: str, hint: str | None) -> None:
    """What to type is the whole text, with signs where they are meant."""
    if hint is None:
        assert evaluate(typed, dict.fromkeys(given, 2)).verdict == "verified"
        return
    with pytest.raises(GradcalcError, match="is one name, and has no value") as caught:
        evaluate(typed, dict.fromkeys(given, 2))
    assert caught.value.hint == hint


def test_a_name_with_a_value_is_no_function() -> None:
    """`log^2 x` with a value for log is a product that can be read in two ways, as any other."""
    assert in_the_language("log^2(x)", {"log"}) == "log^2(x)"
    assert in_the_language("2πr", {"πr"}) == "2πr"


def test_pi_is_a_factor_of_what_follows() -> None:
    """The area of a circle of radius 3, and the circumference of one that is 1 larger, by hand."""
    assert evaluate("πr²", r=3).gradients["r"].autograd == pytest.approx(6 * math.pi)
    assert evaluate("2π(r+1)", r=3).value == pytest.approx(8 * math.pi)
    assert evaluate("πr²", {"πr": 3}).gradients["πr"].autograd == 6


def test_errors_after_the_parse_show_what_was_typed() -> None:
    """Not the text that was made of it."""
    with pytest.raises(GradcalcError) as caught:
        evaluate("sin²x + 2π*r", x=1)
    assert (caught.value.source, caught.value.span) == ("sin²x + 2π*r", (11, 12))


@pytest.mark.parametrize(("typed", "span"), [("x² + $", (5, 6)), ("√x + foo(y)", (5, 8)), ("|x| + y +", (8, 9))])
def test_errors_point_into_what_was_typed(typed: str, span: tuple[int, int]) -> None:
    """Though another text was parsed."""
    with pytest.raises(GradcalcError) as caught:
        parse(typed)
    assert (caught.value.source, caught.value.span) == (typed, span)
