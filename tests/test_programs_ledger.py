"""The ledger of a program: what every `backward` added, verified; accumulation, mistakes and errors explained."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autogradcli.compute.problem import Options
from autogradcli.compute.report import Reason
from autogradcli.engines.sympy import process
from autogradcli.programs import remedies, session, verify
from autogradcli.programs.demands import Demands
from autogradcli.programs.ledger import Ledger, Pass
from autogradcli.programs.session import Wanted, exit_code, ledger_of
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE, Terminal
from tests import kept_sympy
from tests.programs import DEMANDS, ledger, seen_of

TUTORIALS = Path(__file__).parent / "snippets" / "tutorials"


def tutorial(name: str) -> Ledger:
    """The ledger of one of the programs that tutorials show."""
    program, seen = seen_of((TUTORIALS / f"{name}.py").read_text(encoding="utf-8"), Wanted(seed=0))
    return ledger_of(program, seen, DEMANDS)


def entries(each: Pass) -> dict[str, tuple[Any, Any, Any, str]]:
    """For each tensor what its `.grad` held, what was added, what it holds, and the verdict."""
    return {entry.name: (entry.before, entry.added, entry.after, entry.verdict) for entry in each.entries}


TWOS = [[4.0 if i == j else 2.0 for j in range(5)] for i in range(4)]
EIGHTS = [[2 * each for each in row] for row in TWOS]
ZEROS = [[0.0] * 5] * 4
TUTORIAL_PASSES = [
    ("cubic", [{"x": (None, 72.0, 72.0, "verified")}]),
    (
        "dot",
        [
            {"x": (None, [0.0, 4.0, 8.0], [0.0, 4.0, 8.0], "verified")},
            {"x": ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "verified")},
        ],
    ),
    (
        "accumulate",
        [
            {"x": (None, [0.0, 4.0, 8.0], [0.0, 4.0, 8.0], "verified")},
            {"x": ([0.0, 4.0, 8.0], [1.0, 1.0, 1.0], [1.0, 5.0, 9.0], "verified")},
        ],
    ),
    (
        "vjp",
        [
            {"inp": (None, TWOS, TWOS, "verified")},
            {"inp": (TWOS, TWOS, EIGHTS, "verified")},
            {"inp": (ZEROS, TWOS, TWOS, "verified")},
        ],
    ),
    ("chain", [{"x": (None, [8.0], [8.0], "verified")}, {"x": (None, [4.0], [4.0], "verified")}]),
    ("scaled", [{"A": (None, [5.0], [5.0], "verified")}]),
    ("no_grad", []),
]


SLOW = "import runpy, time; time.sleep(1.5); runpy.run_module('autogradcli.engines.sympy.worker', run_name='__main__')"


def test_a_machine_that_loads_sympy_slowly_gets_its_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that SymPy may take for a pass begins when SymPy is there: here it is 1 s."""
    kept_sympy.end()
    monkeypatch.setattr(verify, "FOR_SYMPY", 40)
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-P", "-c", SLOW))
    made = ledger("x = torch.tensor(2.0, requires_grad=True)\n(x**3).backward()\n", Demands(Options(timeout=40.0)))
    found = made.passes[0].entries[0].gradient
    assert found is not None
    assert found.symbolic is not None
    assert found.symbolic.formula == "3*x**2"


@pytest.mark.parametrize(("name", "passes"), TUTORIAL_PASSES)
def test_tutorials_add_what_they_say(name: str, passes: list[dict[str, Any]]) -> None:
    """Every row of the tutorials: what each pass adds to which `.grad`, all of it verified."""
    found = tutorial(name)
    assert [entries(each) for each in found.passes] == passes
    assert exit_code(found, strict=True) == 0


def test_a_layer_has_the_gradient_of_its_sigmoid() -> None:
    """Every row of w.grad is b.grad, and x and y take no gradient."""
    (only,) = tutorial("layer").passes
    found = entries(only)
    assert list(found) == ["w", "b"]
    assert found["w"][1] == [found["b"][1]] * 5
    assert {verdict for *_, verdict in found.values()} == {"verified"}


def test_accumulation_is_marked() -> None:
    """The second pass added to what was there, the first did not."""
    assert [each.entries[0].accumulated for each in tutorial("accumulate").passes] == [False, True]


