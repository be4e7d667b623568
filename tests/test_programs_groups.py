"""Passes of one line in the report: of many alike a few, parameters by their sizes, NaN once."""

from autogradcli.render.programs.groups import groups
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE
from tests.programs import ledger

DESCENT = """
w = torch.tensor([1.0, 2.0], requires_grad=True)
for i in range(6):
    w.grad = None
    loss = -torch.log(w - 0.5).sum() + 3*w.sum()
    loss.backward()
    with torch.no_grad():
        w -= 2.0*w.grad
"""
MATRIX = "w = torch.ones(2, 2, requires_grad=True)\nfor i in range({times}):\n    (w*w).sum().backward()"


def test_after_the_first_number_that_is_not_finite_one_pass_of_that_kind_is_shown() -> None:
    """The others are counted: they say the same of ever other numbers."""
    made = ledger(DESCENT)
    (group,) = groups(made)
    assert made.first_nonfinite is not None
    assert [each.number for each in group.shown] == [1, made.first_nonfinite.step]
    assert "and 4 backward passes more of this line: 4 undefined" in draw_text(made, FILE)


def test_matrices_of_many_passes_are_told_by_their_size() -> None:
    """The norm of ones twice, in a matrix of 4, is 4; one pass alone shows the matrix."""
    many, one = (draw_text(ledger(MATRIX.format(times=times)), FILE) for times in (2, 1))
    assert "w           (2, 2)   4            verified\n" in many
    assert "[[2.0, 2.0]," in one
    assert "[[2.0, 2.0]," not in many
