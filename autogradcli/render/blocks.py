"""The opinions on the gradient of a tensor: a block of lines, since a table of tensors has no room on any screen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from autogradcli.compute.report import Ball, Gradient
from autogradcli.engines.results import Array, flat, shape
from autogradcli.errors import columns, visible
from autogradcli.language.shapes import subscript, written
from autogradcli.render.layout import elide, wrapped
from autogradcli.render.numbers import ALL_DIGITS, DOUBLE_DIGITS, enclosure, shorter, shortest, significant, ulps
from autogradcli.render.tensors import Drawn, Write, draw_tensor
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS

LABELS = ("variable", "autograd", "SymPy: derivative", "SymPy: value", "true value (Arb)", "error", "verdict")
WIDTH = max(map(len, LABELS)) + 3
"""Columns before what a label stands for."""
AROUND = len("[[, …]],")
"""Columns that a line of a tensor takes beside its first component."""
FORMULA_LINES = 4
"""Lines of a screen that one formula for all components may take."""
NO_NUMBER = "–"
"""What stands for a number that torch does not have."""
NOT_PROVEN = "--"
"""What stands for a component without a proven number: at a kink, say."""
SAME = "as the true value"
SAME_DIGITS = "autograd's in all digits that are shown"
PARTLY = "some digits, components or terms are left out; --full shows them"
"""What is said below the opinions then."""


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    drawn: Drawn
    style: str | None = None


def draw_blocks(gradients: Mapping[str, Gradient], dtype: str, terminal: Terminal) -> Drawn:
    """A block for each gradient, with an empty line between them."""
    lines: list[str] = []
    whole = True
    for name, gradient in gradients.items():
        entries = list(_entries(visible(name), gradient, dtype, terminal))
        whole &= all(entry.drawn.whole for entry in entries)
        lines += [""] if lines else []
        lines += [line for entry in entries for line in _hanging(entry, terminal)]
    return Drawn(tuple(lines), whole)


def _hanging(entry: _Entry, terminal: Terminal) -> Iterator[str]:
    """The label, and beside it the lines that it stands for."""
    label = f"{entry.label:<{WIDTH}}"
    for line in entry.drawn.lines:
        yield f"{terminal.paint(label, 'bold') if label.strip() else label}{terminal.paint(line, entry.style)}"
        label = " " * WIDTH


def _entries(name: str, gradient: Gradient, dtype: str, terminal: Terminal) -> Iterator[_Entry]:
    sizes = shape(gradient.autograd)
    yield _entry("variable", f"{name}   {written(sizes)}")
    room = None if terminal.width is None else max(terminal.width - WIDTH, 2 * WIDTH)
    digits = ALL_DIGITS if room is None else DOUBLE_DIGITS
    autograd = draw_tensor(gradient.autograd, float_writer(dtype), room, terminal.ellipsis)
    yield _Entry("autograd", autograd)
    true = _true_values(gradient, digits, room, terminal)
    yield from _symbolic(gradient, true, digits, room, terminal)
    if true is not None:
        repeated = len(true.lines) > 1 and not true.whole and _numerals(true) == _numerals(autograd)
        true = Drawn((SAME_DIGITS,), False) if repeated else true
        yield _Entry("true value (Arb)", _with_radius(true, gradient.exact, digits, room))
    if error := _error(name, gradient, sizes):
        yield _entry("error", error)
    yield _Entry("verdict", Drawn((_verdict(name, gradient),), True), LOOKS[gradient.verdict].style)


def _entry(label: str, text: str) -> _Entry:
    return _Entry(label, Drawn((text,), True))


def float_writer(dtype: str) -> Write:
    """Writes numbers of a dtype."""
    exact = dtype == "float64"  # Python's own: a million of them are written at once

    def write(number: Any, digits: int | None) -> str:
        if number is None:
            return NO_NUMBER
        text = str(number) if exact else shortest(number, dtype)
        return text if digits is None else shorter(text, digits)

    return write


def _decimal_writer(most: int) -> Write:
    """Writes decimals, and balls by their middle, in at most so many digits."""

    def write(number: Any, digits: int | None) -> str:
        text = number.value if isinstance(number, Ball) else number
        return NOT_PROVEN if text is None else significant(text, digits or most)

    return write


def _true_values(gradient: Gradient, digits: int, room: int | None, terminal: Terminal) -> Drawn | None:
    """The middles of the balls; None if nothing is proven."""
    if all(ball is None for ball in flat(gradient.exact)):
        return None
    return draw_tensor(gradient.exact, _decimal_writer(digits), room, terminal.ellipsis)


def _numerals(drawn: Drawn) -> list[str]:
    """What is written, without what torch's floats and decimals are written differently in."""
    return re.sub(r"\.0(?!\d)", "", " ".join(drawn.lines)).split()


