"""`gradcalc functions`: the table, and one row of it."""

import json

import pytest

from autogradcli.functions.table import families, names, rows
from autogradcli.functions.undifferentiable import UNDIFFERENTIABLE
from tests.command import Screen, gradcalc


def test_the_table_has_every_row_under_its_family() -> None:
    """Every function stands on a line of its own, with what it gives back."""
    sections = gradcalc("functions").out.removesuffix("\n").split("\n\n")
    assert [section.partition("\n")[0] for section in sections] == list(families())
    for section, family in zip(sections, families().values(), strict=True):
        lines = section.split("\n")[1:]
        assert len(lines) == len(family)
        for line, row in zip(lines, family, strict=True):
            assert line.startswith("  ")
            assert line.endswith(f"   {row.doc}")


def test_one_function_in_full() -> None:
    """All that the table says of a function, and nothing that it does not."""
    assert (
        gradcalc("functions", "atanh").out
        == """\
atanh(x)   The inverse hyperbolic tangent of x.

  also called     arctanh, artanh
  d/dx            1/(1 - x**2)
  defined where   x > -1 and x < 1
  in torch        torch.atanh
  in SymPy        sympy.atanh
"""
    )


@pytest.mark.parametrize("name", ["arctanh", "torch.atanh", "np.arctanh", "atanh()"])
def test_a_function_by_any_name(name: str) -> None:
    """Aliases and prefixes lead to the same row."""
    assert gradcalc("functions", name).out == gradcalc("functions", "atanh").out


def test_a_name_of_several_functions() -> None:
    """`log` has one argument or two: both are shown."""
    out = gradcalc("functions", "log").out
    assert out.startswith("log(x)   ")
    assert "\n\nlog_base(x, base)   " in out


def test_the_table_as_json() -> None:
    """The same in JSON, every row with the same fields."""
    found = json.loads(gradcalc("functions", "--json").out)
    assert [each["name"] for each in found] == list(rows())
    assert {tuple(each) for each in found} == {tuple(found[0])}
    one = json.loads(gradcalc("functions", "erf", "--json").out)
    assert one == [each for each in found if each["name"] == "erf"]


@pytest.mark.parametrize("name", names())
def test_every_name_has_a_page(name: str) -> None:
    """No name of the table is refused, and no page is without a place in torch, a meaning or a note."""
    result = gradcalc("functions", name)
    assert (result.status, result.err) == (0, "")
    assert any(f"\n  {label}" in result.out for label in ("in torch", "means", "note"))


@pytest.mark.parametrize("name", UNDIFFERENTIABLE)
def test_names_that_torch_cannot_differentiate_say_why(name: str) -> None:
    """Not a function of gradcalc's, but an answer."""
    result = gradcalc("functions", name)
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: torch cannot differentiate {name}\nhint: {UNDIFFERENTIABLE[name]}\n"


def test_headings_are_bold_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families stand out where there are styles."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert gradcalc("functions", stream=Screen).out.startswith("\x1b[1marithmetic\x1b[0m\n")