VERDICTS = [
    ("x = torch.tensor(0.0, requires_grad=True)\nx.abs().backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\ntorch.where(x > 0, x, -x).backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\n((x > 0) * x).backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\nm = x > 0\ny = (m * x).sum()\ny.backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\nm = (x > 0).float()\n(m * x).backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\nm = 1 - (x > 0).to(x.dtype)\n(m * x).backward()", "kink"),
    ("x = torch.tensor(0.0, requires_grad=True)\ny = x if x > 0 else -x\ny.backward()", "unverified"),
    ("x = torch.tensor(0.0, requires_grad=True)\nif x >= 0: y = x\nelse: y = -x\ny.backward()", "unverified"),
    ("x = torch.tensor(1.0, requires_grad=True)\nif x >= 0: y = x\nelse: y = -x\ny.backward()", "verified"),
    ("x = torch.zeros(2, requires_grad=True)\nx[x > 0].sum().backward()", "unverified"),
    ("x = torch.zeros(2, requires_grad=True)\nx[x.argmax()].backward()", "unverified"),
    ("x = torch.ones(2, requires_grad=True)\nx[torch.tensor([True, False])].sum().backward()", "verified"),
    ("x = torch.ones(2, 2, requires_grad=True)\nx[torch.eye(2).argmax(1)].sum().backward()", "verified"),
    ("x = torch.tensor(-1.0, requires_grad=True)\ntorch.where(x > 0, x.sqrt(), x).backward()", "mismatch"),
    ("x = torch.tensor(-1.0, requires_grad=True)\nx.log().backward()", "undefined"),
    ("x = torch.tensor(1000.0, requires_grad=True)\nF.relu(torch.log(1 + torch.exp(x))).backward()", "mismatch"),
    ("x = torch.tensor(40.0, dtype=torch.float64, requires_grad=True)\nx.sigmoid().backward()", "imprecise"),
    ("x = torch.ones(3, requires_grad=True)\nx.softmax(0)[1].backward()", "verified"),
    ("x = torch.ones(3, requires_grad=True)\ny = x.clone()\ny[1] = 5 * x[0]\ny.sum().backward()", "verified"),
    ("x = torch.ones(3, requires_grad=True)\ny = x * 2\ny *= x\ny.add_(1)\ny.sum().backward()", "verified"),
    ("x = torch.ones(3, requires_grad=True)\na, b, c = x\n(a * b + c).backward()", "verified"),
    ("x = torch.ones(2, 3, requires_grad=True)\nsum(r.sum() for r in x).backward()", "verified"),
    ("x = torch.ones(2, 3, requires_grad=True)\nx.T.max(dim=1).values.sum().backward()", "kink"),
    ("x = torch.ones(3, requires_grad=True)\nc = torch.zeros(3)\ny = x + c\nc += 1\ny.sum().backward()", "verified"),
    ("x = torch.ones(3, requires_grad=True)\n(x * float('inf')).sum().backward()", "undefined"),
    ("x = torch.ones(2, requires_grad=True)\nx.unfold(0, 1, 1).sum().backward()", "verified"),
    (
        "x, z = torch.ones(2, requires_grad=True)*1, torch.ones(2, requires_grad=True)\n"
        "torch.autograd.grad(x.sum(), [x, z], allow_unused=True)",
        "verified",
    ),
    ("x = torch.ones(2, requires_grad=True)\nx.double().sum().backward()", "verified"),
    (
        "torch.manual_seed(0)\nx = torch.randn(40, 9)[:, :-1]\nw = torch.randn(8, 1, requires_grad=True)\n"
        "(x @ w).sigmoid().mean().backward()",
        "verified",
    ),
    ("x = torch.ones(2, requires_grad=True)\n(x.half().float() * 0.1).sum().backward()", "verified"),
    ("x = torch.ones(2, requires_grad=True)\ny = x * 2\nv = y[0]\ny.add_(1)\nv.backward()", "verified"),
    (
        "x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)\ny = x * x\nv = y[1:]\nw = v[1]\n"
        "y[2] *= x[0]\nw.backward()",
        "verified",
    ),
    ("x = torch.ones(2, requires_grad=True)\ny = x * 2\nv = y[0]\nv.add_(1)\ny.sum().backward()", "verified"),
    (
        "x = torch.ones(2, requires_grad=True)\ny = x + 1\nwith torch.no_grad(): x += 1\n(y + x).sum().backward()",
        "unverified",
    ),
]
"""Snippets, and the verdict on their gradients."""


@pytest.mark.parametrize(("text", "verdict"), VERDICTS)
def test_verdicts(text: str, verdict: str) -> None:
    """What is recorded of a snippet is what its gradient is judged by; what is not recorded is never guessed."""
    found = ledger(text)
    assert found.failure is None
    assert found.verdict == verdict


