"""Recurrent networks as functions of torch: cells, which are one step in time, and layers of them over a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import linear

WEIGHTS = "w_ih, w_hh, b_ih=None, b_hh=None"
"""What every cell multiplies its input and its state by, and what is added."""

Step: TypeAlias = "Callable[..., Sequence[Handle]]"
"""One step in time: from an input, the states before and the weights of a cell to the states after it."""


def _gates(builder: TapeBuilder, x: Handle, weight: Handle, bias: Handle | None, count: int) -> list[Array]:
    """What goes into each gate, along the last dimension of a linear map."""
    return np.split(array(linear(builder, x, weight, bias)), count, axis=-1)


def _simple(activation: str) -> Body:
    """The cell whose new state is a function of the sum of two linear maps."""

    def cell(
        builder: TapeBuilder,
        input: Handle,
        hx: Handle,
        w_ih: Handle,
        w_hh: Handle,
        b_ih: Handle | None,
        b_hh: Handle | None,
    ) -> Handle:
        (new,), (old,) = _gates(builder, input, w_ih, b_ih, 1), _gates(builder, hx, w_hh, b_hh, 1)
        return builder.call(activation, builder.call("add", new, old))

    return cell


def gru_cell(
    builder: TapeBuilder,
    input: Handle,
    hx: Handle,
    w_ih: Handle,
    w_hh: Handle,
    b_ih: Handle | None,
    b_hh: Handle | None,
) -> Handle:
    """n + z (h - n), with n = tanh(n_x + r n_h), and with r and z the sigmoids of sums of two linear maps."""
    new, old = _gates(builder, input, w_ih, b_ih, 3), _gates(builder, hx, w_hh, b_hh, 3)
    reset, update = (builder.formula("sigmoid(a + b)", a=a, b=b) for a, b in zip(new[:2], old[:2], strict=True))
    candidate = builder.formula("tanh(a + r*b)", a=new[2], b=old[2], r=reset)
    return builder.formula("n + z*(h - n)", n=candidate, z=update, h=hx)


def _lstm_step(
    builder: TapeBuilder,
    input: Handle,
    hx: Sequence[Handle],
    w_ih: Handle,
    w_hh: Handle,
    b_ih: Handle | None,
    b_hh: Handle | None,
) -> tuple[Handle, Handle]:
    """c = sigmoid(f) c + sigmoid(i) tanh(g) and h = sigmoid(o) tanh(c), each gate a sum of two linear maps."""
    state, memory = hx
    maps = zip(_gates(builder, input, w_ih, b_ih, 4), _gates(builder, state, w_hh, b_hh, 4), strict=True)
    i, f, g, o = (builder.call("add", *each) for each in maps)
    cell = builder.formula("sigmoid(f)*c + sigmoid(i)*tanh(g)", i=i, f=f, g=g, c=memory)
    return builder.formula("sigmoid(o)*tanh(c)", o=o, c=cell), cell


def lstm_cell(builder: TapeBuilder, field: str, **given: Any) -> Handle:
    """The new state or the new memory."""
    return _lstm_step(builder, **given)[field == "c"]


def _step_of(cell: Body) -> Step:
    """The step of a cell with one state."""
    return lambda builder, input, states, *weights: (cell(builder, input, *states, *weights),)


def _layers(step: Step) -> Body:
    """Cells over a sequence, layer on layer, in each layer in one direction or in both."""

    def meaning(
        builder: TapeBuilder,
        input: Handle,
        hx: Handle | Sequence[Handle],
        params: Sequence[Handle],
        has_biases: bool,
        num_layers: int,
        dropout: Fraction,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
        field: str,
    ) -> Handle:
        if dropout and train and num_layers > 1:
            raise NoDefinition("dropout")
        starts = [array(each) for each in (hx if isinstance(hx, Sequence) else [hx])]
        if len({each.shape for each in starts}) > 1:
            raise NoDefinition("an lstm with projections")
        builder.foresee(2 * prod(np.shape(input)[:-1]) * sum(map(np.size, params)))
        weights = iter(_by_cell(params, 4 if has_biases else 2))
        sequence = list(array(input).swapaxes(0, 1) if batch_first else array(input))
        ends: list[Sequence[Handle]] = []
        for _ in range(num_layers):
            sides = []
            for direction in (1, -1)[: 1 + bidirectional]:
                states = [each[len(ends)] for each in starts]
                outputs, end = _over_time(builder, step, sequence[::direction], states, next(weights))
                sides.append(outputs[::direction])
                ends.append(end)
            sequence = [np.concatenate(each, axis=-1) for each in zip(*sides, strict=True)]
        if field == "output":
            return np.stack(sequence, axis=1 if batch_first else 0)
        return np.stack([array(end[field == "c"]) for end in ends])

    return meaning


def _by_cell(params: Sequence[Handle], count: int) -> list[list[Handle | None]]:
    """The weights of each cell, and its biases or None for each."""
    return [[*params[at : at + count], None, None][:4] for at in range(0, len(params), count)]


def _over_time(
    builder: TapeBuilder,
    step: Step,
    sequence: Sequence[Handle],
    states: Sequence[Handle],
    weights: Sequence[Handle | None],
) -> tuple[list[Array], Sequence[Handle]]:
    """The first state after each input, and all states at the end."""
    outputs = []
    for input in sequence:
        states = step(builder, input, states, *weights)
        outputs.append(array(states[0]))
    return outputs, states


def _over_a_sequence(name: str, hx: str, fields: tuple[str, ...], step: Step) -> Function:
    options = "dropout: real, train: flag, bidirectional: flag, batch_first: flag"
    return Function(
        name,
        f"input, {hx}, params: sequence, has_biases: flag, num_layers: int, {options}",
        f"The states over time of the last layer, then those at the end of each layer: {', '.join(fields)}.",
        tensor=True,
        returns="fields",
        fields=fields,
        draws=True,
        note="params has w_ih, w_hh, b_ih, b_hh of each layer and direction. Between layers, dropout is not verified.",
        body=_layers(step),
    )


ROWS: tuple[Function, ...] = (
    *(
        Function(
            f"rnn_{activation}_cell",
            f"input, hx, {WEIGHTS}",
            f"{activation}(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh).",
            tensor=True,
            body=_simple(activation),
        )
        for activation in ("tanh", "relu")
    ),
    Function(
        "gru_cell",
        f"input, hx, {WEIGHTS}",
        "The next state of a gated recurrent unit.",
        tensor=True,
        body=gru_cell,
    ),
    Function(
        "lstm_cell",
        f"input, hx: pair, {WEIGHTS}",
        "The next state h, and the memory c, of a cell with long short-term memory; hx is a list of both.",
        tensor=True,
        returns="fields",
        fields=("h", "c"),
        body=lstm_cell,
    ),
    _over_a_sequence("rnn_tanh", "hx", ("output", "h"), _step_of(_simple("tanh"))),
    _over_a_sequence("rnn_relu", "hx", ("output", "h"), _step_of(_simple("relu"))),
    _over_a_sequence("gru", "hx", ("output", "h"), _step_of(gru_cell)),
    _over_a_sequence("lstm", "hx: pair", ("output", "h", "c"), _lstm_step),
)
