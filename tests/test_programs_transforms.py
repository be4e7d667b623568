"""Derivatives that transforms of `torch.func` give, verified from outside; the numbers are by hand."""

import pytest

from autogradcli.programs.ledger import GradientEntry
from tests.programs import ledger

GIVEN = """\
x = torch.tensor([1.0, 2.0])
cube = lambda x: (x**3).sum()
both = lambda x: torch.stack([x.prod(), (x**2).sum()])
"""
RIGHT = [
    ("torch.func.grad(cube)(x)", [3.0, 12.0]),
    ("torch.func.grad_and_value(cube)(x)", [3.0, 12.0]),
    ("torch.func.grad(lambda x: (cube(x), x), has_aux=True)(x)", [3.0, 12.0]),
    ("torch.func.grad(lambda a, b: (a * b * b).sum(), argnums=1)(x, x)", [2.0, 8.0]),
    ("torch.func.jacrev(both)(x)", [[2.0, 1.0], [2.0, 4.0]]),
    ("torch.func.jacfwd(both)(x)", [[2.0, 1.0], [2.0, 4.0]]),
    ("torch.func.hessian(cube)(x)", [[6.0, 0.0], [0.0, 12.0]]),
    ("torch.func.vjp(both, x)[1](torch.tensor([1.0, 10.0]))", [22.0, 41.0]),
    ("torch.func.jvp(both, (x,), (torch.tensor([1.0, 10.0]),))", [12.0, 42.0]),
    ("torch.func.vmap(torch.func.grad(cube))(torch.stack([x, 2 * x]))", [[3.0, 12.0], [12.0, 48.0]]),
    (
        "torch.vmap(torch.func.grad(lambda a, b: (a * b).sum()), in_dims=(None, 1))(x, torch.eye(2))",
        [[1.0, 0.0], [0.0, 1.0]],
    ),
    ("torch.vmap(lambda x: torch.func.grad(cube)(x) * 2)(torch.stack([x, x]))", [[6.0, 24.0], [6.0, 24.0]]),
]


def entry(text: str) -> GradientEntry:
    """What is said of the one derivative of a program."""
    (found,) = ledger(GIVEN + text).passes
    (one,) = found.entries
    return one


@pytest.mark.parametrize(("text", "derivative"), RIGHT, ids=[text for text, _ in RIGHT])
def test_each_transform_is_proven(text: str, derivative: list[float]) -> None:
    """By the same function without it."""
    found = entry(text)
    assert (found.verdict, found.added) == ("verified", derivative)


WRONG_FORWARD_MODE = """\
class Cube(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x**3
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.saved_tensors[0] ** 2 * g
    @staticmethod
    def jvp(ctx, t):
        return 2 * ctx.saved_tensors[0] ** 2 * t
"""


@pytest.mark.parametrize(("transform", "verdict"), [("jacfwd", "mismatch"), ("jacrev", "verified")])
def test_a_wrong_forward_mode_is_found(transform: str, verdict: str) -> None:
    """Its reverse mode is right."""
    found = entry(f"{WRONG_FORWARD_MODE}torch.func.{transform}(Cube.apply)(x)")
    assert found.verdict == verdict
    if verdict == "mismatch":
        assert found.reason is not None
        assert "torch.func gives 8, the same function without a transform 12" in found.reason.message


UNVERIFIED = [
    (
        "n = [0]\ndef f(x):\n    n[0] += 1\n    return (x * n[0]).sum()\ntorch.func.grad(f)(x)",
        "something else when it is",
    ),
    (
        "torch.vmap(torch.func.grad(lambda x: (x * torch.rand(2)).sum()), randomness='different')(torch.stack([x, x]))",
        "random numbers are drawn",
    ),
]


@pytest.mark.parametrize(("text", "said"), UNVERIFIED)
def test_what_cannot_be_run_again_is_unverified(text: str, said: str) -> None:
    """A function that counts its calls, and one that draws other numbers for each sample."""
    found = entry(text)
    assert found.verdict == "unverified"
    assert found.reason is not None
    assert said in found.reason.message


def test_parameters_have_the_names_of_the_program() -> None:
    """Of `functional_call`, and gradients for each sample; their sum is the gradient of the batch."""
    found = ledger(
        "torch.manual_seed(0)\nnet = torch.nn.Linear(3, 1)\nw = dict(net.named_parameters())\n"
        "def loss(w, x):\n    return torch.func.functional_call(net, w, (x,)).tanh().sum()\n"
        "torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(w, torch.randn(4, 3))"
    )
    assert [(each.name, each.shape, each.verdict) for each in found.passes[0].entries] == [
        ("net.weight", (4, 1, 3), "verified"),
        ("net.bias", (4, 1), "verified"),
    ]


def test_a_batch_alone_is_no_derivative() -> None:
    """Nothing is said of it."""
    assert ledger(f"{GIVEN}torch.vmap(lambda x: x * 2)(x)").passes == ()
