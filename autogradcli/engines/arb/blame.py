"""Which operation is to blame: autograd's gradients beside the true ones, edge by edge, from the output back."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from flint import arb, ctx

from autogradcli.engines.arb.enclose import Enclosures, nearest
from autogradcli.engines.arb.range_errors import live
from autogradcli.engines.arb.sweep import Sweep
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Autograd, Cancellation, FirstDivergence, Node, flat
from autogradcli.language.tape import Operation, Tape, components

WORTH_TELLING = 4
"""Terms so many times larger than their sum are called a cancellation."""

HONEST = 8
"""Units of roundoff that a sum of two exact numbers, and what is then computed with it, may be off."""

Flow = tuple[int, int]
"""From the program step of an operation to that of its operand."""


def first_divergence(
    proof: Enclosures, autograd: Autograd, name: str, place: int | None = None
) -> FirstDivergence | None:
    """The first operation, from the output back to the variable, that sends what rounding does not explain.

    With `place` on the way to this component of it alone. Of what the operation sends the worst counts.
    """
    asked = proof.plan.asked[name]
    reaching = above(proof.plan.tape, asked if place is None else (asked[place],))
    with ctx.workprec(proof.precision):
        wrong = list(_wrong(proof, autograd, reaching))
    return max(wrong, key=_distance, default=None)


def _distance(parted: FirstDivergence) -> float:
    """The relative error of what was sent; the absolute one where the truth is 0."""
    distance = abs(parted.autograd - parted.truth) / (abs(parted.truth) or 1.0)
    return distance if math.isfinite(distance) else math.inf


def _wrong(proof: Enclosures, autograd: Autograd, reaching: Sequence[bool]) -> Iterator[FirstDivergence]:
    """What the first wrong operation sends beyond what rounding explains, to entries that depend on `wrt`."""
    true, budget = _flows(proof, proof.exact), _flows(proof, proof.rounded)
    moved = _moved(proof, autograd.nodes)
    alive = live(proof)
    first: int | None = None
    for (step, entry), (flow, operand, place) in _sent(proof, autograd.nodes).items():
        if first not in {None, step}:
            return
        handed_on = moved.get((step, entry), arb(0))
        truth = true.get((step, entry), arb(0)) + handed_on
        if not reaching[entry] or not truth.is_finite():
            continue
        if not _explained(proof, flow, truth, budget.get((step, entry), arb(0)) + handed_on):
            first = step
            dependent = _computed(proof, step, entry)
            taken = _taken(dependent, entry, alive)
            if dependent is not None and not math.isfinite(flow):
                taken = taken and not _is_masked(dependent, _values(proof, autograd, step), alive)
            yield FirstDivergence(step, operand, place, flow, nearest(truth), taken, _tied(proof, step))


def above(tape: Tape, asked: Iterable[int]) -> Sequence[bool]:
    """For each entry whether it depends on one of the entries of `wrt`."""
    found = [False] * len(tape.entries)
    for index in asked:
        found[index] = True
    for index, entry in enumerate(tape.entries):
        if isinstance(entry, Operation):
            found[index] = found[index] or any(found[operand] for operand in entry.operands)
    return found


def _taken(dependent: AbstractSet[int] | None, operand: int, alive: AbstractSet[int]) -> bool:
    """Whether the output is made of anything that a step computes from an entry, or of the entry that it moves."""
    return operand in alive if dependent is None else not alive.isdisjoint(dependent)


def _is_masked(dependent: AbstractSet[int], values: Mapping[int, float], alive: AbstractSet[int]) -> bool:
    """Whether, of what a step computes from an entry, what the output is made of is finite, and something else not."""
    finite = {entry: math.isfinite(value) for entry, value in values.items() if entry in dependent}
    return all(finite[entry] for entry in finite if entry in alive) and not all(finite.values())


def _values(proof: Enclosures, autograd: Autograd, step: int) -> Mapping[int, float]:
    """What torch computed in a step, by the entries of its components."""
    return dict(zip(components(proof.plan.tape.results[step]), flat(autograd.values[step]), strict=True))


def _computed(proof: Enclosures, step: int, operand: int) -> AbstractSet[int] | None:
    """The entries that a step computes from an entry; None if it computes nothing, and only moves components."""
    dependent, computes = {operand}, False
    for index, entry in enumerate(proof.plan.tape.entries):
        if isinstance(entry, Operation) and entry.step == step:
            computes = True
            if not dependent.isdisjoint(entry.operands):
                dependent.add(index)
    return dependent - {operand} if computes else None


def _tied(proof: Enclosures, step: int) -> bool:
    """Whether one of the step's own operations chooses by a condition in a tie."""
    own = (entry for entry in proof.plan.tape.entries if isinstance(entry, Operation) and entry.step == step)
    conditions = (proof.exact.values[entry.operands[0]] for entry in own)
    return any(isinstance(condition, Truth) and condition.tie for condition in conditions)


