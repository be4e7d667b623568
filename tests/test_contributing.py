"""CONTRIBUTING.md names files that are there, and shows rows as they are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`([\w/]+(?:\.py|/))`", TEXT)))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_there(path: str) -> None:
    """Below the package, or in the folders of tests and scripts; a bare name is in the folder named before it."""
    places = [ROOT / path, ROOT / "autogradcli" / path]
    found = any(place.exists() for place in places) or (
        "/" not in path.rstrip("/") and any(ROOT.glob(f"autogradcli/**/{path}"))
    )
    assert found, f"CONTRIBUTING.md names {path}"


@pytest.mark.parametrize("name", ["entr", "ndtri", "mean"])
def test_what_it_shows_stands_in_the_table(name: str) -> None:
    """Its examples are copies: without white space they are found in their files."""
    (shown,) = [each for each in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if name in each[:40]]
    sources = "".join(each.read_text(encoding="utf-8") for each in (ROOT / "autogradcli" / "functions").glob("*.py"))
    assert re.sub(r"\s", "", shown).rstrip(",)") in re.sub(r"\s", "", sources)
