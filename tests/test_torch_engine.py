"""The torch engine: values, gradients, every intermediate's gradient and the graph, as plain torch gives them."""

import math

import pytest
import torch
from torch.autograd.graph import Node as TorchNode

from autogradcli.engines.results import Autograd
from autogradcli.engines.torch.engine import constant, differentiate
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.parser import parse


def run(text: str, dtype: str = "float64", wrt: tuple[str, ...] | None = None, **at: str) -> Autograd:
    """A program under autograd."""
    program = parse(text, given=tuple(at))
    values = {name: parse(value) for name, value in at.items()}
    return differentiate(program, values, program.variables if wrt is None else wrt, dtype)


def test_the_cubic() -> None:
    """The tutorial's first example: value, gradient, and the names of the graph's nodes in walk order."""
    found = run("5*x**3 + 2*x**2 + 4*x + 8", x="2")
    assert (found.value, found.gradients) == (64.0, {"x": 72.0})
    assert [(node.name, node.expression, node.value, node.gradient) for node in found.nodes] == [
        ("AddBackward0", "5*x**3 + 2*x**2 + 4*x + 8", 64.0, 1.0),
        ("AddBackward0", "5*x**3 + 2*x**2 + 4*x", 56.0, 1.0),
        ("AddBackward0", "5*x**3 + 2*x**2", 48.0, 1.0),
        ("MulBackward0", "5*x**3", 40.0, 1.0),
        ("PowBackward0", "x**3", 8.0, 5.0),
        ("AccumulateGrad", "x", 2.0, 72.0),
        ("MulBackward0", "2*x**2", 8.0, 1.0),
        ("PowBackward0", "x**2", 4.0, 2.0),
        ("MulBackward0", "4*x", 8.0, 1.0),
    ]
    assert [node.inputs for node in found.nodes] == [(1,), (2, 8), (3, 6), (4,), (5,), (), (7,), (5,), (5,)]
    assert [node.flows for node in found.nodes][4:6] == [(60.0,), ()]


def test_constants_are_numbers_as_in_a_users_code() -> None:
    """`math.sqrt(2*math.pi)` makes no node, and neither does the constant part of an expression."""
    found = run("exp(-x**2/2)/sqrt(2*pi)", x="1")
    assert [node.name for node in found.nodes] == [
        "DivBackward0",
        "ExpBackward0",
        "DivBackward0",
        "NegBackward0",
        "PowBackward0",
        "AccumulateGrad",
    ]


def test_a_function_that_torch_lacks_shows_its_definition() -> None:
    """Each node of the definition comes from the text of the call."""
    found = run("sec(x)", x="1")
    assert {node.expression for node in found.nodes if node.variable is None} == {"sec(x)"}
    assert "CosBackward0" in [node.name for node in found.nodes]
    assert found.gradients["x"] == pytest.approx(math.sin(1) / math.cos(1) ** 2, rel=1e-15)


def test_wrt_chooses() -> None:
    """A variable that is not asked about takes no gradient and has no node."""
    found = run("x*y", wrt=("y",), x="3", y="2")
    assert found.gradients == {"y": 3.0}
    assert [node.variable for node in found.nodes] == [None, "y"]


def test_a_variable_that_does_not_matter() -> None:
    """backward leaves no gradient on it."""
    assert run("y = 2*x; z = 3*t", x="1", t="1").gradients == {"x": None, "t": 3.0}


@pytest.mark.parametrize(
    ("dtype", "gradient"), [("float64", 0.2), ("float32", 0.20000000298023224), ("float16", 0.199951171875)]
)
def test_the_point_is_what_the_dtype_holds(dtype: str, gradient: float) -> None:
    """Inputs and gradients are reported exactly as torch holds them."""
    found = run("x**2", dtype, x="0.1")
    assert found.inputs["x"] == float(torch.tensor(0.1, dtype=getattr(torch, dtype)))
    assert found.gradients["x"] == gradient


def test_python_takes_one_branch_and_where_takes_both() -> None:
    """`a if c else b` is Python's own: the other branch has no part in the graph."""
    assert run("sqrt(x) if x > 0 else x", x="-1").gradients["x"] == 1.0
    assert math.isnan(run("where(x > 0, sqrt(x), x)", x="-1").gradients["x"])


def test_values_are_constant_programs() -> None:
    """A value may be any expression without variables."""
    assert constant(parse("sqrt(2)/2 + erf(0.5)")) == pytest.approx(math.sqrt(2) / 2 + math.erf(0.5), rel=1e-15)
    assert constant(parse("1/0")) == math.inf


def test_what_torch_refuses_names_the_step() -> None:
    """torch's message, with the place in the text."""
    with pytest.raises(GradcalcError) as caught:
        run("1 + polygamma(-1, x)", x="0.5")
    assert caught.value.kind == "torch"
    assert caught.value.span == Span(4, 20)
    assert caught.value.message.startswith("torch: polygamma(n, x) does not support negative n")


def test_what_torch_cannot_differentiate_in_a_dtype_is_an_error() -> None:
    """Some kernels exist forward and not backward."""
    with pytest.raises(GradcalcError) as caught:
        run("i1(x)", "bfloat16", x="0.5")
    assert caught.value.kind == "torch"
    assert "not implemented for 'BFloat16'" in caught.value.message


TEXTS = [
    "x*x*y + x",
    "s = sin(x*y); s*s + cos(s)",
    "where(x > y, x**2*y, y/x)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_graph_is_torchs_own(text: str) -> None:
    """A plain walk over next_functions meets the same nodes, and hooks see the same gradients there."""
    found = run(text, x="1.25", y="0.75")
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.25, 0.75))
    names, gradients = _plain_walk(text, x, y)
    assert [node.name for node in found.nodes] == names
    assert [node.gradient for node in found.nodes] == gradients
    assert found.gradients == {"x": x.grad.item(), "y": y.grad.item()}  # type: ignore[union-attr]


def _plain_walk(text: str, x: torch.Tensor, y: torch.Tensor) -> tuple[list[str], list[float]]:
    s = torch.sin(x * y)
    outputs = {
        TEXTS[0]: lambda: x * x * y + x,
        TEXTS[1]: lambda: s * s + torch.cos(s),
        TEXTS[2]: lambda: torch.where(x > y, x**2 * y, y / x),
    }
    output = outputs[text]()
    seen: dict[TorchNode, list[float]] = {}
    _visit(output.grad_fn, seen)
    output.backward()  # type: ignore[no-untyped-call]
    return [type(node).__name__ for node in seen], [values[0] for values in seen.values()]


def _visit(node: TorchNode | None, seen: dict[TorchNode, list[float]]) -> None:
    if node is None or node in seen:
        return
    arrived: list[float] = []
    seen[node] = arrived
    node.register_hook(lambda _, outputs: arrived.append(outputs[0].item()))
    for below, _ in node.next_functions:
        _visit(below, seen)
