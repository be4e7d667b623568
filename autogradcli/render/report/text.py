"""The report for a person: what was computed, three opinions side by side, the graph, the verdict and its reason."""

import math
import textwrap
from collections.abc import Sequence

from autogradcli.checks.checked import Checked
from autogradcli.compute.report import NOT_ASKED, Gradient, Report
from autogradcli.engines.results import Array, flat, shape
from autogradcli.errors import columns, visible
from autogradcli.language.shapes import written
from autogradcli.render.blocks import float_writer
from autogradcli.render.chain import draw_chain
from autogradcli.render.formats import Format
from autogradcli.render.layout import Column, Table, draw_table, wrapped
from autogradcli.render.report.comparison import draw_comparison
from autogradcli.render.report.trace import draw_traces
from autogradcli.render.tensors import brief, draw_tensor
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS, WITHOUT_TORCH

SHAPE_ROOM = 24
"""Columns of a line that are kept free for more than a tensor: what stands before it, and its shape."""
FUNCTION_LINES = 6
"""Lines of a terminal that the function may take."""
SAID = {
    "proved": "proved: SymPy finds no difference to the derivative, nor does ball arithmetic at any point looked at",
    "holds": "holds: equal to a hundred digits here, and at no point looked at is there a difference",
    "nearby": "holds: here there is no derivative; equal to a hundred digits nearby, and nowhere looked at different",
}
"""What is said of a claim that holds."""
NOTHING = "none"
"""What stands for a `.grad` that is not there."""


