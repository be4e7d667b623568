"""The chain rule written out: the paths from the output, with every factor in symbols and in numbers."""

from autogradcli.compute.opinions import Opinions
from autogradcli.compute.report import Factor, Trace, TracePath
from autogradcli.engines.opinions import Link, Paths
from autogradcli.language.local_derivatives import local_slope


def traces(opinions: Opinions) -> dict[str, Trace]:
    """The chain rule for every gradient; empty where nothing can be proven about the program."""
    found = {name: opinions.proof.paths(name) for name in opinions.problem.wrt}
    return {name: _trace(opinions, each) for name, each in found.items() if each is not None}


def _trace(opinions: Opinions, found: Paths) -> Trace:
    shown = [TracePath(tuple(_factor(opinions, link) for link in path.links), path.product) for path in found.shown]
    return Trace(opinions.autograd.upstream, tuple(shown), found.count, found.total)


def _factor(opinions: Opinions, link: Link) -> Factor:
    program = opinions.problem.program
    return Factor(
        program.text(link.step),
        program.text(link.operand),
        local_slope(program, opinions.autograd.values, link.step, link.place),
        link.derivative,
        link.product,
    )