def test_a_loop_of_descent_is_verified_step_by_step() -> None:
    """Each step has the values of its own moment, though the leaf changes in place."""
    text = """
w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
for step in range(4):
    loss = (w - 3) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.25 * w.grad
    w.grad = None
"""
    found = ledger(text)
    assert [each.entries[0].added for each in found.passes] == [-4.0, -2.0, -1.0, -0.5]
    assert found.verdict == "verified"
    assert not found.mistakes


def test_changes_through_data_are_seen() -> None:
    """`w.data -= …` does not change what torch counts as the version of w."""
    text = "w = torch.tensor(1.0, requires_grad=True)\n" + "(w * w).backward()\nw.data -= 0.5\nw.grad = None\n" * 2
    found = ledger(text)
    assert [each.entries[0].added for each in found.passes] == [2.0, 1.0]
    assert found.verdict == "verified"


def test_time_is_kept_to_tell_of_the_passes_that_there_is_no_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second for each proof, a tenth for each pass that is left: of ten seconds some are kept for those."""
    now = [0.0]

    def taking(seconds: float, function: Any) -> Any:
        def call(*given: Any) -> Any:
            now[0] += seconds
            return function(*given)

        return call

    monkeypatch.setattr(verify, "monotonic", lambda: now[0])

    def looked_at(verifier: verify.Verifier, event: Any, _: float) -> Any:
        return verifier._unverified(event, Reason("GC505", "looked at"))

    monkeypatch.setattr(verify.Verifier, "_late", taking(0.1, verify.Verifier._late))
    monkeypatch.setattr(verify.Verifier, "one", taking(1.0, looked_at))
    text = "x = torch.tensor(1.0, requires_grad=True)\nfor i in range(50): (x * x).backward()"
    made = ledger(text, Demands(Options(timeout=10.0, symbolic=False)))
    assert 9.0 < now[0] < 11.0
    codes = Counter(each.entries[0].reason.code for each in made.passes if each.entries[0].reason is not None)
    assert codes == {"GC505": 50 - made.unverified_in_time, "GC506": made.unverified_in_time}
    assert 40 < made.unverified_in_time < 50


def test_what_is_imported_for_verification_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs from the end of the program on: here 20 s of the 10 are gone before there is a verifier."""
    program, seen = seen_of("import torch\nx = torch.ones(1, requires_grad=True)\n(x * x).backward()", Wanted())
    times = iter([0.0])
    monkeypatch.setattr(session, "monotonic", lambda: next(times, 20.0))
    assert ledger_of(program, seen, Demands(Options(timeout=10.0, symbolic=False))).unverified_in_time == 1


def test_a_gradient_that_nobody_uses_may_be_left_as_it_is() -> None:
    """The second loss adds to w's gradient, which is set to zero before w changes again: a GAN's generator does so."""
    text = (
        "w, v = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)\n"
        "a, b = torch.optim.SGD([w], 0.1), torch.optim.SGD([v], 0.1)\n"
        "for i in range(3):\n"
        "  a.zero_grad(); (w*w).sum().backward(); a.step()\n"
        "  b.zero_grad(); (w*v).sum().backward(); b.step()"
    )
    assert not any("still held" in each.message for each in ledger(text).mistakes)


MISTAKES = [
    ("x = torch.ones(1, requires_grad=True)\nz = x * 2\nx.backward(z)", 5, "the argument scales it by z = 2.0"),
    (
        "w = torch.tensor(1.0, requires_grad=True)\n"
        "for i in range(2):\n  (w * w).backward()\n  with torch.no_grad(): w -= w.grad",
        5,
        "w: .grad still held the last step's gradient",
    ),
    (
        "x = torch.ones(1, requires_grad=True)\ny = 3 * x\nz = y * y\nz.backward()\ny.grad",
        7,
        "passed through it is [6.0]",
    ),
    ("x = torch.ones(1)\nx.grad", 4, "its requires_grad is False"),
    ("x = torch.ones(1, requires_grad=True)\ny = x.detach()\ny.grad", 5, "it was detached"),
    ("x = torch.ones(2, requires_grad=True)\ny = torch.tensor(x)", 4, "cuts the copy off from the graph"),
    (
        "a = torch.ones(4, requires_grad=True)\nb = torch.ones(4, 1)\nc = a - b\nc.sum().backward()",
        5,
        "a of shape (4) and b of shape (4, 1) are broadcast to (4, 4)",
    ),
    (
        "w = torch.ones(4, requires_grad=True)\nF.mse_loss(w, torch.ones(4, 1)).backward()",
        4,
        "w of shape (4) and a tensor of shape (4, 1) are broadcast to (4, 4)",
    ),
]


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES)
def test_mistakes_are_explained_in_place(text: str, line: int, words: str) -> None:
    """What beginners often do not mean, with the line and the names of the snippet."""
    (mistake,) = ledger(text).mistakes
    assert mistake.line == line
    assert words in mistake.message


