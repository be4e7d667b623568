"""Steps that torch computes in one piece: whether the formula of their backward loses digits that others keep.

A step is held against its own exact backward for the numbers that reached it, so what was rounded before it, on the way
forward or back, does not count.
"""

import math
from collections.abc import Iterator

from flint import arb, ctx

from autogradcli.engines.arb.blame import above, autograd_flows
from autogradcli.engines.arb.enclose import Enclosures, nearest
from autogradcli.engines.arb.paths import Local
from autogradcli.engines.results import Autograd, FirstDivergence, flat
from autogradcli.functions.table import row
from autogradcli.language.program import Call
from autogradcli.language.tape import components


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
