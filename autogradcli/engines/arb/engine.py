"""The front door of the Arb engine: what balls prove about a program at a point, and what they say of torch's numbers.

Beside it claims, samples and formulas are asked for by themselves; everything else in this folder is the engine's own.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from flint import arb, ctx

from autogradcli.engines.arb.agreement import other_value
from autogradcli.engines.arb.blame import above, autograd_flows, cancellation, first_divergence
from autogradcli.engines.arb.enclose import Enclosures, enclose, nearest
from autogradcli.engines.arb.error_bounds import corner_steps, measure_gradients, measure_values, scalar
from autogradcli.engines.arb.kinks import MAX_WORK, entries_above
from autogradcli.engines.arb.neighbours import with_neighbours
from autogradcli.engines.arb.paths import Local, paths
from autogradcli.engines.arb.plan import differentiated, plan
from autogradcli.engines.arb.primitives import primitive, rule
from autogradcli.engines.arb.range_errors import broken, small, vanished
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import (
    Array,
    Autograd,
    Cancellation,
    Cause,
    ChainPaths,
    Enclosure,
    FirstDivergence,
    OtherValue,
    Small,
    flat,
    nested,
)
from autogradcli.functions.table import row, rows
from autogradcli.language.dtypes import Dtype
from autogradcli.language.program import Call, Direction, Program
from autogradcli.language.tape import Operation, components, lacking, shape_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proven."""

    program: Program
    wrt: tuple[str, ...]
    """The names that are differentiated with respect to."""
    along: tuple[Direction, ...]
    """The directions along which the output is differentiated first, one after the other."""
    dtype: Dtype
    limit: int
    """Scalar operations that a proof may have."""


def prove(question: Question, autograd: Autograd) -> "BallProof":
    """What balls prove where torch was. Raises TooLong, NoDefinition, OutOfTime or MemoryError where they cannot."""
    inputs = autograd.inputs
    upstream = None if autograd.upstream is None else flat(autograd.upstream)
    plans = [plan(question.program, question.wrt, inputs, upstream, question.limit)]
    for direction in question.along:
        plans.append(differentiated(plans[-1], direction, question.limit))
    computed = () if lacking(question.program) else autograd.values
    proof = enclose(plans[-1], inputs, question.dtype, computed)
    proof = with_neighbours(proof, plans[:-1], question.along)
    return BallProof(proof, autograd, of_derivative=bool(question.along))


def prepare() -> None:
    """Read the formulas of the table beforehand, for many programs."""
    for each in rows().values():
        if primitive(each):
            rule(each.name)


