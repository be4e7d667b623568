"""Gradients from Python: what the commands compute, with values of Python, NumPy and torch; nothing prints."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autogradcli.api.display import ChainRule, Graph, Report, shown
from autogradcli.api.sources import body_of, check_arguments, written_call
from autogradcli.api.values import Value, as_fields, dtype_of, name_of, names_in
from autogradcli.api.wording import PYTHON, formula, in_python, seconds, stated_point
from autogradcli.compute.compute import compute
from autogradcli.compute.derivatives import STYLES, derivatives, output_shape, wanted
from autogradcli.compute.problem import Options
from autogradcli.engines.backward import Backward, Detail
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.build import ProblemBuilder
from autogradcli.processes.limits import Limits


@in_python
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
    point = stated_point(at, values)
    beyond = {"order": order, "hessian": hessian, "jacobian": jacobian, "hvp": hvp, "jvp": jvp}
    given = {"wrt": wrt, "of": of, "upstream": upstream, **beyond}
    demands = {"dtype": dtype, "rtol": rtol, "atol": atol, "max_ulps": max_ulps}
    options = Options(symbolic=symbolic, timeout=seconds(timeout))
    if callable(expression):
        extra = {**given, "function": function}
        return _of_callable(expression, point, extra, _builder("", point, demands).options(options))
    problem = _builder(formula(expression, "evaluate"), point, given | demands).problem(options)
    return shown(compute(replace(problem, function=function)), point)


def _of_callable(
    function: Callable[..., Any], point: Mapping[str, Value], given: Mapping[str, Any], options: Options
) -> Report:
    """The report on a function of tensors that is called once."""
    from autogradcli.programs.functions import function_report

    for key, value in given.items():
        if key != "wrt" and value is not {"order": 1, "hessian": False, "jacobian": False}.get(key):
            raise _for_text(key, value, body_of(function))
    wrt = names_in(given["wrt"])
    unknown = [name for name in wrt if name not in point]
    if unknown:
        hint = did_you_mean(unknown[0], point) or f"it can be {', '.join(point)}"
        raise GradcalcError("usage", f"wrt= names {unknown[0]}, which is given no value", hint=hint)
    check_arguments(function, point)
    try:
        report = function_report(function, as_fields(point), options, wrt or list(point))
    except (RuntimeError, TypeError) as error:  # the function's own are its own
        known = next((each for each in BEYOND if re.search(each[0], str(error))), None)
        if known is None:
            raise
        _, message, hint = known
        other = "float64" if options.dtype == "float32" else "float32"
        raise GradcalcError("value", message.format(options.dtype), hint=hint.format(other)) from error
    return shown(replace(report, expression=written_call(function, list(point)), output=None), point)


BEYOND = (
    (
        r"numpy\(\)",
        "the function hands a tensor to NumPy, where autograd does not follow it",
        "call torch's functions: torch.sin(x), not np.sin(x)",
    ),
    (
        r"same dtype|expected scalar type",
        "the function is given numbers of {}, and computes with others",
        "type dtype='{}', or convert what else it uses",
    ),
)
"""Why a function cannot be called so: words of torch's; the message, with the dtype; the hint, with another one."""


def _for_text(key: str, value: Any, text: str | None) -> GradcalcError:
    """The error for what is asked of a function and can be asked of a formula alone."""
    example = "x**2"
    hint = f'give the formula as text, as in evaluate("{text or example}", ..., {key}={value!r})'
    if key == "function":
        hint = 'leave function= out, or give the formula as text: evaluate("x**2", ..., function=f)'
    return GradcalcError("usage", f"{key}= is for a formula, and this is a function, which is called", hint=hint)


@in_python
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
) -> Graph:
    """The graph that autograd built: a tree as text, a picture in a notebook, a file by `save("graph.svg")`.

    >>> print(str(graph("x**2", x=3)).splitlines()[1])
    PowBackward0         x**2           9.0        1.0

    Values are given as to `evaluate`. Raises GradcalcError where the input makes no sense.
    """
    given = {"wrt": wrt, "of": of, "upstream": upstream, "dtype": dtype}
    options, backward = Options(symbolic=False, timeout=seconds(timeout)), Backward(detail=Detail(derivatives=True))
    return Graph(
        compute(_builder(formula(expression, "graph"), stated_point(at, values), given).problem(options, backward))
    )


@in_python
def trace(
    expression: str,
    at: Mapping[str, Value] | None = None,
    *,
    wrt: str | Sequence[str] = (),
    of: str | None = None,
    timeout: float = 10.0,
    **values: Value,
) -> ChainRule:
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
    options = Options(symbolic=False, timeout=seconds(timeout), trace=True)
    given = {"wrt": wrt, "of": of, "dtype": None}
    report = compute(_builder(formula(expression, "trace"), stated_point(at, values), given).problem(options))
    return ChainRule(report.traces, report.output)


@in_python
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
    one, whose names are `x,x`; `wrt=("x", "x", "y")` for one mixed partial derivative. Of a list each component has
    its own, named `f[0].x`.
    Raises GradcalcError where the input makes no sense, or SymPy has no formula.
    """
    text = formula(expression, "diff")
    form = style or format
    if form not in STYLES:
        hint = did_you_mean(form, STYLES) or f"the formats are {', '.join(STYLES)}"
        raise GradcalcError("usage", f"there is no format {form}", hint=hint)
    stated = _builder(text, {}, {"wrt": wrt, "of": of, "order": order})
    program = stated.program(())
    names = stated.wrt(program)
    beyond, sizes = stated.beyond(names), output_shape(program)
    formulas: dict[str, str] = {}
    for asked, each in derivatives(
        program, wanted(names, beyond.order, beyond.mixed, sizes), sizes, form, Limits(seconds(timeout))
    ).items():
        about = ",".join(asked.names)
        if each.formula is None:
            raise GradcalcError("symbolic", f"no derivative with respect to {about}: {each.reason}")
        component = "" if asked.place is None else f"{asked.within(program, sizes)}."
        formulas[f"{component}{about}"] = str(each.formula)
    return formulas


def _builder(expression: str, point: Mapping[str, Value], given: Mapping[str, Any]) -> ProblemBuilder:
    """The builder of what is given; what is None is not."""
    stated = {key: value for key, value in given.items() if value is not None}
    stated["wrt"] = names_in(given.get("wrt", ()))
    stated["dtype"] = name_of(stated["dtype"]) if "dtype" in stated else dtype_of(point.values())
    return ProblemBuilder(as_fields({"expression": expression, "at": point, **stated}), PYTHON)
