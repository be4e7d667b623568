"""The report for a person: as in the manual off a terminal, and fitted to any terminal."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from autogradcli import evaluate
from autogradcli.compute.report import Ball, Reason
from autogradcli.errors import columns
from autogradcli.render.layout import fitted
from autogradcli.render.report.text import draw_text
from autogradcli.render.terminal import FILE, Terminal
from autogradcli.render.verdicts import LOOKS
from tests.command import gradcalc
from tests.reports import QUADRATIC, gradient, report

SCREEN = Terminal(width=80, height=24, boxes=True)

LONG = gradient(
    -0.015490460269385753,
    "-sqrt(2)*theta*exp(-theta**2/(2*sigma**2))/(2*sqrt(pi)*sigma**3)",
    "-0.0154904602693857531198765432110",
    Ball("-0.0154904602693857531198765432109876543210", "1.5e-40"),
    0.29,
)
MISMATCH = report(
    "f(x)",
    {"x": 0.1},
    1.0,
    {
        "x": gradient(
            1.0,
            "2",
            "2.00000000000000000000000000000",
            Ball("2", "0"),
            1e16,
            "mismatch",
            Reason("GC303", "backward of f(x) sends 1 to x where 2 is true", 0, "f(x)", "g(x)"),
        )
    },
    dtype="float32",
    notes=("the value itself is off",),
)


def drawn(text: str) -> list[str]:
    """The lines of a literal, without its first and last."""
    return text.strip("\n").split("\n")


def test_a_file_gets_everything_in_plain_characters() -> None:
    """Off a terminal the guides are ASCII, and the table has one line for each variable."""
    assert draw_text(QUADRATIC, FILE).splitlines() == drawn(
        """
f = x**2 + 3*x          x = 2.0          float64
value  10.0

variable   autograd   SymPy: derivative   SymPy: value   true value (Arb)   error   verdict
x          7.0        2*x + 3             7              7 ± 0              0 ulp   verified

