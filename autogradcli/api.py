"""gradcalc as a library: what the commands compute, with values of Python, NumPy and torch; nothing prints."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from autogradcli.checks.case import CasePlace, CaseText
from autogradcli.checks.checked import Checked
from autogradcli.checks.judge import LENIENT, STRICT
from autogradcli.checks.outcome import Outcome, unusable
from autogradcli.checks.run import Entry, run_cases
from autogradcli.checks.work import CaseWork
from autogradcli.compute import report as computed
from autogradcli.compute.compute import compute
from autogradcli.compute.derivatives import STYLES, derivatives, output_shape, wanted
from autogradcli.compute.problem import Options
from autogradcli.engines.backward import Backward, Detail
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.build import ProblemBuilder
from autogradcli.problems.cases.build import NOTATION, build_case
from autogradcli.problems.cases.read import find_case_files, read_cases
from autogradcli.processes.limits import Limits
from autogradcli.processes.pool import Pool
from autogradcli.processes.serial import Serial
from autogradcli.programs.watching import watch
from autogradcli.render import checks as render_checks
from autogradcli.render import graph as graphs
from autogradcli.render import report as render_report
from autogradcli.render.checks.json import outcomes_object
from autogradcli.render.checks.lines import details, problems
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.graph.cut import cut
from autogradcli.render.programs.text import draw_text as draw_ledger
from autogradcli.render.report import html
from autogradcli.render.report.trace import draw_traces
from autogradcli.render.terminal import FILE

__all__ = [
    "ChainRule",
    "CheckResult",
    "GradcalcError",
    "Graph",
    "Report",
    "assert_gradient",
    "check",
    "diff",
    "evaluate",
    "graph",
    "load_ipython_extension",
    "trace",
    "watch",
]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _in_python(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The function, with errors in Python's words, raised from here and not from where they were found."""

    @wraps(function)
    def called(*given: Parameters.args, **named: Parameters.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return function(*given, **named)
        except GradcalcError as error:
            said = error
        texts = [None if text is None else _OPTION.sub(_argument, text) for text in (said.message, said.hint)]
        raise GradcalcError(said.kind, str(texts[0]), source=said.source, span=said.span, hint=texts[1])

    return called


_OPTION = re.compile(r"""--([a-z][\w-]*)(?:[ ]("[^"]*"|\d[\w.]*|[A-Z]+\b|(?<=--wrt[ ])[\w,]+))?|gradcalc eval\b""")
"""What is said of a command line in a message."""
FLAGS = frozenset({"hessian", "jacobian", "strict"})


def _argument(option: re.Match[str]) -> str:
    """The argument of a function that an option of a command line is."""
    if option[1] is None:
        return "evaluate"
    name, value = option[1].replace("-", "_"), option[2]
    if value is None:
        return f"{name}=True" if name in FLAGS else f"{name}="
    return f'{name}="{value}"' if name == "wrt" else f"{name}={value}"


def _label(path: str) -> str:
    key, _, name = path.partition(".")
    return name if key == "at" and name else f'{key}["{name}"]' if name else key


PYTHON = replace(
    NOTATION,
    label=_label,
    give=lambda names: ", ".join(f"{name}=NUMBER" for name in names),
    unknown="is not a variable of the expression",
    names_example='{}=["x"]',
    table_example='{}={{"x": ...}}',
)
"""How Python's calls are told of in errors."""

Value = Any
"""A number, text with a constant expression, nested lists, a NumPy array or a torch tensor."""


LONGEST = 200
"""Characters of a `repr`."""


class Report(computed.Report):
    """A report that notebooks can show; its fields are documented with those of `autogradcli.compute.report`."""

    __slots__ = ()

    def __repr__(self) -> str:
        gradients = {name: each.autograd for name, each in self.findings().items()}
        text = f"Report(verdict={self.verdict!r}, value={self.value!r}, gradients={gradients!r})"
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}...)"

    def to_object(self) -> dict[str, Any]:
        """The fields, with nested lists where they have arrays."""
        return {"schema_version": computed.SCHEMA_VERSION, **computed.fields_of(self._nested())}

    def _nested(self) -> computed.Report:
        """The report as it was computed: with nested lists where this one has arrays and tensors."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        found["gradients"] = {
            name: replace(each, autograd=_listed(each.autograd)) for name, each in self.gradients.items()
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


@_in_python
def evaluate(
    expression: str | Callable[..., Any],
    at: Mapping[str, Value] | None = None,
    *,
    wrt: str | Sequence[str] = (),
    of: str | None = None,
    upstream: Value = None,
    order: int = 1,
    hessian: bool = False,
    jacobian: bool = False,
    hvp: Mapping[str, Value] | None = None,
    jvp: Mapping[str, Value] | None = None,
    dtype: Any = None,
    rtol: float | None = None,
    atol: float | None = None,
    max_ulps: float | None = None,
    symbolic: bool = True,
    timeout: float = 10.0,
    function: Callable[..., Any] | str | None = None,
    **values: Value,
) -> Report:
    """Value, gradient, graph and verdict of an expression, or of a function of torch's tensors, at a point.

    >>> evaluate("x**3", x=2).gradients["x"].autograd
    12.0
    >>> evaluate(lambda x: x**3, x=2).verdict
    'verified'

    Values of variables are keyword arguments (`x=2`), or stand in `at` where their name is one of the parameters here.
    `dtype`, a name or a dtype of torch or NumPy, is float64 unless it is given, or all tensors among the values have
    another; that of a NumPy array says nothing, since NumPy's own default is float64. `function` is code of your own,
    or its name, that is to be what the expression says. `order` asks for derivatives up to that one, or for all second
    ones of several variables, as `hessian` does; `wrt=("x", "x", "y")` for one mixed partial derivative; `jacobian` for
    the derivatives of every component of the output. `hvp` is a direction that the Hessian is multiplied by, `jvp` one
    along which the output is differentiated, by name. Raises GradcalcError where the input makes no sense.
    """
    point = {**(at or {}), **values}
    further = {"order": order, "hessian": hessian, "jacobian": jacobian, "hvp": hvp, "jvp": jvp}
    given = {**further, "of": of, "upstream": upstream, "rtol": rtol, "atol": atol, "max_ulps": max_ulps}
    stated = {key: value for key, value in given.items() if value is not None}
    chosen = _dtype(point.values()) if dtype is None else _name(dtype)
    options = Options(symbolic=symbolic, timeout=timeout)
    if callable(expression):
        return _of_callable(expression, point, replace(options, dtype=chosen, rtol=rtol, atol=atol, max_ulps=max_ulps))
    fields = {"expression": expression, "at": point, "wrt": _names(wrt), "dtype": chosen}
    problem = _builder({**fields, **stated}).problem(options)
    return _shown(compute(replace(problem, function=function)), point)


def _of_callable(function: Callable[..., Any], point: Mapping[str, Value], options: Options) -> Report:
    """The report on a function of tensors that is called once."""
    from autogradcli.programs.functions import function_report

    return _shown(function_report(function, _fields(point), options), point)


@_in_python
def graph(
    expression: str,
    at: Mapping[str, Value] | None = None,
    *,
    wrt: str | Sequence[str] = (),
    of: str | None = None,
    upstream: Value = None,
    dtype: Any = None,
    timeout: float = 10.0,
    **values: Value,
) -> "Graph":
    """The graph that autograd built: a tree as text, a picture in a notebook, a file by `save("graph.svg")`.

    >>> print(str(graph("x**2", x=3)).splitlines()[1])
    PowBackward0         x**2           9.0        1.0

    Values are given as to `evaluate`. Raises GradcalcError where the input makes no sense.
    """
    stated = {} if of is None else {"of": of}
    stated |= {} if upstream is None else {"upstream": upstream}
    point = {**(at or {}), **values}
    chosen = _dtype(point.values()) if dtype is None else _name(dtype)
    fields = {"expression": expression, "at": point, "wrt": _names(wrt), "dtype": chosen, **stated}
    backward = Backward(detail=Detail(derivatives=True))
    return Graph(compute(_builder(fields).problem(Options(symbolic=False, timeout=timeout), backward)))


@dataclass(frozen=True, slots=True)
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
        return str(self.draw("tree"))

    def _repr_svg_(self) -> str:
        drawn = self.draw("svg")
        return drawn.decode() if isinstance(drawn, bytes) else drawn


@_in_python
def trace(
    expression: str,
    at: Mapping[str, Value] | None = None,
    *,
    wrt: str | Sequence[str] = (),
    of: str | None = None,
    timeout: float = 10.0,
    **values: Value,
) -> "ChainRule":
    """The chain rule written out, from the output to each variable, with true values.

    >>> print(trace("x**2 - 3*x", x=2))
    chain rule for df/dx: 2 paths, which are added
    path 1                    formula   value   product so far
      d(x**2 - 3*x)/d(x**2)   = 1           1                1
      d(x**2)/dx              = 2*x         4                4
    path 2                   formula   value   product so far
      d(x**2 - 3*x)/d(3*x)   = -1         -1               -1
      d(3*x)/dx              = 3           3               -3
    df/dx = 4 + (-3) = 1

    Values are given as to `evaluate`. Raises GradcalcError where the input makes no sense.
    """
    point = {**(at or {}), **values}
    fields = {"expression": expression, "at": point, "wrt": _names(wrt), **({} if of is None else {"of": of})}
    problem = _builder(fields).problem(Options(symbolic=False, timeout=timeout, trace=True))
    report = compute(problem)
    return ChainRule(report.traces, report.output)


@dataclass(frozen=True, slots=True)
class ChainRule:
    """The chain rule for each gradient."""

    traces: Mapping[str, computed.Trace]
    output: str | None

    def __str__(self) -> str:
        return "\n".join(draw_traces(self.traces, self.output, FILE))


def _names(wrt: str | Sequence[str]) -> list[str]:
    """The names in `"x,y"` or in a list."""
    return [name.strip() for name in wrt.split(",")] if isinstance(wrt, str) else list(wrt)


def _shown(report: computed.Report, point: Mapping[str, Value]) -> Report:
    """The report, with gradients about arrays and tensors as what they are about."""
    found = {each.name: getattr(report, each.name) for each in fields(report)}
    found["gradients"] = {
        name: replace(each, autograd=_like(point.get(name), each.autograd)) for name, each in report.gradients.items()
    }
    return Report(**found)


def _like(value: Value, nested: Any) -> Any:
    """Nested lists as an array of NumPy, or as a tensor, if that is what the value is."""
    if not isinstance(nested, list) or not hasattr(value, "tolist"):
        return nested
    if hasattr(value, "new_tensor"):
        like = value.detach()
        return (like if like.is_floating_point() else like.double()).new_tensor(nested)
    import numpy as np

    return np.asarray(nested)


@_in_python
def diff(
    expression: str,
    wrt: str | Sequence[str] = (),
    *,
    of: str | None = None,
    order: int = 1,
    format: str = "text",
    style: str | None = None,
    timeout: float = 10.0,
) -> dict[str, str]:
    """The symbolic derivatives by SymPy, by what is differentiated with respect to; torch is not loaded.

    >>> diff("x**2*y", wrt="x,y")
    {'x': '2*x*y', 'y': 'x**2'}

    `format` is text, latex, python or c; `style` is an older word for it. `order` asks for all derivatives up to that
    one, whose names are `x,x`, and
    `wrt=("x", "x", "y")` for one mixed partial derivative. Of a list each component has its own, named `f[0].x`.
    Raises GradcalcError where the input makes no sense, or SymPy has no formula.
    """
    form = style or format
    if form not in STYLES:
        hint = did_you_mean(form, STYLES) or f"the formats are {', '.join(STYLES)}"
        raise GradcalcError("usage", f"there is no format {form}", hint=hint)
    fields = {"expression": expression, "wrt": _names(wrt), "order": order, **({} if of is None else {"of": of})}
    stated = _builder(fields)
    program = stated.program(())
    names = stated.wrt(program)
    beyond, sizes = stated.beyond(names), output_shape(program)
    found = derivatives(program, wanted(names, beyond.order, beyond.mixed, sizes), sizes, form, timeout)
    formulas: dict[str, str] = {}
    for asked, each in found.items():
        name = asked.within(program, sizes)
        if each.formula is None:
            raise GradcalcError("symbolic", f"no derivative with respect to {','.join(asked.names)}: {each.reason}")
        formulas[",".join(asked.names) if asked.place is None else f"{name}.{','.join(asked.names)}"] = str(
            each.formula
        )
    return formulas


@_in_python
def check(
    *cases: str | Mapping[str, Any],
    jobs: int = 1,
    strict: bool = False,
    symbolic: bool = True,
    timeout: float = 10.0,
) -> CheckResult:
    """What came of cases: paths of files and directories, or cases as mappings with the keys of a case file.

    Raises GradcalcError if a file cannot be read; what is wrong with a case is an outcome.
    """
    options = Options(symbolic=symbolic, timeout=timeout)
    make = partial(CaseWork, partial(build_case, options=options), STRICT if strict else LENIENT, symbolic)
    executor = Serial() if jobs == 1 else Pool(jobs, Limits(timeout))
    with closing(run_cases(executor, make, _entries(cases))) as outcomes:
        return CheckResult(tuple(outcomes))


@_in_python
def assert_gradient(
    expression: str,
    at: Mapping[str, Value] | None = None,
    *,
    function: Callable[..., Any] | str | None = None,
    strict: bool = False,
    symbolic: bool = True,
    timeout: float = 10.0,
    claim: Mapping[str, Value] | None = None,
    expect: Mapping[str, Any] | None = None,
    **values: Value,
) -> None:
    """Raises AssertionError with what is wrong, unless the gradient of an expression is right at a point.

    Values are given as to `evaluate`. `claim` is what the derivatives are, by name: `{"x": "2*x"}`. `expect` has keys
    of a case file: value, grad, verdict, tolerance, dtype,
    max_ulps, … `function` is code of your own that is to be what the expression says.
    """
    __tracebackhide__ = True
    point = {**(at or {}), **values}
    claims = {} if claim is None else {"claim": claim}
    fields = {"dtype": _dtype(point.values()), **claims, **(expect or {}), "expression": expression}
    text = _case({**fields, "at": point} if point else fields, _caller())
    if function is not None and "function" not in text.fields:
        text = replace(text, fields={**text.fields, "function": function})
    work = CaseWork(
        partial(build_case, options=Options(symbolic=symbolic, timeout=timeout)),
        STRICT if strict else LENIENT,
        symbolic,
    )
    try:
        raise_failure(work.finish(work.begin(text)))
    finally:
        work.close()


def raise_failure(outcome: Outcome) -> None:
    """AssertionError unless a case passed; raises GradcalcError if it makes no sense."""
    __tracebackhide__ = True
    sentences = [sentence for _, sentence in problems(outcome)]
    if outcome.status == "failed":
        first, *others = sentences
        raise AssertionError("\n".join([f"{outcome.place.name}: {first}", *(f"    {sentence}" for sentence in others)]))
    if outcome.error is not None:
        raise GradcalcError(outcome.error["kind"], "\n".join([*sentences, *details(outcome)]))


def _entries(cases: Iterable[str | Mapping[str, Any]]) -> Iterator[Entry]:
    for number, case in enumerate(cases, start=1):
        if isinstance(case, Mapping):
            place = CasePlace(str(case.get("name") or case.get("expression") or f"case {number}"), "<python>", number)
            try:
                yield _case(dict(case), place)
            except GradcalcError as error:
                yield unusable(place, error)
        else:
            for path in find_case_files(str(case)):
                yield from read_cases(path)


def _case(fields: Mapping[str, Any], place: CasePlace) -> CaseText:
    named = place if place.name else CasePlace(str(fields.get("expression")), place.file, place.line)
    return CaseText(named, _fields(fields), {})


def _builder(said: Mapping[str, Any]) -> ProblemBuilder:
    return ProblemBuilder(_fields(said), PYTHON)


def _fields(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _listed(value) for key, value in said.items()}


def _listed(value: Value) -> Any:
    """A value as the numbers, texts, lists and tables that a case file could hold."""
    if isinstance(value, Mapping):
        return {name: _listed(each) for name, each in value.items()}
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "tolist"):
        try:
            return value.tolist()
        except (RuntimeError, NotImplementedError) as problem:  # a sparse tensor, or one without storage
            said = str(problem).partition("\n")[0]
            raise GradcalcError("value", f"a {type(value).__name__} cannot be read: {said}") from problem
    if isinstance(value, list | tuple | range):
        return [_listed(each) for each in value]
    if isinstance(value, Fraction | Decimal):
        return str(value)
    if callable(value):
        raise GradcalcError("value", f"{value!r} is no value", hint='name a function of a case: "package.module:name"')
    return value


def _dtype(values: Iterable[Value]) -> str:
    """The dtype that all torch tensors have among the values, if it is one to differentiate in; else float64."""
    found = {_name(each.dtype) for each in values if hasattr(each, "detach")}
    return found.pop() if len(found) == 1 and found <= DTYPES.keys() else "float64"


def _name(dtype: Any) -> str:
    """What a dtype of torch or NumPy is called."""
    return str(getattr(dtype, "__name__", dtype)).removeprefix("torch.")


def _caller() -> CasePlace:
    """The line that called the function that asks."""
    frame = inspect.currentframe()
    for _ in range(3):
        frame = frame.f_back if frame is not None else None
    return CasePlace("", "<python>", 0) if frame is None else CasePlace("", frame.f_code.co_filename, frame.f_lineno)


def load_ipython_extension(shell: Any) -> None:
    """Let notebooks have `%%gradcalc`: a cell is run, and what its gradients are worth is shown below it."""

    def gradcalc(line: str, cell: str) -> None:
        with watch(surrogate=line.split()) as seen:
            shell.run_cell(cell)
        print(draw_ledger(seen.ledger, FILE))  # noqa: T201 - what the magic is for

    shell.register_magic_function(gradcalc, "cell", "gradcalc")
