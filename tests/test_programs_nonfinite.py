"""The first number that is not finite: the line and the operation of its birth, and what went in."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from autogradcli.compute.problem import NONE
from autogradcli.programs import remedies
from autogradcli.programs.ledger import Nonfinite
from autogradcli.programs.remedies import Remedies
from autogradcli.programs.session import Wanted
from autogradcli.programs.verify import Verifier
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE
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
    "w = torch.tensor([[1e-25, 0.0], [0.0, 1.0]], requires_grad=True)\ntorch.linalg.inv(w).sum().backward()",
    "w = torch.tensor([[1e-42, 0.0], [0.0, 1.0]], requires_grad=True)\n"
    "torch.linalg.inv(torch.stack((w, w))).sum().backward()",
    "w = torch.zeros(2, 2, requires_grad=True)\ntorch.linalg.inv_ex(w).inverse.sum().backward()",
    "w = torch.zeros(2, 2, requires_grad=True)\ntorch.linalg.slogdet(w)[1].backward()",
    "w = torch.ones(2, 2, requires_grad=True)\ntorch.linalg.eigh(torch.eye(2) * w)[1].sum().backward()",
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


BY_HAND = """
X = torch.tensor([[-50.0, 1.0], [300.0, 0.0], [-300.0, 1.0]])
t = torch.tensor([1.0, 0.0, 1.0])
w = torch.tensor([1.0, 0.5], requires_grad=True)
z = X @ w
s = torch.sigmoid(z)
loss = -(t * torch.log(s) + (1 - t) * torch.log(1 - s)).mean()
loss.backward()
"""


@pytest.mark.parametrize("passes", ["some", "none"])
def test_every_logarithm_of_a_cross_entropy_by_hand_has_its_remedy(
    passes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the one that would be the next to give infinity, verified or watched alone."""
    _take_your_time(monkeypatch)
    found = ledger(BY_HAND, USUAL, Wanted(seed=0, passes=passes)).first_nonfinite
    assert found is not None
    assert found.reason is not None
    told = " ".join(f"{each.expression}: {each.remedy};" for each in (found.reason, *found.also))
    logarithms = (
        "torch.log(s)",
        "torch.log(1 - s)",
        "torch.nn.functional.logsigmoid(z)",
        "torch.nn.functional.logsigmoid(-z)",
    )
    assert [told.count(each) for each in logarithms] == [1, 1, 1, 1]


def _take_your_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let remedies be looked for as long as that takes, also where much else is computed."""
    for each in ("LEAST", "MOST", "EACH"):
        monkeypatch.setattr(remedies, each, 60.0)


def test_the_way_says_nothing_twice() -> None:
    """An expression that stands in another one on the way is not told beside it."""
    found = born(BY_HAND)
    assert found is not None
    assert found.way == ("-(t * torch.log(s) + (1 - t) * torch.log(1 - s)).mean()",)


def test_what_goes_into_an_operation_on_whole_tensors_is_a_range() -> None:
    """The number at the same place is not the one concerned."""
    found = born("w = torch.tensor([1e30, 2.0, 1e30], requires_grad=True)\nw.cumprod(0).sum().backward()")
    assert found is not None
    assert found.went_in == ("w from 2.0 to 1e+30",)


def test_passes_that_are_not_finite_for_the_same_reason_are_not_looked_at_step_by_step() -> None:
    """The first is; of the others the whole pass is run again in float64, which gives them the same verdict."""
    loop = LOOP.format(lr=1e30, forward="loss = torch.log(torch.softmax(w * 9.0, 0)[0] - 1.0)").replace("6", "5")
    demands = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=2))
    made = ledger("w = torch.tensor([3.0, -2.0], requires_grad=True)" + loop, demands, Wanted(seed=0))
    first, *others = made.passes
    assert first.proof is not None
    assert [each.proof for each in others] == [None] * 4
    assert {each.verdict for each in made.passes} == {"undefined"}
    assert all("for the same reason as in backward pass 1" in each.entries[0].reason.message for each in others)  # type: ignore[union-attr]


def test_the_first_number_that_is_not_finite_comes_before_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its remedy has time of its own, however long the passes take."""
    order: list[str] = []
    told, verify = Remedies.told, Verifier.verify

    def noted(word: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*each: Any) -> Any:
            order.append(word)
            return function(*each)

        return call

    monkeypatch.setattr(Remedies, "told", noted("remedy", told))
    monkeypatch.setattr(Verifier, "verify", noted("passes", verify))
    born(BY_HAND)
    assert order[0] == "remedy"


def test_a_component_is_named_by_its_place_in_the_programs_tensor() -> None:
    """Where a proof by steps looks at a few of many components, which it counts by itself."""
    text = "x = torch.full((40, 50), 2.0)\nx[7, 3] = 0.0\nx.requires_grad_()\n"
    text += "torch.log(x).mean().backward()"
    made = ledger(text, replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1000)), Wanted(passes="all"))
    (entry,) = made.passes[0].entries
    assert entry.reason is not None
    assert "torch.log(x) is not defined at x[7, 3] = 0" in entry.reason.message


def test_the_last_line_says_no_more_than_the_passes() -> None:
    """Digits are lost in 1 - 1e-4 here, which is infinite for that reason alone: no pass is undefined."""
    text = "x = torch.tensor([1e-4], dtype=torch.float16, requires_grad=True)\n((1 + x*x) - 1).log().sum().backward()"
    made = ledger(text)
    assert {each.verdict for each in made.passes} == {"imprecise"}
    assert draw_text(made, FILE).splitlines()[-1] == "verdict  undefined: numbers stop being finite, as is said above"


LARGE = """
w = torch.zeros(40, 8, requires_grad=True)
x = torch.full((40, 8), 2.0)
torch.log(
    w * x
).sum().backward()
"""


def test_what_is_shown_again_of_a_large_tensor_is_one_number(tmp_path: Path) -> None:
    """The file has the whole tensor as well."""
    path = tmp_path / "nan.pt"
    told = gradcalc("run", "--no-symbolic", "-o", str(path), "-c", f"import torch\n{LARGE}").err
    (command,) = (line.partition("again: ")[2] for line in told.splitlines() if "again: " in line)
    report = json.loads(gradcalc(*shlex.split(command)[1:], "--no-symbolic", "--json").out)
    assert report["value"] == "-inf"
    shapes = {name: tuple(each.shape) for name, each in torch.load(path).items()}
    assert sorted(shapes.values()) == [(), (), (40, 8), (40, 8)]


SMALL_GRADIENTS = """
torch.manual_seed(0)
first, norm, last = torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1)
x = torch.randn(8, 3)
(last(norm(first(x))).square().mean()).backward()
critic = torch.nn.Linear(3, 1)
tiny = torch.ones(3, requires_grad=True)
(critic(x).mean() - critic(x + 1).mean() + (tiny * 1e-12).sum()).backward()
"""


def test_gradients_that_are_0_in_truth_do_not_vanish() -> None:
    """The bias before a batch norm, and that of a critic, change nothing; `tiny` has the slope 1e-12."""
    assert [each for each in ledger(SMALL_GRADIENTS).notes if "vanish" in each] == ["gradients vanish in tiny"]


def test_watching_alone_says_only_that_gradients_are_small() -> None:
    """Nothing is run again in float64 then."""
    text = "tiny = torch.ones(3, requires_grad=True)\n(tiny * 1e-12).sum().backward()"
    made = ledger(text, DEMANDS, Wanted(passes="none"))
    assert "gradients are 0, or smaller than 1e-10, in tiny" in made.notes
