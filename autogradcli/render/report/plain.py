"""The report for a script: the bare gradient, or one line `name value` for each variable where there are several."""

from autogradcli.checks.checked import Checked
from autogradcli.compute.report import Gradient, Report
from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.render.formats import Format
from autogradcli.render.numbers import shortest


def draw_plain(report: Report) -> str:
    """The gradients, or the value where there is nothing to differentiate."""
    inputs = report.variables | report.intermediates
    dtype = next((each.dtype for each in inputs.values()), "float64")
    gradients = {name: shortest(_number(report, each), dtype) for name, each in report.findings().items()}
    match list(gradients.values()):
        case []:
            return f"{shortest(report.value, 'float64')}\n"
        case [gradient]:
            return f"{gradient}\n"
    return "".join(f"{name} {gradient}\n" for name, gradient in gradients.items())


def _number(report: Report, gradient: Gradient) -> Array:
    """Autograd's gradient; the proven one where torch lacks a function, of which the notes tell."""
    balls = flat(gradient.exact)
    if not report.not_in_torch or None in balls:
        return gradient.autograd
    return nested([float(ball.value) for ball in balls], shape(gradient.exact))


def remarks(report: Report) -> list[str]:
    """What a script's owner should read beside the numbers: every verdict but `verified`, with its reason."""
    found = [
        f"{gradient.verdict}: {name}: {gradient.reason.message} ({gradient.reason.code})"
        for name, gradient in report.findings().items()
        if gradient.reason is not None
    ]
    return [*found, *(f"note: {note}" for note in report.notes)]


FORMAT: Format[Checked, str] = Format("plain", (), lambda checked, _: draw_plain(checked.report))
