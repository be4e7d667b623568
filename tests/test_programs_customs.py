"""Backwards that a program brings along: what is wrong with them is found, told apart, and blamed on the right line."""

from dataclasses import replace
from pathlib import Path

import pytest

from autogradcli.programs.demands import Demands
from autogradcli.programs.ledger import Custom
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE
from tests.backwards import Planted, faulty, right
from tests.programs import DEMANDS, ledger, ledger_of_text

FUNCTION = """
class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {arguments}):
        ctx.save_for_backward({arguments})
        {forward}
    @staticmethod
    def backward(ctx, g):
        {arguments}, = ctx.saved_tensors
        {backward}
x = torch.tensor([[0.6, 1.4, -0.7], [2.0, 0.3, 1.1]], requires_grad=True)
y = torch.tensor([[1.5, 0.2, 0.9], [-1.0, 2.5, 0.4]], requires_grad=True)
{use}
"""
LINE_OF_BACKWARD = 10
"""That of `def`, and not that of `@staticmethod` above it."""


def found(
    forward: str, backward: str, arguments: str = "x", use: str = "", demands: Demands = DEMANDS
) -> tuple[Custom, str]:
    """What was found of a Function, and the verdict on the pass through it."""
    text = FUNCTION.format(
        forward=forward, backward=backward, arguments=arguments, use=use or f"Mine.apply({arguments}).sum().backward()"
    )
    made = ledger(text, demands)
    assert made.failure is None
    (custom,) = made.customs
    return custom, made.passes[-1].verdict


RIGHT = [
    ("return x**3", "return g*3*x**2", "x"),
    ("return x.sigmoid()", "s = x.sigmoid(); return g*s*(1 - s)", "x"),
    ("return x*y", "return g*y, g*x", "x, y"),
    ("return (x*y).sum()", "return g*y, g*x", "x, y"),
    ("return x.clamp(min=0)", "return g*(x > 0)", "x"),
    ("return x @ y.T", "return g @ y, g.T @ x", "x, y"),
    ("return x.exp()", "return g*x.exp()", "x"),
    ("return x.softmax(1)", "s = x.softmax(1); return s*(g - (g*s).sum(1, keepdim=True))", "x"),
]


@pytest.mark.parametrize(("forward", "backward", "arguments"), RIGHT)
def test_a_right_backward_is_left_alone(forward: str, backward: str, arguments: str) -> None:
    """Nothing is said of it but its verdict."""
    custom, verdict = found(forward, backward, arguments)
    assert (custom.verdict, custom.reasons, verdict) == ("verified", (), "verified")


WRONG = [
    ("return x**3", "return g*2*x**2", "x", "its backward gives 8.0 for x[1, 0] where 12.0 is true"),
    ("return x.sin()", "return g*x.cos().neg()", "x", "its backward gives"),
    ("return x.exp()", "r = (g*x.exp()).clone(); r[1, 2] *= 1.001; return r", "x", "for x[1, 2] where 3.0041661"),
    ("return x*y", "return g*y, None", "x, y", "its backward returns None for y, whose gradient is not 0"),
    ("return x*y", "return g*x, g*y", "x, y", "returns the gradients of x and y in the wrong order"),
    ("return x**2", "return 2*x", "x", "its backward ignores the gradient that reaches it"),
    (
        "return x*y",
        "return (g*y, g*x) if ctx.needs_input_grad[0] else (None, None)",
        "x, y",
        "with y alone needing a gradient its backward gives another one",
    ),
    ("return 2*x", "return 2*g.view(-1).view(g.shape)", "x", "a gradient from above that is not contiguous"),
    ("return x.round()", "return g", "x", "its backward gives 1.0 for x[0, 0] where 0.0 is true"),
    ("return x.clone()", "return -g", "x", "its backward gives -1.0 for x[0, 0] where 1.0 is true"),
    ("return x.norm()", "return g*x", "x", "its backward gives"),
]


@pytest.mark.parametrize(("forward", "backward", "arguments", "sentence"), WRONG)
def test_a_wrong_backward_is_found(forward: str, backward: str, arguments: str, sentence: str) -> None:
    """With its line, and a sentence of its own for each kind of fault."""
    custom, _ = found(forward, backward, arguments)
    assert (custom.name, custom.verdict) == ("Mine", "mismatch")
    assert custom.line == LINE_OF_BACKWARD
    (reason, *_) = custom.reasons
    assert (reason.code, sentence in reason.message) == ("GC307", True), reason.message


def test_what_differs_on_purpose_is_declared() -> None:
    """Then it is a line, and no finding."""
    demands = Demands(DEMANDS.options, surrogates=("Mine",))
    custom, verdict = found("return x.round()", "return g", demands=demands)
    assert (custom.declared, custom.verdict, verdict) == (True, "verified", "verified")


def test_a_forward_in_numpy_is_unverified_with_central_differences() -> None:
    """Nothing is known of its derivative, right or wrong."""
    custom, verdict = found("return torch.as_tensor(x.detach().numpy()**2)", "return g*2*x")
    assert (custom.verdict, verdict) == ("unverified", "unverified")
    assert "central differences give" in custom.reasons[0].message
    assert custom.reasons[0].code == "GC510"


