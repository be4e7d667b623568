"""What some of torch's layers mean, written out in its elementary functions: their backwards are held against these.

The formulas are those of the pages of `torch.nn.RNN`, `LSTM` and `GRU`, and of `parametrizations.weight_norm`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn.functional import linear

Cell = Callable[..., tuple[torch.Tensor, ...]]
"""From an input, the state and the weights to the next state, whose first part is the output."""


def _rnn(activation: Callable[[torch.Tensor], torch.Tensor]) -> Cell:
    def cell(x: torch.Tensor, state: Sequence[torch.Tensor], w: Any, u: Any, b: Any = None, c: Any = None) -> Any:
        return (activation(linear(x, w, b) + linear(state[0], u, c)),)

    return cell


def _lstm(x: torch.Tensor, state: Sequence[torch.Tensor], w: Any, u: Any, b: Any = None, c: Any = None) -> Any:
    i, f, g, o = (linear(x, w, b) + linear(state[0], u, c)).chunk(4, dim=-1)
    cell = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def _gru(x: torch.Tensor, state: Sequence[torch.Tensor], w: Any, u: Any, b: Any = None, c: Any = None) -> Any:
    from_input, from_state = linear(x, w, b).chunk(3, dim=-1), linear(state[0], u, c).chunk(3, dim=-1)
    r, z = (from_input[0] + from_state[0]).sigmoid(), (from_input[1] + from_state[1]).sigmoid()
    n = (from_input[2] + r * from_state[2]).tanh()
    return ((1 - z) * n + z * state[0],)


CELLS: dict[str, Cell] = {"rnn_tanh": _rnn(torch.tanh), "rnn_relu": _rnn(torch.relu), "lstm": _lstm, "gru": _gru}


def definition_of(name: str, arguments: Sequence[Any]) -> Callable[..., Any] | None:
    """The definition of a function, for such arguments; None if it has none."""
    if name in WRITTEN_OUT:
        return WRITTEN_OUT[name]
    cell = CELLS.get(name.removesuffix("_cell"))
    if cell is None:
        return None
    if name.endswith("_cell"):
        return lambda x, state, *weights: _of_cell(cell, x, state, weights)
    layered = len(arguments) == 9 and isinstance(arguments[2], list | tuple) and isinstance(arguments[3], bool)
    drops = layered and arguments[5] and arguments[6]
    return (lambda *given: _layers(cell, *given)) if layered and not drops else None


def _weight_norm(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> torch.Tensor:
    """A weight by its direction and its length, which each part along `dim` has, or with -1 the whole."""
    others = [each for each in range(v.ndim) if dim == -1 or each != dim % v.ndim]
    return v * (g / (v * v).sum(others, keepdim=dim != -1).sqrt())


WRITTEN_OUT: dict[str, Callable[..., Any]] = {
    "_weight_norm": _weight_norm,
    "polar": lambda abs, angle: torch.complex(abs * angle.cos(), abs * angle.sin()),
}


def _of_cell(cell: Cell, x: torch.Tensor, state: Any, weights: Sequence[Any]) -> Any:
    found = cell(x, state if isinstance(state, list | tuple) else (state,), *weights)
    return found if len(found) > 1 else found[0]


def _layers(
    cell: Cell,
    x: torch.Tensor,
    state: Any,
    weights: Sequence[torch.Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    both: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    """All layers over all times: the outputs of the last one, and the last states of all of them."""
    del dropout, train
    steps = x.transpose(0, 1) if batch_first else x
    states = list(state) if isinstance(state, list | tuple) else [state]
    parts = _by_layer(weights, 4 if biases else 2)
    last: list[tuple[torch.Tensor, ...]] = []
    for layer in range(layers):
        sides = []
        for side in range(2 if both else 1):
            start = tuple(each[layer * (2 if both else 1) + side] for each in states)
            outputs, end = _over_time(cell, steps, start, next(parts), backwards=side == 1)
            sides.append(outputs)
            last.append(end)
        steps = torch.cat(sides, dim=-1)
    ends = [torch.stack([each[place] for each in last]) for place in range(len(states))]
    return steps.transpose(0, 1) if batch_first else steps, *ends


def _by_layer(weights: Sequence[torch.Tensor], count: int) -> Iterator[Sequence[torch.Tensor]]:
    for start in range(0, len(weights), count):
        yield weights[start : start + count]


def _over_time(
    cell: Cell, steps: torch.Tensor, state: tuple[torch.Tensor, ...], weights: Sequence[torch.Tensor], backwards: bool
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    order = range(len(steps))[::-1] if backwards else range(len(steps))
    outputs: dict[int, torch.Tensor] = {}
    for time in order:
        state = cell(steps[time], state, *weights)
        outputs[time] = state[0]
    return torch.stack([outputs[time] for time in range(len(steps))]), state
