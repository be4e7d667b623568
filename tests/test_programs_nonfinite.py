"""The first number that is not finite: the line and the operation of its birth, and what went in."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from autogradcli.compute.problem import NONE
from autogradcli.programs.ledger import Nonfinite
from autogradcli.programs.session import Wanted
from tests.births import Birth, births
from tests.command import gradcalc
from tests.programs import DEMANDS as USUAL
from tests.programs import ledger, ledger_of_text

DEMANDS = replace(USUAL, options=replace(USUAL.options, remedies=NONE))
"""Remedies are `test_programs_remedies`' business."""

LOOP = """
opt = torch.optim.SGD([w], lr={lr})
for step in range(6):
    opt.zero_grad()
    {forward}
    loss.backward()
    opt.step()
"""


def born(text: str, passes: str = "some") -> Nonfinite | None:
    """What is told of the first number that is not finite."""
    return ledger(text, DEMANDS, Wanted(seed=0, passes=passes)).first_nonfinite


BIRTHS = {
    "log of 0 after softmax": (
        "w = torch.tensor([0.0, 200.0], requires_grad=True)\np = w.softmax(0)\nloss = -p.log()[0]\nloss.backward()",
        (5, "p.log()", "forward"),
        "p = 0.0",
    ),
    "0/0 in a normalisation": (
        "w = torch.zeros(3, requires_grad=True)\ns = w - w.mean()\nn = s / s.std()\nn.sum().backward()",
        (5, "s / s.std()", "forward"),
        "s = 0.0, s.std() = 0.0",
    ),
    "sqrt at 0": (
        "w = torch.zeros(3, requires_grad=True)\nd = (w**2).sum()\nr = d.sqrt()\n(r*2).backward()",
        (5, "d.sqrt()", "backward"),
        "d = 0.0",
    ),
    "overflow in float16": (
        "w = torch.full((3,), 300.0, dtype=torch.float16, requires_grad=True)\nq = w * w\nq.sum().backward()",
        (4, "w * w", "forward"),
        "w = 300.0",
    ),
    "a masked branch": (
        "w = torch.tensor([1.0, -1.0], requires_grad=True)\ny = torch.where(w > 0, w.sqrt(), w)\ny.sum().backward()",
        (4, "w.sqrt()", "backward"),
        "w = -1.0",
    ),
    "a learning rate that is too large": (
        "w = torch.tensor([3.0], requires_grad=True)" + LOOP.format(lr=1e5, forward="loss = (w**4).sum()"),
        (7, "w**4", "forward"),
        "w = ",
    ),
    "autocast": (
        "w = torch.full((2, 2), 3e38, requires_grad=True)\nwith torch.autocast('cpu', dtype=torch.bfloat16):\n"
        "    y = w @ w\ny.sum().backward()",
        (5, "w @ w", "forward"),
        "3",
    ),
    "a division by 0": (
        "w = torch.tensor([1.0, 2.0], requires_grad=True)\nc = torch.tensor([1.0, 0.0])\n(w / c).sum().backward()",
        (5, "w / c", "forward"),
        "w = 2.0, c = 0.0",
    ),
    "a logarithm of what is negative": (
        "w = torch.tensor([0.5], requires_grad=True)\na = w - 1\nb = torch.log(a)\n(b + 1).sum().backward()",
        (5, "torch.log(a)", "forward"),
        "a = -0.5",
    ),
    "a power": (
        "w = torch.tensor([0.0], requires_grad=True)\n(w**0.5).sum().backward()",
        (4, "w**0.5", "backward"),
        "w = 0.0",
    ),
    "exp": (
        "w = torch.tensor([100.0], requires_grad=True)\ne = w.exp()\n(e / (1 + e)).sum().backward()",
        (4, "w.exp()", "forward"),
        "w = 100.0",
    ),
    "a norm at 0": (
        "w = torch.zeros(3, requires_grad=True)\nu = w / w.norm()\nu.sum().backward()",
        (4, "w / w.norm()", "forward"),
        "w = 0.0",
    ),
}


@pytest.mark.parametrize("name", BIRTHS)
def test_the_birth_is_at_its_line(name: str) -> None:
    """The operation, whether it was the forward or the backward, and the numbers that went in."""
    text, place, went_in = BIRTHS[name]
    found = born(text)
    assert found is not None
    assert (found.line, found.code, found.direction) == place
    assert went_in in ", ".join(found.went_in)


