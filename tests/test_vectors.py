"""Vectors and matrices: lists in texts and in JSON, and what the engines make of them component by component."""

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from flint import arb, ctx

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options
from autogradcli.compute.report import Symbolic
from autogradcli.engines.arb.blame import first_divergence
from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.error_bounds import measure_gradients
from autogradcli.engines.results import Autograd, flat
from autogradcli.engines.torch.engine import constant, differentiate
from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.quantiles import comparisons
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.shapes import subscript, written
from autogradcli.language.tape import scalarise
from autogradcli.problems import data
from autogradcli.problems.jsonlines import BadLine, read_problem
from tests.command import gradcalc
from tests.helpers import counted, examine, problem, prove

DOUBLE = DTYPES["float64"]


def run(text: str, dtype: str = "float64", **at: str) -> Autograd:
    """A program under autograd."""
    program = parse(text, given=tuple(at))
    return differentiate(program, {name: parse(value) for name, value in at.items()}, program.variables, dtype)


def proof(text: str, **at: Any) -> Enclosures:
    """Enclosures about all variables, whose values are floats or nested lists of them."""
    program = parse(text, given=tuple(at))
    return prove(program, at, DOUBLE)


# Lists in texts.

STEPS = [
    ("[1, x]", [Fraction(1), "x", ("stack_items", (0, 1))]),
    ("[1, x,]", [Fraction(1), "x", ("stack_items", (0, 1))]),
    ("[\n1,\nx\n]", [Fraction(1), "x", ("stack_items", (0, 1))]),
    ("[[1], [x]]", [Fraction(1), ("stack_items", (0,)), "x", ("stack_items", (2,)), ("stack_items", (1, 3))]),
    ("[x, x*x].sum()", ["x", ("mul", (0, 0)), ("stack_items", (0, 1)), ("sum", (2,))]),
    ("-[x]", ["x", ("stack_items", (0,)), ("neg", (1,))]),
    ("2*[x]**2", [Fraction(2), "x", ("stack_items", (1,)), Fraction(2), ("pow", (2, 3)), ("mul", (0, 4))]),
]


@pytest.mark.parametrize(("text", "steps"), STEPS)
def test_a_list_is_one_step(text: str, steps: list[object]) -> None:
    """Its operands are its items, which may be any expressions, also lists."""
    found: list[object] = []
    for step in parse(text).steps:
        match step:
            case Variable():
                found.append(step.name)
            case Constant():
                found.append(step.value)
            case Call():
                found.append((step.function, step.operands))
    assert found == steps


def test_a_list_knows_its_text() -> None:
    """From bracket to bracket, within the text of what it is part of."""
    program = parse("norm( [x, (2*x)] )")
    assert [program.text(index) for index in range(len(program.steps))] == [
        *("x", "2", "2*x", "[x, (2*x)]", "norm( [x, (2*x)] )"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 8 + "x" + "]" * 8,
        "[[[[[[[[sum([[x]])]]]]]]]]",
        "[" + "1.5, " * 3_900 + "x]",
        "[" + "-5," * 5_000 + "x]",
        "[[x, 1], y]",
        "[x, [1, 2]]",
    ],
    ids=lambda text: text[:20],
)
def test_lists_that_pass(text: str) -> None:
    """Up to eight dimensions, thousands of items; what only the values of variables can tell is left to torch."""
    count, program = counted(lambda: parse(text))
    assert isinstance(program.steps[-1], Call)
    assert count < 200 * len(text)


