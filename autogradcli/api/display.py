"""What the library gives back: results that print, and show themselves in notebooks."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogradcli.api.values import Value, like, listed
from autogradcli.checks.checked import Checked
from autogradcli.checks.outcome import Outcome
from autogradcli.compute import report as computed
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.point import the_variables
from autogradcli.render import checks as render_checks
from autogradcli.render import graph as graphs
from autogradcli.render import report as render_report
from autogradcli.render.checks.json import outcomes_object
from autogradcli.render.checks.lines import problems
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.graph.cut import cut
from autogradcli.render.report import html
from autogradcli.render.report.trace import draw_traces
from autogradcli.render.terminal import FILE

if TYPE_CHECKING:
    import numpy


class Report(computed.Report):
    """A report that notebooks can show; its fields are documented with those of `autogradcli.compute.report`."""

    __slots__ = ()

    def __repr__(self) -> str:
        gradients = {name: each.autograd for name, each in self.findings().items()}
        text = f"Report(verdict={self.verdict!r}, value={self.value!r}, gradients={gradients!r})"
        return text if len(text) <= computed.LONGEST_REPR else f"{text[: computed.LONGEST_REPR]}...)"

    def hessian_matrix(self, *names: str) -> "numpy.ndarray[Any, Any]":
        """The Hessian as a square array of NumPy, with autograd's numbers; NaN stands where there is none.

        Rows and columns are in the order of `names`, else of `wrt`, else of the text; a tensor has a row for each of
        its components.

        >>> from autogradcli import evaluate
        >>> evaluate("y*x**2", x=2, y=3, wrt="x,y", hessian=True, timeout=60).hessian_matrix()
        array([[6., 4.],
               [4., 0.]])

        Raises GradcalcError if the report has no Hessian, or none with respect to one of the names.
        """
        import numpy as np

        if not self.hessian:
            raise GradcalcError("usage", "the report has no Hessian", hint="evaluate(..., hessian=True) computes it")
        for name in names:
            if name not in self.hessian:
                hint = the_variables(tuple(self.hessian))
                raise GradcalcError("usage", f"there are no second derivatives with respect to {name}", hint=hint)
        order = names or tuple(self.hessian)
        places = {**self.variables, **self.intermediates}
        sizes = {name: len(flat(places[name].value)) for name in order}
        blocks = [
            [np.asarray(flat(listed(self.hessian[one][other].autograd)), dtype=float) for other in order]
            for one in order
        ]
        shaped = [
            [block.reshape(sizes[one], sizes[other]) for block, other in zip(row, order, strict=True)]
            for row, one in zip(blocks, order, strict=True)
        ]
        return np.block(shaped)

    def to_object(self) -> dict[str, Any]:
        """The fields, with nested lists where they have arrays."""
        return {"schema_version": computed.SCHEMA_VERSION, **computed.fields_of(self._nested())}

    def _nested(self) -> computed.Report:
        """The report as it was computed: with nested lists where this one has arrays and tensors."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        found["gradients"] = {
            name: replace(each, autograd=listed(each.autograd)) for name, each in self.gradients.items()
        }
        return computed.Report(**found)

    def __str__(self) -> str:
        return render_report.FORMATS["text"].render(Checked(self._nested()), FILE)

    def _repr_markdown_(self) -> str:
        return render_report.FORMATS["markdown"].render(Checked(self._nested()), FILE)

    def _repr_html_(self) -> str:
        return html.draw_html(self._nested())


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of cases."""

    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether all of them hold."""
        return all(outcome.status == "passed" for outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """The outcomes as JSON values, with counts."""
        return outcomes_object(Outcomes(self.outcomes))

    def __str__(self) -> str:
        return self._drawn("text")

    def _repr_markdown_(self) -> str:
        return self._drawn("markdown")

    def _repr_html_(self) -> str:
        columns = ("status", "case", "points", "what is wrong")
        return html.TABLE.draw(map(_row, self.outcomes), columns)

    def _drawn(self, form: str) -> str:
        return "".join(render_checks.FORMATS[form].render(Outcomes(self.outcomes), FILE))


def _row(outcome: Outcome) -> dict[str, str]:
    wrong = " | ".join(sentence for _, sentence in problems(outcome))
    return {
        "status": outcome.status,
        "case": outcome.place.name,
        "points": str(outcome.points),
        "what is wrong": wrong,
    }


@dataclass(frozen=True, slots=True, repr=False)
class Graph:
    """The graph behind a report."""

    report: computed.Report

    def draw(self, format: str) -> str | bytes:
        """The graph in a format of `gradcalc graph`: tree, dot, mermaid, json, svg, png or pdf."""
        if format not in graphs.FORMATS.names:
            hint = did_you_mean(format, graphs.FORMATS.names) or f"the formats are {', '.join(graphs.FORMATS.names)}"
            raise GradcalcError("usage", f"there is no format {format}", hint=hint)
        return graphs.FORMATS[format].render(cut(self.report, None), FILE)

    def save(self, path: str) -> None:
        """Write the graph to a file whose ending tells the format; raises GradcalcError if it tells none."""
        endings = graphs.FORMATS.suffixes()
        ending = Path(path).suffix.lower()
        if ending not in endings:
            raise GradcalcError("usage", f"{path} does not end in a format", hint=f"it can be {', '.join(endings)}")
        drawn = self.draw(endings[ending])
        Path(path).write_bytes(drawn if isinstance(drawn, bytes) else drawn.encode())

    def __str__(self) -> str:
        return str(self.draw("tree")).rstrip("\n")

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        drawn = self.draw("svg")
        return drawn.decode() if isinstance(drawn, bytes) else drawn


@dataclass(frozen=True, slots=True, repr=False)
class ChainRule:
    """The chain rule for each gradient."""

    traces: Mapping[str, computed.Trace]
    output: str | None

    def __str__(self) -> str:
        return "\n".join(draw_traces(self.traces, self.output, FILE))

    __repr__ = __str__


def shown(report: computed.Report, point: Mapping[str, Value]) -> Report:
    """The report, with gradients about arrays and tensors as what they are about."""
    found = {each.name: getattr(report, each.name) for each in fields(report)}
    found["gradients"] = {
        name: replace(each, autograd=like(point.get(name), each.autograd)) for name, each in report.gradients.items()
    }
    return Report(**found)