@pytest.mark.parametrize("name", ["log of 0 after softmax", "a masked branch", "sqrt at 0"])
def test_watching_alone_finds_it_too(name: str) -> None:
    """`--watch` keeps no pass but the first that is not finite."""
    text, place, _ = BIRTHS[name]
    found = born(text, passes="none")
    assert found is not None
    assert (found.line, found.code, found.direction) == place


@pytest.mark.parametrize(
    "call",
    [
        "F.relu(h, True)",
        "F.relu(h, inplace=True)",
        "h = F.softmax(h, 0, _stacklevel=3)",
        "h = F.mse_loss(h, w, reduction='none')",
    ],
)
def test_watching_alone_follows_functions_that_are_written_in_python(call: str) -> None:
    """One call is recorded of each, and one that changes its argument in place is still seen to do so."""
    text = f"w = torch.tensor([4.0, 1.0], requires_grad=True)\nh = w * 2\n{call}\nh.sub(h).log().sum().backward()"
    found = born(text, passes="none")
    assert found is not None
    assert (found.line, found.code, found.direction) == (6, "h.sub(h).log()", "forward")


def test_data_that_is_not_finite_is_data() -> None:
    """No operation is to blame."""
    found = born(
        "w = torch.ones(2, requires_grad=True)\nx = torch.tensor([1.0, float('nan')])\n(w * x).sum().backward()"
    )
    assert found is not None
    assert (found.direction, found.reason.message if found.reason else "") == ("data", "x came in so: it is data")


def test_what_is_finite_is_counted() -> None:
    """And nothing is told."""
    made = ledger("w = torch.ones(2, requires_grad=True)\nfor i in range(5): (w * w).sum().backward()")
    assert (made.first_nonfinite, made.finite, made.backwards) == (None, 5, 5)


def test_a_program_ends_where_it_is_told_to() -> None:
    """At the first backward with something that is not finite."""
    text = "w = torch.tensor([3.0], requires_grad=True)" + LOOP.format(lr=1e5, forward="loss = (w**4).sum()")
    made = ledger(text, DEMANDS, Wanted(seed=0, passes="none", stop=True))
    assert made.first_nonfinite is not None
    assert made.backwards == made.first_nonfinite.step
    assert made.failure is None


@pytest.mark.parametrize("passes", ["some", "none"])
@pytest.mark.parametrize("each", list(births(14, seed=100)), ids=lambda each: each.kind)
def test_a_birth_in_a_training_loop_is_told(each: Birth, passes: str) -> None:
    """Also where the optimiser has spoilt the parameters since; `scripts/campaigns/births.py` tries more."""
    found = ledger_of_text(each.text, DEMANDS, Wanted(passes=passes)).first_nonfinite
    assert found is not None
    assert (found.line, found.code) == (each.line, each.code)
    assert found.direction in each.directions


AGAIN = [
    "w = torch.tensor([0.0, 200.0], requires_grad=True)\np = w.softmax(0)\n-p.log()[0].backward()",
    "w = torch.zeros(3, requires_grad=True)\nd = (w**2).sum()\nr = d.sqrt()\n(r*2).backward()",
    "w = torch.tensor([1.0, -1.0], requires_grad=True)\ntorch.where(w > 0, w.sqrt(), w).sum().backward()",
    "w = torch.zeros(2, 2, requires_grad=True)\n((w - 1) / (w.sum(0) + 0)).sum().backward()",
    "w = torch.full((2, 2), 3e38, requires_grad=True)\nwith torch.autocast('cpu', dtype=torch.bfloat16):\n"
    "    y = w @ w\ny.sum().backward()",
]


@pytest.mark.parametrize("text", AGAIN)
def test_a_command_shows_it_again(text: str, tmp_path: Path) -> None:
    """`-o nan.pt` keeps what went in; the command that the report prints gives what is not finite."""
    path = tmp_path / "nan.pt"
    told = gradcalc("run", "--no-symbolic", "-o", str(path), "-c", f"import torch\n{text}").err
    (command,) = (line.partition("again: ")[2] for line in told.splitlines() if "again: " in line)
    words = shlex.split(command)
    assert words[:2] == ["gradcalc", "eval"]
    report = json.loads(gradcalc(*words[1:], "--no-symbolic", "--json").out)
    found = json.dumps([report["value"], *(each["autograd"] for each in report["gradients"].values())])
    assert "nan" in found or "inf" in found
