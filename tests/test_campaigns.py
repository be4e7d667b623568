"""The campaigns of `scripts/campaigns` as commands."""

import runpy
import sys
from pathlib import Path

import pytest

CAMPAIGNS = sorted(path.stem for path in Path("scripts/campaigns").glob("*.py"))


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_help_says_what_a_campaign_does(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And how it is called, with its options."""
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    monkeypatch.delitem(sys.modules, f"scripts.campaigns.{name}", raising=False)  # runpy warns of what is imported
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"scripts.campaigns.{name}", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} [-h]")
