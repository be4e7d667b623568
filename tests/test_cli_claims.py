"""`gradcalc eval --claim`: a derivative worked out by hand is proved, holds here, or is wrong."""

import json

import pytest

from tests.command import gradcalc

SAID = [
    ("log(1 + exp(x))", ["--x", "1"], "1/(1 + exp(-x))", "proved", 0),
    ("sin(x)**2", ["--x", "1"], "sin(2*x)", "proved", 0),
    ("relu(x)", ["--x", "1"], "where(x > 0, 1, 0)", "proved", 0),
    ("relu(x)", ["--x", "0"], "where(x >= 0, 1, 0)", "proved", 0),
    ("x*abs(x)", ["--x", "0"], "2*abs(x)", "proved", 0),
    ("x*sign(x)**2", ["--x", "2"], "sign(x)**2", "wrong", 1),
    ("where(x == 3, 9, x**2)", ["--x", "3"], "where(x == 3, 0, 2*x)", "wrong", 1),
    ("where(x == 3, 9, x**2)", ["--x", "3"], "2*x", "proved", 1),
    ("where(x == 3, 9, x**2)", ["--x", "2"], "where(x == 3, 6, 2*x)", "proved", 0),
    ("where(x == 3, 10, x**2)", ["--x", "1"], "2*x", "holds", 0),
    ("1 if x == 0 else expm1(x)/x", ["--x", "0"], "0 if x == 0 else (exp(x) - expm1(x)/x)/x", "wrong", 1),
    ("1 if x == 0 else expm1(x)/x", ["--x", "2"], "1/2 if x == 0 else (exp(x) - expm1(x)/x)/x", "proved", 0),
    ("x**2", ["--x", "2"], "2*exp(log(x))", "holds", 0),
    ("x**2", ["--x", "2"], "2*x*(x - 3)/(x - 3)", "holds", 0),
    ("x**2/2", ["--x", "0.5"], "tanh(atanh(x))", "holds", 0),
    ("abs(x)", ["--x", "1"], "1", "wrong", 1),
    ("log(x)", ["--x", "-1"], "1/x", "untold", 1),
]


@pytest.mark.parametrize(("expression", "point", "claim", "status", "code"), SAID)
def test_what_is_said_of_a_claim(expression: str, point: list[str], claim: str, status: str, code: int) -> None:
    """The status in JSON, and the exit status."""
    result = gradcalc("eval", expression, *point, "--claim", f"x={claim}", "--json")
    assert json.loads(result.out)["claims"]["x"]["status"] == status
    assert result.status == code


FURTHER = [
    ("x**2*y**3", ["--x", "2", "--y", "3"], "x,y=6*x*y**2", "holds"),
    ("x**2*y**3", ["--x", "2", "--y", "3"], "y,x=6*x*y", "wrong"),
    ("x**2*y**3", ["--x", "2", "--y", "3"], "x,x,y=6*y**2", "holds"),
    ("sin(x)", ["--x", "1"], "x,x=-sin(x)", "holds"),
    ("x*abs(x)", ["--x", "3"], "x,x=2*sign(x)", "holds"),
    ("x*abs(x)", ["--x", "3"], "x,x=2", "wrong"),
    ("log(x)", ["--x", "-1"], "x,x=-1/x**2", "untold"),
    ("y = x**2; sin(y)", ["--x", "2"], "x=2*x*cos(y)", "proved"),
    ("y = x**2; sin(y)", ["--x", "2"], "x=2*x*sin(y)", "wrong"),
]


@pytest.mark.parametrize(("expression", "point", "claim", "status"), FURTHER)
def test_claims_of_higher_order_and_in_names_of_the_text(
    expression: str, point: list[str], claim: str, status: str
) -> None:
    """A claim about `x,y` is one about the derivative with respect to x and then to y."""
    result = gradcalc("eval", expression, *point, "--claim", claim, "--json")
    name = claim.partition("=")[0]
    assert json.loads(result.out)["claims"][name]["status"] == status


