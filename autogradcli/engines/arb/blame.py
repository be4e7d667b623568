"""Which operation is to blame: autograd's gradients beside the true ones, edge by edge, from the output back."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from flint import arb, ctx

from autogradcli.engines.arb.enclose import Proof
from autogradcli.engines.arb.sweep import Sweep
from autogradcli.engines.opinions import Cancellation, Node, Parting, flat
from autogradcli.language.program import Call, Program, Variable
from autogradcli.language.tape import Operation, components

WORTH_TELLING = 4
"""Terms so many times larger than their sum are called a cancellation."""

Flow = tuple[int, int]
"""From the program step of an operation to that of its operand."""


def parting(proof: Proof, nodes: Iterable[Node], name: str) -> Parting | None:
    """The first operation, from the output back to the variable, that sends what rounding does not explain."""
    above = _above(proof.plan.program, name)
    flows = {edge: flow for edge, flow in autograd_flows(nodes).items() if edge[1] in above}
    with ctx.workprec(proof.precision):
        true, budget = _flows(proof, proof.exact), _flows(proof, proof.rounded)
        for (step, operand), sent in sorted(flows.items(), reverse=True):
            for flow, entry in zip(sent, components(proof.plan.tape.results[operand]), strict=True):
                truth = true.get((step, entry), arb(0))
                if truth.is_finite() and not _explained(proof, flow, truth, budget.get((step, entry), arb(0))):
                    return Parting(step, operand, flow, float(truth), _taken(proof, step))
    return None


def _taken(proof: Proof, step: int) -> bool:
    return any(proof.exact.relevant[entry] for entry in components(proof.plan.tape.results[step]))


def _above(program: Program, name: str) -> set[int]:
    """The variable's step and all steps that depend on it."""
    above: set[int] = set()
    for index, step in enumerate(program.steps):
        if (isinstance(step, Call) and not above.isdisjoint(step.operands)) or (
            isinstance(step, Variable) and step.name == name
        ):
            above.add(index)
    return above


def autograd_flows(nodes: Iterable[Node]) -> Mapping[Flow, list[float]]:
    """What autograd sent from each step to each of its operands' steps, component by component."""
    nodes = tuple(nodes)
    flows: dict[Flow, list[float]] = {}
    for node in nodes:
        for place, flow in zip(node.inputs, node.flows, strict=True):
            step, operand = node.step, nodes[place].step
            if flow is not None and step is not None and operand is not None and step != operand:
                before = flows.get((step, operand))
                sent = flat(flow)
                flows[step, operand] = sent if before is None else [a + b for a, b in zip(before, sent, strict=True)]
    return flows


def _flows(proof: Proof, sweep: Sweep) -> Mapping[tuple[int, int], arb]:
    """The same in balls: from the step of an operation to an entry of another step."""
    entries = proof.plan.tape.entries
    flows: dict[tuple[int, int], arb] = defaultdict(arb)
    for edge in sweep.edges:
        step = entries[edge.consumer].step
        if step != entries[edge.operand].step:
            flows[step, edge.operand] += edge.contribution
    return flows


def _explained(proof: Proof, flow: float, truth: arb, budget: arb) -> bool:
    if not math.isfinite(flow):
        return False
    if budget.contains(arb(flow)) or not budget.is_finite():
        return True
    return bool(abs(truth - arb(flow)) <= proof.dtype.ulp(float(truth)))


def cancellation(proof: Proof) -> Cancellation | None:
    """The sum, of values or of gradients, that loses the most digits; None if none loses any to speak of."""
    with ctx.workprec(proof.precision):
        found = [*_in_values(proof), *_in_gradients(proof)]
    lost = [(_loss(each), each) for each in found]
    worst = max(lost, key=lambda pair: pair[0], default=(0.0, None))
    return worst[1] if worst[0] >= WORTH_TELLING else None


def _loss(sum_: Cancellation) -> float:
    largest = abs(sum_.terms[0])
    return math.inf if sum_.left == 0 and largest else largest / abs(sum_.left) if sum_.left else 0.0


def _in_values(proof: Proof) -> Iterable[Cancellation]:
    values = proof.exact.values
    for index, entry in enumerate(proof.plan.tape.entries):
        if isinstance(entry, Operation) and entry.function in SUMS and proof.exact.relevant[index]:
            yield _sum(entry.step, [values[operand] for operand in entry.operands], values[index])


def _in_gradients(proof: Proof) -> Iterable[Cancellation]:
    arriving: dict[int, list[arb]] = defaultdict(list)
    for edge in proof.exact.edges:
        arriving[edge.operand].append(edge.contribution)
    for operand, terms in arriving.items():
        if len(terms) > 1:
            yield _sum(proof.plan.tape.entries[operand].step, terms, proof.exact.adjoints[operand])


def _sum(step: int, terms: Iterable[arb], total: arb | None) -> Cancellation:
    sizes = sorted((float(term) for term in terms), key=abs, reverse=True)
    return Cancellation(step, tuple(sizes), float(arb(0) if total is None else total))


SUMS = frozenset({"add", "sub"})
"""The rows that can cancel."""
