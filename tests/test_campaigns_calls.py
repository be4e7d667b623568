"""What the campaign that counts calls takes for a call of torch."""

from pathlib import Path

import pytest

from scripts.campaigns.calls_of_torch import called, is_known

PROGRAM = """
import torch
import torch.nn.functional as F
from torch.nn import functional
from torch import einsum as e

x = torch.zeros(3, requires_grad=True)
y = F.relu(torch.sin(x)).sum() + functional.softplus(x).mean()
z = e("i,i->", x, x).reshape(1)
"a b".split(), [1].index(1), self.relu(x), other.module.grid_sample(x)
torch.nn.functional.grid_sample(x, x).argmax().item()
"""


def test_calls_of_torch_are_found_by_what_is_imported(tmp_path: Path) -> None:
    """Under any name; not methods of other things, nor what autograd does not follow."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    assert sorted(called(path)) == ["einsum", "grid_sample", "mean", "relu", "reshape", "sin", "softplus", "sum"]


def test_a_file_that_is_no_python_has_none(tmp_path: Path) -> None:
    """As programs for older versions of Python are."""
    path = tmp_path / "program.py"
    path.write_text("print 'hello'")
    assert list(called(path)) == []


@pytest.mark.parametrize(
    ("name", "known"), [("softmax", True), ("to", True), ("lstm", True), ("view_as_complex", False)]
)
def test_names_that_are_known(name: str, known: bool) -> None:
    """By a row, or by what the recorder does with them."""
    assert is_known(name) is known
