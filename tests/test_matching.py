"""Rows of the table found in programs, however these are written, and the text that they come to."""

import pytest

from autogradcli.language.guards import slopes, two_wheres
from autogradcli.language.matching import Subject, edits
from autogradcli.language.parser import parse
from autogradcli.language.writing import Surroundings, fitted

FOUND = [
    ("log(1 + exp(x))", "softplus(x)"),
    ("2*log(exp(x*y) + 1)", "2*softplus(x*y)"),
    ("y*log(exp(x) - 1)", "y*(x + log(-expm1(-x)))"),
    ("log(1/(1 + exp(-x)))", "logsigmoid(x)"),
    ("log(1 - sigmoid(2*x - 1))", "logsigmoid(-(2*x - 1))"),
    ("log(1 - sigmoid(-2*x))", "logsigmoid(2*x)"),
    ("log(-sigmoid(x) + 1)", "logsigmoid(-x)"),
    ("torch.log(1.0 - torch.sigmoid(x))", "logsigmoid(-x)"),
    ("(1 - x.sigmoid()).log()", "logsigmoid(-x)"),
    ("p = sigmoid(x)\nq = 1 - p\nlog(q)", "p = sigmoid(x)\nq = 1 - p\nlogsigmoid(-x)"),
    ("z = w*x + b; p = sigmoid(z); log(1 - p)", "z = w*x + b; p = sigmoid(z); logsigmoid(-z)"),
    ("log(1 - tanh(x)*tanh(x))", "2*(log(2) - x - softplus(-2*x))"),
    ("log(1 - square(tanh(x)))", "2*(log(2) - x - softplus(-2*x))"),
    ("log(1 - tanh(x).pow(2))", "2*(log(2) - x - softplus(-2*x))"),
    ("sqrt((x - 1)**2 + y*y)", "hypot(x - 1, y)"),
    ("(x**2 + y**2)**0.5", "hypot(x, y)"),
    ("(x**2 + y**2)**(1/2)", "hypot(x, y)"),
    ("sin(x + y)/(x + y)", "sinc((x + y)/pi)"),
    ("sin(x)*(1/x)", "sinc(x/pi)"),
    ("0.5*(exp(x) - exp(-x))", "sinh(x)"),
    ("log(softmax(x, 0)[1])", "log_softmax(x, dim=0)[1]"),
    ("log(x.softmax(-1))[0, 1:]", "log_softmax(x, dim=-1)[0, 1:]"),
    ("sum(log(sum(exp(x), axis=1)))", "sum(logsumexp(x, dim=1))"),
    ("log(torch.sum(torch.exp(x), dim=(0, 1)))", "logsumexp(x, dim=(0, 1))"),
    ("exp(x)/exp(x).sum(1, keepdim=True)", "softmax(x, dim=1)"),
    ("sum(log(1 - sigmoid(x[i])) for i in range(3))", "sum(logsigmoid(-x[i]) for i in range(3))"),
]


@pytest.mark.parametrize(("text", "better"), FOUND)
def test_a_row_is_found_however_it_is_written(text: str, better: str) -> None:
    """Letters stand for any expression; sums and products match in either order; brackets stand where they must."""
    assert better in [edit.applied(text) for edit in edits(Subject(parse(text)))]


NOT_FOUND = [
    ("exp(x)**2 - 2", "expm1"),
    ("log(1 - sigmoid(x)**2)", "logsigmoid(-"),
    ("sin(x)/y", "sinc"),
    ("log(2 + exp(x))", "softplus"),
    ("log(sum(exp(x), 0)) + log(sum(exp(y), 1))", "logaddexp"),
    ("exp(x)/sum(exp(y))", "softmax"),
    ("mean(x**2, 0) - mean(x, 1)**2", "keepdim"),
]


@pytest.mark.parametrize(("text", "name"), NOT_FOUND)
def test_what_is_not_the_same_expression_does_not_match(text: str, name: str) -> None:
    """A letter stands for one expression, an option for one value."""
    assert not any(name in edit.text for edit in edits(Subject(parse(text))))


def test_what_gradients_are_asked_of_is_left_alone() -> None:
    """No row looks into an intermediate whose gradient is wanted: it would be no part of the text any more."""
    program = parse("p = sigmoid(x); log(1 - p)")
    texts = [edit.text for edit in edits(Subject(program, {program.index("p")}))]
    assert "log1p(-p)" in texts
    assert not any("logsigmoid" in text for text in texts)


MASKS = [
    ("where(x > 0, sqrt(x), x)", "where(x > 0, sqrt(where(x > 0, x, 1)), x)"),
    ("1 + where(x <= 0, 0, log(2*x))", "1 + where(x <= 0, 0, log(where(x <= 0, 1, 2*x)))"),
    ("where(x != 0, sin(x)/x, 1)", "where(x != 0, sin(x)/where(x != 0, x, 1), 1)"),
    ("y = 1/x; where(x == 0, 0, y)", "y = 1/where(x == 0, 1, x); where(x == 0, 0, y)"),
]


@pytest.mark.parametrize(("text", "better"), MASKS)
def test_an_operand_in_a_branch_is_made_harmless(text: str, better: str) -> None:
    """A second `where` of the same condition stands around what the failing operation starts from."""
    assert better in [edit.applied(text) for edit in two_wheres(Subject(parse(text)))]


GUARDS = [
    ("1 if x == 0 else expm1(x)/x", 0.5, "1 + x/2 if x == 0 else expm1(x)/x"),
    ("where(0 != x, log1p(x)/x, 1)", -0.5, "where(0 != x, log1p(x)/x, 1 - x/2)"),
    ("where(x == 1, 1, log(x)/(x - 1))", -0.5, "where(x == 1, 1 - (x - 1)/2, log(x)/(x - 1))"),
    ("where(x == 0, pi, y)", 1.0, None),
]


@pytest.mark.parametrize(("text", "slope", "better"), GUARDS)
def test_the_branch_of_a_guard_is_given_a_slope(text: str, slope: float, better: str | None) -> None:
    """Where all hangs on one variable."""
    assert [edit.applied(text) for edit in slopes(Subject(parse(text)), slope)] == ([] if better is None else [better])


BRACKETS = [
    ("x + y", "2*", "", "(x + y)"),
    ("x + y", "f(", ")", "x + y"),
    ("x*y", "a - ", "", "x*y"),
    ("x*y", "a/", "", "(x*y)"),
    ("x + y", "a - ", "", "(x + y)"),
    ("-x", "", "**2", "(-x)"),
    ("sin(x)", "2*", "**2", "sin(x)"),
    ("x + 1", "y = ", "; y", "x + 1"),
    ("x + 1", "y == ", "", "x + 1"),
    ("1 + x", "", " if x == 0 else 2", "1 + x"),
    ("x + y", "", ".sum()", "(x + y)"),
    ("2x", "3*", "", "(2x)"),
]


@pytest.mark.parametrize(("text", "before", "after", "written"), BRACKETS)
def test_brackets_stand_where_a_text_would_fall_apart(text: str, before: str, after: str, written: str) -> None:
    """And nowhere else."""
    assert fitted(text, Surroundings(before, after)) == written
