"""The chain rule as text: one line for each factor, path by path, and what all paths add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from autogradcli.compute.report import Ball, Factor, Trace, TracePath
from autogradcli.engines.results import Array, shape
from autogradcli.errors import visible
from autogradcli.language.shapes import written
from autogradcli.render.layout import NARROW_GAP, Column, Table, draw_table, elide, one_line
from autogradcli.render.numbers import DOUBLE_DIGITS, significant
from autogradcli.render.tensors import brief
from autogradcli.render.terminal import Terminal

TENSOR = 40
"""Terminal columns for a tensor."""
LEAST = 18
"""Terminal columns for an expression, on a narrow terminal."""
FEWER_DIGITS = (12, 9, 6)
"""Digits of the numbers on the way, where there is no room for all of them."""
MOST_TERMS = 6
"""Paths whose sum is written out term by term."""
NONE = "none"
"""What stands for a derivative that does not exist here, or about which nothing is proven."""


def draw_traces(traces: Mapping[str, Trace], output: str | None, terminal: Terminal) -> list[str]:
    """The chain rule for each gradient, with an empty line between them."""
    lines: list[str] = []
    for name, trace in traces.items():
        lines += [""] if lines else []
        lines += _trace(f"d{visible(output or 'f')}/d{visible(name)}", trace, terminal)
    return lines


def _trace(title: str, trace: Trace, terminal: Terminal) -> Iterator[str]:
    yield terminal.paint(f"chain rule for {title}: {_count(trace.count)}", "bold")
    if trace.start is not None and trace.count:
        yield f"backward starts from {_number(trace.start, terminal)}"
    for number, path in enumerate(trace.paths, start=1):
        if path.factors:
            yield from _path(f"path {number}" if trace.count > 1 else "step", path, terminal)
    if trace.count:
        yield f"{title} = {' = '.join([*_sum(trace, terminal), _number(trace.total, terminal)])}"


def _sum(trace: Trace, terminal: Terminal) -> Iterator[str]:
    """What all paths add up to, term by term where there are few of them, and numbers."""
    left_out = trace.count - len(trace.paths)
    tensors = any(shape(path.product) for path in trace.paths)
    if left_out:
        yield f"the sum of these and {left_out:,} more paths"
    elif trace.count > MOST_TERMS or (trace.count > 1 and tensors):
        yield "the sum of these paths"
    elif trace.count > 1:
        yield " + ".join(_term(_number(path.product, terminal)) for path in trace.paths)


def _term(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _count(count: int) -> str:
    if not count:
        return "no path leads there, so it is 0"
    return "one path" if count == 1 else f"{count:,} paths, which are added"


def _path(name: str, path: TracePath, terminal: Terminal) -> list[str]:
    """The table of a path; on a terminal with as many digits as there is room for."""
    whole, *narrower = [_table(name, path, terminal, digits) for digits in (None, *FEWER_DIGITS)]
    tables = [
        replace(whole, columns=tuple(map(one_line, whole.columns))),
        *(replace(each, gap=NARROW_GAP) for each in narrower),
    ]
    return draw_table(
        next((each for each in tables if each.width <= (terminal.width or each.width)), tables[-1]), terminal
    )


def _table(name: str, path: TracePath, terminal: Terminal, digits: int | None) -> Table:
    return Table(
        (
            Column(name, tuple(f"  {_fraction(factor, terminal)}" for factor in path.factors)),
            Column("formula", tuple(_formula(factor, terminal) for factor in path.factors)),
            Column("value", tuple(_value(factor, digits) for factor in path.factors), right=True),
            Column(
                "product\nso far",
                tuple(_number(factor.product, terminal, digits) for factor in path.factors),
                right=True,
            ),
        )
    )


def _fraction(factor: Factor, terminal: Terminal) -> str:
    return f"d{_bracketed(factor.expression, terminal)}/d{_bracketed(factor.operand, terminal)}"


def _bracketed(text: str, terminal: Terminal) -> str:
    return text if text.isidentifier() else f"({_fitting(text, terminal)})"


def _formula(factor: Factor, terminal: Terminal) -> str:
    return "" if factor.formula is None else f"= {_fitting(factor.formula, terminal)}"


def _fitting(text: str, terminal: Terminal) -> str:
    """The text, on a terminal no wider than a third of it."""
    text = visible(text)
    return text if terminal.width is None else elide(text, max(terminal.width // 4, LEAST), terminal)


def _value(factor: Factor, digits: int | None) -> str:
    if factor.derivative is not None:
        return _plain(factor.derivative, digits)
    sizes = shape(factor.product)
    return f"Jacobian, {written(sizes)}" if sizes else NONE


def _number(value: Array, terminal: Terminal, digits: int | None = None) -> str:
    return (
        NONE
        if value is None
        else brief(value, _plain, TENSOR, terminal.ellipsis)
        if shape(value)
        else _plain(value, digits)
    )


def _plain(number: object, digits: int | None) -> str:
    """A ball by its middle, in as many digits as a double has."""
    text = number.value if isinstance(number, Ball) else str(number)
    return significant(text, digits or DOUBLE_DIGITS)
