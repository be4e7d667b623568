r"""LaTeX that people paste: the error says what to type for it."""

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.language.parser import parse

OFFERED = [
    (r"\frac{x}{y}", "x/y"),
    (r"\frac{1}{2}x^{2}", "(1/2)x^2"),
    (r"x\frac12", "x*(1/2)"),
    (r"$x^2$", "x^2"),
    (r"\[x^{2}y\]", "x^2*y"),
    (r"\sqrt{x} + \sqrt[3]{x+1}", "sqrt(x) + root(x+1, 3)"),
    (r"\sin x \cos x", "sin(x)*cos(x)"),
    (r"\sin^{2} x + \cos^2 x", "sin^2 x + cos(x)**2"),
    (r"\ln\left(\frac{x}{1-x}\right)", "ln((x/(1-x)))"),
    (r"\frac{e^{x}-e^{-x}}{2}", "(e^x-e^(-x))/2"),
    (r"x \cdot \log_2(y) \leq 3", None),
    (r"\mathrm{tanh}(x_{1})", "tanh(x_1)"),
    (r"\frac{\partial f}{\partial x}", None),
    (r"\sum_{i=1}^n x_i", None),
    (r"\frac{x}{", None),
    ("x + \\", None),
]


@pytest.mark.parametrize(("typed", "meant"), OFFERED)
def test_latex_is_refused_with_what_it_means(typed: str, meant: str | None) -> None:
    """The whole text as it is to be typed, which is read then; else only what LaTeX's sign stands for."""
    with pytest.raises(GradcalcError, match="not part of the language") as caught:
        parse(typed)
    assert caught.value.hint is not None
    if meant is None:
        assert caught.value.hint.startswith("type functions by their names")
    else:
        assert caught.value.hint == f"in place of LaTeX type {meant}"
        assert parse(meant).variables
