"""The report for a person: what was computed, three opinions side by side, the graph, the verdict and its reason."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from autogradcli.compute.report import Ball, Gradient, Report
from autogradcli.errors import columns, visible
from autogradcli.render.chain import draw_chain
from autogradcli.render.layout import GAP, Column, draw_table, elide, total_width
from autogradcli.render.numbers import ALL_DIGITS, LEAST_DIGITS, enclosure, entries, shortest, significant, ulps
from autogradcli.render.terminal import Terminal

DOUBLE_DIGITS = 17
"""Significant digits that tell any two doubles apart."""
LEAST_FORMULA = 20
"""Terminal columns below which a formula is not elided but moved out of the table."""

VERDICTS = {
    "verified": ("green", "autograd's gradient is right"),
    "imprecise": ("yellow", "autograd's gradient loses accuracy here"),
    "kink": ("yellow", "the function is not differentiable here"),
    "undefined": ("yellow", "there is no finite derivative here"),
    "unverified": ("yellow", "no engine could check autograd's gradient"),
    "mismatch": ("alarm", "autograd's gradient is wrong"),
}
"""The style of each verdict, and what it says."""


def draw_text(report: Report, terminal: Terminal) -> str:
    """The report, as wide as the terminal; off a terminal nothing is cut or wrapped."""
    table, formulas = _fit(report, terminal)
    sections = [
        _heading(report, terminal),
        draw_table(table, terminal) if report.gradients else [],
        formulas,
        draw_chain(report.nodes, _dtype(report), terminal),
        _conclusion(report, terminal),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _dtype(report: Report) -> str:
    return next((variable.dtype for variable in report.variables.values()), "float64")


def _heading(report: Report, terminal: Terminal) -> list[str]:
    """The function, the point, the dtype and the value."""
    dtype = _dtype(report)
    format_name = dtype if report.variables else ""
    expression = visible(" ".join(report.expression.split()) if report.output is None else _statements(report))
    function = expression if report.output else f"f = {expression}"
    point = ", ".join(f"{visible(name)} = {shortest(each.value, dtype)}" for name, each in report.variables.items())
    line = (" " * 10).join(part for part in (function, point, format_name) if part)
    fits = terminal.width is None or columns(line) <= terminal.width
    lines = [line] if fits else [function, *_wrap(f"at {point}" if point else "", terminal), format_name]
    label = f"value of {visible(report.output)}" if report.output else "value"
    return [*lines, f"{label}  {shortest(report.value, dtype)}"]


def _statements(report: Report) -> str:
    return "; ".join(" ".join(line.split()) for line in report.expression.splitlines() if line.strip())


def _wrap(text: str, terminal: Terminal, indent: str = "") -> list[str]:
    """The text as lines that fit the terminal, the later ones indented a little more."""
    if terminal.width is None or not text:
        return [indent + text] if text else []
    return textwrap.wrap(
        text, max(terminal.width, 20), initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False
    )


# The opinions: a table with one row for each variable.


def _fit(report: Report, terminal: Terminal) -> tuple[list[Column], list[str]]:
    """The table, and the formulas that it has no room for."""
    table = _columns(report, ALL_DIGITS)
    for digits in range(DOUBLE_DIGITS, LEAST_DIGITS, -1):
        if terminal.width is None or total_width(table) <= terminal.width:
            return table, []
        narrow = _narrow(_columns(report, digits), terminal.width, terminal)
        if total_width(narrow) <= terminal.width:
            return narrow, [] if narrow == _columns(report, digits) else _formulas(report)
    return _without_formulas(_columns(report, LEAST_DIGITS)), _formulas(report)


def _narrow(table: list[Column], width: int, terminal: Terminal) -> list[Column]:
    """The table with its formulas elided to what the width leaves them, or without them if that is too little."""
    rest = _without_formulas(table)
    room = width - total_width(rest) - GAP
    if room >= LEAST_FORMULA:
        return [
            replace(each, cells=tuple(elide(text, room, terminal) for text in each.cells)) if each not in rest else each
            for each in table
        ]
    return rest


def _without_formulas(table: list[Column]) -> list[Column]:
    return [column for column in table if column.header != FORMULA]


def _formulas(report: Report) -> list[str]:
    """The derivatives in full, one on each line."""
    return [
        f"d{visible(report.output or 'f')}/d{visible(name)} = {gradient.symbolic.formula}"
        for name, gradient in report.gradients.items()
        if gradient.symbolic.formula is not None
    ]


FORMULA = "SymPy: derivative"


def _columns(report: Report, digits: int) -> list[Column]:
    """The opinions that there are, with SymPy's and Arb's numbers cut to so many digits."""
    dtype = _dtype(report)
    gradients = list(report.gradients.values())
    table = [
        Column("variable", tuple(visible(name) for name in report.gradients)),
        Column("autograd", tuple(shortest(each.autograd, dtype) for each in gradients)),
        Column(FORMULA, tuple(each.symbolic.formula or "" for each in gradients)),
        Column("SymPy: value", tuple(_symbolic_value(each, digits) for each in gradients)),
        Column("true value (Arb)", tuple(_ball(each.exact, digits) for each in gradients)),
        Column("error", tuple(ulps(each.ulps) for each in gradients)),
    ]
    styles = tuple(VERDICTS[each.verdict][0] for each in gradients)
    verdicts = Column("verdict", tuple(each.verdict for each in gradients), styles=styles)
    return [*(column for column in table if any(column.cells)), verdicts]


def _symbolic_value(gradient: Gradient, digits: int) -> str:
    exact = gradient.symbolic.digits
    return "" if exact is None else significant(exact, digits)


def _ball(ball: object, digits: int) -> str:
    return entries(ball, lambda each: enclosure(each.value, each.radius, digits) if isinstance(each, Ball) else "")


# The conclusion: the verdict, and for each variable the reason and what to do.


def _conclusion(report: Report, terminal: Terminal) -> list[str]:
    if not report.gradients:
        return ["nothing to differentiate: the expression has no variables", *_notes(report, terminal)]
    style, sentence = VERDICTS[report.verdict]
    lines = [f"verdict  {terminal.paint(report.verdict, style)}: {sentence}"]
    for name, gradient in report.gradients.items():
        lines += _reason(visible(name), gradient, terminal)
    return [*lines, *_symbolic_reasons(report, terminal), *_notes(report, terminal)]


def _reason(name: str, gradient: Gradient, terminal: Terminal) -> list[str]:
    reason = gradient.reason
    if reason is None:
        return []
    lines = _wrap(f"{name}: {reason.message} ({reason.code})", terminal, "  ")
    if reason.expression:
        lines += _wrap(f"where: {visible(reason.expression)}", terminal, "    ")
    if reason.remedy:
        lines += _wrap(f"instead: {reason.remedy}", terminal, "    ")
    return lines


def _symbolic_reasons(report: Report, terminal: Terminal) -> list[str]:
    """What SymPy has to say for itself: each sentence once, with the variables that it is about."""
    found: dict[str, list[str]] = {}
    for name, gradient in report.gradients.items():
        if gradient.symbolic.reason is not None:
            found.setdefault(f"SymPy {gradient.symbolic.status}: {gradient.symbolic.reason}", []).append(visible(name))
    return [line for reason, names in found.items() for line in _wrap(f"{', '.join(names)}: {reason}", terminal, "  ")]


def _notes(report: Report, terminal: Terminal) -> Sequence[str]:
    return [line for note in report.notes for line in _wrap(f"note: {note}", terminal)]