NO_MISTAKES = [
    "x = torch.ones(2, requires_grad=True)\nx.sum().backward()\nx.sum().backward()",
    "x = torch.ones(2, requires_grad=True)\nx.sum().backward()\nx.grad",
    "x = torch.ones(2, requires_grad=True)\ny = x * 2\ny.retain_grad()\ny.sum().backward()\ny.grad",
    "a = torch.ones(3, 4) + torch.ones(4)",
    "x = torch.ones(3, requires_grad=True)\nx.grad",
]


@pytest.mark.parametrize("text", NO_MISTAKES)
def test_what_may_be_meant_is_no_mistake(text: str) -> None:
    """Accumulation without a step, `.grad` of leaves, a row added to each row."""
    assert not ledger(text).mistakes


FAILURES = [
    (
        "x = torch.tensor(1.0, requires_grad=True)\ny = x * x\ny.backward()\ny.backward()",
        6,
        "the first backward on line 5",
    ),
    (
        "x = torch.ones(5, 4, requires_grad=True)\ny = x * x\ny.backward()",
        5,
        "y has shape (5, 4): type y.sum().backward()",
    ),
    ("x = torch.ones(1, requires_grad=True)\ny = x.detach() * 2\ny.backward()", 5, "it was detached"),
    ("x = torch.ones(1)\ny = x * 2\ny.backward()", 5, "nothing that it is made of has requires_grad=True"),
    ("x = torch.ones(1)\ny = x > 2\ny.backward()", 5, "whole, or true and false"),
    ("x = torch.ones(1, requires_grad=True)\nwith torch.no_grad():\n  y = x * 2\ny.backward()", 6, "torch.no_grad()"),
    ("x = torch.ones(2, requires_grad=True)\ny = x.exp()\ny += 1\ny.sum().backward()", 6, "changed on line 5"),
    ("x = torch.ones(2, requires_grad=True)\nx += 1", 4, "type with torch.no_grad()"),
    (
        "x = torch.ones(1, requires_grad=True)\ny = torch.ones(1, requires_grad=True)\ntorch.autograd.grad(x * 2, y)",
        5,
        "the gradient is 0",
    ),
    ("x = torch.ones(2, requires_grad=True)\nx.numpy()", 4, "type x.detach().numpy()"),
]


@pytest.mark.parametrize(("text", "line", "words"), FAILURES)
def test_errors_of_torch_end_the_snippet_with_advice(text: str, line: int, words: str) -> None:
    """The error on its line, beside what to do; the exit status says that the snippet did not run to its end."""
    found = ledger(text)
    assert found.failure is not None
    assert found.failure.line == line
    assert words in str(found.failure.hint)
    assert exit_code(found, strict=False) == 2


def test_what_came_before_an_error_is_kept() -> None:
    """The passes up to there are verified."""
    found = ledger("x = torch.tensor(3.0, requires_grad=True)\ny = x * x\ny.backward()\ny.backward()")
    assert [entries(each) for each in found.passes] == [{"x": (None, 6.0, 6.0, "verified")}]


def test_gradients_of_intermediates_are_verified() -> None:
    """`torch.autograd.grad` is asked about a leaf and about what is made of it."""
    found = ledger("x = torch.tensor(3.0, requires_grad=True)\ny = x * x\nz = y * y\ntorch.autograd.grad(z, [x, y])")
    (only,) = found.passes
    assert entries(only) == {"x": (None, 108.0, None, "verified"), "y": (None, 18.0, None, "verified")}


def test_the_upstream_is_part_of_the_problem() -> None:
    """What backward is given scales what it adds."""
    found = ledger("x = torch.ones(2, requires_grad=True)\n(x * x).backward(torch.tensor([1.0, 10.0]))")
    assert entries(found.passes[0]) == {"x": (None, [2.0, 20.0], [2.0, 20.0], "verified")}
    assert found.passes[0].upstream == [1.0, 10.0]