def test_text_and_plain() -> None:
    """Below the report; on standard error where standard output is for a script."""
    result = gradcalc("eval", "x*y", "--x", "2", "--y", "3", "--claim", "x=y", "--claim", "y = x*x", "--no-symbolic")
    assert result.out.splitlines()[-2:] == [
        "claim    x: holds: equal to a hundred digits here, and at no point looked at is there a difference",
        "claim    y: wrong at x = 2.0, y = 3.0: the derivative with respect to y is 2, the claim 4",
    ]
    plain = gradcalc("eval", "x**2", "--x", "2", "--claim", "x=x", "--format", "plain")
    assert (plain.status, plain.out) == (1, "4.0\n")
    assert plain.err.startswith("claim.x: wrong at x = 2.0: the derivative with respect to x is 4, the claim 2")


def test_a_claim_without_a_value_is_told_apart() -> None:
    """Where the derivative has one, it fails and says so; at a kink it is what holds nearby that counts."""
    lacking = gradcalc("eval", "prod(x)", "--x", "[0, 2, 3]", "--claim", "x=prod(x)/x", "--no-symbolic")
    assert lacking.status == 1
    assert lacking.out.endswith(
        "claim    x: the claim has no value at x = [0.0, 2.0, 3.0], where the derivative with respect to x[0] is 6\n"
    )
    kink = gradcalc("eval", "abs(x)", "--x", "0", "--claim", "x=x/abs(x)", "--no-symbolic")
    assert "claim    x: holds: here there is no derivative; equal to a hundred digits nearby" in kink.out


@pytest.mark.parametrize("form", ["csv", "markdown", "latex"])
def test_tables_say_on_standard_error_what_fails(form: str) -> None:
    """Their rows are about gradients."""
    result = gradcalc("eval", "x**2", "--x", "2", "--claim", "x=x", "--format", form, "--no-symbolic")
    assert result.status == 1
    assert result.err == "claim.x: wrong at x = 2.0: the derivative with respect to x is 4, the claim 2\n"


@pytest.mark.parametrize(("claim", "status"), [("2*x", 0), ("=2*x", 0), ("where(x == 2, 4, 2*x)", 0), ("3*x", 1)])
def test_a_claim_without_a_name_is_about_the_only_variable(claim: str, status: int) -> None:
    """A condition in it is no name."""
    result = gradcalc("eval", "x**2", "--x", "2", "--claim", claim, "--no-symbolic")
    assert (result.status, result.out.splitlines()[-1][:11]) == (status, "claim    x:")


ERRORS = {
    "x=": "--claim x= claims nothing",
    " ": "--claim   claims nothing",
    "z=2": "--claim z: there is no derivative with respect to z",
    "x=z": "--claim x: z is not a variable of the expression",
    "x=2*(": "--claim x: this ( is never closed",
}


@pytest.mark.parametrize("claim", ERRORS)
def test_claims_that_make_no_sense(claim: str) -> None:
    """An error before anything is computed."""
    result = gradcalc("eval", "x**2", "--x", "2", "--claim", claim)
    assert (result.status, result.err.splitlines()[0]) == (2, f"error: {ERRORS[claim]}")


def test_a_difference_beyond_all_digits_is_told() -> None:
    """The two numbers look alike."""
    result = gradcalc("eval", "x**3", "--x", "1", "--claim", "x=3*x**2 - 1e-100", "--format", "plain", "--no-symbolic")
    assert result.err == "claim.x: wrong at x = 1.0: the derivative with respect to x is 3, the claim 3 minus 1e-100\n"


@pytest.mark.parametrize(
    ("expression", "claim"),
    [
        ("x**2", "where(x == 0, 5, 2*x)"),
        ("x**2", "where(x > 100, where(x < 100.001, 0, 2*x), 2*x)"),
        ("where(abs(x - 0.7) < 1e-9, x**2, x)", "1"),
        ("x**3", "3*x**2 + 1e-200"),
    ],
)
def test_claims_that_are_wrong_in_a_spot_that_the_text_names(expression: str, claim: str) -> None:
    """The constants of expression and claim are looked at themselves, and zero."""
    result = gradcalc("eval", expression, "--x", "1", "--claim", f"x={claim}", "--format", "plain", "--no-symbolic")
    assert (result.status, result.err[:22]) == (1, "claim.x: wrong at x = ")
