"""The chain rule written out: the paths from the output, with every factor in symbols and in numbers."""

from autogradcli.compute.evidence import Evidence
from autogradcli.compute.report import Factor, Trace, TracePath
from autogradcli.engines.results import Link, Paths
from autogradcli.language.local_derivatives import local_slope


def traces(evidence: Evidence) -> dict[str, Trace]:
    """The chain rule for every gradient; empty where nothing can be proven about the program."""
    found = {name: evidence.proof.paths(name) for name in evidence.problem.wrt}
    return {name: _trace(evidence, each) for name, each in found.items() if each is not None}


def _trace(evidence: Evidence, found: Paths) -> Trace:
    shown = [TracePath(tuple(_factor(evidence, link) for link in path.links), path.product) for path in found.shown]
    return Trace(evidence.autograd.upstream, tuple(shown), found.count, found.total)


def _factor(evidence: Evidence, link: Link) -> Factor:
    program = evidence.problem.program
    return Factor(
        program.text(link.step),
        program.text(link.operand),
        local_slope(program, evidence.autograd.values, link.step, link.place),
        link.derivative,
        link.product,
    )