def _sent(proof: Enclosures, nodes: Iterable[Node]) -> Mapping[tuple[int, int], tuple[float, int, int]]:
    """What autograd sent from each step to each entry, and the operand and the component of it that the entry is.

    From the output back. An entry may be a component of several operands: a list holds the entries of its items.
    """
    sent: dict[tuple[int, int], tuple[float, int, int]] = {}
    for (step, operand), flow in sorted(autograd_flows(nodes).items(), reverse=True):
        for place, entry in enumerate(components(proof.plan.tape.results[operand])):
            before, *where = sent.get((step, entry), (0.0, operand, place))
            sent[step, entry] = before + flow[place], where[0], where[1]
    return sent


def _moved(proof: Enclosures, nodes: Iterable[Node]) -> Mapping[Flow, arb]:
    """What a step has to send to the entries of its operands that are entries of its result as well.

    A step that only moves components, as a slice or a transpose does, sends what autograd sent to its result. A sum of
    several such gradients may be rounded.
    """
    entries = proof.plan.tape.entries
    arriving: dict[Flow, list[float]] = defaultdict(list)
    for node in nodes:
        if node.step is None or node.value is None or node.gradient is None:
            continue
        for entry, gradient in zip(components(proof.plan.tape.results[node.step]), flat(node.gradient), strict=True):
            if entries[entry].step != node.step:
                arriving[node.step, entry].append(gradient)
    return {flow: _handed_on(terms, proof.dtype.unit_roundoff) for flow, terms in arriving.items()}


def _handed_on(terms: Sequence[float], unit: float) -> arb:
    """The sum of what arrives; NaN where that is not finite, which is then no fault of the step that hands it on."""
    if not all(map(math.isfinite, terms)):
        return arb.nan()
    return arb(math.fsum(terms), len(terms) * unit * math.fsum(map(abs, terms))) if len(terms) > 1 else arb(terms[0])


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


def _flows(proof: Enclosures, sweep: Sweep) -> Mapping[tuple[int, int], arb]:
    """The same in balls: from the step of an operation to an entry of another step."""
    entries = proof.plan.tape.entries
    flows: dict[tuple[int, int], arb] = defaultdict(arb)
    for consumer, operand, contribution in sweep.edges:
        step = entries[consumer].step
        if step != entries[operand].step:
            flows[step, operand] += contribution
    return flows


def _explained(proof: Enclosures, flow: float, truth: arb, budget: arb) -> bool:
    if not math.isfinite(flow):
        return False
    if budget.contains(arb(flow)) or not budget.is_finite():
        return True
    return bool(abs(truth - arb(flow)) <= proof.dtype.ulp(float(truth)))


def cancellation(proof: Enclosures) -> Cancellation | None:
    """The sum, of values or of gradients, that loses the most digits; None if none loses any to speak of."""
    with ctx.workprec(proof.precision):
        found = [*_in_values(proof), *_in_gradients(proof)]
    lost = [(_loss(each), each) for each in found]
    worst = max(lost, key=lambda pair: pair[0], default=(0.0, None))
    return worst[1] if worst[0] >= WORTH_TELLING else None


def _loss(sum_: Cancellation) -> float:
    largest = abs(sum_.terms[0])
    return math.inf if sum_.left == 0 and largest else largest / abs(sum_.left) if sum_.left else 0.0


def _in_values(proof: Enclosures) -> Iterable[Cancellation]:
    values = proof.exact.values
    for index, entry in enumerate(proof.plan.tape.entries):
        if isinstance(entry, Operation) and entry.function in SIGNS and proof.exact.active[index]:
            if _is_honest(proof, values[index], proof.rounded.values[index]):
                continue
            signed = zip(SIGNS[entry.function], entry.operands, strict=True)
            yield _sum(entry.step, [sign * values[operand] for sign, operand in signed], values[index])


def _in_gradients(proof: Enclosures) -> Iterable[Cancellation]:
    arriving: dict[int, list[arb]] = defaultdict(list)
    for _, operand, contribution in proof.exact.edges:
        arriving[operand].append(contribution)
    for operand, terms in arriving.items():
        total = proof.exact.adjoints[operand]
        if len(terms) > 1 and not _is_honest(proof, total, proof.rounded.adjoints[operand]):
            yield _sum(proof.plan.tape.entries[operand].step, terms, total)


def _is_honest(proof: Enclosures, true: arb | None, rounded: arb | None) -> bool:
    """Whether a sum has lost nothing, since its terms have no rounding of their own: 1.5 - 1 in any dtype."""
    if true is None or rounded is None:
        return True
    return bool(rounded.rad() <= abs(true).upper() * (HONEST * proof.dtype.unit_roundoff))


def _sum(step: int, terms: Iterable[arb], total: arb | None) -> Cancellation:
    sizes = sorted((float(term) for term in terms), key=abs, reverse=True)
    return Cancellation(step, tuple(sizes), 0.0 if total is None else nearest(total))


SIGNS = {"add": (1, 1), "sub": (1, -1)}
"""The rows that can cancel, and the signs of their terms."""
