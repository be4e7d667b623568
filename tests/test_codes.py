"""The pages behind the reason codes: every code has one, and every example does what its page says."""

import re
import subprocess
from pathlib import Path

import pytest

from autogradcli.compute.codes import PAGES, Page, page
from autogradcli.compute.reasons import EXPLAIN
from autogradcli.errors import GradcalcError
from tests.command import gradcalc

ROOT = Path(__file__).parent.parent


def test_every_code_in_the_sources_has_a_page() -> None:
    """No verdict points to a page that is not there, and no page is about a code that nothing gives."""
    listed = subprocess.run(
        ["grep", "-rhoE", r"\"GC[0-9]{3}\"", str(ROOT / "autogradcli")], capture_output=True, text=True, check=True
    )
    used = {code.strip('"') for code in listed.stdout.split()}
    assert used == {each.code for each in PAGES}
    assert set(EXPLAIN) <= used


@pytest.mark.parametrize("each", [each for each in PAGES if each.example], ids=lambda each: each.code)
def test_the_example_gives_the_code(each: Page) -> None:
    """The command on the page, run as it stands, reports the page's code."""
    result = gradcalc(*each.example, "--no-symbolic", "--json")
    assert f'"code": "{each.code}"' in re.sub(r"\s+", " ", result.out)


def test_pages_are_found_in_any_case() -> None:
    """People type codes in small letters."""
    assert page("gc101").title == "kink"


def test_an_unknown_code_names_the_nearest() -> None:
    """A typo is answered with what was meant."""
    with pytest.raises(GradcalcError) as caught:
        page("GC-101")
    assert caught.value.message == "there is no reason code GC-101"
    assert caught.value.hint == "did you mean GC101?"
    with pytest.raises(GradcalcError, match="the nearest are GC111, GC112"):
        page("gc119")
    with pytest.raises(GradcalcError, match="GC999\nhint: gradcalc explain lists all"):
        page("GC999")


def test_no_code_has_two_pages() -> None:
    """A code is the name of one thing."""
    codes = [each.code for each in PAGES]
    assert len(codes) == len(set(codes))
