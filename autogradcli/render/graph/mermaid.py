"""A picture in Mermaid's language, for Markdown pages."""

from collections.abc import Iterator, Sequence

from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.palette import BOXES, INK, LOST, SIGNS
from autogradcli.render.graph.picture import Arrow, Box, Group, Picture, build_picture

MOST_ARROWS = 500
"""Beyond so many, Mermaid refuses a graph unless the page that it stands in says otherwise."""
BRACKETS = {"leaf": ("([", "])"), "operation": ("[", "]"), "output": ("{{", "}}")}
"""The shape, by the kind of the node."""
PLAIN = frozenset(" ,=.")
"""What needs no escape beside letters and digits: everything else may mean something, at least to Markdown."""


def draw_mermaid(picture: Picture) -> str:
    """The picture as a flowchart; arrows point from the output to the leaves, as gradients go."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in _lines(picture))]) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    for box in picture.boxes:
        yield _box(box)
    for number, group in enumerate(picture.groups):
        yield from _group(str(number), group)
    for arrow in picture.arrows:
        yield _arrow(arrow)
    for kind, paint in BOXES.items():
        yield f"classDef {kind} fill:{paint.ground},stroke:{paint.border},color:{INK}"
    yield f"classDef lost stroke:{LOST},stroke-width:3px"
    for kind in BOXES:
        yield from _class(kind, [box.id for box in picture.boxes if box.kind == kind])
    yield from _class("lost", [box.id for box in picture.boxes if box.lost])
    lost = [str(number) for number, arrow in enumerate(picture.arrows) if arrow.lost]
    if lost:
        yield f"linkStyle {','.join(lost)} stroke:{LOST},stroke-width:3px"


def _box(box: Box) -> str:
    opening, closing = BRACKETS[box.kind]
    lines = [box.title, box.text, *(f"{fact.name} {fact.text}" for fact in box.facts)]
    lines += [f"{SIGNS[mark.tone]} {mark.text}" for mark in box.marks]
    lines += [f"… {box.below:,} more below"] if box.below else []
    return f"n{box.id}{opening}{_quoted(*filter(None, lines))}{closing}"


def _group(number: str, group: Group) -> Iterator[str]:
    yield f"subgraph s{number} [{_quoted(group.title)}]"
    yield from (f"  n{place}" for place in group.boxes)
    for place, each in enumerate(group.groups):
        yield from (f"  {line}" for line in _group(f"{number}_{place}", each))
    yield "end"


def _arrow(arrow: Arrow) -> str:
    label = f"|{_quoted(arrow.text)}|" if arrow.text else ""
    return f"n{arrow.source} -->{label} n{arrow.target}"


def _class(name: str, places: Sequence[int]) -> Iterator[str]:
    if places:
        yield f"class {','.join(f'n{place}' for place in places)} {name}"


def _quoted(*lines: str) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    return "".join(_character(character, following) for character, following in zip(text, f"{text[1:]} ", strict=True))


def _character(character: str, following: str) -> str:
    """The character itself, or its number; `1. ` would begin a list."""
    harmless = character.isascii() and (character.isalnum() or character in PLAIN)
    return character if harmless and (character, following) != (".", " ") else f"#{ord(character)};"


FORMAT: Format[Excerpt, str] = Format(
    "mermaid", (".mmd", ".mermaid"), lambda graph, _: draw_mermaid(build_picture(graph))
)
