"""`gradcalc eval`, from the words to the exit status."""

import json
from pathlib import Path

import pytest

from tests.command import Screen, gradcalc

PLAIN = [
    # The point.
    ("5*x**3 + 2*x**2 + 4*x + 8", ["--x", "2"], "72.0\n"),
    ("x**2", ["--x", "-2"], "-4.0\n"),
    ("x**2", ["--x=-2"], "-4.0\n"),
    ("x**2", ["--x", "-1e-3"], "-0.002\n"),
    ("cos(x)", ["--x", "-pi/2"], "1.0\n"),
    ("x**2", ["--x", "1/4"], "0.5\n"),
    ("-x**2", ["--x", "2"], "-4.0\n"),
    ("-x", ["--x", "2"], "-1.0\n"),
    ("-(x)", ["--x", "2"], "-1.0\n"),
    ("λ**2", ["--λ", "3"], "6.0\n"),
    ("lambda**2", ["--lambda", "3"], "6.0\n"),
    ("dtype**2", ["--set", "dtype=3"], "6.0\n"),
    ("e**2", ["--e", "3"], "6.0\n"),
    # What is differentiated, with respect to what.
    ("x*y", ["--x", "2", "--y", "3"], "x 3.0\ny 2.0\n"),
    ("x*y", ["--x", "2", "--y", "3", "--wrt", "y"], "2.0\n"),
    ("x*y", ["--x", "2", "--y", "3", "--wrt", "y,x"], "y 2.0\nx 3.0\n"),
    ("y = 2*x; z = y**2", ["--x", "3"], "24.0\n"),
    ("y = 2*x; z = y**2", ["--x", "3", "--of", "y"], "2.0\n"),
    # The dtype.
    ("x**3", ["--x", "0.1", "--dtype", "float32"], "0.030000001\n"),
    # Nothing to differentiate.
    ("2 + 3", [], "5.0\n"),
]


@pytest.mark.parametrize(("expression", "words", "out"), PLAIN)
def test_gradients(expression: str, words: list[str], out: str) -> None:
    """The bare gradient comes out, whatever way the point is written."""
    result = gradcalc("eval", expression, *words, "--format", "plain", "--no-symbolic")
    assert (result.status, result.out, result.err) == (0, out, "")


def test_the_first_example_of_the_manual() -> None:
    """Value, three opinions, the chain and the verdict, as anybody sees them first."""
    result = gradcalc("eval", "5*x**3 + 2*x**2 + 4*x + 8", "--x", "2")
    assert (result.status, result.err) == (0, "")
    assert (
        result.out
        == """\
f = 5*x**3 + 2*x**2 + 4*x + 8          x = 2.0          float64
value  64.0

variable   autograd   SymPy: derivative   SymPy: value   true value (Arb)   error   verdict
x          72.0       15*x**2 + 4*x + 4   72             72 ± 0             0 ulp   verified

grad_fn chain                                expression                  value   gradient
AddBackward0                                 5*x**3 + 2*x**2 + 4*x + 8    64.0        1.0
`-- AddBackward0                             5*x**3 + 2*x**2 + 4*x        56.0        1.0
    |-- AddBackward0                         5*x**3 + 2*x**2              48.0        1.0
    |   |-- MulBackward0                     5*x**3                       40.0        1.0
    |   |   `-- PowBackward0                 x**3                          8.0        5.0
    |   |       `-- AccumulateGrad           x                             2.0       72.0
    |   `-- MulBackward0                     2*x**2                        8.0        1.0
    |       `-- PowBackward0                 x**2                          4.0        2.0
    |           `-- AccumulateGrad (above)   x
    `-- MulBackward0                         4*x                           8.0        1.0
        `-- AccumulateGrad (above)           x

verdict  verified: autograd's gradient is right
"""
    )


STATUS = [
    ("x**2", "2", 0, "verified"),
    ("abs(x)", "0", 0, "kink"),
    ("log(x)", "0", 3, "undefined"),
    ("where(x > 0, x*log(x), 0*x)", "1", 0, "verified"),
    ("sin(pi*x)/x", "1e-320", 1, "mismatch"),
]


@pytest.mark.parametrize(("expression", "x", "status", "verdict"), STATUS)
def test_exit_status(expression: str, x: str, status: int, verdict: str) -> None:
    """The exit status says what the verdict says."""
    result = gradcalc("eval", expression, "--x", x, "--no-symbolic", "--json")
    assert (json.loads(result.out)["verdict"], result.status) == (verdict, status)


