"""Programs that differentiate gradients: the second derivative is proven as a whole, like the first."""

import pytest

from tests.programs import ledger

NET = "net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.{0}(), torch.nn.Linear(4, 1))\n"
PROGRAMS = {
    "a square of a slope": "x = torch.tensor([0.3, 0.7], requires_grad=True)\n"
    "g, = torch.autograd.grad((x**4).sum(), x, create_graph=True)\n(g**2).sum().backward()",
    "a gradient penalty": NET.format("ReLU") + "x = torch.randn(5, 2, requires_grad=True)\no = net(x)\n"
    "g, = torch.autograd.grad(o, x, torch.ones_like(o), create_graph=True)\n"
    "((g.norm(2, dim=1) - 1)**2).mean().backward()",
    "an equation with second slopes": "t = torch.rand(6, 1, requires_grad=True)\n"
    "w, v = torch.randn(1, 4, requires_grad=True), torch.randn(4, 1, requires_grad=True)\n"
    "u = torch.tanh(t @ w) @ v\none = torch.ones_like(u)\n"
    "du, = torch.autograd.grad(u, t, one, create_graph=True)\n"
    "ddu, = torch.autograd.grad(du, t, one, create_graph=True)\n((ddu + u)**2).mean().backward()",
    "a Hamiltonian": "z = torch.randn(2, requires_grad=True)\nk = torch.tensor(1.5, requires_grad=True)\n"
    "g, = torch.autograd.grad(z[1]**2/2 + k*z[0]**2/2, z, create_graph=True)\n"
    "((g - torch.tensor([1.0, 2.0]))**2).sum().backward()",
    "two slopes": "x, y = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)\n"
    "gx, gy = torch.autograd.grad((x*y**2).sum(), (x, y), create_graph=True)\n(gx*gy).sum().backward()",
    "a step within a step": "w = torch.randn(3, requires_grad=True)\nX, y = torch.randn(5, 3), torch.randn(5)\n"
    "g, = torch.autograd.grad(((X @ w - y)**2).mean(), w, create_graph=True)\n"
    "((X @ (w - 0.1*g) - y)**2).mean().backward()",
    "a Hessian": "x = torch.tensor([0.3, 0.7], requires_grad=True)\n"
    "torch.autograd.functional.hessian(lambda x: (x**3).prod(), x)",
    "a Hessian times a vector": "x = torch.tensor([0.3, 0.7], requires_grad=True)\n"
    "torch.autograd.functional.hvp(lambda x: (x**3).prod(), x, torch.ones(2))",
    "a module": NET.format("Softplus") + "x = torch.randn(5, 2, requires_grad=True)\no = net(x)\n"
    "g, = torch.autograd.grad(o.sum(), x, create_graph=True)\n(g.pow(2).sum(1).mean() + o.mean()).backward()",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_proven_as_a_whole(name: str) -> None:
    """Every pass, whatever order its derivatives have."""
    made = ledger(PROGRAMS[name])
    assert made.failure is None
    assert {(each.verdict, each.proof) for each in made.passes} == {("verified", "whole")}


def test_the_proof_is_of_the_second_derivative() -> None:
    """The derivative of (4x³)² is 96x⁵."""
    made = ledger(PROGRAMS["a square of a slope"])
    (entry,) = made.passes[-1].entries
    assert entry.gradient is not None
    assert entry.gradient.exact is not None
    x = [float(number) for number in (0.30000001192092896, 0.699999988079071)]  # as float32 holds them
    assert [float(each.value) for each in entry.gradient.exact] == pytest.approx(
        [96 * each**5 for each in x], rel=1e-15
    )


def test_a_wrong_second_derivative_is_found() -> None:
    """Somebody changes it on the way."""
    made = ledger(PROGRAMS["a square of a slope"].replace("(g**2)", "(g.detach() * g * 2)"))
    assert made.verdict == "verified"  # this program has another loss, and its gradient is right
    text = PROGRAMS["a square of a slope"].replace(
        "(g**2).sum()", "loss = (g**2).sum()\nx.register_hook(lambda g: 2*g)\nloss"
    )
    assert ledger(text).passes[-1].verdict in {"mismatch", "unverified"}


def test_nan_on_the_way_to_a_finite_loss_is_not_undefined() -> None:
    """At 0 the derivative of 1.5*w*sqrt(|w*x|) with respect to w is 0, which autograd makes of infinity times 0."""
    text = "x = torch.tensor([0.0, 1.0], requires_grad=True)\nw = torch.ones(2, requires_grad=True)\n"
    text += "g, = torch.autograd.grad(((w*x).abs()**1.5).sum(), x, create_graph=True)\n(g**2).sum().backward()"
    *_, second = ledger(text).passes
    assert {each.verdict for each in second.entries} <= {"unverified", "mismatch"}
