"""Reports as CSV, Markdown and LaTeX."""

import csv
import io

import pytest

from autogradcli.render import markdown
from autogradcli.render.report import latex
from tests.command import gradcalc

COMMAND = ["eval", "x*sum(w)", "--x", "2", "--w", "[1, 2.5]", "--no-symbolic", "--format"]


def test_csv_is_read_by_a_reader_of_csv() -> None:
    """One line for each component of each gradient; text with commas and quotes comes back as it was."""
    rows = list(csv.DictReader(io.StringIO(gradcalc(*COMMAND, "csv").out)))
    assert [(row["variable"], row["at"], row["autograd"]) for row in rows] == [
        ("x", "2.0", "3.5"),
        ("w[0]", "1.0", "2.0"),
        ("w[1]", "2.5", "2.0"),
    ]
    (row,) = csv.DictReader(io.StringIO(gradcalc("eval", "max(x, 2)", "--x", "3", "--format", "csv").out))
    assert row["expression"] == "max(x, 2)"
    assert (row["exact"], row["radius"], row["ulps"], row["verdict"]) == ("1", "0", "0.0", "verified")


def test_a_reason_is_told() -> None:
    """The code and the sentence."""
    (row,) = csv.DictReader(io.StringIO(gradcalc("eval", "abs(x)", "--x", "0", "--format", "csv").out))
    assert row["verdict"] == "kink"
    assert row["reason"].startswith("GC101 ")


def test_markdown() -> None:
    """Signs that mean something to Markdown stand for themselves."""
    lines = gradcalc("eval", "x**2", "--x", "2", "--format", "markdown").out.splitlines()
    assert lines[1] == "| " + " | ".join(["---"] * 11) + " |"
    assert lines[2].startswith("| x\\*\\*2 | 4.0 | x | 2.0 | 4.0 | ")
    assert markdown.cell("a|b\n<c> `d` [e](f) _g_") == r"a\|b \<c\> \`d\` \[e\](f) \_g\_"


def test_latex() -> None:
    """A tabular with as many columns as the header has names."""
    lines = gradcalc("eval", "x^2", "--x", "2", "--format", "latex").out.splitlines()
    assert (lines[0], lines[-1]) == ("\\begin{tabular}{lllllllllll}", "\\end{tabular}")
    assert lines[4].startswith(r"x\textasciicircum{}2 & 4.0 & x & ")
    assert lines[2].count("&") == lines[4].count("&") == 10


@pytest.mark.parametrize("sign", list('\\~^<>|"&%$#_{}'))
def test_signs_of_latex_are_escaped(sign: str) -> None:
    """None of them is left to TeX."""
    assert latex.cell(sign) != sign
    assert latex.cell(sign).startswith("\\")


def test_nothing_to_differentiate() -> None:
    """The value alone."""
    (row,) = csv.DictReader(io.StringIO(gradcalc("eval", "2 + 3", "--format", "csv").out))
    assert (row["value"], row["variable"]) == ("5.0", "")