def test_only_the_input_whose_gradient_is_wrong_is_wrong() -> None:
    """The other one is verified."""
    text = FUNCTION.format(
        forward="return x*y", backward="return g*y, None", arguments="x, y", use="Mine.apply(x, y).sum().backward()"
    )
    made = ledger(text)
    assert {entry.name: entry.verdict for entry in made.passes[0].entries} == {"x": "verified", "y": "mismatch"}


def test_a_saved_intermediate_is_wrong_where_it_is_differentiated_twice() -> None:
    """Silently, in torch: the first derivative is right, the second is not."""
    text = """
class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.exp = x.exp()
        return ctx.exp * 1.0
    @staticmethod
    def backward(ctx, g):
        return g * ctx.exp
x = torch.tensor([0.5, 1.5], requires_grad=True)
g, = torch.autograd.grad(Mine.apply(x).sum() + (x**2).sum(), x, create_graph=True)
(g**2).sum().backward()
"""
    made = ledger(text)
    (custom,) = made.customs
    assert "differentiated twice its backward is wrong" in custom.reasons[0].message
    assert made.passes[-1].verdict in {"mismatch", "unverified"}


def test_a_custom_operator_is_held_against_its_forward() -> None:
    """`torch.library.custom_op` with `register_autograd`."""
    text = """
@torch.library.custom_op("gradcalc_tests::square_wrongly", mutates_args=())
def square(x: torch.Tensor) -> torch.Tensor:
    return x * x
square.register_autograd(
    lambda ctx, g: g * ctx.saved_tensors[0],
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0]),
)
x = torch.tensor([1.0, 2.0], requires_grad=True)
square(x).sum().backward()
"""
    made = ledger(text)
    assert made.verdict == "mismatch"
    (custom,) = made.customs
    assert "gives 1.0 for" in custom.reasons[0].message or "gives 2.0 for" in custom.reasons[0].message


BY_CHANCE = [*faulty(20, seed=1000), *faulty(10, seed=1000, module=True)]


@pytest.mark.parametrize("each", BY_CHANCE, ids=lambda each: each.kind)
def test_a_fault_by_chance_is_found_at_its_line(each: Planted) -> None:
    """In Functions alone and in modules; `scripts/campaigns/custom_backwards.py` tries hundreds."""
    made = ledger_of_text(each.text)
    blamed = {custom.line for custom in made.customs if custom.verdict == "mismatch"}
    assert blamed & {each.line, each.line - 1}


@pytest.mark.parametrize(
    "each", [*right(16, seed=1000), *right(8, seed=1000, module=True)], ids=lambda each: each.dtype
)
def test_no_right_backward_is_called_wrong(each: Planted) -> None:
    """In any format."""
    made = ledger_of_text(each.text)
    assert made.failure is None
    assert made.verdict in {"verified", "imprecise"}


STRAIGHT = """
import torch
class STE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)
    @staticmethod
    def backward(ctx, g):
        return g
"""
USES_IT = "x = torch.tensor([0.6], requires_grad=True)\nSTE.apply(x).sum().backward()"


def test_a_backward_of_another_file_is_told_with_the_name_of_that_file(tmp_path: Path) -> None:
    """In the reason, and in the line that stands for the backward itself."""
    (tmp_path / "straight_through.py").write_text(STRAIGHT)
    (tmp_path / "trainer_of_it.py").write_text("def fit(loss):\n    loss.backward()\n")
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    uses = USES_IT.replace("STE.apply(x).sum().backward()", "fit(STE.apply(x).sum())")
    made = ledger(f"{path}from straight_through import STE\nfrom trainer_of_it import fit\n{uses}")
    said = "the backward of STE (straight_through.py:8) gives 1.0 for x[0] where 0.0 is true"
    assert [entry.reason and entry.reason.message for entry in made.passes[0].entries] == [said]
    drawn = draw_text(made, FILE)
    assert "\nstraight_through.py:8   backward of STE   mismatch\n" in drawn
    assert "\ntrainer_of_it.py:2   loss.backward()   " in drawn


def test_a_surrogate_that_no_backward_is_called_gets_a_note() -> None:
    """With the name that may be meant."""
    made = ledger(STRAIGHT + USES_IT, replace(DEMANDS, surrogates=("Ste",)))
    assert (made.verdict, made.notes) == (
        "mismatch",
        ("no backward of the program's own is called Ste; did you mean STE?",),
    )


def test_a_declared_surrogate_has_no_error_and_the_last_line_excepts_it() -> None:
    """What differs on purpose is not off by so many ulp."""
    drawn = draw_text(ledger(STRAIGHT + USES_IT, replace(DEMANDS, surrogates=("STE",))), FILE)
    assert "   x          [1.0]      on purpose   verified   the same\n" in drawn
    assert drawn.endswith("every gradient is right, but for what was declared to differ on purpose: STE\n")


IN_A_LOOP = """
w = torch.tensor([0.6, 1.4], requires_grad=True)
for step in range(5):
    h = Mine.apply(w * 2)
    Mine.apply(h).sum().backward()
"""


