"""What to write instead, in a program's own words."""

import pytest

from autogradcli.compute.report import Reason
from autogradcli.programs import remedies
from tests.programs import ledger

LOGITS = "z = torch.tensor([[200.0, 0.0, -5.0], [0.0, 1.0, 2.0]], requires_grad=True)\n"
TARGETS = "y = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])\n"
CASES = {
    "a logarithm of softmax": (
        LOGITS + TARGETS + "p = torch.softmax(z, dim=1)\n-(y * torch.log(p)).sum(1).mean().backward()",
        ("torch.log(p)", "torch.log_softmax(z, dim=1)"),
    ),
    "in a loop, of a module": (
        "torch.manual_seed(0)\nclass Net(torch.nn.Module):\n    def forward(self, x):\n"
        "        return torch.log(torch.softmax(x, dim=-1))\nnet = Net()\n"
        + LOGITS
        + "for i in range(2):\n    out = net(z * 2)\n    out[0, 1].backward()",
        ("torch.log(torch.softmax(x, dim=-1))", "torch.log_softmax(z * 2, dim=-1)"),
    ),
    "a large batch": (
        "v = torch.full((300, 20), 100.0, requires_grad=True)\n"
        "lse = torch.log(torch.sum(torch.exp(v), dim=1))\nlse.mean().backward()",
        ("torch.log(torch.sum(torch.exp(v), dim=1))", "torch.logsumexp(v, dim=1)"),
    ),
    "in a function, by its own names": (
        "def positive(v):\n    return torch.log(1 + torch.exp(v))\n"
        "x = torch.tensor([1000.0, 2.0], requires_grad=True)\npositive(x).sum().backward()",
        ("torch.log(1 + torch.exp(v))", "torch.nn.functional.softplus(v)"),
    ),
    "of some components, by the program's subscript": (
        "z = (torch.arange(600.0).view(60, 10) % 7 * 40).requires_grad_()\nT = torch.arange(60) % 10\n"
        "p = torch.softmax(z, dim=1)\n-torch.log(p[torch.arange(60), T]).mean().backward()",
        ("torch.log(p[torch.arange(60), T])", "torch.log_softmax(z, dim=1)[torch.arange(60), T]"),
    ),
    "a length at 0": (
        "x = torch.zeros(3, requires_grad=True)\n(torch.sqrt((x**2).sum()) + x.sum()).backward()",
        ("torch.sqrt((x**2).sum())", "torch.norm(x)"),
    ),
    "0*log(0)": (
        "q = torch.tensor([0.0, 1.0])\np = torch.tensor([0.0, 1.0], requires_grad=True)\n"
        "(q * p.log()).sum().backward()",
        ("q * p.log()", "torch.where(q == 0, 0, q * torch.log(torch.where(q == 0, 1, p)))"),
    ),
    "a branch that is not taken": (
        "x = torch.tensor([-1.0, 4.0], requires_grad=True)\ntorch.where(x > 0, torch.sqrt(x), 0.0).sum().backward()",
        ("torch.sqrt(x)", "torch.sqrt(torch.where(x > 0, x, 1))"),
    ),
    "a sigmoid that saturates": (
        "s = torch.tensor([50.0], requires_grad=True)\n(-torch.log(1 - torch.sigmoid(s))).sum().backward()",
        ("torch.log(1 - torch.sigmoid(s))", "torch.nn.functional.logsigmoid(-s)"),
    ),
    "digits that cancel": (
        "a = torch.tensor([1e-4], requires_grad=True)\n((1 - torch.cos(a)) / a**2).sum().backward()",
        ("1 - torch.cos(a)", "2 * torch.sin(a / 2) ** 2"),
    ),
}


def reasons(text: str) -> list[Reason]:
    """The reasons of a program's passes, and of its first number that is not finite."""
    found = ledger(text)
    born = [] if found.first_nonfinite is None else [found.first_nonfinite.reason]
    return [each for each in (*born, *(e.reason for p in found.passes for e in p.entries)) if each is not None]


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_is_told(name: str) -> None:
    """The expression of the program, and what stands in its place."""
    text, told = CASES[name]
    assert told in [(each.expression, each.remedy) for each in reasons(text)]


@pytest.mark.parametrize("name", [name for name in CASES if "module" not in name])
def test_it_helps(name: str) -> None:
    """With what is told in its place, the program has the right gradient."""
    text, (expression, remedy) = CASES[name]
    made = ledger(text.replace(expression, remedy))
    assert made.first_nonfinite is None
    assert made.verdict in {"verified", "kink"}


@pytest.mark.parametrize(
    "text",
    [
        "w = torch.tensor([0.0, 0.5], requires_grad=True)\n(w * torch.log(w)).sum().backward()",
        "x = torch.tensor([0.0], requires_grad=True)\nx.sqrt().sum().backward()",
    ],
)
def test_what_nothing_helps_has_none(text: str) -> None:
    """Where there is no derivative, no text gives one."""
    assert [each.remedy for each in reasons(text)] == [None] * len(reasons(text)) != []


def test_it_is_told_where_time_was_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a remedy a reader could believe that there is none."""
    text, _ = CASES["a length at 0"]
    note = "the time was up while remedies were looked for: --timeout allows more"
    assert note not in ledger(text).notes
    monkeypatch.setattr(remedies, "MOST", 0.0)
    assert note in ledger(text).notes