class BallProof:
    """A proof by balls, beside what torch computed."""

    remark = None

    def __init__(self, proof: Enclosures, autograd: Autograd, *, of_derivative: bool) -> None:
        """`of_derivative` says that torch's graph is that of a derivative of the program."""
        self._proof = proof
        self._of_derivative = of_derivative
        self._autograd = autograd
        self._lossy_pieces: dict[str, FirstDivergence | None] = {}

    @cached_property
    def scalar(self) -> float | None:
        """The scalar that is differentiated, to the nearest double; None if it is not finite."""
        return scalar(self._proof)

    @cached_property
    def values(self) -> Sequence[Enclosure]:
        """The opinion on each component of torch's output, row by row."""
        return measure_values(self._proof, flat(self._autograd.value))

    @property
    def true_values(self) -> Sequence[Array]:
        """The value of each step to the nearest doubles."""
        exact = self._proof.exact.values
        return [
            nested([_as_number(exact[entry]) for entry in components(handle)], shape_of(handle))
            for handle in self._proof.plan.tape.results
        ]

    def gradient(self, name: str, numbers: Sequence[float]) -> list[Enclosure]:
        """The opinion on numbers for the derivative with respect to each component of a name, row by row."""
        found = measure_gradients(self._proof, name, numbers)
        if not (self._tied or self._opaque):
            return found
        asked = self._proof.plan.asked[name]
        pairs = zip(asked, found, strict=True)
        return [self._of_unknown_derivative(entry) or self._beside_ties(entry) or each for entry, each in pairs]

    @cached_property
    def _opaque(self) -> Sequence[tuple[Operation, str, int]]:
        """The operations with an operand that varies and of which no derivative is known; its name, and the operand."""
        plan = self._proof.plan
        return [
            (entry, name, operand)
            for entry in plan.tape.entries
            if isinstance(entry, Operation) and row(entry.function).opaque
            for name, operand in zip(row(entry.function).operand_names, entry.operands, strict=True)
            if name in row(entry.function).opaque and plan.varies[operand]
        ]

    def _of_unknown_derivative(self, entry: int) -> Enclosure | None:
        """That nothing is known if an entry moves an operand of which no derivative is known; None if it does not."""
        if not self._opaque:
            return None
        above = entries_above(self._proof, [entry], MAX_WORK)
        for operation, name, operand in self._opaque:
            if above is None or operand == entry or operand in above:
                message = f"there is no formula for the derivative of {operation.function} with respect to its {name}"
                return Enclosure(cause=Cause("unverified", "GC504", message, operation.step))
        return None

    @cached_property
    def _tied(self) -> Sequence[int]:
        """The choices in a tie of which the text takes a derivative.

        The derivative there is a limit, and what is written out is that of the branch that is taken at the point.
        """
        proof = self._proof
        if proof.plan.order == 1 or self._of_derivative:
            return []
        entries, values = proof.plan.tape.entries, proof.exact.values
        return [each for each in sorted(proof.choosing) if values[entries[each].operands[0]].tie]  # type: ignore[union-attr]

    def _beside_ties(self, entry: int) -> Enclosure | None:
        """That nothing is known along an entry on which a choice in a tie does not depend; None if all of them do."""
        entries, program = self._proof.plan.tape.entries, self._proof.plan.program
        moved = {entry, *(entries_above(self._proof, [entry], MAX_WORK) or ())}
        for each in self._tied:
            if entries[each].operands[0] not in moved:  # type: ignore[union-attr]
                step = entries[each].step
                message = f"a derivative is taken of {program.text(step)}, which chooses in a tie here"
                return Enclosure(cause=Cause("unverified", "GC501", message, step))
        return None

    def first_divergence(self, name: str, place: int | None) -> FirstDivergence | None:
        """The first operation, from the output back to a name, whose backward is wrong; None of a derivative's graph.

        The nodes of such a graph belong to no single operation of the text. What a derivative that is written out sends
        on is not its limit.
        """
        nothing_sent = self._of_derivative or self._autograd.lacking is not None
        found = None if nothing_sent else first_divergence(self._proof, self._autograd, name, place)
        step = None if found is None else self._proof.plan.program.steps[found.step]
        return None if isinstance(step, Call) and row(step.function).differentiates else found

    def lossy_piece(self, name: str) -> FirstDivergence | None:
        """A step that torch computes in one piece and whose backward loses digits, on the way to a name."""
        if name not in self._lossy_pieces:
            found = None if self._of_derivative else lossy_piece(self._proof, self._autograd, name)
            self._lossy_pieces[name] = found
        return self._lossy_pieces[name]

    def corners(self, name: str, place: int, hidden: bool) -> tuple[int, ...]:
        """The steps that have the corner along one component, in the order of the text; see `corner_steps`."""
        return corner_steps(self._proof, name, place, hidden)

    def paths(self, name: str) -> ChainPaths | None:
        """The chain rule for the gradient of a name, path by path."""
        return paths(self._proof, self._autograd.values, name)

    def broken(self, parted: FirstDivergence | None) -> tuple[int, int] | None:
        """The first step that is not finite in torch, of those that an operation depends on, or of all; and where."""
        return broken(self._proof, self._autograd.values, parted)

    @cached_property
    def vanished(self) -> Small | None:
        """The first number on the way to the output that is too small for the dtype, and 0 in torch."""
        return vanished(self._proof, self._autograd.values)

    def small(self, parted: FirstDivergence) -> Small | None:
        """The number behind an operation that is too small for the dtype."""
        return small(self._proof, parted)

    @cached_property
    def cancellation(self) -> Cancellation | None:
        """The sum that loses the most digits."""
        return cancellation(self._proof)

    @cached_property
    def other_value(self) -> OtherValue | None:
        """The first value that torch has otherwise than the definition of its function gives it."""
        return other_value(self._proof, self._autograd.values)


def _as_number(value: arb | Truth) -> float | bool | None:
    return value.value if isinstance(value, Truth) else nearest(value)


def lossy_piece(proof: Enclosures, autograd: Autograd, name: str) -> FirstDivergence | None:
    """The step nearest to the output, on the way to a name, that torch computes in one piece and not well."""
    reaching = above(proof.plan.tape, proof.plan.asked[name])
    with ctx.workprec(proof.precision):
        for each in _lossy(proof, autograd):
            if reaching[components(proof.plan.tape.results[each.operand])[each.place]]:
                return each
    return None


def _lossy(proof: Enclosures, autograd: Autograd) -> Iterator[FirstDivergence]:
    """What such steps send that is off by more than the dtype's tolerance of what they should send."""
    flows = autograd_flows(autograd.nodes)
    arrived = {node.step: node.gradient for node in autograd.nodes if node.value is not None and node.gradient}
    for index in range(len(proof.plan.program.steps) - 1, -1, -1):
        step = proof.plan.program.steps[index]
        if not (isinstance(step, Call) and row(step.function).fused and index in arrived):
            continue
        local = Local(proof, autograd.values, index)
        true = local.pull_back([arb(each) for each in flat(arrived[index])], local.received)
        for place, balls in true.items():
            operand = step.operands[place]
            if balls is None or step.operands.count(operand) > 1 or (index, operand) not in flows:
                continue
            for component, (sent, ball) in enumerate(zip(flows[index, operand], balls, strict=True)):
                if _loses(proof, sent, ball):
                    yield FirstDivergence(index, operand, component, sent, nearest(ball), taken=True, tied=False)


def _loses(proof: Enclosures, sent: float, ball: arb) -> bool:
    if not (math.isfinite(sent) and ball.is_finite()):
        return False
    return bool(abs(ball - arb(sent)) > abs(ball) * proof.dtype.rtol + arb(2) ** proof.dtype.smallest)