def test_plain_says_on_standard_error_what_is_wrong() -> None:
    """A script gets its number, and its owner the reason."""
    result = gradcalc("eval", "log(x)", "--x", "0", "--format", "plain", "--no-symbolic")
    assert (result.status, result.out) == (3, "inf\n")
    assert result.err.startswith("undefined: x: ")


def test_json_is_the_same_by_either_name() -> None:
    """`--json` is `--format json`: indented, one object, the same fields."""
    short = json.loads(gradcalc("eval", "x**2", "--x", "2", "--json", "--no-symbolic").out)
    long = json.loads(gradcalc("eval", "x**2", "--x", "2", "--format", "json", "--json", "--no-symbolic").out)
    assert short.keys() == long.keys()
    assert short["gradients"] == long["gradients"]


def test_quiet_leaves_the_exit_status() -> None:
    """`--quiet` prints nothing at all, remarks included."""
    for form in ("text", "plain", "json"):
        result = gradcalc("eval", "log(x)", "--x", "0", "-q", "--format", form, "--no-symbolic")
        assert (result.status, result.out, result.err) == (3, "", "")


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    """`-o` takes the result off standard output; a file is never cut to a terminal."""
    path = tmp_path / "report.txt"
    printed = gradcalc("eval", "x**2", "--x", "2", "--no-symbolic")
    result = gradcalc("eval", "x**2", "--x", "2", "--no-symbolic", "-o", str(path), stream=Screen)
    assert (result.status, result.out, result.err) == (0, "", "")
    assert path.read_text(encoding="utf-8") == printed.out


def test_a_failure_leaves_the_file_alone(tmp_path: Path) -> None:
    """What stands in a file is only replaced by a result."""
    path = tmp_path / "report.txt"
    path.write_text("old")
    assert gradcalc("eval", "x**2", "-o", str(path)).status == 2
    assert path.read_text() == "old"


def test_output_to_a_dash_is_standard_output() -> None:
    """`-o -` is what it is everywhere."""
    assert gradcalc("eval", "x**2", "--x", "2", "--format", "plain", "-o", "-", "--no-symbolic").out == "4.0\n"


def test_a_terminal_gets_boxes_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the same report has box characters, and colours unless they are not wanted."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    result = gradcalc("eval", "x**2", "--x", "2", "--no-symbolic", stream=Screen)
    assert "└── AccumulateGrad" in result.out
    assert "\x1b[32mverified\x1b[0m" in result.out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gradcalc("eval", "x**2", "--x", "2", "--no-symbolic", stream=Screen).out


def test_expression_from_standard_input() -> None:
    """`-` reads the expression, with its line breaks, from standard input."""
    words = ("eval", "-", "--x", "2", "--format", "plain", "--no-symbolic")
    assert gradcalc(*words, stdin="y = x\nz = y**2\n").out == "4.0\n"


@pytest.mark.parametrize(
    ("stdin", "error"),
    [
        (b"\xff", "error: standard input is not UTF-8: byte 1\n"),
        (b"", "error: there is no expression\n"),
    ],
)
def test_no_expression_on_standard_input(stdin: bytes, error: str) -> None:
    """What is no text is refused with the byte that is not."""
    result = gradcalc("eval", "-", stdin=stdin)
    assert (result.status, result.out, result.err) == (2, "", error)


def test_endless_input_is_not_read_to_its_end() -> None:
    """A megabyte on standard input is refused by its length."""
    result = gradcalc("eval", "-", "--x", "1", stdin=b"x+" * 1_000_000)
    assert result.status == 2
    assert "characters" in result.err


def test_strange_names_and_texts_can_be_printed() -> None:
    """Halves of surrogate pairs, as bytes that are not UTF-8 come in, are shown and not stumbled over."""
    result = gradcalc("eval", "x\udcff", "--x", "1")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")


def test_tolerances_are_demands() -> None:
    """An honest result beyond the accuracy that is demanded is a mismatch."""
    words = ("eval", "x**3", "--x", "0.1", "--dtype", "float32", "--no-symbolic", "--format", "plain")
    assert gradcalc(*words).status == 0
    assert gradcalc(*words, "--rtol", "0").status == 1
    assert gradcalc(*words, "--rtol", "0", "--atol", "1").status == 0
