"""The README's examples, run by a real shell: what it shows is what the commands print."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def examples() -> list[tuple[str, str]]:
    """Each `$` line of a console block, with the lines that stand below it."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    pieces = [piece for block in blocks for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, output) for command, _, output in (piece.partition("\n") for piece in pieces)]


@pytest.mark.parametrize(("command", "output"), examples())
def test_the_example_prints_what_the_readme_shows(command: str, output: str) -> None:
    """Standard output and standard error together, as a reader would see them."""
    if "jq" in command and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    shell = ["bash", "-c", f"exec 2>&1; {command}"]
    result = subprocess.run(shell, capture_output=True, text=True, env=os.environ | {"PATH": path}, check=False)
    assert result.stdout == output


def test_there_are_examples() -> None:
    """The pattern above finds them."""
    assert len(examples()) > 10
