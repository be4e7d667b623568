"""The formats for programs, and what is known of the place that text goes to."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.compute.report import Ball, Reason
from autogradcli.render import checks, graph, programs
from autogradcli.render import report as report_formats
from autogradcli.render.equations import draw_equations, latex_name
from autogradcli.render.formats import Formats
from autogradcli.render.json import draw_json, draw_json_line
from autogradcli.render.layout import elide
from autogradcli.render.report.plain import draw_plain, remarks
from autogradcli.render.terminal import FILE, Terminal, terminal_of
from tests.command import Screen
from tests.reports import QUADRATIC, gradient, report

KINK = gradient(0.0, "sign(x)", None, None, None, "kink", Reason("GC101", "the slope is -1 to the left"))


def test_plain_is_the_bare_gradient() -> None:
    """One variable: nothing but the number, as Python writes it."""
    assert draw_plain(QUADRATIC) == "7.0\n"


def test_plain_names_several_variables() -> None:
    """Several variables: a name and a number on each line."""
    both = {"a": gradient(0.10000000149011612, "1", "1"), "b": gradient(float("nan"), None, None)}
    assert draw_plain(report("a*b", {"a": 1.0, "b": 2.0}, 2.0, both, dtype="float32")) == "a 0.1\nb nan\n"


def test_plain_is_the_value_where_nothing_is_differentiated() -> None:
    """Without variables gradcalc is a calculator."""
    assert draw_plain(report("2 + 3", {}, 5.0, {})) == "5.0\n"


def test_remarks_are_what_is_not_verified() -> None:
    """A script's owner reads the reasons and notes beside the bare numbers."""
    assert remarks(QUADRATIC) == []
    found = remarks(report("abs(x)", {"x": 0.0}, 0.0, {"x": KINK}, notes=("nothing else",)))
    assert found == ["kink: x: the slope is -1 to the left (GC101)", "note: nothing else"]


def test_json_of_a_report() -> None:
    """Field names and their order are those of schema version 1."""
    found = json.loads(draw_json(QUADRATIC.to_dict()))
    assert list(found)[:10] == [
        "schema_version",
        "id",
        "expression",
        "output",
        "variables",
        "value",
        "exact_value",
        "value_ulps",
        "gradients",
        "verdict",
    ]
    assert found["schema_version"] == 1
    assert found["variables"]["x"] == {"value": 2.0, "shape": [], "dtype": "float64", "requires_grad": True}
    assert found["gradients"]["x"] == {
        "autograd": 7.0,
        "symbolic": {
            "formula": "2*x + 3",
            "value": 7.0,
            "digits": "7.00000000000000000000000000000",
            "status": "agrees",
            "reason": None,
            "pattern": None,
        },
        "exact": {"value": "7", "radius": "0"},
        "ulps": 0.0,
        "verdict": "verified",
        "reason": None,
        "counts": {},
        "worst": None,
        "passes": [],
        "rounded_off": None,
        "verdicts": None,
    }


def test_json_stays_strict() -> None:
    """Numbers that are not finite are text, and no other JSON reader chokes on them."""
    wild = report("x", {"x": float("inf")}, float("nan"), {"x": gradient(float("-inf"), None, None, Ball("1", "2"))})
    text = draw_json_line(wild.to_dict())
    found = json.loads(text, parse_constant=pytest.fail)
    assert (found["value"], found["gradients"]["x"]["autograd"]) == ("nan", "-inf")
    assert found["variables"]["x"]["value"] == "inf"


@pytest.mark.campaign
@given(st.recursive(st.none() | st.text(st.characters()) | st.integers(), st.lists))
def test_json_is_read_back_and_is_utf8(value: object) -> None:
    """Any text goes through, halves of surrogate pairs too, on one line or many."""
    for draw in (draw_json, draw_json_line):
        assert json.loads(draw(value).encode()) == value


def test_json_lines_are_compact() -> None:
    """One line for one report, other alphabets as they are."""
    assert draw_json_line({"id": "λ\ud800", "error": [1, 2]}) == '{"id":"λ\\ud800","error":[1,2]}\n'


FORMULAS = [
    ("text", {"x": "2*x"}, None, "2*x\n"),
    ("text", {"x": "y", "y": "x"}, None, "df/dx = y\ndf/dy = x\n"),
    ("text", {"x": "y", "y": "x"}, "z", "dz/dx = y\ndz/dy = x\n"),
    ("python", {"x": "y", "y": "x"}, "z", "dz_dx = y\ndz_dy = x\n"),
    ("c", {"x": "y", "y": "x"}, None, "const double df_dx = y;\nconst double df_dy = x;\n"),
    (
        "latex",
        {"x_1": r"\beta", "beta": "x_{1}"},
        None,
        "\\frac{\\partial f}{\\partial x_{1}} = \\beta\n\\frac{\\partial f}{\\partial \\beta} = x_{1}\n",
    ),
    ("text", {"x": "a", "x,x,y": "b"}, None, "df/dx = a\nd^3f/dx^2 dy = b\n"),
    ("python", {"x": "a", "x,x,y": "b"}, "f[0, 1]", "df_0_1_dx = a\nd3f_0_1_dx2_dy = b\n"),
    (
        "latex",
        {"x": "a", "x,x,y": "b"},
        None,
        "\\frac{\\partial f}{\\partial x} = a\n\\frac{\\partial^{3} f}{\\partial x^{2} \\, \\partial y} = b\n",
    ),
]


