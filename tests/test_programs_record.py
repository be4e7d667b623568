"""What a program does as a program of the language: which rows of the table are recorded, with which operands."""

from fractions import Fraction
from typing import Any

import pytest

from autogradcli.engines.torch.record.assemble import assemble
from autogradcli.engines.torch.record.calls import CallSite
from autogradcli.engines.torch.record.step_builder import Unverifiable
from autogradcli.language.program import Call, Constant, Program, Variable
from autogradcli.programs.session import Wanted
from tests.programs import HEAD, ledger, seen_of

START = HEAD + "x = torch.tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True)\n"


def program(text: str) -> Program:
    """The program of the one `backward` in a program that begins with a leaf x."""
    _, seen = seen_of(START + text, Wanted(seed=0))
    assert seen.ending.status == 0
    assert seen.watch is not None
    (event,) = seen.watch.finished()
    return assemble(event, seen.texts.excerpts(), {}).program


def step(found: Program, index: int) -> Any:
    """A step as nested tuples."""
    match found.steps[index]:
        case Variable(name=name):
            return name
        case Constant(value=value):
            return value
        case Call(function=function, operands=operands, options=options):
            return (function, *(step(found, each) for each in operands), *options)
    raise AssertionError


DOUBLED = ("mul", "x", Fraction(2))
CHANGED = (DOUBLED, ("mul", ("getitem", DOUBLED, ("index", (0,))), Fraction(3)))
PROGRAMS = [
    ("x.sum().backward()", ("sum", "x")),
    (
        "torch.sum(x, dim=1, keepdim=True)[0, 0].backward()",
        ("getitem", ("sum", "x", ("dim", 1), ("keepdim", True)), ("index", (0, 0))),
    ),
    ("x.mean(axis=0).sum().backward()", ("sum", ("mean", "x", ("dim", 0)))),
    ("(0.1 * x).sum().backward()", ("sum", ("mul", "x", Fraction(13421773, 134217728)))),
    ("(0.25 * x).sum().backward()", ("sum", ("mul", "x", Fraction(1, 4)))),
    ("w = torch.ones(2)\n(x @ w).sum().backward()", ("sum", ("matmul", "x", "w"))),
    ("(x - x.detach()).sum().backward()", ("sum", ("sub", "x", "data"))),
    (
        "x.view(-1)[1:].prod().backward()",
        ("prod", ("getitem", ("view", "x", ("size", (-1,))), ("index", (slice(1, None),)))),
    ),
    ("x.max(1).values.sum().backward()", ("sum", ("max_dim", "x", ("dim", 1), ("field", "values")))),
    ("torch.max(x).backward()", ("max_all", "x")),
    ("torch.max(x, 2 * x).sum().backward()", ("sum", ("maximum", "x", ("mul", "x", Fraction(2))))),
    ("F.leaky_relu(x, 0.1).sum().backward()", ("sum", ("leaky_relu", "x", Fraction(13421773, 134217728)))),
    ("x.T.sum().backward()", ("sum", ("t", "x"))),
    ("y = x * 2\ny += 1\ny.sum().backward()", ("sum", ("add", ("mul", "x", Fraction(2)), Fraction(1)))),
    (
        "v = (2 * x)[0]\nv.add_(1)\nv.sum().backward()",
        ("sum", ("add", ("getitem", ("mul", "x", Fraction(2)), ("index", (0,))), Fraction(1))),
    ),
    ("y = x * 2\ny[0].mul_(3)\ny.sum().backward()", ("sum", ("setitem", *CHANGED, ("index", (0,))))),
    ("F.relu(x * 2, True).sum().backward()", ("sum", ("relu", ("mul", "x", Fraction(2))))),
    (
        "a, b = x\na.dot(b).backward()",
        ("dot", ("select", "x", ("dim", 0), ("index", 0)), ("select", "x", ("dim", 0), ("index", 1))),
    ),
    ("torch.cat([x, x], dim=1).sum().backward()", ("sum", ("cat", "x", "x", ("dim", 1)))),
    ("x.unbind(1)[0].sum().backward()", ("sum", ("select", "x", ("dim", 1), ("index", 0)))),
    ("x.split(1)[1].sum().backward()", ("sum", ("narrow", "x", ("dim", 0), ("start", 1), ("length", 1)))),
    (
        "torch.where(x > 2, x, 0.0).sum().backward()",
        ("sum", ("where", ("gt", "x", Fraction(2)), "x", Fraction(0))),
    ),
    (
        "m = torch.tensor([True, False])\ntorch.where(m, x, 0.0).sum().backward()",
        ("sum", ("where", ("ne", "m", Fraction(0)), "x", Fraction(0))),
    ),
    (
        "((x > 2) * x).sum().backward()",
        ("sum", ("mul", ("where", ("gt", "x", Fraction(2)), Fraction(1), Fraction(0)), "x")),
    ),
    (
        "x.masked_fill(x > 2, float('-inf')).logsumexp(0).sum().backward()",
        ("sum", ("logsumexp", ("masked_fill", "x", ("gt", "x", Fraction(2)), ("neg", "inf")), ("dim", 0))),
    ),
]


@pytest.mark.parametrize(("text", "output"), PROGRAMS)
def test_what_is_recorded(text: str, output: Any) -> None:
    """Each operation is the row that torch's call means, its constants the numbers that the dtype holds."""
    found = program(text)
    assert step(found, found.output) == output


