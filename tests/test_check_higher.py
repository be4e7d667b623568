"""Case files about derivatives beyond the gradient."""

from pathlib import Path

import pytest

from tests.command import gradcalc

PASS = [
    ('expression = "(1 - x)**2 + 100*(y - x**2)**2"\nat = {x = 1, y = 1}\nhessian.x.x = 802\nhessian.x.y = "-400*x"'),
    ('expression = "A @ x"\nat = {A = [[1, 2], [3, 4]], x = [5, 6]}\njacobian.x = "A"'),
    ('expression = "x**4"\nat = {x = 2}\norder = 4'),
    ('expression = "x**4"\nat = {x = 2}\nderivatives.x.3 = "24*x"\nderivatives.x.2 = 48'),
    ('expression = "x**2*y**3"\nat = {x = 2, y = 1}\nwrt = ["x", "x", "y"]\nderivatives."x,x,y".3 = "6*y**2"'),
    ('expression = "sinc(x)"\nat = {x = 0}\norder = 2\nverdict = "mismatch"'),
    ('expression = "x**2*y"\nat = {x = 3, y = 2}\nwrt = ["x", "x", "y"]'),
    ('expression = "sum(x**3)"\nat = {x = [1, 2]}\nhvp.x = [1, 0]'),
]
FAIL = [
    (
        'expression = "x**4"\nat = {x = 2}\nderivatives.x.3 = "24*x**2"',
        "derivatives.x.3: torch gives 48.0 at x = 2.0, expected 96.0 (off by 48, allowed 9.6e-06)",
    ),
    (
        'expression = "x**4"\nat = {x = 2}\norder = 2\nderivatives.x.3 = 48',
        "derivatives.x.3: the report has no such derivative",
    ),
    (
        'expression = "x**2*y"\nat = {x = 3, y = 2}\nhessian.x.x = "2*x"',
        "hessian.x.x: torch gives 4.0 at x = 3.0, y = 2.0, expected 6.0 (off by 2, allowed 6e-07)",
    ),
    (
        'expression = "sinc(x)"\nat = {x = 0}\norder = 2',
        "verdict: mismatch at x = 0.0: x,x: autograd gives nan; the truth is -3.289868 (GC203)",
    ),
]
WRONG = [
    ('expression = "x**2"\nat = {x = 3}\nhessian.x = 2', "hessian.x must be a table"),
    ('expression = "x**2"\nat = {x = 3}\nderivatives.x = 2', "derivatives.x must be a table by orders, 2 to 10"),
    ('expression = "x**2"\nat = {x = 3}\nderivatives.x.first = 2', "derivatives.x must be a table by orders"),
    ('expression = "x*y"\nat = {x = 3, y = 1}\nderivatives.x.2 = 2', "derivatives.x is for the one variable"),
    ('expression = "x**2"\nat = {x = 3}\nhessian.x.z = 2', "hessian.x: there is no derivative with respect to z"),
    ('expression = "x**2"\nat = {x = 3}\norder = 0', "order must be a whole number, 1 to 10"),
    ('expression = "x**2"\nat = {x = 3}\norder = 2\njacobian = true', "order and jacobian exclude each other"),
]


def check(tmp_path: Path, text: str) -> tuple[int, str, str]:
    """The exit status and both outputs of a file with this one case."""
    file = tmp_path / "one.grad.toml"
    file.write_text(f"[[case]]\n{text}\n")
    result = gradcalc("check", str(file))
    return result.status, result.out, result.err


@pytest.mark.parametrize("text", PASS)
def test_what_holds_passes(tmp_path: Path, text: str) -> None:
    """With second derivatives, Jacobians, orders, mixed partials and products."""
    status, out, _ = check(tmp_path, text)
    assert (status, out.startswith("passed")) == (0, True)


@pytest.mark.parametrize(("text", "message"), FAIL)
def test_what_does_not_hold_fails(tmp_path: Path, text: str, message: str) -> None:
    """With the derivative by its name."""
    status, out, _ = check(tmp_path, text)
    assert (status, message in out) == (1, True)


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the key."""
    status, out, err = check(tmp_path, text)
    assert (status, message in out + err) == (2, True)
