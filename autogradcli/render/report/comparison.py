"""The three opinions on each gradient, side by side.

Of numbers a table, or where that is too wide, a list for each variable; of tensors a block for each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from autogradcli.compute.report import Ball, Gradient, Report
from autogradcli.engines.results import shape
from autogradcli.errors import visible
from autogradcli.render.blocks import PARTLY, draw_blocks, float_writer
from autogradcli.render.equations import derivative_of
from autogradcli.render.layout import NARROW_GAP, Column, Table, draw_table, elide, one_line, wrapped
from autogradcli.render.numbers import ALL_DIGITS, DOUBLE_DIGITS, enclosure, significant, ulps
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS

Gradients = Mapping[str, Gradient]
"""By the name of the variable."""

FORMULA_LINES = 4
"""Lines of a screen that a formula may take."""
LABEL = 20
"""Terminal columns for what stands before a formula in a list."""
LEAST_DIGITS = 8
"""Significant digits below which no number is cut."""

SYMBOLIC = "SymPy:\nvalue"
FORMULA = "SymPy:\nderivative"
EXACT = "true value\n(Arb)"


def draw_comparison(report: Report, dtype: str, terminal: Terminal) -> list[str]:
    """The opinions on all gradients: first those that are numbers, then tensors, then whether something is left out."""
    found = report.findings()
    shown = {name: _bounded(each, terminal) for name, each in found.items()}
    numbers = {name: each for name, each in shown.items() if not shape(each.autograd)}
    tensors = {name: each for name, each in shown.items() if name not in numbers}
    lines = _draw_numbers(numbers, visible(report.output or "f"), dtype, terminal) if numbers else []
    blocks = draw_blocks(tensors, dtype, terminal)
    lines += [*([""] if numbers and tensors else []), *blocks.lines]
    whole = blocks.whole and shown == found
    return lines if whole else [*lines, "", terminal.paint(PARTLY, "dim")]


def _bounded(gradient: Gradient, terminal: Terminal) -> Gradient:
    """The gradient with a formula that is no longer than a part of the screen."""
    symbolic = gradient.symbolic
    if terminal.width is None:
        return gradient
    room = FORMULA_LINES * max(terminal.width - LABEL, LABEL)
    formula = elide(symbolic.formula, room, terminal) if isinstance(symbolic.formula, str) else symbolic.formula
    pattern = None if symbolic.pattern is None else elide(symbolic.pattern, room, terminal)
    return replace(gradient, symbolic=replace(symbolic, formula=formula, pattern=pattern))


def _draw_numbers(gradients: Gradients, output: str, dtype: str, terminal: Terminal) -> list[str]:
    """The lines of the widest layout that fits, and below it the formulas that it has no room for."""
    for table in _tables(gradients, dtype, terminal):
        if terminal.width is None or table.width <= terminal.width:
            return [*draw_table(table, terminal), *_left_out(gradients, output, table, terminal)]
    return _lists(_columns(gradients, dtype, ALL_DIGITS), terminal)


def _tables(gradients: Gradients, dtype: str, terminal: Terminal) -> Iterator[Table]:
    """Tables, each narrower than the one before: fewer digits, then headers of two lines, then no formulas."""
    for digits in (ALL_DIGITS, DOUBLE_DIGITS):
        yield Table(tuple(one_line(column) for column in _columns(gradients, dtype, digits)))
    assert terminal.width is not None
    narrow = Table(_columns(gradients, dtype, DOUBLE_DIGITS), NARROW_GAP)
    yield narrow
    bare = Table(tuple(column for column in narrow.columns if column.header != FORMULA), NARROW_GAP)
    yield bare
    if len(gradients) > 1:
        for digits in range(DOUBLE_DIGITS, LEAST_DIGITS - 1, -1):
            columns = (_cut(column, digits) for column in bare.columns)
            yield Table(tuple(columns), NARROW_GAP)


def _cut(column: Column, digits: int) -> Column:
    """SymPy's and Arb's numbers in so many digits, without the radius, which says nothing of what is then shown."""
    if column.header not in {SYMBOLIC, EXACT}:
        return column
    return replace(column, cells=tuple(significant(text.partition(" ±")[0], digits) for text in column.cells))


def _left_out(gradients: Gradients, output: str, table: Table, terminal: Terminal) -> list[str]:
    """The formulas in full, one below the other, if the table does not show them so."""
    shown = {text for column in table.columns for text in column.cells}
    formulas = {name: each.symbolic.formula for name, each in gradients.items() if each.symbolic.formula}
    if shown.issuperset(formulas.values()):
        return []
    equations = [f"{derivative_of(output, visible(name))} = {formula}" for name, formula in formulas.items()]
    if terminal.width is None:
        return ["", *equations]
    return ["", *(line for each in equations for line in wrapped(each, terminal.width, FORMULA_LINES, terminal))]


def _lists(columns: tuple[Column, ...], terminal: Terminal) -> list[str]:
    """For each variable its opinions one below the other; a long formula takes several lines."""
    labels = [one_line(column).header for column in columns]
    width = max(map(len, labels))
    lines: list[str] = []
    for index in range(len(columns[0].cells)):
        lines += [""] if lines else []
        for label, column in zip(labels, columns, strict=True):
            style = column.styles[index] if column.styles else None
            room = (terminal.width or 0) - width - 3
            cells = wrapped(column.cells[index], room, FORMULA_LINES, terminal, "") if terminal.width else []
            for place, text in enumerate(cells or [column.cells[index]]):
                beside = f"{'' if place else label:<{width}}"
                lines += [f"{terminal.paint(beside, 'bold')}   {terminal.paint(text, style)}"] if text else []
    return lines


def _columns(gradients: Gradients, dtype: str, digits: int) -> tuple[Column, ...]:
    """The opinions that there are, with SymPy's and Arb's numbers in at most so many digits."""
    names, found = map(visible, gradients), gradients.values()
    columns = [
        Column("variable", tuple(names)),
        Column("autograd", tuple(float_writer(dtype)(each.autograd, None) for each in found)),
        Column(FORMULA, tuple(each.symbolic.formula or "" for each in found)),
        Column(SYMBOLIC, tuple(_symbolic_value(each, digits) for each in found)),
        Column(EXACT, tuple(_ball(each.exact, digits) for each in found)),
        Column("error", tuple(error(each) for each in found)),
    ]
    looks = tuple(LOOKS[each.verdict].style for each in found)
    verdicts = Column("verdict", tuple(each.verdict for each in found), styles=looks)
    return (*(column for column in columns if any(column.cells)), verdicts)


def error(gradient: Gradient) -> str:
    """The distance from the truth; where digits differ and it does not matter, how small that is."""
    return (
        gradient.rounded_off.small if gradient.verdict == "verified" and gradient.rounded_off else ulps(gradient.ulps)
    )


def _symbolic_value(gradient: Gradient, digits: int) -> str:
    exact = gradient.symbolic.digits
    return "" if exact is None else significant(exact, digits)


def _ball(ball: Ball | None, digits: int) -> str:
    return "" if ball is None else enclosure(ball.value, ball.radius, digits)
