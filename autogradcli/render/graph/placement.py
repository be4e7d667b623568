"""Places for the boxes of a graph that is too large for Graphviz's own layered layout.

That layout puts an invisible box on every level that an arrow passes; a sum of 500 terms of one variable has 100,000 of
them. Here a box stands one level below the lowest that points to it, the longest chains run straight down, and leaves
with many uses stand beside them, half-way between their uses. It takes time in proportion to the number of arrows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from autogradcli.render.graph.picture import Box, Picture

MOST_CROSSINGS = 1_000
"""Levels that all arrows together may pass in a graph that is left to Graphviz."""
LETTER, LINE, MARGIN = 7.0, 15.5, 18.0
"""Points that a letter of a box takes in width, a line in height, and the space around the text."""
GAP = (48.0, 26.0)
"""Points between boxes that stand beside each other, and above each other."""

Position = tuple[float, float]


def is_large(picture: Picture) -> bool:
    """Whether Graphviz's layered layout would take too long."""
    levels = _levels(picture)
    return sum(levels[arrow.target] - levels[arrow.source] - 1 for arrow in picture.arrows) > MOST_CROSSINGS


def positions(picture: Picture) -> Mapping[int, Position]:
    """The middle of each box, in points, upwards from the bottom."""
    levels = _levels(picture)
    aside = _shared_leaves(picture)
    columns = _columns(picture, levels, aside)
    widths: dict[int, float] = defaultdict(float)
    heights: dict[int, float] = defaultdict(float)
    for box in picture.boxes:
        if box.id not in aside:
            widths[columns[box.id]] = max(widths[columns[box.id]], _width(box))
            heights[levels[box.id]] = max(heights[levels[box.id]], _height(box))
    x, y = _middles(widths, GAP[0]), _middles(heights, GAP[1])
    placed = {each: (x[column], -y[levels[each]]) for each, column in columns.items()}
    right = max((place + widths[column] / 2 for column, place in x.items()), default=0.0)
    return {**placed, **_beside(picture, aside, placed, right + 4 * GAP[0])}


def _levels(picture: Picture) -> Sequence[int]:
    """For each box the length of the longest way from the output."""
    below, waiting = _neighbours(picture), [0] * len(picture.boxes)
    for arrow in picture.arrows:
        waiting[arrow.target] += 1
    levels, ready = [0] * len(picture.boxes), [0]
    while ready:
        each = ready.pop()
        for target in below[each]:
            levels[target] = max(levels[target], levels[each] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return levels


def _neighbours(picture: Picture) -> Sequence[list[int]]:
    below: list[list[int]] = [[] for _ in picture.boxes]
    for arrow in picture.arrows:
        below[arrow.source].append(arrow.target)
    return below


def _shared_leaves(picture: Picture) -> Mapping[int, Sequence[int]]:
    """For each leaf with several uses, the boxes that use it."""
    uses: dict[int, list[int]] = defaultdict(list)
    for arrow in picture.arrows:
        if picture.boxes[arrow.target].kind == "leaf":
            uses[arrow.target].append(arrow.source)
    return {leaf: sources for leaf, sources in uses.items() if len(sources) > 1}


def _columns(picture: Picture, levels: Sequence[int], aside: Mapping[int, Sequence[int]]) -> Mapping[int, int]:
    """The column of each box, that of its chain: the longest first, each as far left as there is room."""
    free_from: list[list[tuple[int, int]]] = []
    columns: dict[int, int] = {}
    for chain in _chains(picture, levels, aside):
        first, last = levels[chain[0]], levels[chain[-1]]
        column = 0
        while column < len(free_from) and any(a <= last and first <= b for a, b in free_from[column]):
            column += 1
        if column == len(free_from):
            free_from.append([])
        free_from[column].append((first, last))
        columns |= dict.fromkeys(chain, column)
    return columns


def _chains(picture: Picture, levels: Sequence[int], aside: Mapping[int, Sequence[int]]) -> Sequence[list[int]]:
    """The boxes in chains of arrows from one level to the next, the longest first."""
    below = [
        [target for target in targets if levels[target] == levels[source] + 1]
        for source, targets in enumerate(_neighbours(picture))
    ]
    reach: dict[int, int] = {}
    for each in sorted(range(len(below)), key=levels.__getitem__, reverse=True):
        reach[each] = 1 + max((reach[target] for target in below[each]), default=0)
    taken = set(aside)
    chains: list[list[int]] = []
    for start in sorted(reach, key=lambda place: (-reach[place], place)):
        chain: list[int] = []
        following = [start]
        while free := [each for each in following if each not in taken]:
            chain.append(max(free, key=reach.__getitem__))
            taken.add(chain[-1])
            following = below[chain[-1]]
        chains += [chain] if chain else []
    return chains


def _middles(sizes: Mapping[int, float], gap: float) -> Mapping[int, float]:
    """The middles of columns, or levels, of these sizes beside each other."""
    middles: dict[int, float] = {}
    edge = 0.0
    for each in sorted(sizes):
        middles[each] = edge + sizes[each] / 2
        edge += sizes[each] + gap
    return middles


def _beside(
    picture: Picture, aside: Mapping[int, Sequence[int]], placed: Mapping[int, Position], left: float
) -> Mapping[int, Position]:
    """The places of shared leaves: a column of their own, each half-way between its uses as far as there is room."""
    middles = {leaf: sum(placed[each][1] for each in sources) / len(sources) for leaf, sources in aside.items()}
    found: dict[int, Position] = {}
    roof = float("inf")
    for leaf in sorted(middles, key=lambda each: (-middles[each], each)):
        box = picture.boxes[leaf]
        y = min(middles[leaf], roof - _height(box) / 2)
        found[leaf] = (left + _width(box) / 2, y)
        roof = y - _height(box) / 2 - GAP[1]
    return found


def _width(box: Box) -> float:
    lines = [
        box.title,
        box.text,
        *(f"{fact.name} {fact.text}" for fact in box.facts),
        *(mark.text for mark in box.marks),
    ]
    return LETTER * max(map(len, lines)) + MARGIN


def _height(box: Box) -> float:
    return LINE * (2 + len(box.facts) + len(box.marks) + bool(box.below)) + MARGIN
