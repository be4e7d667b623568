"""Snippets in the manner of the PyTorch documentation: under `run` they print what they print under Python."""

import io
import re
import runpy
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch

from autogradcli.engines.torch.snippet.library import Library
from autogradcli.run.execute import Raised, execute
from autogradcli.run.source import Source

FOLDER = Path(__file__).parent / "snippets"
SNIPPETS = [path for path in sorted(FOLDER.rglob("*.py")) if path.stem != "xor"]
"""All but the one that stops in torch, and goes on with floats in gradcalc."""
SEED = 7


@pytest.fixture(autouse=True)
def _torch_as_it_was() -> Iterator[None]:
    """What a snippet sets while Python runs it is undone."""
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)


def under_python(path: Path) -> tuple[str, tuple[str, str, int] | None]:
    """What Python prints, and the error that ends it: its type, its message and its line."""
    torch.manual_seed(SEED)
    np.random.seed(SEED)
    out = io.StringIO()
    try:
        with redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(path), run_name="__main__")
    except Exception as error:
        return out.getvalue(), (type(error).__name__, str(error), _line(error, path))
    return out.getvalue(), None


def _line(error: Exception, path: Path) -> int:
    """The innermost line of the snippet that the error passed."""
    traceback, line = error.__traceback__, 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def under_run(path: Path) -> tuple[str, tuple[str, str, int] | None]:
    """The same for gradcalc's interpreter."""
    source = Source(path.read_text(encoding="utf-8"), path.name)
    out = io.StringIO()
    raised = execute(source, Library(), out.write, SEED)
    return out.getvalue(), None if raised is None else _described(raised, source)


def _described(raised: Raised, source: Source) -> tuple[str, str, int]:
    return raised.type, raised.message, source.line(raised.span)


def without_addresses(text: str) -> str:
    """The text with addresses of objects replaced."""
    return re.sub(r"0x[0-9a-f]+", "0x…", text)


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_a_snippet_prints_what_it_prints_under_python(path: Path) -> None:
    """Line for line, addresses aside; and where it ends with an error, with the same one, on the same line."""
    expected, error = under_python(path)
    printed, raised = under_run(path)
    assert without_addresses(printed) == without_addresses(expected)
    assert raised == error


def test_there_are_snippets() -> None:
    """The pattern above finds them."""
    assert len(SNIPPETS) >= 38
