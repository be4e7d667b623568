"""The graph behind one `backward` of a program."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autogradcli.compute.compute import Session
from autogradcli.compute.report import Report
from autogradcli.engines.results import Node
from autogradcli.errors import GradcalcError
from autogradcli.programs.demands import Demands
from autogradcli.programs.session import Wanted, watch_program
from autogradcli.programs.target import PythonProgram

if TYPE_CHECKING:
    from autogradcli.engines.torch.record.calls import BackwardPass


def graph_report(program: PythonProgram, number: int | None, wanted: Wanted, demands: Demands, around: Any) -> Report:
    """The report on a `backward`, counted from 1, or on the last one; `around` is a context while the program runs.

    Raises GradcalcError if the program fails, has no such `backward`, or does what its record cannot follow.
    """
    name = program.target.name
    passes = "last" if number is None else f"only {number}"
    seen = watch_program(program, replace(wanted, passes=passes, modules=True), around)
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
        verifier = Verifier(seen.texts, session, demands)
        (event,) = seen.watch.finished()
        (found,) = verifier.verify([event])
        if found.report is None:
            found = verifier.drawn(event, found.entry)
    if found.report is None:
        raise GradcalcError("program", f"line {found.entry.line}: there is no graph: {found.entry.notes[-1]}")
    return replace(found.report, nodes=_in_modules(found.report.nodes, event, found.steps))


def _in_modules(nodes: Sequence[Node], event: "BackwardPass", steps: Mapping[int, int]) -> tuple[Node, ...]:
    """The nodes, each with the module that it belongs to: of a parameter its own, else that in which it was made."""
    from autogradcli.engines.torch.record.below import calls_below
    from autogradcli.engines.torch.record.modules import module_names

    calls = calls_below(event.outputs)
    names = module_names(calls)
    made = sorted((steps[call.serial], names.get(call.serial)) for call in calls if call.serial in steps)

    def home(node: Node) -> str | None:
        if node.variable is not None and not node.inputs:
            owner = node.variable.rpartition(".")[0]
            return owner if owner in names.values() else None
        # A call may be several steps, of which the last is known.
        place = len(made) if node.step is None else bisect_left(made, node.step, key=lambda each: each[0])
        return made[place][1] if place < len(made) else None

    return tuple(replace(node, module=home(node)) for node in nodes)
