"""What several test modules share."""

import cProfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.engines.arb.enclose import Enclosures, enclose
from autogradcli.engines.arb.plan import plan
from autogradcli.engines.backward import ONCE, Backward
from autogradcli.language.dtypes import Dtype
from autogradcli.language.parser import parse
from autogradcli.language.program import Program
from autogradcli.problems.point import check_wrt

T = TypeVar("T")


def problem(text: str, at: Mapping[str, str], dtype: str = "float64", symbolic: bool = False) -> Problem:
    """A problem with all variables asked about."""
    program = parse(text, given=tuple(at))
    return Problem(
        program,
        {name: parse(value) for name, value in at.items()},
        program.variables,
        Options(dtype, symbolic=symbolic),
    )


def examine(text: str, at: Mapping[str, str], dtype: str = "float64") -> dict[str, Gradient]:
    """The findings on an expression at a point, by torch and Arb."""
    return compute(problem(text, at, dtype)).gradients


def problem_report(
    text: str, *, wrt: Sequence[str] = (), ones: bool = False, dtype: str = "float64", **at: str
) -> Report:
    """The report by torch and Arb, about all variables that can be differentiated; `ones` is what backward is given."""
    program = parse(text, given=tuple(at))
    backward = Backward(parse("ones_like(out)")) if ones else ONCE
    point = {name: parse(value) for name, value in at.items()}
    options = Options(symbolic=False, dtype=dtype)
    return compute(Problem(program, point, check_wrt(program, wrt, "wrt"), options, backward=backward))


def prove(program: Program, at: Mapping[str, Any], dtype: Dtype) -> Enclosures:
    """Enclosures about all variables at a point whose coordinates are floats, or nested lists of them."""
    return enclose(plan(program, program.variables, at), at, dtype)


def counted(work: Callable[[], T]) -> tuple[int, T]:
    """How many functions some work calls, and its result: no other process disturbs this as it does a clock."""
    profile = cProfile.Profile()
    result = profile.runcall(work)
    return sum(each.callcount for each in profile.getstats()), result
