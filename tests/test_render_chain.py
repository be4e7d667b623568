"""The grad_fn chain as a tree."""

from autogradcli.compute.report import Node
from autogradcli.render.chain import ASCII, BOXES, draw_chain, walk
from autogradcli.render.terminal import FILE, Terminal
from tests.reports import node

SCREEN = Terminal(width=80, height=24, boxes=True)


def ladder(depth: int) -> tuple[Node, ...]:
    """A sum of `depth` + 1 terms: each node adds a leaf to the next one."""
    nodes = [node(2 * i, "AddBackward0", f"s{i}", 1.0, 1.0, 2 * i + 2, 2 * i + 1) for i in range(depth)]
    leaves = [node(2 * i + 1, "AccumulateGrad", f"x{i}", 1.0, 1.0) for i in range(depth)]
    last = node(2 * depth, "AccumulateGrad", "x", 1.0, 1.0)
    return (*(each for pair in zip(nodes, leaves, strict=True) for each in pair), last)


SHARED = (
    node(0, "MulBackward0", "y*sin(y)", 2.0, 1.0, 1, 3),
    node(1, "ExpBackward0", "y", 2.0, 1.0, 2),
    node(2, "AccumulateGrad", "x", 1.0, 5.0, leaf="x"),
    node(3, "SinBackward0", "sin(y)", 1.0, 2.0, 1),
)


def test_shared_nodes_are_drawn_once_and_numbered() -> None:
    """A node with two uses gets its number; where it comes again, nothing below it is repeated."""
    assert [row.label for row in walk(SHARED, ASCII, 24)] == [
        "MulBackward0",
        "|-- ExpBackward0 #1",
        "|   `-- AccumulateGrad",
        "`-- SinBackward0",
        "    `-- ExpBackward0 #1 (above)",
    ]


def test_a_repeated_node_has_no_numbers_of_its_own() -> None:
    """Value and gradient stand where the node is drawn, not where it is referred to."""
    assert draw_chain(SHARED, "float64", FILE)[-1].split() == ["`--", "ExpBackward0", "#1", "(above)", "y"]


def test_one_node_twice_below_the_same() -> None:
    """`x*x` refers to its leaf twice."""
    square = (node(0, "MulBackward0", "x*x", 4.0, 1.0, 1, 1), node(1, "AccumulateGrad", "x", 2.0, 4.0, leaf="x"))
    labels = [row.label for row in walk(square, BOXES, 24)]
    assert labels == ["MulBackward0", "├── AccumulateGrad", "└── AccumulateGrad (above)"]


def test_leaves_without_a_text_show_their_variable() -> None:
    """The expression column is never empty where a name is known."""
    leaf = node(0, "AccumulateGrad", None, 2.0, 1.0, leaf="x")
    assert draw_chain((leaf,), "float64", FILE)[1].split() == ["AccumulateGrad", "x", "2.0", "1.0"]


def test_no_graph_no_lines() -> None:
    """An expression that needs no gradient has no chain."""
    assert draw_chain((), "float64", FILE) == []


def test_deep_levels_say_how_deep_they_are() -> None:
    """Guides would fill the page: from a certain depth on a number stands for them."""
    labels = [row.label for row in walk(ladder(1000), ASCII, 3)]
    assert labels[1:5] == [
        "|-- AddBackward0",
        "|   |-- AddBackward0",
        "|   |   |-- AddBackward0",
        "|   |   [4] AddBackward0",
    ]
    assert labels[1001] == "|   |   [1000] AccumulateGrad"
    assert len(labels) == 2001
    assert max(map(len, labels)) < 40


def test_a_file_gets_every_row() -> None:
    """Off a terminal nothing is left out."""
    assert len(draw_chain(ladder(1000), "float64", FILE)) == 2002


def test_a_screen_gets_a_summary_of_what_is_longer_than_it() -> None:
    """On a terminal the first rows are shown, how many more there are, and of what the graph consists."""
    lines = draw_chain(ladder(100), "float64", SCREEN)
    assert len(lines) == 23
    assert lines[-2:] == [
        "… 181 more rows; --chain shows them",
        "201 nodes: 101 AccumulateGrad, 100 AddBackward0",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_numbers_are_cut_where_the_screen_is_narrow() -> None:
    """Six digits stand in for seventeen, short numbers stay as they are, expressions lose their middle."""
    long = node(0, "SinBackward0", "sin(one_long_name + another_long_name)", 0.123456789012345, 1.0, 1)
    leaf = node(1, "AccumulateGrad", "x", 1.0000000000000002, -1.2345678901234567e-101, leaf="x")
    assert draw_chain((long, leaf), "float64", Terminal(width=64, height=24, boxes=True)) == [
        "grad_fn chain        expression           value        gradient",
        "SinBackward0         sin(one_…_name)   0.123457             1.0",
        "└── AccumulateGrad   x                        1   -1.23457e-101",
    ]
