"""Cases from Python: `check` and `assert_gradient`."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from autogradcli.api.display import CheckResult
from autogradcli.api.values import Value, as_fields, dtype_of
from autogradcli.api.wording import formula, in_python, seconds, stated_point, table
from autogradcli.checks.case import CasePlace, CaseText
from autogradcli.checks.judge import LENIENT, STRICT
from autogradcli.checks.outcome import Outcome, unusable
from autogradcli.checks.run import CaseOrOutcome, run_cases
from autogradcli.checks.work import CaseWork
from autogradcli.compute.problem import Options
from autogradcli.errors import GradcalcError
from autogradcli.problems.cases.build import build_case
from autogradcli.problems.cases.read import find_case_files, read_cases
from autogradcli.processes.limits import Limits
from autogradcli.processes.pool import Pool
from autogradcli.processes.serial import Serial
from autogradcli.render.checks.lines import details, problems


@in_python
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
    options = Options(symbolic=symbolic, timeout=seconds(timeout))
    make = partial(CaseWork, partial(build_case, options=options), STRICT if strict else LENIENT, symbolic)
    executor = Serial() if jobs == 1 else Pool(jobs, Limits(timeout))
    with closing(run_cases(executor, make, _entries(cases))) as outcomes:
        return CheckResult(tuple(outcomes))


@in_python
def assert_gradient(
    expression: str,
    at: Mapping[str, Value] | None = None,
    *,
    function: Callable[..., Any] | str | None = None,
    strict: bool = False,
    symbolic: bool = True,
    timeout: float = 10.0,
    claim: str | Mapping[str, Value] | None = None,
    expect: Mapping[str, Any] | None = None,
    **values: Value,
) -> None:
    """Raises AssertionError with what is wrong, unless the gradient of an expression is right at a point.

    Values are given as to `evaluate`. `claim` is what the derivatives are, by name: `{"x": "2*x"}`, or of the only
    variable `"2*x"`. `expect` has keys of a case file: value, grad, verdict, tolerance, dtype, max_ulps, … `function`
    is code of your own that is to be what the expression says.
    """
    __tracebackhide__ = True
    point = stated_point(at, values)
    claims = {} if claim is None else {"claim": claim if isinstance(claim, str) else table(claim, "claim")}
    fields = {
        "dtype": dtype_of(point.values()),
        **claims,
        **table(expect, "expect"),
        "expression": formula(expression, "assert_gradient"),
    }
    text = _case({**fields, "at": point} if point else fields, _caller())
    if function is not None and "function" not in text.fields:
        text = replace(text, fields={**text.fields, "function": function})
    work = CaseWork(
        partial(build_case, options=Options(symbolic=symbolic, timeout=seconds(timeout))),
        STRICT if strict else LENIENT,
        symbolic,
    )
    try:
        _raise_failure(work.finish(work.begin(text)))
    finally:
        work.close()


def _raise_failure(outcome: Outcome) -> None:
    """AssertionError unless a case passed; raises GradcalcError if it makes no sense."""
    __tracebackhide__ = True
    sentences = [sentence for _, sentence in problems(outcome)]
    if outcome.status == "failed":
        first, *others = sentences
        raise AssertionError("\n".join([f"{outcome.place.name}: {first}", *(f"    {sentence}" for sentence in others)]))
    if outcome.error is not None:
        raise GradcalcError(outcome.error["kind"], "\n".join([*sentences, *details(outcome)]))


def _entries(cases: Iterable[str | Mapping[str, Any]]) -> Iterator[CaseOrOutcome]:
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
    return CaseText(named, as_fields(fields), {})


def _caller() -> CasePlace:
    """The line that called the function that asks."""
    frame = inspect.currentframe()
    for _ in range(3):
        frame = frame.f_back if frame is not None else None
    return CasePlace("", "<python>", 0) if frame is None else CasePlace("", frame.f_code.co_filename, frame.f_lineno)
