"""`gradcalc graph` on the command line: where it writes, what it refuses, and what it remarks."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.command import Screen, gradcalc

CUBE = ("graph", "x**3", "--x", "2")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("-o", "g.xyz"), ".xyz is no format of this command", "type -o g.txt, or another of .txt"),
        (("-o", "g.pgn"), ".pgn is no format of this command", "did you mean .png?"),
        (("-o", "no/g.svg"), "no/g.svg cannot be written: there is no folder no", "type mkdir -p no"),
        (("-o", "."), ". is a directory", "type -o ./result.txt"),
        (("-o", ".", "--format", "png"), ". is a directory", "type -o ./result.png"),
        (("--format", "pgn"), "--format cannot be pgn", "did you mean png?"),
        (("--json", "--format", "dot"), "--json is short for --format json", "leave one of them out"),
        (("--depth", "0"), "--depth cannot be 0", "it can be a whole number"),
    ],
)
def test_what_cannot_be_written_is_an_error_that_says_what_to_type(
    words: tuple[str, ...], message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is computed."""
    monkeypatch.chdir(tmp_path)
    result = gradcalc(*CUBE, *words)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {message}")
    assert f"hint: {hint}" in result.err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    """The system's own word, and where to write instead."""
    tmp_path.chmod(0o500)
    result = gradcalc(*CUBE, "-o", str(tmp_path / "g.svg"))
    assert result.status == 2
    assert "Permission denied" in result.err
    assert "hint: write to a folder of your own: -o ~/g.svg" in result.err


def test_a_file_that_the_system_refuses() -> None:
    """An error that only shows when the file is opened."""
    result = gradcalc(*CUBE, "-o", "/dev/full/g.svg" if os.path.isdir("/dev/full") else "/proc/g.svg")
    assert (result.status, result.err.count("hint: write to a folder of your own")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("2 + 3",), 'type gradcalc graph "x**2" --x 2'),
        (("x**2", "--x", "1", "--backward", "1"), "type --run FILE"),
        (("y = 2*x; 3*w", "--x", "1", "--w", "2", "--wrt", "x"), "it does not depend on x: leave --wrt out"),
    ],
)
def test_without_a_gradient_there_is_no_graph(words: tuple[str, ...], hint: str) -> None:
    """An output that does not require a gradient is an error, not an empty picture."""
    result = gradcalc("graph", *words)
    assert (result.status, result.out) == (2, "")
    assert hint in result.err


def test_a_terminal_is_not_sent_a_picture() -> None:
    """Bytes would make a mess of it; a pipe gets them."""
    result = gradcalc(*CUBE, "--format", "png", stream=Screen)
    assert (result.status, result.out) == (2, "")
    assert "hint: type -o graph.png" in result.err
    assert gradcalc(*CUBE, "--format", "svg").out.startswith("<?xml")


def test_the_tree() -> None:
    """Every node with its numbers, the local derivative that leads to it, and the verdict at the variable."""
    assert gradcalc("graph", "x*sin(x)", "--x", "0").out == (
        "grad_fn chain                    expression   value   gradient   local derivative   remarks\n"
        "MulBackward0                     x*sin(x)       0.0        1.0\n"
        "|-- AccumulateGrad               x              0.0        0.0                0.0   verified\n"
        "`-- SinBackward0                 sin(x)         0.0        0.0                0.0\n"
        "    `-- AccumulateGrad (above)   x                                            1.0\n"
    )


def test_a_nan_is_followed_from_its_birth_to_its_end() -> None:
    """The operation that went wrong has the reason code, and the exit status is that of the verdict."""
    result = gradcalc("graph", "where(x > 0, sqrt(x), x)", "--x", "-1", "--json")
    assert result.status == 1
    assert {node["name"]: [mark["text"] for mark in node["marks"]] for node in json.loads(result.out)["nodes"]} == {
        "WhereBackward0": ["NaN ends here"],
        "SqrtBackward0": ["GC201 NaN from a branch that is not taken", "NaN born here", "NaN gradient born here"],
        "AccumulateGrad": ["mismatch", "NaN gradient ends here"],
    }


def test_an_infinity_is_followed_as_well() -> None:
    """exp overflows, and nothing on the way stops it."""
    nodes = json.loads(gradcalc("graph", "2*exp(x)", "--x", "1000", "--json").out)["nodes"]
    marks = {node["name"]: [mark["text"] for mark in node["marks"]] for node in nodes}
    assert marks["MulBackward0"] == ["inf is the result"]
    assert "inf born here" in marks["ExpBackward0"]


