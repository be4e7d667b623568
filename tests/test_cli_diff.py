"""`gradcalc diff`, from the words to the exit status."""

import json
from pathlib import Path

import pytest

from tests.command import gradcalc
from tests.symbolic import HARD

FORMULAS = [
    ("5*x**3 + 2*x**2 + 4*x + 8", [], "15*x**2 + 4*x + 4\n"),
    ("x**2*y", [], "df/dx = 2*x*y\ndf/dy = x**2\n"),
    ("x**2*y", ["--wrt", "y"], "x**2\n"),
    ("y = x**2; z = y*x", [], "3*x**2\n"),
    ("y = x**2; z = y*x", ["--of", "y"], "2*x\n"),
    ("z = x*y", [], "dz/dx = y\ndz/dy = x\n"),
    ("e**x", [], "exp(x)\n"),
    ("e**2", ["--wrt", "e"], "2*e\n"),
    ("x*y", ["--format", "python"], "df_dx = y\ndf_dy = x\n"),
    ("x*y", ["--format", "c"], "const double df_dx = y;\nconst double df_dy = x;\n"),
    ("x**2", ["--format", "latex"], "2 x\n"),
    ("x**3", ["--order", "2"], "df/dx = 3*x**2\nd^2f/dx^2 = 6*x\n"),
    ("x**2*y**3", ["--wrt", "x,x,y"], "6*y**2\n"),
    (
        "x**2*y",
        ["--wrt", "x,y", "--order", "2", "--format", "python"],
        "df_dx = 2*x*y\ndf_dy = x**2\nd2f_dx2 = 2*y\nd2f_dx_dy = 2*x\nd2f_dy_dx = 2*x\nd2f_dy2 = 0\n",
    ),
    ("[x*y, sin(x)]", [], "df[0]/dx = y\ndf[0]/dy = x\ndf[1]/dx = cos(x)\ndf[1]/dy = 0\n"),
    ("[x, x**2]", ["--wrt", "x"], "df[0]/dx = 1\ndf[1]/dx = 2*x\n"),
    (
        "x*lambda_",
        ["--format", "latex"],
        "\\frac{\\partial f}{\\partial x} = \\lambda\n\\frac{\\partial f}{\\partial \\lambda} = x\n",
    ),
]


@pytest.mark.parametrize(("expression", "words", "out"), FORMULAS)
def test_formulas(expression: str, words: list[str], out: str) -> None:
    """The formula comes out in the language that is asked for."""
    result = gradcalc("diff", expression, *words)
    assert (result.status, result.out, result.err) == (0, out, "")


def test_no_formula_is_said_on_standard_error() -> None:
    """Where SymPy runs out of time there is nothing on standard output, and a status of its own."""
    result = gradcalc("diff", HARD, "--timeout", "0.1")
    assert (result.status, result.out) == (3, "")
    assert result.err.startswith("no derivative with respect to x: timed out")


def test_formula_to_a_file(tmp_path: Path) -> None:
    """`-o` takes the formula off standard output, in the language that the ending means."""
    path = tmp_path / "formula.tex"
    result = gradcalc("diff", "x**2", "-o", str(path))
    assert (result.status, result.out, path.read_text()) == (0, "", "2 x\n")


def test_expression_from_standard_input() -> None:
    """`-` reads the expression from standard input."""
    assert gradcalc("diff", "-", stdin="x**2").out == "2*x\n"


OBJECTS = [
    ("x**3", ["--order", "2"], [("f", ["x"], "3*x**2"), ("f", ["x", "x"], "6*x")]),
    ("z = x**2*y**3", ["--wrt", "x,x,y"], [("z", ["x", "x", "y"], "6*y**2")]),
    (
        "x**2*y",
        ["--order", "2"],
        [
            ("f", ["x"], "2*x*y"),
            ("f", ["y"], "x**2"),
            ("f", ["x", "x"], "2*y"),
            ("f", ["x", "y"], "2*x"),
            ("f", ["y", "x"], "2*x"),
            ("f", ["y", "y"], "0"),
        ],
    ),
    (
        "[[x, y], [x*y, 1]]",
        ["--wrt", "x"],
        [
            ("f[0, 0]", ["x"], "1"),
            ("f[0, 1]", ["x"], "0"),
            ("f[1, 0]", ["x"], "y"),
            ("f[1, 1]", ["x"], "0"),
        ],
    ),
]


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"]])
@pytest.mark.parametrize(("expression", "asked", "found"), OBJECTS)
def test_one_json_document(
    expression: str, asked: list[str], found: list[tuple[str, list[str], str]], words: list[str]
) -> None:
    """Every derivative says of what it is one, with respect to what, and its formula."""
    result = gradcalc("diff", expression, *asked, *words)
    document = json.loads(result.out)
    assert (result.status, result.err, document["expression"], document["notes"]) == (0, "", expression, [])
    assert document["derivatives"] == [
        {"of": of, "wrt": names, "formula": formula, "reason": None} for of, names, formula in found
    ]


def test_a_document_says_why_there_is_no_formula() -> None:
    """In the place of the formula; a note is in the document too."""
    result = gradcalc("diff", HARD, "--timeout", "0.1", "--json")
    (found,) = json.loads(result.out)["derivatives"]
    assert (result.status, found["formula"]) == (3, None)
    assert found["reason"].startswith("timed out")
    (note,) = json.loads(gradcalc("diff", "mean(x)", "--json").out)["notes"]
    assert note == "x is taken for a number in mean(x); gradcalc eval knows tensors"


NOTES = [
    ("mean(x)", 0, "1\n", "note: x is taken for a number in mean(x); gradcalc eval knows tensors\n"),
    (
        "dot(x, y) + sum(x)",
        0,
        "df/dx = y + 1\ndf/dy = x\n",
        "note: x and y are taken for numbers in dot(x, y); gradcalc eval knows tensors\n",
    ),
    ("sum([x, 2*x])", 0, "3\n", ""),
]


@pytest.mark.parametrize(("expression", "status", "out", "err"), NOTES)
def test_variables_are_numbers(expression: str, status: int, out: str, err: str) -> None:
    """A note says so where a function of whole tensors is applied to one; a list of numbers is a tensor."""
    result = gradcalc("diff", expression)
    assert (result.status, result.out, result.err) == (status, out, err)


def test_a_function_that_a_language_lacks_is_named() -> None:
    """By the name that it has in gradcalc."""
    result = gradcalc("diff", "lgamma(x)", "--format", "python")
    assert (result.status, result.out) == (3, "")
    assert result.err == "no derivative with respect to x: Python's math module has no digamma\n"
