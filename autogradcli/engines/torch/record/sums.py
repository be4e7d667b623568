"""Sums of products, one component at a time: the exact number, and in closed form what rounding may do to it.

What a product of matrices, a convolution or a sum sends to one component of an operand is a sum of products of the
gradient that reached it and the other operand. The other operand's part in it is what the call itself gives for that
component alone, 1 there and 0 elsewhere: torch's forward is asked, and not the backward that is looked at. Products are
split into two doubles each (Dekker 1971, Numerische Mathematik 18), so that `math.fsum` adds them up without error.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import mapped, tensors_in
from autogradcli.engines.torch.record.comparison import unit_of
from autogradcli.engines.torch.record.replay import quiet
from autogradcli.engines.torch.record.steps import RecordedStep

SPLIT = 2.0**27 + 1
"""What a double is multiplied by to be split into halves of 26 bits."""
MOST_TERMS = 100_000
MOST_PRODUCTS = 100_000_000
"""Products in the forward, about, up to which it is asked."""


@dataclass(frozen=True, slots=True)
class Exact:
    """The true number of one component, and what rounding may do to it."""

    value: float
    """The double nearest to it."""
    budget: float
    """What rounding may do to it, in whatever order it is added up: `(n + 2) u` times the sum of the sizes."""


Index = tuple[int, ...]
Terms = tuple[torch.Tensor, torch.Tensor]
"""Factors, of which there are as many on both sides."""


def exact(step: RecordedStep, place: int, index: Index) -> Exact | None:
    """What a step sends to a component of its operand number `place`; None if it is no sum of products, or too long."""
    if step.name not in SUMS or step.call.changes or step.upstreams[0] is None:
        return None
    if any(each.is_complex() for each in tensors_in([step.arguments, step.keywords])):
        return None
    terms = QUICK.get(step.name, _by_forward)(step, place, index)
    if terms is None or terms[0].numel() > MOST_TERMS:
        return None
    left, right = (each.double().flatten() for each in terms)
    high, low = _product(left, right)
    if not bool(high.isfinite().all() & low.isfinite().all()):
        return None
    size = float(high.abs().sum())
    return Exact(math.fsum([*high.tolist(), *low.tolist()]), (len(high) + 2) * unit_of(step) * size)


def _product(left: torch.Tensor, right: torch.Tensor) -> Terms:
    """The products as doubles, and what these leave over."""
    product = left * right
    (a, b), (c, d) = _halves(left), _halves(right)
    return product, ((a * c - product) + a * d + b * c) + b * d


def _halves(x: torch.Tensor) -> Terms:
    scaled = x * SPLIT
    high = scaled - (scaled - x)
    return high, x - high


def _of_linear(step: RecordedStep, place: int, index: Index) -> Terms | None:
    """The rows and columns of the matrices that meet in a component, without asking for the whole product."""
    x, weight, *_ = tensors_in([step.arguments, step.keywords])
    upstream = step.upstreams[0]
    assert upstream is not None
    if weight.ndim != 2:
        return None
    rows, sent = x.reshape(-1, x.shape[-1]), upstream.reshape(-1, upstream.shape[-1])
    if place == 0:
        row = 0
        for position, length in zip(index[:-1], x.shape[:-1], strict=True):
            row = row * length + position
        return sent[row], weight[:, index[-1]]
    column = sent[:, index[0]]
    return column, rows[:, index[1]] if place == 1 else torch.ones_like(column)


def _by_forward(step: RecordedStep, place: int, index: Index) -> Terms | None:
    """What the call gives for one component alone, beside what reached it."""
    upstream = step.upstreams[0]
    every = list(tensors_in([step.arguments, step.keywords]))
    assert upstream is not None
    if math.sqrt(math.prod(each.numel() for each in (upstream, *every))) > MOST_PRODUCTS:
        return None  # of matrices n by k and k by m these are exactly n*k*m
    added = ADDED.get(step.name)
    stand_ins = []
    for number, each in enumerate(every):
        if number == place:
            one = torch.zeros(each.shape, dtype=torch.float64)
            one[index] = 1
            stand_ins.append(one)
        else:
            nothing = added in {number, place}
            stand_ins.append(torch.zeros(each.shape, dtype=torch.float64) if nothing else each.double())
    left = iter(stand_ins)
    arguments, keywords = (
        mapped(given, lambda each: next(left) if isinstance(each, torch.Tensor) else each)
        for given in (step.arguments, step.keywords)
    )
    with quiet(), torch.no_grad():
        part = step.call.function(*arguments, **keywords)
    met = part != 0
    return upstream[met], part[met]


QUICK: Mapping[str, Callable[[RecordedStep, int, Index], Terms | None]] = {"linear": _of_linear}
"""Where the terms can be told without the whole of the output."""
SUMS = frozenset(
    {"linear", "matmul", "__matmul__", "mm", "bmm", "mv", "dot", "inner", "outer", "sum"}
    | {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
)
"""Calls each of whose outputs is a sum of products of one component of each operand, with nothing else in it."""
ADDED: Mapping[str, int] = {name: 2 for name in SUMS if name.startswith("conv")}
"""Which operand is added to the products."""


def components(sent: Sequence[Any], place: int, at: Index | None, chance: Any) -> list[Index]:
    """Components of what is sent to an operand that are worth looking at: one at odds, the largest, two by chance."""
    number = sent[place]
    if number is None or not number.numel():
        return []
    flat = [int(number.abs().nan_to_num().flatten().argmax()), *(chance.randrange(number.numel()) for _ in range(2))]
    found = [tuple(int(each) for each in torch.unravel_index(torch.tensor(one), number.shape)) for one in flat]
    return list(dict.fromkeys([*([] if at is None else [at]), *found]))
