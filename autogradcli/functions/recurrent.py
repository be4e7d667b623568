"""Cells of recurrent networks: one step in time, as functions of torch."""

from __future__ import annotations

from collections.abc import Sequence

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import linear

WEIGHTS = "w_ih, w_hh, b_ih=None, b_hh=None"
"""What every cell multiplies its input and its state by, and what is added."""


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


def lstm_cell(
    builder: TapeBuilder,
    input: Handle,
    hx: Sequence[Handle],
    w_ih: Handle,
    w_hh: Handle,
    b_ih: Handle | None,
    b_hh: Handle | None,
    field: str,
) -> Handle:
    """c = sigmoid(f) c + sigmoid(i) tanh(g) and h = sigmoid(o) tanh(c), each gate a sum of two linear maps."""
    state, memory = hx
    maps = zip(_gates(builder, input, w_ih, b_ih, 4), _gates(builder, state, w_hh, b_hh, 4), strict=True)
    i, f, g, o = (builder.call("add", *each) for each in maps)
    cell = builder.formula("sigmoid(f)*c + sigmoid(i)*tanh(g)", i=i, f=f, g=g, c=memory)
    return cell if field == "c" else builder.formula("sigmoid(o)*tanh(c)", o=o, c=cell)


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
        f"input, hx: sequence, {WEIGHTS}",
        "The next state h, and the memory c, of a cell with long short-term memory; hx is a list of both.",
        tensor=True,
        returns="fields",
        fields=("h", "c"),
        body=lstm_cell,
    ),
)
