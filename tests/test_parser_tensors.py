"""The parser: subscripts, loops, lists that are taken apart, and what the text fixes."""

from fractions import Fraction
from typing import Any

import pytest

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Variable

ALL = slice(None)

CALLS: list[tuple[str, tuple[object, ...]]] = [
    ("x[0]", ("getitem", (("index", (0,)),))),
    ("x[-1]", ("getitem", (("index", (-1,)),))),
    ("x[1::2]", ("getitem", (("index", (slice(1, None, 2),)),))),
    ("x[::-1]", ("getitem", (("index", (slice(None, None, -1),)),))),
    ("X[:, None, :]", ("getitem", (("index", (ALL, None, ALL)),))),
    ("X[..., 2*3 - 1]", ("getitem", (("index", (Ellipsis, 5)),))),
    ("X[[0, 2], :]", ("getitem", (("index", ((0, 2), ALL)),))),
    ("sum(x, 0)", ("sum", (("dim", 0),))),
    ("x.sum(dim=(0, 1), keepdim=True)", ("sum", (("dim", (0, 1)), ("keepdim", True)))),
    ("np.sum(x, axis=-1, keepdims=True)", ("sum", (("dim", -1), ("keepdim", True)))),
    ("torch.sum(input=x, dim=None)", ("sum", (("dim", None),))),
    ("x.reshape(2, -1)", ("reshape", (("shape", (2, -1)),))),
    ("reshape(x, (2, 3*4))", ("reshape", (("shape", (2, 12)),))),
    ("x.view([3])", ("view", (("size", (3,)),))),
]


@pytest.mark.parametrize(("text", "expected"), CALLS, ids=[text for text, _ in CALLS])
def test_what_the_text_fixes_is_an_option(text: str, expected: tuple[object, ...]) -> None:
    """Sizes, dimensions and subscripts are options of the last step, and no steps of their own."""
    *others, last = parse(text).steps
    assert isinstance(last, Call)
    assert (last.function, last.options) == expected
    assert all(isinstance(step, Variable) for step in others)


MAXIMA = [
    ("max(x, 0)", "maximum", ()),
    ("max(x, y)", "maximum", ()),
    ("torch.max(x, y)", "maximum", ()),
    ("x.max(y)", "maximum", ()),
    ("max(x)", "max_all", ()),
    ("x.max()", "max_all", ()),
    ("max(x, dim=0)", "max_dim", (("dim", 0),)),
    ("torch.max(x, 0)", "max_dim", (("dim", 0),)),
    ("x.min(-1)", "min_dim", (("dim", -1),)),
    ("x.max(0)[0]", "max_dim", (("dim", 0), ("field", "values"))),
    ("torch.max(x, 1).values", "max_dim", (("dim", 1), ("field", "values"))),
    ("np.max(x, axis=0)", "max_dim", (("dim", 0),)),
]


@pytest.mark.parametrize(("text", "function", "options"), MAXIMA, ids=[row[0] for row in MAXIMA])
def test_a_number_after_a_tensor_is_a_dimension_where_torch_has_it_so(
    text: str, function: str, options: tuple[object, ...]
) -> None:
    """max(x, 0) is what people type into a calculator, x.max(0) and torch.max(x, 0) are torch's."""
    last = parse(text).steps[-1]
    assert isinstance(last, Call)
    assert (last.function, last.options) == (function, options)


LOOPS = [
    ("sum(x[i]*x[i+1] for i in range(3))", "x[0]*x[1] + x[1]*x[2] + x[2]*x[3]"),
    ("sum(i*x for i in range(1, 7, 2))", "1*x + 3*x + 5*x"),
    ("sum(x[i] for i in range(4) if i != 2)", "x[0] + x[1] + x[3]"),
    ("sum(x[i]*y[j] for i in range(2) for j in range(i + 1))", "x[0]*y[0] + x[1]*y[0] + x[1]*y[1]"),
    ("prod(x - k for k in [1, 2])", "(x - 1)*(x - 2)"),
    ("max(x[i] for i in range(2))", "maximum(x[0], x[1])"),
    ("[x**k for k in range(3)]", "[x**0, x**1, x**2]"),
    ("sum(x for i in range(0))", "0"),
    ("prod(x for i in range(0))", "1"),
    ("sum(i for i in range(3))", "0 + 1 + 2"),
]


@pytest.mark.parametrize(("loop", "terms"), LOOPS, ids=[loop for loop, _ in LOOPS])
def test_a_loop_is_its_terms(loop: str, terms: str) -> None:
    """A loop means what its terms mean, written one by one."""
    assert steps(loop) == steps(terms)


