"""Second derivatives of programs that are too large for a proof as a whole: step by step."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from autogradcli.engines.torch.record import comparison
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.replay import gradients, replay
from autogradcli.engines.torch.record.second import is_gradient, taken_apart
from autogradcli.engines.torch.record.steps import RecordedStep, sent
from autogradcli.programs.session import Wanted
from tests.programs import DEMANDS, HEAD, ledger, seen_of

BY_STEPS = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1))
GRAD = "torch.autograd.grad({0}, {1}, torch.ones_like({0}), create_graph=True)"
PROGRAMS = {
    "a heat equation": "net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))\n"
    f"p = torch.rand(5, 2, requires_grad=True)\nu = net(p)\nd, = {GRAD.format('u', 'p')}\nx, t = d[:, 0], d[:, 1]\n"
    f"h, = {GRAD.format('x', 'p')}\n((t - 0.1*h[:, 0])**2).mean().backward()",
    "an equation of its own slope": "x, w = torch.rand(6, 1, requires_grad=True), torch.rand(1, 4).requires_grad_()\n"
    f"u = torch.sin(x @ w).sum(1) * x[:, 0]\nv, = {GRAD.format('u', 'x')}\n((v[:, 0] + u*v[:, 0])**2).sum().backward()",
    "a product with itself": "x = torch.rand(3, requires_grad=True)\ny = x * x\n"
    f"g, = {GRAD.format('y', 'x')}\n(g**3).sum().backward()",
    "a gradient penalty": "net = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.LeakyReLU(),"
    f" torch.nn.Dropout(0.3), torch.nn.Linear(6, 1))\nx = torch.randn(5, 3, requires_grad=True)\no = net(x)\n"
    f"g, = {GRAD.format('o', 'x')}\n((g.norm(2, dim=1) - 1)**2).mean().backward()",
    "a step within a step": "w = torch.randn(3, requires_grad=True)\nX, y = torch.randn(5, 3), torch.randn(5)\n"
    "g, = torch.autograd.grad(((X @ w - y)**2).mean(), w, create_graph=True)\n"
    "((X @ (w - 0.1*g) - y)**2).mean().backward()",
    "two parts of one tensor": "x = torch.rand(6, requires_grad=True)\na, b = x.split(3)\ny = (a*b.exp()).sum()\n"
    "g, = torch.autograd.grad(y, x, create_graph=True)\n(g**2).sum().backward()",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_step_is_proven(name: str) -> None:
    """The steps that pull gradients back as well: no word of central differences."""
    made = ledger(PROGRAMS[name], BY_STEPS)
    last = made.passes[-1]
    assert (last.verdict, last.proof) == ("verified", "steps")
    assert not any("central" in note for note in last.notes)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_parts_are_the_whole(name: str) -> None:
    """Taken apart, a pass gives the gradients that autograd gave."""
    _, seen = seen_of(HEAD + PROGRAMS[name], Wanted(seed=0, passes="all"))
    assert seen.watch is not None
    event = seen.watch.finished()[-1]
    apart = taken_apart(event, replay(event))
    assert not any(map(is_gradient, calls_below(apart.event.outputs)))
    for arrival, number in zip(event.arrivals, gradients(apart.event, replay(apart.event)), strict=True):
        if arrival.added is not None:
            assert number is not None
            torch.testing.assert_close(number, arrival.added.data)


def test_the_truth_is_a_polynomials() -> None:
    """The derivative of (4x³)² is 96x⁵."""
    text = "x = torch.tensor([0.5, 2.0], requires_grad=True)\ny = (x**4).sum()\n"
    text += "g, = torch.autograd.grad(y, x, create_graph=True)\n(g**2).sum().backward()"
    _, seen = seen_of(HEAD + text, Wanted(passes="all"))
    assert seen.watch is not None
    event = seen.watch.finished()[-1]
    apart = taken_apart(event, replay(event)).event
    (number,) = gradients(apart, replay(apart, double=True))
    assert number is not None
    assert number.tolist() == [3.0, 3072.0]


@pytest.mark.parametrize("name", ["backward of tanh", "backward of linear"])
def test_a_wrong_double_backward_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step sends back is 1 % too large."""

    def wrong(step: RecordedStep, double: bool = False, **more: Any) -> list[Any]:
        found = sent(step, double, **more)
        return [_more(each) for each in found] if step.name == name and not double else found

    monkeypatch.setattr(comparison, "sent", wrong)
    last = ledger(PROGRAMS["a heat equation"], BY_STEPS).passes[-1]
    assert last.verdict in {"mismatch", "imprecise"}
    reason = next(each.reason for each in last.entries if each.reason is not None)
    assert reason.message.startswith(f"{name} in torch.autograd.grad(")


def _more(each: Any) -> Any:
    return None if each is None else each * 1.01
