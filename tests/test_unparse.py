"""The text of a program, line by line, means the program."""

from fractions import Fraction

import pytest

from autogradcli.engines.torch.engine import value_and_gradients
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Variable
from autogradcli.language.unparse import Unwritable, unparse

UNIT = 2.0**-53
POINT = {"x": [[0.3, -1.2], [2.0, 0.7]], "y": [[1.0, 0.5], [-0.25, 3.0]]}
TEXTS = [
    "5*x**3 - 2/x + 0.1",
    "-(y*log_softmax(x, dim=1)).sum(dim=1)",
    "where(x > 0, sqrt(abs(x)), 0)*y",
    "x[0, 1:]@y[:, 0][1:] + x[..., -1].sum()",
    "norm([x, y], dim=0)",
    "max(x, dim=0).values + min(y)",
    "gelu(x, approximate='tanh') + softplus(y)",
    "norm(x, inf) + sum(x, dim=(0, 1), keepdim=True)",
    "cat([x, y], dim=1).reshape(2, 2, 2)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_means_the_same(text: str) -> None:
    """Value and gradients are the same, bit for bit, and each line is a step."""
    program = parse(f"sum({text})")
    written, steps = unparse(program, UNIT)
    assert [type(program.steps[step]) for step in steps.values()] == [Call] * len(written.splitlines())
    point = {name: POINT[name] for name in program.variables}
    one, other = (
        value_and_gradients(each, point, program.variables, "float64", None) for each in (program, parse(written))
    )
    assert one == other


@pytest.mark.parametrize(
    ("value", "unit", "text"), [("0.1", UNIT, "0.1"), ("1e-8", 2.0**-24, "1e-08"), ("-3", UNIT, "(-3)")]
)
def test_numbers_have_the_digits_that_a_format_tells_apart(value: str, unit: float, text: str) -> None:
    """A third of float32 is not written with sixteen digits."""
    program = parse("x + y")
    number = Constant(Fraction(float(value)), program.steps[0].span)
    steps = (program.steps[0], number, Call("add", (0, 1), (), program.steps[2].span))
    assert unparse(Program("", steps, 2, None, {}, ("x",)), unit)[0] == f"t2 = x + {text}"


def test_what_has_no_text_is_refused() -> None:
    """A variable whose name is no word of the language, as a parameter of a module has."""
    program = parse("x + 1")
    steps = (Variable("net.weight", program.steps[0].span), *program.steps[1:])
    with pytest.raises(Unwritable):
        unparse(Program("", steps, program.output, None, {}, ("net.weight",)), UNIT)
