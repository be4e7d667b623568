"""Backwards that go through transforms of `torch.func`, as in physics-informed networks; the numbers are by hand."""

from math import cos, sin

import pytest

from autogradcli.programs.ledger import Ledger, Pass
from tests.programs import ledger

NET = """\
from torch.func import functional_call, grad, jacrev, stack_module_state, vmap
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
x = torch.linspace(0, 1, 9).double()
"""
STEPS = """\
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(2):
    opt.zero_grad()
    du = vmap(grad(lambda x: net(x.reshape(1)).squeeze()))(x)
    ((du - 1)**2).mean().backward()
    opt.step()
"""
JACOBIAN = "(jacrev(net)(x[:1])**2).sum().backward()\n"
ARGUMENTS = """\
w = dict(net.named_parameters())
u = lambda w, x: functional_call(net, w, (x.reshape(1),)).squeeze()
(vmap(grad(u, argnums=1), in_dims=(None, 0))(w, x)**2).sum().backward()
"""
STACKED = """\
w, buffers = stack_module_state([torch.nn.Linear(1, 2), torch.nn.Linear(1, 2)])
net = torch.nn.Linear(1, 2)
y = vmap(lambda w, x: functional_call(net, w, (x,)).tanh(), in_dims=(0, None))(w, torch.ones(4, 1))
y.sum().backward()
"""


def backwards(found: Ledger) -> list[Pass]:
    """The passes of the program's own `backward`."""
    return [each for each in found.passes if each.call == "backward"]


@pytest.mark.parametrize("text", [STEPS, JACOBIAN, ARGUMENTS, STACKED], ids=["grad", "jacrev", "arguments", "stacked"])
def test_a_backward_through_a_transform_is_verified(text: str) -> None:
    """Parameters are arguments, or at hand in the function, and change from step to step."""
    found = ledger(NET + text)
    assert {each.verdict for each in found.passes} == {"verified"}
    assert {each.proof for each in backwards(found)} == {"steps"}


def test_the_gradient_is_the_one_by_hand() -> None:
    """Of the squares of the slopes of a*sin(b*x)."""
    points, a, b = (0.25, 0.5), 0.5, 1.5
    (one,) = backwards(
        ledger(
            "w = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)\n"
            "u = lambda x: w[0] * torch.sin(w[1] * x)\n"
            "du = torch.vmap(torch.func.grad(u))(torch.tensor([0.25, 0.5], dtype=torch.float64))\n"
            "(du**2).sum().backward()"
        )
    )
    (entry,) = one.entries
    slopes = [a * b * cos(b * x) for x in points]
    assert entry.verdict == "verified"
    assert entry.added == pytest.approx(
        [
            sum(2 * slope * b * cos(b * x) for slope, x in zip(slopes, points, strict=True)),
            sum(2 * slope * a * (cos(b * x) - b * x * sin(b * x)) for slope, x in zip(slopes, points, strict=True)),
        ],
        rel=1e-12,
    )


SQUARE = """\
class Square(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x * x
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
    @staticmethod
    def backward(ctx, g):
        return {backward}
w = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
u = lambda x: Square.apply(w[0] * x) * w[1]
x = torch.linspace(0.1, 1, 5).double()
"""
RIGHT = "2 * ctx.saved_tensors[0] * g"
WRONG = {
    "a factor": ("3 * ctx.saved_tensors[0] * g", "vmap(torch.func.grad(u))"),
    "a factor, in the batch alone": ("3 * ctx.saved_tensors[0] * g", "vmap(u)"),
    "its own derivative": ("2 * ctx.saved_tensors[0].detach() * g", "vmap(torch.func.grad(u))"),
    "upstream ignored": ("2 * ctx.saved_tensors[0] + 0 * g", "vmap(u)"),
}


@pytest.mark.parametrize(("backward", "call"), WRONG.values(), ids=WRONG)
def test_a_wrong_backward_within_a_transform_is_found(backward: str, call: str) -> None:
    """The report names its class."""
    (one,) = backwards(ledger(f"{SQUARE.format(backward=backward)}(torch.{call}(x)**2).sum().backward()"))
    (entry,) = one.entries
    assert entry.verdict == "mismatch"
    assert entry.reason is not None
    assert "Square" in entry.reason.message


def test_a_right_backward_within_a_transform_is_verified() -> None:
    """The same without a fault."""
    found = ledger(f"{SQUARE.format(backward=RIGHT)}(torch.vmap(torch.func.grad(u))(x)**2).sum().backward()")
    assert {each.verdict for each in found.passes} == {"verified"}


ROOT = """\
w = torch.tensor(2.0, requires_grad=True)
u = lambda x: torch.sqrt(w * x)
x = torch.tensor([0.0, 1.0])
du = torch.vmap(torch.func.grad(u))(x)
du.sum().backward()
"""


def test_the_first_nan_within_a_transform_is_traced_to_its_line() -> None:
    """The slope of a root at 0 is infinite."""
    found = ledger(ROOT)
    assert found.first_nonfinite is not None
    assert (found.first_nonfinite.line, found.first_nonfinite.came_out) == (6, "inf")
    assert {each.verdict for each in found.passes} == {"undefined"}


UNVERIFIED = {
    "a tensor that is made outside is at hand": "s = w * 2\ntorch.vmap(lambda x: s[0] * x)(x).sum().backward()",
    "random numbers": "torch.vmap(lambda x: w[0] * x * torch.rand(()), randomness='different')(x).sum().backward()",
    "a counter": (
        "n = [0]\ndef count(x):\n    n[0] += 1\n    return w[0] * x * n[0]\ntorch.vmap(count)(x).sum().backward()"
    ),
    "a tie": ("def f(x):\n    return w[0] * x if w[0] >= 0.5 else x * 0\n(torch.func.grad(f)(x[0]) ** 2).backward()"),
}


@pytest.mark.parametrize("text", UNVERIFIED.values(), ids=UNVERIFIED)
def test_what_is_not_all_known_is_unverified(text: str) -> None:
    """It is no mismatch either."""
    (one,) = backwards(ledger(f"{SQUARE.format(backward=RIGHT)}{text}"))
    assert one.verdict == "unverified"
