"""Operators of torch's own database as passes that are proven step by step, beside float64 and central differences."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from autogradcli.compute.compute import Session
from autogradcli.engines.torch.record.calls import mapped, tensors_in
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.programs.texts import Texts
from autogradcli.programs.verify import Verifier
from tests.operators import quiet, title
from tests.programs import DEMANDS

AGREE, DIFFER = 1e-7, 1e-2
"""Relative to the largest component: where a gradient is right to the last digits, and where it is wrong for all."""
DISTANCE = 1e-6


@dataclass(frozen=True, slots=True)
class PassOfOperator:
    """What was said of one pass, and what is wrong with that."""

    text: str
    verdict: str
    fault: str | None


def passes(operator: Any, count: int, seed: int, operations: int = 1) -> Iterator[PassOfOperator]:
    """Some samples of an operator in float32; `operations` are those up to which a pass is proven as a whole."""
    if not operator.supports_autograd or torch.float32 not in operator.supported_dtypes("cpu"):
        return
    with quiet():
        samples = list(operator.sample_inputs("cpu", torch.float32, requires_grad=True))
    random.Random(seed).shuffle(samples)
    for sample in samples[:count]:
        torch.manual_seed(seed)
        found = _pass(operator, sample, operations)
        if found is not None:
            yield found


def _pass(operator: Any, sample: Any, operations: int) -> PassOfOperator | None:
    call = _Call(operator, sample)
    for leaf in call.leaves:  # samples share some
        leaf.grad = None
    watch = Watch("all")
    try:
        with quiet(), torch.enable_grad(), watch.watching():
            total = call.total(call.leaves)
            total.backward()  # type: ignore[no-untyped-call]
    except Exception:  # torch's own: some samples have no derivative
        return None
    gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in call.leaves]
    options = replace(DEMANDS.options, max_operations=operations)
    with Session(symbolic=False) as session:
        (found,) = Verifier(Texts(), session, replace(DEMANDS, options=options)).verify(watch.finished())
    reasons = [each.reason.message for each in found.entry.entries if each.reason is not None]
    text = f"{title(operator)}: {reasons[0] if reasons else ''}"
    return PassOfOperator(text, found.entry.verdict, call.fault(found.entry.verdict, gradients))


class _Call:
    """A call of an operator, and a weighted sum of what it gives."""

    def __init__(self, operator: Any, sample: Any) -> None:
        self._operator, self._sample = operator, sample
        every = tensors_in([sample.input, sample.args, sample.kwargs])
        self.leaves = list({id(each): each for each in every if each.requires_grad}.values())
        self._state = torch.get_rng_state()
        self._followed: list[int] | None = None

    def total(self, leaves: Sequence[torch.Tensor]) -> torch.Tensor:
        """The sum, with other tensors in place of the leaves."""
        torch.set_rng_state(self._state)
        places = {id(old): new for old, new in zip(self.leaves, leaves, strict=True)}
        called = [self._sample.input, self._sample.args, self._sample.kwargs]
        given, args, kwargs = mapped(called, lambda each: places.get(id(each), each))
        every = list(tensors_in(self._operator.op(given, *args, **kwargs)))
        if self._followed is None:
            self._followed = [place for place, each in enumerate(every) if each.requires_grad]
        outputs = [every[place] for place in self._followed]
        if leaves and leaves[0].dtype == torch.float64 != outputs[0].dtype:
            raise TypeError("it computes in another format")
        weights = torch.Generator().manual_seed(0)
        terms = [each.double() * torch.rand(each.shape, generator=weights, dtype=torch.float64) for each in outputs]
        return sum((each.sum() for each in terms), torch.zeros((), dtype=torch.float64))

    def fault(self, verdict: str, gradients: Sequence[torch.Tensor]) -> str | None:
        """What contradicts a verdict: an alarm where float64 agrees, or none where central differences do not."""
        wide = [each.detach().double().requires_grad_() for each in self.leaves]
        try:
            with quiet(), torch.enable_grad():
                true: Any = torch.autograd.grad(self.total(wide), wide, allow_unused=True)
                slopes = self._slopes(wide, gradients)
        except Exception:  # it has no float64
            return None
        pairs = [(one, other) for one, other in zip(gradients, true, strict=True) if other is not None]
        largest = max((float(other.abs().max()) for _, other in pairs if other.numel()), default=0.0)
        off = max((float((one - other).abs().max()) for one, other in pairs if other.numel()), default=0.0)
        differ = abs(slopes[0] - slopes[1]) > DIFFER * max(map(abs, slopes)) + DIFFER
        if verdict == "mismatch" and off <= AGREE * largest and not differ:
            return f"{verdict}, and float64 agrees to {off:.2g} of {largest:.2g}"
        if verdict == "verified" and differ:
            return (
                f"verified, and along a random direction {slopes[0]:.6g} where central differences give {slopes[1]:.6g}"
            )
        return None

    def _slopes(self, wide: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor]) -> tuple[float, float]:
        chance = torch.Generator().manual_seed(1)
        along = [torch.randn(each.shape, generator=chance, dtype=torch.float64) for each in wide]
        ahead, behind = (
            float(self.total([one.detach() + way * d for one, d in zip(wide, along, strict=True)]))
            for way in (DISTANCE, -DISTANCE)
        )
        by_autograd = sum(float((one.double() * d).sum()) for one, d in zip(gradients, along, strict=True))
        return by_autograd, (ahead - behind) / (2 * DISTANCE)