grad_fn chain                    expression   value   gradient
AddBackward0                     x**2 + 3*x    10.0        1.0
|-- PowBackward0                 x**2           4.0        1.0
|   `-- AccumulateGrad           x              2.0        7.0
`-- MulBackward0                 3*x            6.0        1.0
    `-- AccumulateGrad (above)   x

verdict  verified: autograd's gradient is right
"""
    )


def test_a_screen_of_80_columns() -> None:
    """On a terminal the headers take two lines, so that the table fits."""
    assert draw_text(QUADRATIC, SCREEN).splitlines() == drawn(
        """
f = x**2 + 3*x          x = 2.0          float64
value  10.0

                    SymPy:      SymPy:  true value
variable  autograd  derivative  value   (Arb)       error  verdict
x         7.0       2*x + 3     7       7 ± 0       0 ulp  verified

grad_fn chain                    expression   value   gradient
AddBackward0                     x**2 + 3*x    10.0        1.0
├── PowBackward0                 x**2           4.0        1.0
│   └── AccumulateGrad           x              2.0        7.0
└── MulBackward0                 3*x            6.0        1.0
    └── AccumulateGrad (above)   x

verdict  verified: autograd's gradient is right
"""
    )


def test_long_numbers_of_one_variable_are_listed() -> None:
    """Where one variable's table is too wide, its opinions stand one below the other in full."""
    found = draw_text(report("exp(-theta**2)", {"theta": 2.942}, 0.5, {"theta": LONG}), SCREEN)
    assert found.split("\n")[3:10] == drawn(
        """
variable            theta
autograd            -0.015490460269385753
SymPy: derivative   -sqrt(2)*theta*exp(-theta**2/(2*sigma**2))/(2*sqrt(pi)*sigma**3)
SymPy: value        -0.015490460269385753119876543211
true value (Arb)    -0.015490460269385753119876543211 ± 1.3e-32
error               0.29 ulp
verdict             verified
"""
    )


def test_long_numbers_of_several_variables_are_cut() -> None:
    """Where several variables' table is too wide, digits go and the formulas stand below it in full."""
    both = {"theta": LONG, "sigma": LONG}
    found = draw_text(report("exp(-theta**2/sigma)", {"theta": 2.942, "sigma": 1.0}, 0.5, both), SCREEN)
    assert found.split("\n")[3:10] == drawn(
        """
                                 SymPy:       true value
variable  autograd               value        (Arb)        error     verdict
theta     -0.015490460269385753  -0.01549046  -0.01549046  0.29 ulp  verified
sigma     -0.015490460269385753  -0.01549046  -0.01549046  0.29 ulp  verified

df/dtheta = -sqrt(2)*theta*exp(-theta**2/(2*sigma**2))/(2*sqrt(pi)*sigma**3)
df/dsigma = -sqrt(2)*theta*exp(-theta**2/(2*sigma**2))/(2*sqrt(pi)*sigma**3)
"""
    )


def test_long_formulas_stand_below_the_table() -> None:
    """Nothing of them is left out for want of room beside the numbers."""
    formula = " + ".join(f"{power}*x**{power - 1}" for power in range(2, 9))
    short = gradient(7.0, formula, "7.00000000000000000000000000000", Ball("7", "0"), 0.0)
    found = draw_text(report("g(x)", {"x": 2.0}, 1.0, {"x": short}), SCREEN)
    assert found.split("\n")[3:8] == drawn(
        """
                    SymPy:  true value
variable  autograd  value   (Arb)       error  verdict
x         7.0       7       7 ± 0       0 ulp  verified

df/dx = 2*x**1 + 3*x**2 + 4*x**3 + 5*x**4 + 6*x**5 + 7*x**6 + 8*x**7
"""
    )


def test_a_mismatch_says_what_where_and_what_instead() -> None:
    """The verdict has a sentence; below it stand the reason, its place and the remedy."""
    assert draw_text(MISMATCH, FILE).splitlines()[6:] == drawn(
        """
verdict  mismatch: autograd's gradient is WRONG
  x: backward of f(x) sends 1 to x where 2 is true (GC303)
    where: f(x)
    instead: g(x)
note: the value itself is off
"""
    )


def test_a_mismatch_is_white_on_red() -> None:
    """In colours a mismatch is seen from across the room, in the table and below."""
    text = draw_text(MISMATCH, Terminal(width=80, height=24, colours=True, boxes=True))
    assert "\x1b[1;37;41mmismatch\x1b[0m\n" in text
    assert "\x1b[1;37;41mmismatch: autograd's gradient is WRONG\x1b[0m\n" in text


@pytest.mark.parametrize("verdict", LOOKS)
def test_every_verdict_is_a_word_first(verdict: str) -> None:
    """Colours and sentences come on top of the word, never instead of it."""
    text = draw_text(report("x", {"x": 1.0}, 1.0, {"x": gradient(1.0, "1", "1", verdict=verdict)}), FILE)
    assert f"verdict  {verdict}: {LOOKS[verdict].sentence}" in text


def test_symbolic_reasons_are_said_once() -> None:
    """What SymPy has to say of several variables alike is one line; that it was left out is none."""
    unasked = gradient(1.0, None, None)
    silent = replace(unasked, symbolic=replace(unasked.symbolic, reason="out of time"))
    for found, said in ((silent, "\n  x, y: SymPy unavailable: out of time\n"), (unasked, "gradient is right\n")):
        text = draw_text(report("x*y", {"x": 1.0, "y": 1.0}, 1.0, {"x": found, "y": found}), FILE)
        assert text.endswith(said)
        assert "SymPy:" not in text


def test_statements_stand_on_one_line() -> None:
    """Several statements are shown as they could be typed, and the value says whose it is."""
    text = draw_text(
        report("y = 2*x\n\nz =  y**2", {"x": 3.0}, 36.0, {"x": gradient(24.0, "8*x", "24")}, output="z"), FILE
    )
    assert text.split("\n")[:2] == ["y = 2*x; z = y**2          x = 3.0          float64", "value of z  36.0"]


def test_nothing_to_differentiate() -> None:
    """An expression without variables has a value and no verdict."""
    assert draw_text(report("2 + 3", {}, 5.0, {}), FILE) == (
        "f = 2 + 3\nvalue  5.0\n\nnothing to differentiate: the expression has no variables\n"
    )


def test_what_a_terminal_would_obey_is_shown_as_a_picture() -> None:
    """Escape sequences in the source never reach the terminal."""
    text = draw_text(report("x\x1b[31m", {"x\x1b": 1.0}, 1.0, {"x\x1b": gradient(1.0, "1", "1")}), SCREEN)
    assert "\x1b" not in text
    assert "f = x␛[31m" in text


def widths(text: str) -> Iterable[int]:
    """The widths of the lines, but for formulas and expressions in full, which a terminal wraps."""
    return (columns(line) for line in text.split("\n") if not line.startswith(("f = ", "df/d", "SymPy: ")))


@pytest.mark.parametrize("width", [64, 72, 80, 100, 120, 200])
def test_tables_are_never_wider_than_the_terminal(width: int) -> None:
    """Whatever the width, what is aligned is not broken by the terminal."""
    both = report("exp(-theta**2/sigma)", {"theta": 2.942, "sigma": 1.0}, 0.5, {"theta": LONG, "sigma": LONG})
    for each in (QUADRATIC, MISMATCH, both):
        text = draw_text(each, Terminal(width=width, height=24, boxes=True))
        assert max(widths(text)) <= width


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("a line that fits\n", "a line that fits\n"),
        ("one two three four five six seven\n", "one two three four\n  five six seven\n"),
        ("note  one two three four five six\n", "note  one two three\n      four five six\n"),
        ("  note  \x1b[1mone\x1b[0m two three four\n", "  note  \x1b[1mone\x1b[0m two\n        three four\n"),
        ("a_word_that_is_wider_than_it\n", "a_word_that_is_wider_than_it\n"),
    ],
)
def test_lines_that_are_wider_than_a_terminal(line: str, fits: str) -> None:
    """They are broken between words, and what goes on stands below where it began; colours take no room."""
    assert fitted(line, 20) == fits


def test_a_formula_of_thirty_terms_is_cut_on_a_terminal() -> None:
    """At most some lines of the function and of the formula, none wider than the terminal; --full shows all."""
    text = " + ".join(f"a{i}*sin(x)**{i}" for i in range(1, 31))
    found = evaluate(text, dict.fromkeys([f"a{i}" for i in range(1, 31)], 1.0), x=0.5, wrt="x")
    shown = draw_text(found, Terminal(80, 24))
    assert max(map(len, shown.splitlines())) <= 80
    assert "--full shows them" in shown
    assert text not in shown
    assert text in draw_text(found, FILE)


def test_the_graph_below_a_jacobian_says_what_its_gradients_are_for() -> None:
    """Ones: 1 + 3 and 2 + 4 are no entries of the Jacobian."""
    options = ("--x", "[1, 2]", "--A", "[[1, 2], [3, 4]]", "--wrt", "x", "--no-symbolic", "--jacobian")
    out = gradcalc("eval", "A @ x", *options).out
    assert "[4.0, 6.0]\n(for an upstream of ones: these gradients are sums over the rows of the Jacobian)\n" in out