def steps(text: str) -> list[Any]:
    """The steps of a text as a tree, without their places."""
    program = parse(text)
    found: list[Any] = []
    for step in program.steps:
        match step:
            case Variable():
                found.append(step.name)
            case Constant():
                found.append(step.value)
            case Call():
                found.append((step.function, [found[operand] for operand in step.operands], step.options))
    return [found[program.output]]


@pytest.mark.parametrize("text", ["True.T", "sum(True.T)"])
def test_true_has_what_every_number_has(text: str) -> None:
    """It is 1 there."""
    one = parse(text).steps[0]
    assert isinstance(one, Constant)
    assert one.value == 1


def test_a_number_given_to_a_function_is_a_step_of_its_own() -> None:
    """Only what a row wants fixed is fixed: the bounds of clamp are constants of the program."""
    values = [step.value for step in parse("clamp(x, 0, 1/2)").steps if isinstance(step, Constant)]
    assert Fraction(0) in values


CALLED_WITH = [
    ("x[i]", "getitem_at", ("places",)),
    ("x[x > 0]", "getitem_at", ("places",)),
    ("x[:, i, None]", "getitem_at", (slice(None), "places", None)),
    ("x[i, j]", "getitem_at", ("places", "places")),
    ("x[0]", "getitem", (0,)),
]


@pytest.mark.parametrize(("text", "row", "index"), CALLED_WITH)
def test_values_in_a_subscript_are_operands(text: str, row: str, index: tuple[object, ...]) -> None:
    """What the text fixes is an option, and what is a value a step, whose place is marked."""
    step = parse(text).steps[-1]
    assert isinstance(step, Call)
    assert (step.function, dict(step.options)["index"]) == (row, index)
    assert len(step.operands) == 1 + index.count("places")


WRONG = [
    ("x[]", "there is nothing between these brackets", (1, 3), None),
    ("x[i:3]", "a subscript is made of whole numbers, slices of such, and values", (2, 5), "type x[0] or x[1:3]"),
    ("x[0, 1.5]", "a subscript is made of whole numbers, slices of such, and values", (5, 8), "type x[0] or x[1:3]"),
    ("x[-1.5]", "a subscript is made of whole numbers, slices of such, and values", (2, 6), "type x[0] or x[1:3]"),
    ("x[1:2:3:4]", "a slice has at most two colons", (7, 8), "type x[start:stop:step]"),
    ("x[0", "this [ is never closed", (1, 2), "type x[0]"),
    ("[1, 2][0]", "a list that is written out takes no subscript", (6, 9), "type y = [1, 2]; y[0]"),
    ("sum(x for i in range(n))", "a loop runs over numbers that the text fixes", (3, 24), "type for i in range(3)"),
    ("sum(x for i in range(10**9))", "this loop has more than 20,000 passes", (3, 28), None),
    ("sum(x for 2 in x)", "this for is not complete", (6, 9), "type for i in range(3)"),
    ("x for i in range(3)", "for stands inside brackets", (2, 5), "type sum(x[i] for i in range(3))"),
    (
        "sin(x for i in range(3))",
        "a loop is an argument of sum, prod, max, min, and not of sin",
        (0, 24),
        "type sin([... for i in range(3)])",
    ),
    ("max(x for i in range(0))", "this loop has no passes", (0, 24), None),
    (
        "sum(x, dim=y)",
        "dim of sum must be a whole number or several, as (0, 1), written out in the text",
        (11, 12),
        None,
    ),
    ("sum(x, dim=1.5)", "dim of sum must be a whole number or several, as (0, 1)", (11, 14), None),
    ("sum(x, keepdim=2)", "keepdim of sum must be True or False", (15, 16), None),
    (
        "x.tanh(dtype=torch.float64)",
        "the format of all numbers is chosen by --dtype",
        (13, 26),
        "leave torch.float64 away",
    ),
    ("cat(x)", "tensors of cat is a list", (4, 5), "type cat([x, y])"),
]


@pytest.mark.parametrize(("text", "message", "span", "hint"), WRONG, ids=[row[0] for row in WRONG])
def test_what_the_text_must_fix(text: str, message: str, span: tuple[int, int], hint: str | None) -> None:
    """A wrong subscript, loop or option is an error that says so, where it stands, and what to type."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    error = caught.value
    assert (error.message, error.span, error.hint) == (message, Span(*span), hint)