def test_the_trace_shows_what_each_line_made() -> None:
    """The value as Python prints it, with its grad_fn; of a loop the first pass."""
    text = "import torch\nx = torch.ones(2, requires_grad=True)\nfor i in range(3):\n    y = x * i\n"
    program, seen = seen_of(text, Wanted(seed=0, trace=True))
    found = ledger_of(program, seen, DEMANDS)
    assert [(each.line, each.code, each.made, each.times) for each in found.trace] == [
        (2, "x = torch.ones(2, requires_grad=True)", ("x = tensor([1., 1.], requires_grad=True)",), 1),
        (4, "y = x * i", ("y = tensor([0., 0.], grad_fn=<MulBackward0>)",), 3),
    ]


def test_what_a_hook_changes_is_no_mathematics() -> None:
    """It is unverified, with the hook's line."""
    found = ledger("x = torch.ones(2, requires_grad=True)\nx.register_hook(lambda g: 3*g)\n(x * x).sum().backward()")
    (entry,) = found.passes[0].entries
    assert entry.verdict == "unverified"
    assert entry.reason is not None
    assert "a hook on line 4 changes it" in entry.reason.message


def test_under_autocast_the_coarser_format_counts() -> None:
    """Gradients in float32 that came through bfloat16."""
    found = ledger(
        "torch.manual_seed(0)\nnet = torch.nn.Linear(3, 2)\nwith torch.autocast('cpu', dtype=torch.bfloat16):\n"
        "    loss = net(torch.randn(4, 3)).float().pow(2).mean()\nloss.backward()"
    )
    assert (found.verdict, found.passes[0].proof) == ("verified", "steps")


def test_a_value_that_was_changed_behind_autograd_s_back_is_named() -> None:
    """Through NumPy, which torch does not count."""
    found = ledger(
        "x = torch.ones(3, requires_grad=True)\ny = x * 2\ny.detach().numpy()[0] = 5\n(y * y).sum().backward()"
    )
    (entry,) = found.passes[0].entries
    assert entry.verdict == "unverified"
    assert entry.reason is not None
    assert "x * 2 gives something else when it is run again" in entry.reason.message


def test_what_has_no_row_is_unverified_by_its_name() -> None:
    """With what float64 says."""
    found = ledger("x = torch.randn(3, 3, requires_grad=True)\ntorch.linalg.eigvals(x).abs().sum().backward()")
    (entry,) = found.passes[0].entries
    assert entry.verdict == "unverified"
    assert entry.reason is not None
    assert "linalg_eigvals is no row of gradcalc's table of functions; float64 agrees" in entry.reason.message


FORGOTTEN = """
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD({parameters}, lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    net(torch.randn(6, 3)).pow(2).mean().backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("net[2].parameters()", ["no optimiser has net.0.weight, net.0.bias"]),
        ("net.parameters()", []),
        ("[each.requires_grad_(False) for each in net[0].parameters()] and net[2].parameters()", []),
    ],
)
def test_a_parameter_that_no_optimiser_has_is_named(parameters: str, said: list[str]) -> None:
    """If it gets gradients and never changes while an optimiser makes steps; a frozen one gets none."""
    made = ledger(FORGOTTEN.format(parameters=parameters))
    assert [each.message.partition(":")[0] for each in made.mistakes] == said


SCATTERED = """\
x = torch.arange(1.0, 7.0, requires_grad=True)
s = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
z = torch.as_strided_scatter(x * 1, s, (3,), (2,))
(z**2).sum().backward()
"""


def test_calls_that_move_numbers_are_held_against_their_own_forward() -> None:
    """By hand: z is [10, 2, 20, 4, 30, 6], so x gets [0, 4, 0, 8, 0, 12]; torch 2.13 gives [20, 0, 40, 0, 60, 0]."""
    by_name = {each.name: each for each in ledger(SCATTERED).passes[0].entries}
    assert (by_name["x"].verdict, by_name["s"].verdict) == ("mismatch", "verified")
    assert by_name["x"].reason is not None
    assert "sends 20 where 0 is true" in by_name["x"].reason.message


STRIDED = [
    ("torch.as_strided(x * 1, (3, 3), (1, 1))", [2.0, 8.0, 18.0, 16.0, 10.0, 0.0]),
    ("torch.as_strided((x * 1).reshape(2, 3).t(), (2, 2), (1, 2), 1)", [0.0, 4.0, 6.0, 8.0, 10.0, 0.0]),
]


@pytest.mark.parametrize(("made", "gradient"), STRIDED)
def test_strided_views_that_torch_gets_right(made: str, gradient: list[float]) -> None:
    """By hand: each component as often as it is seen, times twice its value."""
    found = ledger(f"x = torch.arange(1.0, 7.0, requires_grad=True)\n({made} ** 2).sum().backward()")
    assert found.verdict == "verified"
    assert found.passes[0].entries[0].added == gradient


@pytest.mark.parametrize("width", [4, 300])
def test_padding_of_an_embedding_takes_no_gradient(width: int) -> None:
    """As torch's page says; as a whole and by steps."""
    found = ledger(
        f"torch.manual_seed(0)\ne = torch.nn.Embedding(10, {width}, padding_idx=0)\n"
        "(e(torch.tensor([[1, 0, 2], [3, 4, 0]])).mean(1) ** 2).sum().backward()"
    )
    assert found.verdict == "verified"