def draw_text(report: Report, terminal: Terminal) -> str:
    """The report, as wide as the terminal; off a terminal nothing is cut or wrapped."""
    dtype = next((variable.dtype for variable in report.variables.values()), "float64")
    sections = [
        draw_heading(report, dtype, terminal),
        draw_comparison(report, dtype, terminal) if report.findings() else [],
        _ledger(report, dtype, terminal),
        _chain(report, dtype, terminal),
        draw_traces(report.traces, report.output, terminal),
        draw_conclusion(report, terminal),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def draw_heading(report: Report, dtype: str, terminal: Terminal) -> list[str]:
    """The function, the point, the dtype, the value, and what `backward` was given."""
    expression = visible(_one_line(report.expression))
    function = expression if report.output or ";" in expression else f"f = {expression}"
    inputs = {visible(name): each.value for name, each in (report.variables | report.intermediates).items()}
    point = [_equation(name, value, dtype, terminal) for name, value in inputs.items()]
    lines = [(" " * 10).join([function, ", ".join(point), dtype] if point else [function])]
    if terminal.width is not None and columns(lines[0]) > terminal.width:
        lines = [
            *wrapped(function, terminal.width, FUNCTION_LINES, terminal),
            *_point(point, any(map(shape, inputs.values())), terminal),
            dtype,
        ]
    label = f"value of {visible(report.output)}" if report.output else "value"
    lines += _labelled(label, report.value, dtype, terminal)
    return lines if report.upstream is None else [*lines, *_labelled("upstream", report.upstream, dtype, terminal)]


def _equation(name: str, value: Array, dtype: str, terminal: Terminal) -> str:
    """A name and its value, a tensor in brief and with its shape if its middle is left out."""
    room = None if terminal.width is None else terminal.width - columns(name) - SHAPE_ROOM
    text = brief(value, float_writer(dtype), room, terminal.ellipsis)
    return f"{name} = {text}" + (f"  {written(shape(value))}" if f" {terminal.ellipsis}" in text else "")


def _point(equations: Sequence[str], tensors: bool, terminal: Terminal) -> list[str]:
    """The point on lines of its own; tensors, which have commas in them, on one each."""
    if not tensors:
        joined = ", ".join(each.replace(" ", "\N{NO-BREAK SPACE}") for each in equations)
        return [line.replace("\N{NO-BREAK SPACE}", " ") for line in _wrap(f"at {joined}", terminal)]
    return [f"{'at' if index == 0 else '  '} {equation}" for index, equation in enumerate(equations)]


def _labelled(label: str, value: Array, dtype: str, terminal: Terminal) -> list[str]:
    """A value beside what it is called."""
    indent = len(label) + 2
    room = None if terminal.width is None else terminal.width - indent
    first, *others = draw_tensor(value, float_writer(dtype), room, terminal.ellipsis).lines
    return [f"{label}  {first}", *(f"{' ' * indent}{line}" for line in others)]


def _one_line(source: str) -> str:
    """The statements of a text on one line."""
    return "; ".join(" ".join(line.split()) for line in source.splitlines() if line.strip())


def _wrap(text: str, terminal: Terminal, indent: str = "") -> list[str]:
    """The text as lines that fit the terminal, the later ones indented a little more."""
    if terminal.width is None or not text:
        return [indent + text] if text else []
    return textwrap.wrap(
        text, max(terminal.width, 20), initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False
    )


def _ledger(report: Report, dtype: str, terminal: Terminal) -> list[str]:
    """For each name the passes one below the other; nothing if `backward` was called once."""
    rows = [
        (visible(name), str(number), each.before, each.added, each.after)
        for name, gradient in report.gradients.items()
        for number, each in enumerate(gradient.passes, 1)
    ]
    if not rows:
        return []
    names, numbers, *ledger = zip(*rows, strict=True)
    room = None if terminal.width is None else (terminal.width - max(map(len, names)) - 16) // len(ledger)
    write = float_writer(dtype)
    cells = [
        tuple(NOTHING if each is None else brief(each, write, room, terminal.ellipsis) for each in column)
        for column in ledger
    ]
    headers = (".grad before", "added", ".grad after")
    return draw_table(
        Table(
            (
                Column("variable", names),
                Column("pass", numbers, right=True),
                *(Column(header, column) for header, column in zip(headers, cells, strict=True)),
            )
        ),
        terminal,
    )


def _chain(report: Report, dtype: str, terminal: Terminal) -> list[str]:
    """The graph; below a Jacobian with what its gradients are for, since they are not the Jacobian's."""
    lines = draw_chain(report.nodes, dtype, terminal)
    if not lines or not report.jacobian:
        return lines
    return [*lines, "(for an upstream of ones: these gradients are sums over the rows of the Jacobian)"]


def draw_conclusion(report: Report, terminal: Terminal) -> list[str]:
    """The verdict, and for each variable the reason and what to do."""
    if not report.findings():
        return ["nothing to differentiate: the expression has no variables", *_notes(report, terminal)]
    look = LOOKS[report.verdict]
    without = None if report.not_in_torch is None else WITHOUT_TORCH.get(report.verdict)
    sentence = look.sentence if without is None else without.format(report.not_in_torch)
    lines = [f"verdict  {terminal.paint(f'{report.verdict}: {sentence}{_lost(report)}', look.style)}"]
    for name, gradient in report.findings().items():
        lines += _reason(visible(name), gradient, terminal)
        lines += _rounded_off(visible(name), gradient, terminal)
    return [*lines, *_symbolic_reasons(report, terminal), *_notes(report, terminal)]


def _lost(report: Report) -> str:
    """How much of a gradient that is verified is rounding, where a person would see it."""
    found = [each.rounded_off for each in report.findings().values() if each.rounded_off is not None]
    seen = [each for each in found if each.part is not None]
    if not seen or report.verdict != "verified":
        return ""
    most = max(seen, key=lambda each: math.inf if each.of_gradient is None else each.of_gradient)
    share = "all" if most.part is None or most.part.endswith("times") else most.part
    return f" within the tolerance; {share} of {'it' if len(report.findings()) == 1 else 'one'} is rounding"


def _rounded_off(name: str, gradient: Gradient, terminal: Terminal) -> list[str]:
    """How small an error is that is verified although digits differ."""
    found = gradient.rounded_off
    if found is None:
        return []
    index = f"[{', '.join(map(str, found.index))}]" if found.index else ""
    return _wrap(f"{name}{index}: {found.sentence}", terminal, "  ")


def _reason(name: str, gradient: Gradient, terminal: Terminal) -> list[str]:
    reason = gradient.reason
    if reason is None:
        return []
    lines = _wrap(f"{name}: {reason.message} ({reason.code})", terminal, "  ")
    if reason.expression:
        where = " and ".join([reason.expression, *reason.others])
        lines += _wrap(f"where: {visible(where)}", terminal, "    ")
    if reason.remedy:
        lines += _wrap(f"instead: {reason.remedy}", terminal, "    ")
    return lines


def _symbolic_reasons(report: Report, terminal: Terminal) -> list[str]:
    """What SymPy has to say for itself: each sentence once, with the variables that it is about."""
    found: dict[str, list[str]] = {}
    for name, gradient in report.findings().items():
        if gradient.symbolic.reason not in {None, NOT_ASKED}:
            symbolic = gradient.symbolic
            said = f"SymPy {symbolic.status}"
            if symbolic.status == "unavailable" and symbolic.formula is not None:
                told = any(each is not None for each in flat(symbolic.digits))
                said = "SymPy" if told else "SymPy gives no number here"
            component, colon, rest = (symbolic.reason or "").partition(": ")
            indexed = bool(colon) and component.startswith(f"{name}[")
            about, reason = (component, rest) if indexed else (name, symbolic.reason)
            found.setdefault(f"{said}: {reason}", []).append(visible(about))
    return [line for reason, names in found.items() for line in _wrap(f"{', '.join(names)}: {reason}", terminal, "  ")]


def _notes(report: Report, terminal: Terminal) -> Sequence[str]:
    return [line for note in report.notes for line in _wrap(f"note: {note}", terminal)]


def draw_checked(checked: Checked, terminal: Terminal) -> str:
    """The report, and below it what came of the claims and of the user's code."""
    return draw_text(checked.report, terminal) + "".join(f"{line}\n" for line in draw_claims(checked))


def draw_claims(checked: Checked) -> list[str]:
    """What came of the claims and of the user's code, a line each."""
    passed = {name: each for name, each in checked.claims.items() if each.passes}
    said = [f"claim    {visible(n)}: {SAID['nearby' if each.nearby else each.status]}" for n, each in passed.items()]
    return [*said, *(_failed(visible(failure)) for failure in checked.failures)]


def _failed(failure: str) -> str:
    """What does not hold; of a claim under the same word as one that does."""
    return f"claim    {failure.removeprefix('claim.')}" if failure.startswith("claim.") else f"failed   {failure}"


FORMAT: Format[Checked, str] = Format("text", (".txt",), draw_checked)