def test_places_lie_in_the_text_of_the_snippet() -> None:
    """So that a blame points at the line that it is about."""
    found = program("y = x.exp()\nz = y.sum()\nz.backward()")
    assert [found.text(index) for index in range(len(found.steps))] == ["x", "x.exp()", "y.sum()"]
    assert (found.output_name, found.assigned["y"], found.variables) == ("z", 1, ("x",))


def test_leaves_of_one_name_are_told_apart() -> None:
    """Two tensors that were both called w: when backward starts, only one of them is."""
    text = "w = torch.ones(1, requires_grad=True)\na = w * 1\nw = torch.ones(1, requires_grad=True)\n(a * w).backward()"
    assert program(text).variables == ("leaf", "w")


UNVERIFIABLE = [
    ("x.double().sum().backward()", "it mixes float32 and float64"),
    ("(x + torch.ones(2, dtype=torch.float64)).sum().backward()", "it mixes float32 and float64"),
    ("(x.half().float() * 0.1).sum().backward()", "it rounds to float16 on the way"),
    ("y = x * 2\ny.t().mul_(3)\ny.sum().backward()", "changed in place through a view"),
    ("y = x + 1\nwith torch.no_grad(): x += 1\n(x * y).sum().backward()", "x was changed in place between two uses"),
    ("(x * float('nan')).sum().backward()", "NaN is no number"),
]


@pytest.mark.parametrize(("text", "reason"), UNVERIFIABLE)
def test_what_cannot_be_followed_is_said(text: str, reason: str) -> None:
    """Never a guess."""
    with pytest.raises(Unverifiable) as caught:
        program(text)
    assert reason in str(caught.value)


def test_a_tracer_is_left_alone() -> None:
    """What writes a program down runs it on tensors without numbers, and backward on those is no pass."""
    made = ledger(
        "from functorch.compile import aot_function, make_boxed_func\n"
        "def kept(graph, inputs): return make_boxed_func(graph.forward)\n"
        "def f(a, b): return (a*b).cos().sum()\n"
        "a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)\n"
        "aot_function(f, fw_compiler=kept, bw_compiler=kept)(a, b).backward()\n"
    )
    assert made.failure is None
    assert len(made.passes) == 1


def test_what_is_written_through_data_changes_no_view_that_was_recorded() -> None:
    """`v.data.add_` leaves no version; a part of v that was used before is what it was."""
    made = ledger(
        "v = torch.tensor([-3.5, 1.0], requires_grad=True)\nfor i in range(4):\n    y = v[0]**2 + v[1]*v[0]\n"
        "    y.backward()\n    v.data.add_(-0.1 * v.grad.data)\n    v.grad.data.zero_()\n"
    )
    assert {(each.verdict, each.proof) for each in made.passes} == {("verified", "whole")}


def test_a_mode_of_the_program_s_own_sees_the_optimiser() -> None:
    """Its step runs unwatched only where nobody else watches it."""
    text = (
        "from torch.overrides import TorchFunctionMode\nseen = []\nclass Mode(TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        seen.append(getattr(function, '__name__', ''))\n        return function(*args, **(kwargs or {}))\n"
        "w = torch.ones(3, requires_grad=True)\noptimizer = torch.optim.SGD([w], lr=0.1, foreach=False)\n"
        "(w**2).sum().backward()\nwith Mode():\n    optimizer.step()\nassert 'add_' in seen\n"
        "(w**2).sum().backward()\noptimizer.step()\n"
    )
    made = ledger(text)
    assert made.failure is None
    assert {each.verdict for each in made.passes} == {"verified"}


@pytest.mark.parametrize(
    ("chosen", "verdict"), [("torch.multinomial(p, 1)", "verified"), ("p.argmax().reshape(1)", "unverified")]
)
def test_a_place_that_was_drawn_is_fixed(chosen: str, verdict: str) -> None:
    """As in policy gradients; one that is found from the numbers themselves may be another beside them."""
    program = (
        "torch.manual_seed(0)\nw = torch.tensor([0.1, 0.2, 0.4], requires_grad=True)\np = torch.softmax(w, 0)\n"
        f"a = {chosen}\nloss = -torch.log(p[a]).sum()\nloss.backward()"
    )
    (found,) = ledger(program).passes
    assert found.verdict == verdict


def test_equal_functions_of_two_files_are_two_places() -> None:
    """Their codes are equal, and their lines are not."""
    text = "f(\n)"
    codes = [compile(text, "one.py", "exec"), compile(text, "other.py", "exec")]
    assert codes[0] == codes[1]
    one, other = (CallSite(each, 0) for each in codes)
    assert one == CallSite(codes[0], 0)
    assert one != other
    assert (one.file, other.file) == ("one.py", "other.py")


def test_what_torch_has_traced_is_unverified_with_a_note() -> None:
    """Its operations are none of Python's; TorchScript can be turned off."""
    made = ledger(
        "f = torch.jit.trace(lambda x: x * x.sin(), torch.ones(()))\n"
        "x = torch.tensor(2.0, requires_grad=True)\nf(x).backward()"
    )
    assert [each.verdict for each in made.passes] == ["unverified"]
    assert [note for note in made.notes if "PYTORCH_JIT=0" in note]
