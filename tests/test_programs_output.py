"""Programs in the manner of the PyTorch documentation: watched, they print what they print under Python."""

import contextlib
import io
import random
import re
import runpy
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from autogradcli.programs.session import Wanted, watch_program
from autogradcli.programs.target import Target, load

FOLDER = Path(__file__).parent / "snippets"
PROGRAMS = sorted(FOLDER.rglob("*.py"))
SEED = 7


@pytest.fixture(autouse=True)
def _torch_as_it_was() -> Iterator[None]:
    """What a program sets is undone."""
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)


def seed() -> None:
    """Let all random numbers start from one place."""
    random.seed(SEED)
    torch.manual_seed(SEED)
    np.random.seed(SEED)


def under_python(path: Path) -> tuple[str, tuple[str, str] | None]:
    """What Python prints, and the type and the message of the error that ends it."""
    seed()
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(path), run_name="__main__")
    except Exception as error:
        return out.getvalue(), (type(error).__name__, str(error))
    return out.getvalue(), None


def watched(path: Path) -> tuple[str, tuple[str, str] | None]:
    """The same while gradcalc watches."""
    program = load(Target(path.name, "file", str(path)))
    out, main, where = io.StringIO(), sys.modules["__main__"], sys.path[:]
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ending = watch_program(program, Wanted(seed=SEED)).ending
    finally:
        sys.modules["__main__"], sys.path[:] = main, where
    return out.getvalue(), None if ending.error is None else (type(ending.error).__name__, str(ending.error))


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.stem for path in PROGRAMS])
def test_a_program_prints_what_it_prints_under_python(path: Path) -> None:
    """Standard output is the same to the byte, and so is the error that ends it."""
    assert re.sub("0x[0-9a-f]+", "", str(watched(path))) == re.sub("0x[0-9a-f]+", "", str(under_python(path)))


WARNS = """import torch
import torch.nn.functional as F
x = torch.ones(3, 1, requires_grad=True)
loss = F.mse_loss(x, torch.ones(3))
number = float(loss)
F.softmax(x).sum().T
torch.tensor(x)
(x * 2).grad
"""


def test_warnings_name_the_line_of_the_program(tmp_path: Path) -> None:
    """As under Python, whatever of gradcalc's called torch for it."""
    path = tmp_path / "warns.py"
    path.write_text(WARNS)
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        plain, seen = (_warnings(path, run) for run in (under_python, watched))
    finally:
        torch.set_warn_always(always)
    assert plain == seen
    assert [line for _, line, _ in seen] == [4, 5, 6, 6, 7, 8]


def _warnings(path: Path, run: Callable[[Path], object]) -> list[tuple[str, int, str]]:
    """File, line and text of what a program warns of."""
    simplefilter = warnings.simplefilter
    with warnings.catch_warnings(record=True) as said, pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "simplefilter", lambda *_: simplefilter("always"))
        run(path)
    return [(each.filename, each.lineno, str(each.message)) for each in said]