VALUES = [
    ("[1, 2]", [1.0, 2.0]),
    ("[[1, 2], [3, 4]]/2", [[0.5, 1.0], [1.5, 2.0]]),
    ("-[pi, 1/3]", [-math.pi, -1 / 3]),
    ("[[[1e-3]]]", [[[0.001]]]),
    ("sum([1, 2])", 3.0),
    ("[1, 2] + [[1], [2]]", [[2.0, 3.0], [3.0, 4.0]]),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values_are_lists_in_the_same_language(text: str, value: object) -> None:
    """A value may be any expression without variables."""
    assert constant(parse(text)) == value


# What torch and Arb make of them.

GRADIENTS: list[tuple[str, Any, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("dot(x, x)*2", [0.0, 1.0, 2.0], lambda x: x @ x * 2),
    ("norm(x)", [3.0, 4.0], torch.linalg.vector_norm),
    ("mean(x*x)", [[1.0, 2.0], [3.0, 4.0]], lambda x: (x * x).mean()),
    ("prod(x)", [2.0, 3.0, 5.0], lambda x: x.prod()),
    ("max(x) + amin(x**2)", [1.0, -3.0, 2.0], lambda x: x.max() + (x**2).amin()),
    ("median(x)**2", [3.0, 1.0, 2.0, 7.0], lambda x: x.median() ** 2),
    ("sum(x*[1, 2])", [3.0, 4.0], lambda x: (x * torch.tensor([1.0, 2.0], dtype=torch.float64)).sum()),
    ("sum(x*[[1], [2]])", [3.0, 4.0], lambda x: (x * torch.tensor([[1.0], [2.0]], dtype=torch.float64)).sum()),
    ("prod([sum(x), norm(x)])", [3.0, 4.0], lambda x: x.sum() * x.norm()),
    ("sum(where(x > 0, exp(x), x))", [-1.0, 1.0], lambda x: torch.where(x > 0, x.exp(), x).sum()),
    (
        "binary_cross_entropy_with_logits(x, [0, 1])",
        [0.5, -1.5],
        lambda x: torch.nn.functional.binary_cross_entropy_with_logits(x, torch.tensor([0.0, 1.0], dtype=x.dtype)),
    ),
]


@pytest.mark.parametrize(("text", "x", "function"), GRADIENTS, ids=[row[0] for row in GRADIENTS])
def test_the_gradient(text: str, x: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Autograd's is that of the same lines of torch, and Arb's balls hold what those lines give, to rounding."""
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    function(leaf).backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    found = run(text, x=repr(x))
    assert found.inputs == {"x": x}
    assert flat(found.gradients["x"]) == pytest.approx(leaf.grad.flatten().tolist(), rel=1e-15)
    enclosures = proof(text, x=x)
    for entry, number in zip(enclosures.plan.inputs["x"], flat(found.gradients["x"]), strict=True):
        assert enclosures.budget(entry).contains(arb(number))
        assert float(enclosures.gradient(entry)) == pytest.approx(number, rel=1e-14)


EXACT = [
    ("dot(x, [1, 2, 3])", [7.0, 7.0, 7.0], (1, 2, 3)),
    ("sum(x*x)", [0.5, 0.25], (1, Fraction(1, 2))),
    ("mean(x)", [1.0, 2.0, 3.0], (Fraction(1, 3),) * 3),
    ("prod(x)", [2.0, 3.0, 5.0], (15, 10, 6)),
    ("median(x)", [3.0, 1.0, 2.0], (0, 0, 1)),
    ("norm(x)", [3.0, 4.0], (Fraction(3, 5), Fraction(4, 5))),
    ("sum([x, [1, 2]]*[[1, 2], [3, 4]])", [0.0, 0.0], (1, 2)),
]


@pytest.mark.parametrize(("text", "x", "gradient"), EXACT, ids=[row[0] for row in EXACT])
def test_the_balls_hold_the_gradient(text: str, x: list[float], gradient: tuple[Fraction, ...]) -> None:
    """To far below half an ulp, where the gradient is known as fractions."""
    found = proof(text, x=x)
    with ctx.workprec(200):
        for entry, true in zip(found.plan.inputs["x"], gradient, strict=True):
            ball = found.gradient(entry)
            assert (ball * Fraction(true).denominator).contains(Fraction(true).numerator)
            assert ball.rad() < 1e-30


def test_a_vector_beside_a_scalar() -> None:
    """A scalar's gradient is the sum over what it was broadcast to, in both engines."""
    found = run("sum(x*y)", x="[1, 2, 3]", y="4")
    assert found.gradients == {"x": [4.0, 4.0, 4.0], "y": 6.0}
    enclosures = proof("sum(x*y)", x=[1.0, 2.0, 3.0], y=4.0)
    assert enclosures.gradient(enclosures.plan.inputs["y"][0]) == 6


def test_lists_are_of_the_dtype() -> None:
    """In float32 a list of constants is a tensor of float32."""
    assert run("sum(x*[0.1, 0.2])", "float32", x="1").gradients["x"] == float(
        torch.tensor([0.1, 0.2], dtype=torch.float32).sum()
    )


def test_sorting() -> None:
    """The network behind the median sorts whatever sorts zeros and ones: Knuth's zero-one principle."""
    for size in range(10):
        network = list(comparisons(size))
        for values in itertools.product((0, 1), repeat=size):
            places = list(values)
            for i, j in network:
                places[i], places[j] = sorted((places[i], places[j]))
            assert places == sorted(values)


# Errors.

REFUSED = [
    ("x*2", "[1, 2, 3]", "shape", "the output has shape (3): backward starts from a single number", (0, 3)),
    ("y = 2*x; [y, y]", "[1]", "shape", "the output has shape (2, 1): backward starts from a single number", (9, 15)),
    ("x + 0", "[[1, 2]]", "shape", "the output has shape (1, 2): backward starts from a single number", (0, 5)),
    (
        "sum(x + [1, 2])",
        "[1, 2, 3]",
        "torch",
        "x has shape (3) and [1, 2] has shape (2): they do not fit together",
        (4, 14),
    ),
    (
        "dot(x, [1, 2])",
        "[1, 2, 3]",
        "torch",
        "x has shape (3) and [1, 2] has shape (2): they do not fit together",
        (0, 14),
    ),
    (
        "sum([x, [1, 2]])",
        "[3]",
        "torch",
        "x has shape (1) and [1, 2] has shape (2): the items of a list have one shape",
        (4, 15),
    ),
    (
        "sum(x if x > 0 else 1)",
        "[1, 2]",
        "torch",
        "x > 0 has shape (2) and x has shape (2) and 1 is a number: if takes one condition, where takes many",
        (4, 21),
    ),
]


@pytest.mark.parametrize(("text", "x", "kind", "message", "span"), REFUSED, ids=[row[0] for row in REFUSED])
def test_shapes_that_torch_refuses(text: str, x: str, kind: str, message: str, span: tuple[int, int]) -> None:
    """An error names the shapes, and the place in the text."""
    with pytest.raises(GradcalcError) as caught:
        run(text, x=x)
    assert (caught.value.kind, caught.value.message, caught.value.span) == (kind, message, Span(*span))


@pytest.mark.parametrize(("text", "shape"), [("[x, 2*x]", "(2)"), ("[[x, x], [x, x], [x, x]]", "(3, 2)")])
def test_a_tape_ends_with_a_number(text: str, shape: str) -> None:
    """Without torch, too, an output that is no number is refused and not cut down to its first component."""
    with pytest.raises(GradcalcError) as caught:
        scalarise(parse(text), lambda _: True)
    assert caught.value.message == f"the output has shape {shape}: backward starts from a single number"
    assert (
        caught.value.hint
        == 'for each component type --jacobian; for their sum write sum(...), or type --upstream "ones_like(out)"'
    )


def test_shapes_and_places_in_words() -> None:
    """Places count row by row."""
    assert (written((3,)), written((5, 4)), written(())) == ("(3)", "(5, 4)", "()")
    assert [subscript(place, (2, 3)) for place in (0, 2, 3, 5)] == ["[0, 0]", "[0, 2]", "[1, 0]", "[1, 2]"]
    assert (subscript(4, (5,)), subscript(0, ())) == ("[4]", "")


# Verdicts, component by component.

KINKS = [
    ("norm(x)", [0.0, 0.0], [(-1, 1), (-1, 1)]),
    ("max(x)", [1.0, 2.0, 2.0], [None, (0, 1), (0, 1)]),
    ("median(x)", [1.0, 1.0, 2.0], [(0, 1), (0, 1), None]),
    ("sum(abs(x))", [-1.0, 0.0, 3.0], [None, (-1, 1), None]),
    ("sum(relu(x)*[1, 2])", [0.0, 0.0], [(0, 1), (0, 2)]),
    ("sum(x**2)**0.5", [0.0, 0.0], [(-1, 1), (-1, 1)]),
    ("max(x*x)", [0.0, 0.0], [(0, 0), (0, 0)]),
]


@pytest.mark.parametrize(("text", "x", "slopes"), KINKS, ids=[row[0] for row in KINKS])
def test_kinks_have_slopes_of_their_own(text: str, x: list[float], slopes: list[tuple[float, float] | None]) -> None:
    """A component has one-sided slopes where it takes part in a tie, and a proven derivative where it does not."""
    found = proof(text, x=x)
    measured = measure_gradients(found, "x", [0.0] * len(x))
    assert [each.slopes for each in measured] == slopes
    assert [each.ball is None for each in measured] == [each is not None for each in slopes]


MESSAGES = [
    ("norm(x)", "[[1, 0], [0, 0]]", "verified", None),
    ("max(x)", "[[1, 2], [3, 3]]", "kink", "not differentiable at x[1, 0] = 3.0: the slope is 0 to the left and 1 "),
    (
        "norm(x)",
        "[1e200, 1e200]",
        "mismatch",
        "norm(x) is inf in float64, so backward of norm(x) sends 0 to x[0] where 0.7071068 is true",
    ),
    ("sum(tanh(x + 1))", "[1, 19]", "imprecise", "backward of tanh(x + 1) sends 0 to (x + 1)[1] where 1.699342e-17 "),
    ("sum([tanh(x), x])", "20", "verified", None),
    ("sum(floor(x))", "[0.5, 2]", "undefined", "floor(x) jumps"),
    ("sum(sqrt(x))", "[1, 0]", "undefined", "sqrt(x) has a vertical tangent"),
    ("log(sum(exp(x)))", "[1, 1000]", "mismatch", "exp(x)[1] is inf in float64, so the gradient is nan"),
    ("sum(log(x))", "[1, -1]", "undefined", "log(x) is not defined"),
    # Balls hold zero and nothing tells it from zero: their middles are no truths. The softmax of these logits by torch
    # is not the one by which the loss has its minimum: by mpmath the truth of what log_softmax sends is 7.46e-18.
    (
        "kl_div(log_softmax(x, -1), softmax([0.5, -1.25, 2], -1), reduction='sum')",
        "[0.5, -1.25, 2]",
        "imprecise",
        "backward of log_softmax(x, -1) sends 2.775558e-17 to x[0] where 7.460337e-18 is true",
    ),
]


def test_a_sum_of_exact_terms_is_no_cancellation() -> None:
    """softmax takes the largest number away from all, which rounds nothing: what loses digits is torch's s*(1 - s)."""
    found = examine("softmax(x, 0)[0]", {"x": "[10, -10, 5]"}, dtype="float16")["x"]
    assert found.reason is not None
    sends = "backward of softmax(x, 0) sends 0.006790161 to x[0] where 0.006648059 is true"
    assert found.reason.message == f"{sends}: torch's formula loses accuracy here"


@pytest.mark.parametrize(("text", "x", "verdict", "message"), MESSAGES)
def test_the_reason_names_the_component(text: str, x: str, verdict: str, message: str | None) -> None:
    """The verdict is the worst of the components', with the reason of the first that has it."""
    found = examine(text, {"x": x})["x"]
    assert found.verdict == verdict
    assert (found.reason is None) == (message is None)
    assert found.reason is None or found.reason.message.startswith(message or "")


BLAMED = [
    ("sum([tanh(x), x])", "tanh(x)"),
    ("tanh(sum([x, 1, 2]))", "tanh(sum([x, 1, 2]))"),
    ("sum(x*[x, tanh(x)])", "tanh(x)"),
    ("sum([x, x]*tanh(x))", "tanh(x)"),
    ("max([x])*tanh(sum([x]))", "tanh(sum([x]))"),
]


@pytest.mark.parametrize(("text", "blamed"), BLAMED)
def test_a_list_is_not_to_blame(text: str, blamed: str) -> None:
    """What only moves numbers from one place to another cannot go wrong, also where they meet again."""
    program = parse(text)
    autograd = differentiate(program, {"x": parse("20")}, ("x",), "float64")
    found = first_divergence(proof(text, x=20.0), autograd, "x")
    assert found is not None
    assert program.text(found.step) == blamed


def test_sympy_agrees_on_every_component() -> None:
    """Its formulas are nested lists as the tensors are; a list within the expression does not stand in its way."""
    found = compute(problem("y*sum(x)", {"x": "[1, 2]", "y": "3"}, symbolic=True)).gradients
    assert found["x"].symbolic == Symbolic(["y", "y"], [3.0, 3.0], ["3", "3"], "agrees", None, "y")
    assert found["y"].symbolic == Symbolic("x[0] + x[1]", 3.0, "3", "agrees", None)
    number = compute(problem("sum([x, x**2])", {"x": "3"}, symbolic=True)).gradients["x"].symbolic
    assert (number.digits, number.status) == ("7", "agrees")


def test_what_is_too_long_to_prove_is_unverified() -> None:
    """Torch's gradient is still there, and the report says why nobody checked it, and what to type."""
    asked = replace(problem("sum(x**2)", {"x": "[1, 2, 3, 4, 5]"}), options=Options(symbolic=False, max_operations=1))
    found = compute(asked).gradients["x"]
    assert (found.autograd, found.exact) == ([2.0, 4.0, 6.0, 8.0, 10.0], [None] * 5)
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("unverified", "GC503")
    assert found.reason.message.startswith("there are more than 1 components of x, too many")
    assert "--max-operations" in found.reason.message


def test_slopes_that_would_take_too_long_are_unverified() -> None:
    """Where every component is in a tie with all others, the work grows with the square of their number."""
    ones = "[" + "1, " * 600 + "]"
    found = examine("median(x)", {"x": ones})["x"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("unverified", "GC501")


# Lists in JSON.

SETTINGS = Options(dtype="float64", rtol=None, atol=None, symbolic=False, timeout=10.0)


def value(x: Any) -> Program:
    """The value that a JSON value in "at" means."""
    line = json.dumps({"expression": "sum(x)", "at": {"x": x}}).encode()
    found = read_problem(line, SETTINGS)
    if isinstance(found, BadLine):
        raise found.error
    return found.at["x"]


@pytest.mark.parametrize("x", [[1, 2.5], [[1, 2], [3, 4]], [[[-0.0]]], [10**300, 5e-324]])
def test_nested_json_lists_are_tensors(x: Any) -> None:
    """One leaf that holds the doubles nearest to the numbers, row by row."""
    program = value(x)
    (leaf,) = program.steps
    assert isinstance(leaf, Tensor)
    assert leaf.components == tuple(float(each) for each in flat(x))
    assert repr(constant(program)) == repr(torch.tensor(x, dtype=torch.float64).tolist())


MALFORMED = [
    ([], "shape", '"x" in "at" holds no number'),
    ([[], []], "shape", '"x" in "at" holds no number'),
    ([[1, 2], [3]], "shape", '"x" in "at" is ragged: item [1] has shape (1), and item [0] has shape (2)'),
    ([[[1], [2]], [[3], 4]], "shape", '"x" in "at" is ragged: item [1, 1] is a number, and item [0, 0] has shape (1)'),
    ([1, [2]], "shape", '"x" in "at" is ragged: item [1] has shape (1), and item [0] is a number'),
    ([[1, 2], [3, "4"]], "value", 'item [1, 1] of "x" in "at" must be a number, and is text'),
    ([None], "value", 'item [0] of "x" in "at" must be a number, and is null'),
    ([1, True], "value", 'item [1] of "x" in "at" must be a number, and is true or false'),
    ([10**400], "value", 'item [0] of "x" in "at" is beyond the largest double, 1.8e308'),
    ([[[[[[[[[1]]]]]]]]], "limit", '"x" in "at" is nested more than 8 deep'),
]


@pytest.mark.parametrize(("x", "kind", "message"), MALFORMED)
def test_malformed_json_lists(x: Any, kind: str, message: str) -> None:
    """The error names the item."""
    with pytest.raises(GradcalcError) as caught:
        value(x)
    assert (caught.value.kind, caught.value.message) == (kind, message)


def test_elements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit they pass; one more is an error."""
    monkeypatch.setattr(data, "MAX_ELEMENTS", 6)
    assert value([[1, 2], [3, 4], [5, 6]]).variables == ()
    with pytest.raises(GradcalcError, match="has more than 6 components"):
        value([[1, 2], [3, 4], [5, 6], [7, 8]])


def test_a_tape_of_a_tensor_that_came_as_data() -> None:
    """Its components are constants."""
    found = scalarise(parse("sum(x)"), lambda _: True, {"x": (2,)})
    assert len(found.entries) == 3
    program = value([1.5, 2])
    with pytest.raises(GradcalcError, match=r"the output has shape \(2\)"):
        scalarise(program, lambda _: True)


def test_ten_thousand_components() -> None:
    """Value, gradient and proof in work that grows with their number alone."""
    line = json.dumps({"expression": "sum(x**2)", "at": {"x": [i / 7 for i in range(10_000)]}})
    count, result = counted(lambda: gradcalc("batch", "--no-symbolic", stdin=line))
    assert json.loads(result.out)["verdict"] == "verified"
    assert count < 500 * 10_000


# The command line.


def test_vectors_on_the_command_line() -> None:
    """A list is a value like any other."""
    words = ("eval", "dot(x, x)*2", "--x", "[0, 1, 2]", "--no-symbolic", "--format")
    assert gradcalc(*words, "plain").out == "[0.0, 4.0, 8.0]\n"
    report = json.loads(gradcalc(*words, "json").out)
    assert report["variables"]["x"] | {"requires_grad": None} == {
        "value": [0.0, 1.0, 2.0],
        "shape": [3],
        "dtype": "float64",
        "requires_grad": None,
    }
    assert report["gradients"]["x"]["exact"][2] == {"value": "8", "radius": "0"}
    assert report["gradients"]["x"]["ulps"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sqrt(abs(x[0]*x[1]))", "not differentiable at x[0] = 0.0: the slope is 0 along it alone, and 1 along all"),
        ("cbrt(x[0]*x[1])", "autograd gives nan; the truth is 0"),
    ],
)
def test_a_component_that_is_taken_is_in_no_branch(text: str, reason: str) -> None:
    """A subscript hands on what is not finite, and is not to blame for it."""
    found = compute(problem(text, {"x": "[0, 0]"})).gradients["x"].reason
    assert found is not None
    assert (found.code, found.message[: len(reason)]) == ("GC203", reason)
