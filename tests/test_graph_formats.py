"""A graph in every format: accepted by the programs that read it, whatever stands in its labels; always the same."""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

import pytest

from autogradcli.compute.report import Node, Report
from autogradcli.render.graph import image
from autogradcli.render.graph.cut import cut
from autogradcli.render.graph.dot import draw_dot
from autogradcli.render.graph.image import draw_image
from autogradcli.render.graph.mermaid import draw_mermaid
from autogradcli.render.graph.picture import Picture, build_picture
from tests import mermaid
from tests.command import gradcalc
from tests.reports import QUADRATIC, node

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "{http://www.w3.org/1999/xlink}title"
HOSTILE = [
    'say "hi"',
    "it's",
    "a\\N\\n\\l\\b",
    "<b>bold</b>",
    "</TD></TABLE>>",
    "x]]; evil[[",
    "])}}|",
    "#35; # #quot;",
    "&amp; &lt; &",
    "%%{init: {}}%%",
    "`code` **bold** _it_",
    "- x\n1. y",
    "end",
    "subgraph s",
    "λ × 数 😀",
    "\x1b[31m\x00\u202e",
    "a  b   c",
    "--> n0 & n1",
    "<script>alert(1)</script>",
    ";}{$",
]


def graph(*nodes: Node) -> Report:
    """A report with these nodes, between which something flows."""
    return replace(QUADRATIC, nodes=tuple(replace(each, flows=(1.0,) * len(each.inputs)) for each in nodes))


SMALL = graph(*QUADRATIC.nodes)


def hostile(text: str) -> Report:
    """A report in which a text stands wherever one can."""
    first, second, leaf, last = SMALL.nodes
    named = replace(first, name=text, expression=text)
    return graph(named, second, replace(leaf, variable=text, saved={text: text}), last)


def drawn(found: Report) -> Picture:
    """The picture of a whole report."""
    return build_picture(cut(found, None))


def test_svg_shows_any_text_as_it_is() -> None:
    """Graphviz reads the DOT, the SVG is XML, and in it stands what was meant, in labels and in what pops up."""
    operations = [node(2 * i + 1, text, text, 1.0, 1.0, 2 * i + 2) for i, text in enumerate(HOSTILE)]
    leaves = [node(2 * i + 2, "AccumulateGrad", text, 1.0, 1.0, leaf=text) for i, text in enumerate(HOSTILE)]
    root = node(0, HOSTILE[0], HOSTILE[0], 1.0, 1.0, *(each.id for each in operations))
    picture = drawn(graph(root, *(each for pair in zip(operations, leaves, strict=True) for each in pair)))
    xml = ElementTree.fromstring(draw_image(picture, "svg"))
    texts = _spaced("".join(each.itertext()) for each in xml.iter(f"{SVG}text"))
    assert {text for box in picture.boxes for text in (box.title, box.text)} <= texts
    assert {box.full for box in picture.boxes} <= _spaced(each.get(TITLE) or "" for each in xml.iter(f"{SVG}a"))


def _spaced(texts: Iterable[str]) -> set[str]:
    """Graphviz keeps several spaces apart by other ones."""
    return {text.replace("\N{NO-BREAK SPACE}", " ") for text in texts}


@pytest.mark.skipif(not mermaid.is_there(), reason="Node is not installed")
def test_mermaid_shows_any_text_as_it_is() -> None:
    """Mermaid's own parser reads every diagram, and finds in it the boxes, the arrows and the texts that were meant."""
    pictures = [*(drawn(hostile(text)) for text in HOSTILE), drawn(SMALL), drawn(long_sum(260))]
    *answers, refused = mermaid.read([*map(draw_mermaid, pictures), 'flowchart TD\n  n0["a'])
    assert "error" in refused
    for picture, answer in zip(pictures, answers, strict=True):
        assert [name for name, _ in answer["boxes"]] == [f"n{box.id}" for box in picture.boxes]
        assert [(a, b) for a, b, _ in answer["arrows"]] == [(f"n{a.source}", f"n{a.target}") for a in picture.arrows]
        assert [text.split("<br>")[:2] for _, text in answer["boxes"]] == [
            [box.title, box.text] if box.text else [box.title, "value 1.0"] for box in picture.boxes
        ]


def long_sum(terms: int) -> Report:
    """A sum of so many terms of one variable, as deep as it is long."""
    nodes: list[Node] = []
    leaf = 2 * terms
    for i in range(terms):
        below = 2 * i + 2 if i < terms - 1 else leaf
        nodes.append(node(2 * i, "AddBackward0", f"s{i}", 1.0, 1.0, below, 2 * i + 1))
        nodes.append(node(2 * i + 1, "DivBackward0", f"x/{i}", 1.0, 1.0, leaf))
    nodes.append(node(leaf, "AccumulateGrad", "x", 1.0, 1.0, leaf="x"))
    return graph(*nodes)


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")])
def test_pictures_are_files_of_their_kind_and_the_same_on_every_run(form: str, start: bytes) -> None:
    """No dates, no addresses, no numbers of this run."""
    first, second = (draw_image(drawn(SMALL), form) for _ in range(2))
    assert first.startswith(start)
    assert first == second


