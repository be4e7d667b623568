"""The ledger as text and as Markdown."""

from dataclasses import replace

from autogradcli.render.programs.markdown import draw_markdown
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE
from tests.programs import DEMANDS, ledger

EVERYTHING = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x**2
w = torch.tensor([2.0, 1.0], requires_grad=True)
Cube.apply(w).sum().backward()
torch.log(w - 1.0).sum().backward()
"""


def test_markdown_has_what_the_text_has() -> None:
    """The first number that is not finite, the custom backward, and the operations to blame."""
    drawn = draw_markdown(ledger(EVERYTHING))
    assert "**The first number that is not finite**: backward pass 2, line 15, torch.log(w - 1.0)" in drawn
    assert "- born in the forward: -inf\n- went in: w - 1.0 = 0.0\n" in drawn
    assert (
        "**Backward of Cube** (line 10): mismatch\n\n- its backward gives 8.0 for x\\[0\\] where 12.0 is true (GC307)"
        in drawn
    )
    assert (
        "- wrong in 1 of the 1 calls that were looked at: line 14\n- if it differs on purpose: --surrogate Cube"
        in drawn
    )
    assert drawn.count("; at line 14: Cube.apply(w) |") == 1


def test_a_proof_by_steps_is_told_plainly() -> None:
    """How many operations there are, and how many numbers were looked at."""
    demands = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1))
    drawn = draw_text(ledger("x = torch.ones(3, requires_grad=True)\n(x * x).sum().backward()", demands), FILE)
    said = "proven step by step: 2 operations, each for the numbers that reached it; 9 numbers compared with float64, "
    assert said in drawn


def test_a_pole_of_a_step_is_not_said_of_the_whole() -> None:
    """0 is softmax's number in float32, and not the true one: by steps nothing is known of the whole."""
    demands = replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1))
    text = "z = torch.tensor([0.0, 2000.0], requires_grad=True)\ntorch.log(torch.softmax(z, 0)).sum().backward()"
    drawn = draw_text(ledger(text, demands), FILE)
    assert (
        "undefined: of one pass at least: an operation has no finite derivative for the numbers that reached it"
        in drawn
    )
