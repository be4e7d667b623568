"""The picture of a graph, before it is written in any format: what each box and each arrow says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from autogradcli.compute.report import Report
from autogradcli.engines.results import Array, LocalDerivative, Node, shape
from autogradcli.errors import GradcalcError, Span, visible
from autogradcli.language.grammar import statements
from autogradcli.language.lexer import tokenize
from autogradcli.language.shapes import written
from autogradcli.render.blocks import float_writer
from autogradcli.render.chain import dtype_of
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.marks import Mark, marks
from autogradcli.render.layout import elide
from autogradcli.render.numbers import FINITE, state
from autogradcli.render.tensors import FEW_DIGITS, Write, brief
from autogradcli.render.terminal import Terminal

SCREEN = Terminal(boxes=True)
"""What texts are shortened for: something that can show an ellipsis."""
WIDEST_TEXT = 44
"""Characters of an expression in a box."""
WIDEST_TENSOR = 36
"""Characters of a tensor in a box."""
WIDEST_LABEL = 20
"""Characters of a tensor beside an arrow."""
FEW = 4
"""Significant digits beside an arrow, and of components."""
LEGEND = "on arrows: local derivatives"
"""What the numbers are."""
LONGEST = 2_000
"""Characters of a text that pops up."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that a box shows."""

    name: str
    text: str
    """In few digits."""
    full: str
    """In all."""
    lost: bool
    """Whether it is not finite."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the graph."""

    id: int
    kind: str
    """`leaf`, `operation` or `output`."""
    title: str
    """The name of its `grad_fn`; of a leaf, the variable's."""
    text: str
    """The expression; of a leaf, the name of its accumulator."""
    facts: tuple[Fact, ...]
    marks: tuple[Mark, ...]
    below: int
    """How many nodes below it are not shown."""
    full: str
    """All of it, for the text that pops up."""

    @property
    def lost(self) -> bool:
        """Whether one of its numbers is not finite."""
        return any(fact.lost for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge, from a node to one of its inputs, as gradients go."""

    source: int
    target: int
    text: str
    """The local derivative in few digits."""
    full: str
    """The same in all, and what was sent along it."""
    lost: bool
    """Whether what goes along it is not finite."""


@dataclass(frozen=True, slots=True)
class Group:
    """The nodes of one statement, or of one module."""

    title: str
    boxes: tuple[int, ...]
    groups: tuple["Group", ...] = ()
    """Those of the modules in it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph that is ready to be drawn."""

    heading: tuple[str, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[Group, ...]
    """The modules of a program; where there are none, the statements, if there are several."""


def build_picture(excerpt: Excerpt) -> Picture:
    """The picture of those nodes of a report's graph that are shown."""
    report = excerpt.report
    write = float_writer(dtype_of(report))
    remarks = marks(excerpt.nodes, report.gradients)
    boxes = [_box(node, excerpt, tuple(remarks.get(node.id, ())), write) for node in excerpt.nodes]
    arrows = tuple(arrow for node in excerpt.nodes for arrow in _arrows(node, excerpt.nodes, write))
    return Picture(
        heading=(*_heading(report, excerpt, write), *([LEGEND] if any(arrow.text for arrow in arrows) else [])),
        boxes=tuple(boxes),
        arrows=arrows,
        groups=_modules(excerpt.nodes) or _groups(report.expression, excerpt.nodes),
    )


def _heading(report: Report, excerpt: Excerpt, write: Write) -> tuple[str, ...]:
    text = report.nodes[0].expression if "\n" in report.expression else report.expression
    expression = " ".join(visible(text or "").split())
    verdict = f"    {report.verdict}" if report.gradients else ""
    value = "value" if report.output is None else f"{visible(report.output)} ="
    lines = [elide(expression, 2 * WIDEST_TEXT, SCREEN), f"{value} {_few(report.value, write, WIDEST_TEXT)}{verdict}"]
    if excerpt.left_out:
        lines.append(f"{excerpt.left_out:,} nodes are not shown")
    return tuple(lines)


def _box(node: Node, excerpt: Excerpt, remarks: tuple[Mark, ...], write: Write) -> Box:
    name, expression = visible(node.name), visible(node.expression or "")
    leaf = node.variable is not None and not node.inputs
    facts = tuple(_facts(node, write))
    below = excerpt.below.get(node.id, 0)
    lines = [
        f"{name}  {expression}",
        *(f"{fact.name}  {fact.full}" for fact in facts),
        *(mark.full for mark in remarks),
    ]
    return Box(
        id=node.id,
        kind="leaf" if leaf else "operation" if node.id else "output",
        title=visible(node.variable or "") if leaf else name,
        text=name if leaf else elide(expression, WIDEST_TEXT, SCREEN),
        facts=facts,
        marks=remarks,
        below=below,
        full="\n".join(_shortened(line) for line in lines),
    )


def _facts(node: Node, write: Write) -> Sequence[Fact]:
    sizes = shape(node.gradient if node.value is None else node.value)
    facts = [Fact("shape", written(sizes), written(sizes), False)] if sizes else []
    known = {"value": node.value, "gradient": node.gradient}
    facts += [_fact(name, value, write) for name, value in known.items() if value is not None]
    return [*facts, *(_fact(f"saved {visible(name)}", value, write) for name, value in node.saved.items())]


def _fact(name: str, value: Array, write: Write) -> Fact:
    draw = _any_writer(write)
    return Fact(
        name, _few(value, draw, WIDEST_TENSOR), brief(value, draw, None, SCREEN.ellipsis), state(value) != FINITE
    )


def _any_writer(write: Write) -> Write:
    """Writes what is no number as it is."""

    def draw(item: object, digits: int | None) -> str:
        return write(item, digits) if isinstance(item, float) else visible(str(item))

    return draw


def _few(value: Array, write: Write, room: int) -> str:
    return brief(value, _fewer(write), room, SCREEN.ellipsis) if shape(value) else write(value, FEW_DIGITS)


def _fewer(write: Write) -> Write:
    """Writes components with the digits that arrows have."""
    return lambda number, digits: write(number, min(digits or FEW, FEW))


def _arrows(node: Node, nodes: Sequence[Node], write: Write) -> Sequence[Arrow]:
    derivatives = node.derivatives or (None,) * len(node.inputs)
    return [
        Arrow(
            node.id,
            target,
            derivative_text(derivative, write, WIDEST_LABEL, SCREEN.ellipsis),
            "\n".join(_shortened(line) for line in _told(derivative, flow, write)),
            bool(state(flow) or (state(nodes[target].value) and state(node.value))),
        )
        for target, derivative, flow in zip(node.inputs, derivatives, node.flows, strict=True)
    ]


def derivative_text(derivative: LocalDerivative | None, write: Write, room: int | None, ellipsis: str) -> str:
    """A local derivative, in few digits if there is only so much room; of a matrix that is too large, its shape."""
    if derivative is None:
        return ""
    value = derivative.value
    matrix = derivative.output and derivative.input and not derivative.by_component
    if value is None or (matrix and room is not None):
        return f"{written(derivative.output)} by {written(derivative.input)}"
    return brief(value, write if room is None else _fewer(write), room, ellipsis)


def saved_text(node: Node, write: Write, room: int | None, ellipsis: str) -> str:
    """What a node has saved, on one line."""
    return ", ".join(
        f"{visible(name)} = {brief(value, _any_writer(write), room, ellipsis)}" for name, value in node.saved.items()
    )


def _told(derivative: LocalDerivative | None, flow: Array, write: Write) -> Sequence[str]:
    lines = (
        [] if derivative is None else [f"local derivative  {derivative_text(derivative, write, None, SCREEN.ellipsis)}"]
    )
    return lines if flow is None else [*lines, f"gradient sent  {brief(flow, write, None, SCREEN.ellipsis)}"]


def _shortened(line: str) -> str:
    return elide(line, LONGEST, SCREEN)


def _modules(nodes: Sequence[Node]) -> tuple[Group, ...]:
    """The nodes of each module, in the groups of the modules that it is in; those of the program itself in none."""
    members: dict[str, list[int]] = {}
    for node in nodes:
        if node.module is not None:
            members.setdefault(node.module, []).append(node.id)
    return _within("", members)


def _within(outer: str, members: Mapping[str, Sequence[int]]) -> tuple[Group, ...]:
    """The groups of the modules in one, each under its full name."""
    inside = [name for name in members if name.startswith(outer) and name != outer.removesuffix(".")]
    groups: list[Group] = []
    for name in dict.fromkeys(outer + name.removeprefix(outer).split(".")[0] for name in inside):
        within, own = _within(f"{name}.", members), tuple(members.get(name, ()))
        groups += within if len(within) == 1 and not own else [Group(visible(name), own, within)]
    return tuple(groups)


def _groups(source: str, nodes: Sequence[Node]) -> tuple[Group, ...]:
    """The nodes of each statement, where there are several statements; leaves belong to none."""
    parts = _statements(source)
    if len(parts) < 2:
        return ()
    members: dict[Span, list[int]] = {span: [] for _, span in parts}
    for node in nodes:
        if node.span is not None and node.inputs:
            home = next((span for span in members if span.start <= node.span[0] and node.span[1] <= span.end), None)
            if home is not None:
                members[home].append(node.id)
    titles = [elide(visible(" ".join(title.split())), WIDEST_TEXT, SCREEN) for title, _ in parts]
    return tuple(Group(title, tuple(boxes)) for title, boxes in zip(titles, members.values(), strict=True) if boxes)


def _statements(source: str) -> list[tuple[str, Span]]:
    """The text and the place of each statement of an expression, or of each line of a snippet."""
    try:
        parts = statements(tokenize(source), source)
    except GradcalcError:
        ends = [*accumulate(len(line) + 1 for line in source.split("\n"))]
        spans = [Span(end - len(line) - 1, end - 1) for line, end in zip(source.split("\n"), ends, strict=True)]
        return [(source[span.start : span.end], span) for span in spans]
    named = [(f"{part.name.text} = " if part.name else "", part.span) for part in parts]
    return [(name + source[span.start : span.end], span) for name, span in named]
