"""The examples of the README and of the pages, run by a real shell: what they show is what the commands print."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autogradcli.pages import ALIASES, NAMES
from scripts.campaigns import warm

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "autogradcli" / "pages").glob("*.md"))
DOCUMENTS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *PAGES)}


def examples() -> list[tuple[str, str]]:
    """Each `$` line of a console block, with the lines that stand below it."""
    found = (re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for text in DOCUMENTS.values())
    blocks = [block for each in found for block in each]
    pieces = [piece for block in blocks for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, output) for command, _, output in (piece.partition("\n") for piece in pieces)]


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """That of a warm server, whose answers are those of a cold call, byte for byte, and take a tenth of the time."""
    with warm.server() as found:
        yield {**found, "PATH": os.pathsep.join([str(Path(sys.executable).parent), found["PATH"]])}


@pytest.mark.parametrize(("command", "output"), examples())
def test_the_example_prints_what_the_readme_shows(command: str, output: str, environment: dict[str, str]) -> None:
    """Standard output and standard error together, as a reader would see them."""
    if "jq" in command and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    shell = ["bash", "-c", f"exec 2>&1; {command}"]
    result = subprocess.run(shell, capture_output=True, text=True, env=environment, check=False)
    assert result.stdout == output


def test_there_are_examples() -> None:
    """The pattern above finds them."""
    assert len(examples()) > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_fit_a_terminal(path: Path) -> None:
    """80 columns, but for what is typed and printed; the first line is the title."""
    text = DOCUMENTS[path.name]
    assert text.startswith("# ")
    without = re.sub(r"^```console\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    assert max(map(len, without.splitlines())) <= 80


def test_every_page_is_shown_and_linked() -> None:
    """`explain` knows each file, and the README leads there."""
    assert {path.stem for path in PAGES} == set(NAMES)
    for name in NAMES:
        assert f"autogradcli/pages/{name}.md" in DOCUMENTS["README.md"]
    assert set(ALIASES.values()) <= set(NAMES)
