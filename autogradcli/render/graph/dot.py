"""A picture in Graphviz's language."""

from collections.abc import Iterable, Iterator, Mapping

from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.marks import Mark
from autogradcli.render.graph.palette import BOXES, INK, LINE, LOST, MARKS, QUIET, SIGNS
from autogradcli.render.graph.picture import Arrow, Box, Fact, Group, Picture, build_picture

SANS = "Helvetica,Arial,DejaVu Sans,sans-serif"
MONO = "Menlo,Consolas,DejaVu Sans Mono,monospace"
SHAPES = {
    "leaf": 'shape=box style="filled,rounded"',
    "operation": "shape=box style=filled",
    "output": "shape=box style=filled peripheries=2",
}
"""By the kind of the node."""


def draw_dot(picture: Picture) -> str:
    """The picture as a directed graph; arrows point from the output to the leaves, as gradients go."""
    return _graph(_lines(picture))


def draw_placed_dot(picture: Picture, places: Mapping[int, tuple[float, float]]) -> str:
    """The same with a place for each box, for `neato -n`, which draws straight arrows."""
    fixed = [f'n{number} [pos="{x:.1f},{y:.1f}"]' for number, (x, y) in sorted(places.items())]
    return _graph([*_lines(picture), "graph [splines=line outputorder=edgesfirst]", *fixed])


def _graph(lines: Iterable[str]) -> str:
    return "\n".join(["digraph gradients {", *(f"  {line}" for line in lines), "}"]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    title = "<BR/>".join(map(_html, picture.heading))
    yield f'graph [fontname="{SANS}" fontcolor="{LINE}" bgcolor=transparent labelloc=t ranksep=0.35 nodesep=0.3]'
    yield f"graph [label=<{title}> tooltip={_tooltip(picture.heading[0])}]"
    yield f'node [fontname="{SANS}" fontsize=11 fontcolor="{INK}" margin="0.12,0.06" penwidth=1.2]'
    yield f'edge [fontname="{SANS}" fontsize=10 fontcolor="{LINE}" color="{LINE}" arrowsize=0.7]'
    for box in picture.boxes:
        yield _box(box)
    for number, group in enumerate(picture.groups):
        yield _group(str(number), group)
    for arrow in picture.arrows:
        yield _arrow(arrow)


def _box(box: Box) -> str:
    paint = BOXES[box.kind]
    border = f'color="{LOST}" penwidth=3' if box.lost else f'color="{paint.border}"'
    look = f'{SHAPES[box.kind]} fillcolor="{paint.ground}" {border}'
    return f"n{box.id} [{look} label=<{_label(box)}> tooltip={_tooltip(box.full)}]"


def _label(box: Box) -> str:
    title, text = f"<B>{_html(box.title)}</B>", _mono(box.text)
    if box.kind == "leaf":
        title, text = f'<B><FONT FACE="{MONO}" POINT-SIZE="14">{_html(box.title)}</FONT></B>', _quiet(box.text)
    rows = [_wide(title), *([_wide(text)] if box.text else []), *map(_fact, box.facts), *map(_mark, box.marks)]
    if box.below:
        rows.append(_wide(_quiet(f"… {box.below:,} more below")))
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>'


def _wide(text: str) -> str:
    return f'<TR><TD COLSPAN="2">{text}</TD></TR>'


def _fact(fact: Fact) -> str:
    number = f'<FONT COLOR="{MARKS["lost"].border}"><B>{_html(fact.text)}</B></FONT>' if fact.lost else _html(fact.text)
    return f'<TR><TD ALIGN="RIGHT">{_quiet(fact.name)}&#160;</TD><TD ALIGN="LEFT">{number}</TD></TR>'


def _mark(mark: Mark) -> str:
    paint = MARKS[mark.tone]
    text = f'<FONT COLOR="{paint.border}"><B>{SIGNS[mark.tone]} {_html(mark.text)}</B></FONT>'
    return f'<TR><TD COLSPAN="2" BGCOLOR="{paint.ground}">{text}</TD></TR>'


def _mono(text: str) -> str:
    return f'<FONT FACE="{MONO}">{_html(text)}</FONT>'


def _quiet(text: str) -> str:
    return f'<FONT COLOR="{QUIET}">{_html(text)}</FONT>'


def _group(number: str, group: Group) -> str:
    inside = (_group(f"{number}_{place}", each) for place, each in enumerate(group.groups))
    members = " ".join([*(f"n{place};" for place in group.boxes), *inside])
    look = f'style="rounded,dashed" color="{LINE}" fontsize=10 labeljust=l margin=10'
    return f"subgraph cluster_{number} {{ graph [{look} label=<{_mono(group.title)}>] {members} }}"


def _arrow(arrow: Arrow) -> str:
    lost = f' color="{LOST}" fontcolor="{LOST}" penwidth=2.5' if arrow.lost else ""
    texts = f" label={_tooltip(f' {arrow.text} ')}" if arrow.text else ""
    pops_up = f" tooltip={_tooltip(arrow.full)} labeltooltip={_tooltip(arrow.full)}" if arrow.full else ""
    return f"n{arrow.source} -> n{arrow.target} [{(lost + texts + pops_up).strip()}]"


def _html(text: str) -> str:
    """Text within a label in angle brackets."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    # Graphviz takes several spaces for one, and reads `\N` and its kin even here.
    return escaped.replace("  ", "&#160; ").replace("\\", "\\\\")


def _tooltip(text: str) -> str:
    r"""Text that pops up: Graphviz reads it twice, first for `\n` and its kin, then for `\N`, and for entities."""
    escaped = text.replace("&", "&amp;").replace("\\", "\\" * 4).replace('"', '\\"')
    return '"' + escaped.replace("\n", "&#10;") + '"'


FORMAT: Format[Excerpt, str] = Format("dot", (".dot", ".gv"), lambda graph, _: draw_dot(build_picture(graph)))
