"""Better spellings: what is matched, and what is put in its place."""

import pytest

from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.rewrites import REWRITES, better_spelling, same, two_wheres
from tests.helpers import prove

MATCHES = [
    ("log(1 + exp(x))", "exp(x)", "softplus(x)"),
    ("2*log(exp(x*y) + 1)", "exp(x*y)", "softplus(x*y)"),
    ("log(1/(1 + exp(-x)))", "exp(-x)", "logsigmoid(x)"),
    ("(x + 1)*log(x + 1)", "log(x + 1)", "xlog1py(x + 1, x)"),
    ("sqrt((x - 1)**2 + y**2)", "y**2", "hypot(x - 1, y)"),
    ("sin(x + y)/(x + y)", "sin(x + y)", "sinc((x + y)/pi)"),
    ("exp(x)**2 - 1", "exp(x)", None),
    ("sin(x)/y", "sin(x)", None),
    ("log(2 + exp(x))", "exp(x)", None),
]


@pytest.mark.parametrize(("text", "blamed", "better"), MATCHES)
def test_the_largest_expression_around_the_step_is_rewritten(text: str, blamed: str, better: str | None) -> None:
    """Letters stand for any expression, sums and products match in either order, brackets are kept where needed."""
    program = parse(text)
    step = next(i for i in range(len(program.steps)) if program.text(i) == blamed)
    assert better_spelling(program, step) == better


@pytest.mark.parametrize(("pattern", "replacement"), REWRITES)
def test_both_sides_are_the_same_function(pattern: str, replacement: str) -> None:
    """Values and gradients of both sides overlap as balls at a few hundred binary digits."""
    for a, b in ((0.375, 0.25), (0.8125, 0.0625)):
        values = []
        for text in (pattern, replacement):
            program = parse(text)
            proof = prove(program, {"a": a, "b": b}, DTYPES["float64"])
            values.append([proof.value, *(proof.gradient(proof.plan.inputs[name][0]) for name in program.variables)])
        assert all(one.overlaps(other) for one, other in zip(*values, strict=True))
        assert all(one.rel_accuracy_bits() > 80 for side in values for one in side)


def test_an_expression_written_twice_is_the_same() -> None:
    """Steps are compared by what they compute, not by where they stand."""
    program = parse("sin(x + 1)*cos(y)*sin(x + 1)*sin(x + 2)")
    sines = [i for i in range(len(program.steps)) if program.text(i).startswith("sin")]
    first, second, third = (i for i in sines if program.text(i).endswith(")") and "*" not in program.text(i))
    assert same(program, first, second)
    assert not same(program, first, third)


MASKS = [
    ("where(x > 0, sqrt(x), x)", "sqrt(x)", "where(x > 0, sqrt(where(x > 0, x, 1)), x)"),
    ("1 + where(x <= 0, 0, log(2*x))", "log(2*x)", "where(x <= 0, 0, log(where(x <= 0, 1, 2*x)))"),
    ("sqrt(x)", "sqrt(x)", None),
]


@pytest.mark.parametrize(("text", "blamed", "rewritten"), MASKS)
def test_two_wheres(text: str, blamed: str, rewritten: str | None) -> None:
    """The operand of the guarded call is made harmless in the branch that is not taken, whichever it is."""
    program = parse(text)
    step = next(i for i in range(len(program.steps)) if program.text(i) == blamed)
    operand = program.steps[step].operands[0]  # type: ignore[union-attr]
    assert two_wheres(program, step, operand) == rewritten