@pytest.mark.parametrize("form", ["tree", "dot", "mermaid", "json"])
def test_texts_are_the_same_on_every_run(form: str) -> None:
    """Byte for byte."""
    words = ("graph", "y = sin(x); y*exp(y)", "--x", "0.5", "--format", form, "--saved")
    assert gradcalc(*words).out == gradcalc(*words).out != ""


def test_large_graphs_have_all_their_boxes_and_none_upon_another() -> None:
    """The layout that is not Graphviz's: as many boxes and arrows as there are, and room for each."""
    picture = drawn(long_sum(150))
    root = ElementTree.fromstring(draw_image(picture, "svg"))
    kinds = [each.get("class") for each in root.iter(f"{SVG}g")]
    assert (kinds.count("node"), kinds.count("edge")) == (len(picture.boxes), len(picture.arrows))
    corners = [_corners(each) for each in root.iter(f"{SVG}g") if each.get("class") == "node"]
    for i, (left, right, top, bottom) in enumerate(corners):
        for other in corners[i + 1 :]:
            assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top


def _corners(box: ElementTree.Element) -> tuple[float, float, float, float]:
    outline = next(each for each in box.iter() if each.tag in {f"{SVG}polygon", f"{SVG}path"})
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", outline.get("points") or outline.get("d") or "")]
    xs, ys = numbers[::2], numbers[1::2]
    return min(xs), max(xs), min(ys), max(ys)


def test_statements_are_groups() -> None:
    """Each statement's operations stand in a frame with its text; one expression has none."""
    result = gradcalc("graph", "y = x**2; z = sin(y)*y; z + 1", "--x", "2", "--format", "dot")
    groups = re.findall(r"cluster_\d+ \{ graph \[.*?>([^<]*)</FONT>>\] ([n\d; ]*)\}", result.out)
    assert groups == [("y = x**2", "n3; "), ("z = sin(y)*y", "n1; n2; "), ("z + 1", "n0; ")]
    assert "cluster" not in gradcalc("graph", "x**2", "--x", "2", "--format", "dot").out


def test_depth_leaves_out_what_is_far_from_the_output() -> None:
    """Nodes are numbered anew, and those at the edge say how many are below them."""
    words = ("graph", "sin(exp(x**2)) + x", "--x", "0.5", "--depth", "2", "--json")
    found = json.loads(gradcalc(*words).out)
    assert [(each["name"], each["inputs"], each["below"]) for each in found["nodes"]] == [
        ("AddBackward0", [1, 3], 0),
        ("SinBackward0", [2], 0),
        ("ExpBackward0", [], 1),
        ("AccumulateGrad", [], 0),
    ]
    assert found["left_out"] == 1
    assert "… 1 more below" in gradcalc(*words[:-1], "--format", "dot").out


def test_a_file_holds_what_is_printed(tmp_path: Path) -> None:
    """The name of the file tells the format."""
    for suffix, form in ((".dot", "dot"), (".mmd", "mermaid"), (".json", "json"), (".txt", "tree")):
        path = tmp_path / f"graph{suffix}"
        assert gradcalc("graph", "x*x", "--x", "2", "-o", str(path)).out == ""
        assert path.read_text() == gradcalc("graph", "x*x", "--x", "2", "--format", form).out


def test_dot_is_of_one_line_for_each_node_and_edge() -> None:
    """So that it can be read, searched and compared."""
    lines = draw_dot(drawn(SMALL)).splitlines()
    assert sum(bool(re.match(r"  n\d+ \[", line)) for line in lines) == 4
    assert sum(bool(re.match(r"  n\d+ -> n\d+ \[", line)) for line in lines) == 4


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("raise SystemExit(3)", "pictures need pygraphviz, which is not installed", "type pip install pygraphviz"),
        (
            "raise SystemExit('too much')",
            "Graphviz could not draw this graph: too much",
            "show less of it by --depth 10",
        ),
        ("raise SystemExit(1)", "Graphviz could not draw this graph: exit status 1", "show less of it by --depth 10"),
        ("import time; time.sleep(60)", "Graphviz needs more than 1 s for this graph", "show less of it by --depth 10"),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_an_error(code: str, message: str, hint: str) -> None:
    """Whatever becomes of Graphviz's process, the command ends with a sentence and with what to type."""
    command = (sys.executable, "-c", code)
    with patch.object(image, "COMMAND", command), patch.object(image, "TIMEOUT", 1.0):
        result = gradcalc("graph", "x*x", "--x", "2", "--format", "svg")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {message}\nhint: {hint}")