def _with_radius(drawn: Drawn, balls: Array, digits: int, room: int | None) -> Drawn:
    """The middles with the radius that is enough for all: beside them where it fits, else below.

    Where digits are left out, the radius is said to be that of what was proven, not of what is shown.
    """
    shown = [enclosure(ball.value, ball.radius, digits) for ball in flat(balls) if ball is not None]
    radii = {text.partition(" ± ")[2] for text in shown}
    radius = max(radii, key=Decimal) + ("" if len(radii) == 1 else " at most")
    *above, last = drawn.lines
    if not drawn.whole:
        return Drawn((*drawn.lines, f"proven to ± {radius}"), False)
    if room is None or columns(last) + len(radius) + 3 <= room:
        return Drawn((*above, f"{last} ± {radius}"), True)
    return Drawn((*drawn.lines, f"± {radius}"), True)


def _symbolic(
    gradient: Gradient, true: Drawn | None, digits: int, room: int | None, terminal: Terminal
) -> Iterator[_Entry]:
    """SymPy's formula, one for all components or for each, and its values unless they look like the true ones."""
    symbolic = gradient.symbolic
    if symbolic.pattern is not None:
        lines = [symbolic.pattern] if room is None else wrapped(symbolic.pattern, room, FORMULA_LINES, terminal, "")
        yield _Entry("SymPy: derivative", Drawn(tuple(lines), True))
    elif any(each is not None for each in flat(symbolic.formula)):
        yield _Entry(
            "SymPy: derivative", draw_tensor(symbolic.formula, _formula_writer(room, terminal), room, terminal.ellipsis)
        )
    if all(each is None for each in flat(symbolic.digits)):
        return
    values = draw_tensor(symbolic.digits, _decimal_writer(digits), room, terminal.ellipsis)
    same = true is not None and values.lines == true.lines and symbolic.status == "agrees"
    yield _entry("SymPy: value", SAME) if same else _Entry("SymPy: value", values)


def _formula_writer(room: int | None, terminal: Terminal) -> Write:
    """Writes formulas; where numbers would have fewer digits, with their middle left out if they are too wide."""

    def write(formula: Any, digits: int | None) -> str:
        text = NOT_PROVEN if formula is None else str(formula)
        return text if digits is None or room is None else elide(text, room - AROUND, terminal)

    return write


def _error(name: str, gradient: Gradient, sizes: Sequence[int]) -> str:
    """The largest distance, and of which component; nothing if none is known."""
    distances, rounded_off = gradient.ulps, gradient.rounded_off
    if gradient.verdict == "verified" and rounded_off is not None:
        return f"{rounded_off.small} at most, in {name}[{', '.join(map(str, rounded_off.index))}]"
    known = [(distance, place) for place, distance in enumerate(flat(distances)) if distance is not None]
    if not known:
        return ""
    largest, place = max(known, key=lambda each: (each[0], -each[1]))
    where = f" at most, in {name}{subscript(place, tuple(sizes))}" if largest else ""
    return f"{ulps(largest)}{where}"


def _verdict(name: str, gradient: Gradient) -> str:
    """The verdict, and where components differ in it how many have which."""
    if len(gradient.counts) < 2:
        return gradient.verdict
    counts = ", ".join(f"{count} {verdict}" for verdict, count in reversed(gradient.counts.items()))
    worst = "" if gradient.worst is None else f": worst {name}[{', '.join(map(str, gradient.worst.index))}]"
    return f"{gradient.verdict} ({counts}{worst})"