def test_a_change_through_a_view_is_looked_at_with_its_base() -> None:
    """Its backward sends to the base."""
    found = ledger("x = torch.randn(60, 60, requires_grad=True)\ny = x * 1\ny[2].sin_()\n(y @ y).sum().backward()")
    assert (found.verdict, found.passes[0].proof) == ("verified", "steps")


def test_many_reasons_of_one_code_are_counted() -> None:
    """Ten gradients that lose digits, each with numbers of its own: two are written out."""
    text = "\n".join(f"a{n} = torch.tensor({1e4 + n}, requires_grad=True)" for n in range(10))
    total = " + ".join(f"((a{n} + {0.03 * (n + 1)}) - a{n}) * a{n}" for n in range(10))
    found = draw_text(ledger(f"{text}\n({total}).backward()"), Terminal(colours=False))
    lines = [line for line in found.splitlines() if "(GC302)" in line]
    assert len(lines) == 3
    assert "for the same reason (GC302)" in lines[-1]


LOST = """
x = (torch.arange(1000) % 7 * 0.01 + 100.0).requires_grad_()
mean = x.mean()
spread = (x**2).mean() - mean**2
torch.log(spread).backward()
"""


@pytest.mark.parametrize(("operations", "proof"), [(100_000, "whole"), (10, "steps")])
def test_where_digits_are_lost_is_told_with_line_expression_and_operation(operations: int, proof: str) -> None:
    """Proven as a whole or by steps, in data and in the report."""
    demands = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=operations))
    made = ledger(LOST, demands)
    (found,) = made.passes
    (entry,) = found.entries
    assert (found.proof, entry.verdict, entry.reason and entry.reason.code) == (proof, "imprecise", "GC302")
    assert entry.blamed is not None
    assert (entry.blamed.where, entry.blamed.code, entry.blamed.operation) == (
        "line 6",
        "(x**2).mean() - mean**2",
        "sub",
    )
    drawn = draw_text(made, FILE)
    assert "(x**2).mean() - mean**2 (line 6)" in drawn or "   at line 6: (x**2).mean() - mean**2 (sub)\n" in drawn


FLAT = """
x = torch.tensor([0.02, 1.0, 0.5], dtype=torch.float16, requires_grad=True)
c = torch.cos(x)
d = 1 - c
torch.where(x > 0, d / x**2, 0 * x).sum().backward()
"""


@pytest.mark.parametrize("operations", [1, 100_000])
def test_lost_digits_are_blamed_on_the_subtraction(operations: int) -> None:
    """cos(0.02) is 0.9998, which float16 rounds to 1 honestly; 1 - 1 is where nothing is left."""
    (only,) = ledger(FLAT, replace(DEMANDS, options=replace(DEMANDS.options, max_operations=operations))).passes
    (entry,) = only.entries
    assert (entry.verdict, entry.blamed and entry.blamed.line) == ("imprecise", 6)


def test_the_remedy_of_a_variance_leaves_no_digits_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of what stands after "instead" is verified, or nothing stands there."""
    for each in ("LEAST", "MOST", "EACH", "SEARCH"):
        monkeypatch.setattr(remedies, each, 60.0)
    text = "x = torch.tensor([10000.1, 10000.2, 10000.4], requires_grad=True)\n"
    demands = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1))
    (only,) = ledger(f"{text}((x**2).mean() - x.mean()**2).backward()", demands).passes
    (entry,) = only.entries
    assert entry.verdict == "imprecise"
    assert entry.reason is not None
    assert entry.reason.remedy is not None
    (better,) = ledger(f"{text}{entry.reason.remedy}.backward()").passes
    assert better.verdict == "verified"
