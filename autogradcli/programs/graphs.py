"""The graph behind one `backward` of a program."""

from typing import Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options
from autogradcli.compute.report import Report
from autogradcli.engines.backward import Detail
from autogradcli.errors import GradcalcError
from autogradcli.programs.demands import Demands
from autogradcli.programs.session import Wanted, watch_program
from autogradcli.programs.target import PythonProgram

LONG = 60.0
"""Seconds that one pass may take."""


def graph_report(program: PythonProgram, number: int | None, detail: Detail, around: Any) -> Report:
    """The report on a `backward`, counted from 1, or on the last one; `around` is a context while the program runs.

    Raises GradcalcError if the program fails, has no such `backward`, or does what its record cannot follow.
    """
    name = program.target.name
    seen = watch_program(program, Wanted(passes="last" if number is None else f"only {number}"), around)
    if seen.ending.status:
        where = "" if seen.ending.line is None else f"line {seen.ending.line}: "
        raise GradcalcError("program", f"{name} failed: {where}{type(seen.ending.error).__name__}: {seen.ending.error}")
    if seen.watch is None or not seen.watch.count:
        raise GradcalcError("program", f"{name} calls no backward", hint="a graph belongs to a backward")
    if number is not None and number > seen.watch.count:
        message = f"there is no backward {number}: {name} calls {seen.watch.count}"
        raise GradcalcError("usage", message, hint=f"type --backward {seen.watch.count}, or leave it out")
    # torch's engine comes with it, and the program imports torch first, if it does at all.
    from autogradcli.programs.verify import Verifier

    with Session(symbolic=False) as session:
        verifier = Verifier(seen.texts, session, Demands(Options(symbolic=False), detail))
        (found,) = verifier.verify(seen.watch.finished())
    if found.report is None:
        reason = next((entry.reason.message for entry in found.entry.entries if entry.reason), "it was not recorded")
        raise GradcalcError("program", f"line {found.entry.line}: {reason}")
    return found.report