@pytest.mark.parametrize(("style", "formulas", "output", "text"), FORMULAS)
def test_formulas(style: str, formulas: dict[str, str], output: str | None, text: str) -> None:
    """One derivative is bare; several are equations that can be pasted into a document or a program."""
    named = {(output or "f", names): formula for names, formula in formulas.items()}
    assert draw_equations(named, style, alone=len(formulas) == 1) == text


NAMES = [
    ("x", "x"),
    ("x1", "x_{1}"),
    ("x_1", "x_{1}"),
    ("x_max", "x_{max}"),
    ("lambda_", r"\lambda"),
    ("sigma_12", r"\sigma_{12}"),
    ("velocity", "velocity"),
    ("λ", "λ"),
    ("_", "_"),
]


@pytest.mark.parametrize(("name", "latex"), NAMES)
def test_latex_names(name: str, latex: str) -> None:
    """Names are spelled as SymPy spells them in the formulas."""
    assert latex_name(name) == latex


ELIDED = [
    ("abcdefghij", 10, "abcdefghij"),
    ("abcdefghij", 9, "abcd…ghij"),
    ("abcdefghij", 6, "abc…ij"),
    ("変変変変変", 7, "変…変"),
    ("sin(one + another)", 14, "sin(one…)"),
    ("classification_head", 12, "…_head"),
    ("12.5 + 3.25*x", 9, "12.5…*x"),
]


@pytest.mark.parametrize(("text", "width", "expected"), ELIDED)
def test_the_middle_is_left_out(text: str, width: int, expected: str) -> None:
    """The beginning and the end of an expression say most; wide characters count twice."""
    assert elide(text, width, Terminal(boxes=True)) == expected


def test_no_ellipsis_where_there_is_none() -> None:
    """Without box characters three points stand in."""
    assert elide("abcdefghij", 8, FILE) == "abc...ij"


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment as on a common terminal."""
    for name in ("NO_COLOR", "TERM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")


@pytest.mark.usefixtures("_terminal")
def test_a_terminal_has_a_size_and_colours() -> None:
    """`COLUMNS` and `LINES` are believed."""
    assert terminal_of(Screen(io.BytesIO(), encoding="utf-8")) == Terminal(100, 40, colours=True, boxes=True)


@pytest.mark.usefixtures("_terminal")
def test_a_file_has_neither() -> None:
    """Off a terminal the environment says nothing."""
    assert terminal_of(io.StringIO()) == FILE


@pytest.mark.usefixtures("_terminal")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "")])
def test_no_colours_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """`NO_COLOR` in any form and dumb terminals get none, but keep their width."""
    monkeypatch.setenv(name, value)
    terminal = terminal_of(Screen(io.BytesIO(), encoding="utf-8"))
    assert (terminal.width, terminal.colours) == (100, False)
    assert terminal.paint("mismatch", "alarm") == "mismatch"


@pytest.mark.usefixtures("_terminal")
def test_no_boxes_where_the_encoding_has_none() -> None:
    """A Latin-1 terminal gets ASCII guides."""
    assert not terminal_of(Screen(io.BytesIO(), encoding="latin-1")).boxes


@pytest.mark.parametrize(
    "formats",
    [report_formats.FORMATS, checks.FORMATS, graph.TEXTS, graph.PICTURES, programs.FORMATS],
    ids=["report", "checks", "graph", "pictures", "programs"],
)
def test_every_format_keeps_the_protocol(formats: Formats[Any, Any]) -> None:
    """A format is found by its own name, its suffixes are those of files, and no two formats share one."""
    found = [formats[name] for name in formats.names]
    assert [each.name for each in found] == list(formats.names)
    suffixes = [suffix for each in found for suffix in each.suffixes]
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
    assert len(set(suffixes)) == len(suffixes)
    assert formats.suffixes() == {suffix: each.name for each in found for suffix in each.suffixes}


def test_streamed_formats_hold_many_reports() -> None:
    """Those of `batch` say what stands before, between and after reports; the others hold one."""
    formats = report_formats.FORMATS
    streamed = [name for name in formats.names if formats[name].stream is not None]
    assert streamed == list(report_formats.STREAMED)