def test_one_wrong_backward_is_told_once() -> None:
    """With its numbers once, in how many calls it is wrong, and where they stand; a pass says that it is on its way."""
    text = FUNCTION.format(forward="return x**2", backward="return g*x", arguments="x", use=IN_A_LOOP)
    made = ledger(text)
    (custom,) = made.customs
    assert (len(custom.reasons), custom.looked_at, custom.wrong) == (1, 6, (("line 18", 3), ("line 19", 3)))
    drawn = draw_text(made, FILE)
    assert drawn.count(" is true (GC307)") == 2  # of the function itself, and of the first pass
    assert "   wrong in 6 of the 6 calls that were looked at: line 18 (3), line 19 (3)\n" in drawn
    assert "the backward of Mine (line 10) is wrong here as well (GC307)" in drawn


def test_what_is_wrong_only_where_it_is_differentiated_twice_is_not_wrong_elsewhere() -> None:
    """However often it is called: the first derivative is right in each of them."""
    text = """
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        s = torch.sigmoid(x)
        ctx.save_for_backward(x, s)
        return x * s
    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        return g * (s + x * s * (1 - s))
w = torch.tensor([0.5, 1.5], requires_grad=True)
for i in range(3):
    y = w
    for j in range(4):
        y = Swish.apply(y)
    y.sum().backward()
"""
    made = ledger(text)
    assert {each.verdict for each in made.passes} == {"verified"}
    assert all(entry.reason is None for each in made.passes for entry in each.entries)


IN_PLACE = """
class Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        a[1:] += {times}b
        ctx.mark_dirty(a)
        return a
    @staticmethod
    def backward(ctx, g):
        return g, g[1:].sum()
x = torch.ones(3, requires_grad=True)
y = torch.tensor(2.0, requires_grad=True)
Add.apply(x * x, y).sum().backward()
"""


@pytest.mark.parametrize(("times", "verdict"), [("", "verified"), ("3*", "mismatch")])
def test_a_forward_may_change_what_it_is_given(times: str, verdict: str) -> None:
    """It is differentiated on a copy: 3b has the slope 3, and not 1."""
    made = ledger(IN_PLACE.format(times=times))
    (custom,) = made.customs
    assert (custom.verdict, made.passes[0].verdict) == (verdict, verdict)


KEPT = """
class Kept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_()
            ctx.y = torch.exp(ctx.x)
        return ctx.y.detach()
    @staticmethod
    def backward(ctx, g):
        torch.autograd.backward([ctx.y], [g])
        return ctx.x.grad
x = torch.tensor([1.0, -2.0], requires_grad=True)
Kept.apply(x * 2).sum().backward()
"""


def test_a_graph_that_a_forward_keeps_is_used_once() -> None:
    """The forward runs again for each backward; autograd cannot follow it, so central differences stand beside it."""
    made = ledger(KEPT)
    (custom,) = made.customs
    assert (custom.verdict, made.passes[0].verdict) == ("unverified", "unverified")
    (reason,) = custom.reasons
    assert "central differences give" in reason.message
    entry_reason = made.passes[0].entries[0].reason
    assert entry_reason is not None
    assert "second time" not in entry_reason.message


def test_numbers_of_float32_are_told_in_nine_digits() -> None:
    """And not in the seventeen of the double that is the same number."""
    custom, _ = found("return x**3", "return g*2.7*x**2")
    assert "its backward gives 10.8 for x[1, 0] where 12.0 is true" in custom.reasons[0].message


DECORATED = """
import functools
def named(function):
    @functools.wraps(function)
    def inner(*given): return function(*given)
    return inner
def nameless(function):
    def inner(*given): return function(*given)
    return inner
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    {decorator}
    def {name}(ctx, g):
        return g * ctx.saved_tensors[0]
x = torch.tensor(2.0, requires_grad=True)
Cube.apply(x).backward()
"""
DECORATORS = [
    ("@named", "backward"),
    ("@nameless", "backward"),
    ("@torch.autograd.function.once_differentiable", "backward"),
    ("@named", "vjp"),
    ("@nameless", "vjp"),
]


@pytest.mark.parametrize(("decorator", "name"), DECORATORS)
def test_a_decorated_backward_is_blamed_on_its_own_line(decorator: str, name: str) -> None:
    """And not on that of what stands around it, which may be in another file."""
    (custom,) = ledger(DECORATED.format(decorator=decorator, name=name)).customs
    assert (custom.verdict, custom.line) == ("mismatch", 19)


OPERATOR = """
@torch.library.custom_op("gradcalc_tests::cube", mutates_args=())
def cube(x: torch.Tensor) -> torch.Tensor:
    return x**3
def setup(ctx, inputs, output): ctx.save_for_backward(*inputs)
def slope(ctx, g):
    return g * ctx.saved_tensors[0]
cube.register_autograd(slope, setup_context=setup)
x = torch.tensor(2.0, requires_grad=True)
cube(x).backward()
"""


def test_the_backward_of_an_operator_has_a_line() -> None:
    """That of the function which was registered."""
    (custom,) = ledger(OPERATOR).customs
    assert (custom.verdict, custom.line) == ("mismatch", 8)