def test_lost_numbers_are_red_in_every_picture() -> None:
    """Borders and arrows of what is not finite, in DOT and in Mermaid."""
    words = ("graph", "where(x > 0, sqrt(x), x)", "--x", "-1", "--format")
    lines = gradcalc(*words, "dot").out.splitlines()
    red = [line.split()[0] for line in lines if 'color="#e0361f" penwidth=3' in line]
    assert red == ["n1", "n2"]
    assert [line.split("[")[0].strip() for line in lines if 'color="#e0361f" fontcolor' in line] == ["n1 -> n2"]
    mermaid = gradcalc(*words, "mermaid").out
    assert "class n1,n2 lost" in mermaid
    assert "linkStyle 2 stroke:#e0361f" in mermaid


def test_mermaid_says_what_it_will_not_draw() -> None:
    """Its limit of 500 edges is Mermaid's own, so the graph is written whole, with a word to the user."""
    result = gradcalc("graph", " + ".join(f"x/{i}" for i in range(1, 202)), "--x", "2", "--format", "mermaid")
    assert result.out.count("-->") == 601
    assert "note: Mermaid draws 500 edges" in result.err


@pytest.mark.parametrize(("option", "rows"), [((), 20), (("--chain",), 77)])
def test_eval_shortens_its_chain_on_a_screen(option: tuple[str, ...], rows: int) -> None:
    """A summary beyond a screenful, all of it with `--chain`."""
    text = " + ".join(["x", *(f"sin(x)*{i}" for i in range(2, 21))])
    out = gradcalc("eval", text, "--x", "2", "--no-symbolic", *option, stream=Screen).out
    assert len(re.findall(r"(?m)^.{0,60}(?:Backward0|AccumulateGrad) ", out)) == rows
    assert ("more rows; --chain shows them" in out) == (not option)


def test_the_graph_of_a_gradient() -> None:
    """With --order 2: the output has the name of the derivative, nodes that belong to no text have none."""
    result = gradcalc("graph", "x**3", "--x", "2", "--order", "2", "--json")
    nodes = json.loads(result.out)["nodes"]
    assert [(node["name"], node["expression"]) for node in nodes] == [
        ("MulBackward0", "df/dx"),
        ("MulBackward1", None),
        ("PowBackward0", None),
        ("AccumulateGrad", "x"),
    ]
    assert nodes[-1]["gradient"] == 12


def test_the_graph_of_a_mixed_derivative() -> None:
    """With --wrt x,x,y that of d^2f/dx^2, as its picture says."""
    words = ("graph", "x**3*y**2 + sin(y)", "--x", "2", "--y", "3", "--wrt", "x,x,y")
    nodes = json.loads(gradcalc(*words, "--json").out)["nodes"]
    assert (nodes[0]["expression"], nodes[0]["value"]) == ("d^2f/dx^2", 108)
    assert [node["gradient"] for node in nodes if node["variable"] == "y"] == [72]
    assert "d^2f/dx^2 = 108.0" in gradcalc(*words, "--format", "dot").out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["x*y", "--x", "1", "--y", "2"], "hint: type --wrt x\n"),
        (["x*y", "--x", "1", "--y", "2", "--wrt", "x"], "hint: df/dx does not depend on x: ask for a lower order\n"),
        (["sum(x**2)", "--x", "[1, 2]"], "hint: leave --order, or a second x in --wrt x,x, out\n"),
    ],
)
def test_the_graph_of_a_gradient_is_one_numbers(words: list[str], hint: str) -> None:
    """What else to type stands in the hint."""
    result = gradcalc("graph", *words, "--order", "2")
    assert (result.status, result.err.endswith(hint)) == (2, True)


def test_remarks_stand_below_a_tree_that_leaves_no_room_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal nothing is cut in mid-word: the signs stay beside the nodes."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = gradcalc("graph", "where(x>0, sqrt(x), 2*x)", "--x=-1", "--color", "never", stream=Screen).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[-1] for line in lines if "SqrtBackward0" in line] == ["✗⚠⚠"]
    assert "x: ✗ mismatch; ⚠ NaN gradient ends here" in lines
    assert not any("…" in line for line in lines)
