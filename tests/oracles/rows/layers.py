"""Layers of neural networks, written out as sums."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.lines import average, lines, mean, power_sum, reduced, softmax, total, variance
from tests.oracles.rows.shaping import filled, pad
from tests.oracles.rows.tools import Array, each


def standardised(x: Array, dim: Any, eps: Any) -> Array:
    """(x - mean)/sqrt(variance + eps)."""
    return (x - mean(x, dim, keepdim=True)) / each(mp.sqrt)(variance(x, dim, 0, keepdim=True) + eps)


def maps(input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Any = None, b_hh: Any = None) -> tuple[Array, Array]:
    """The linear maps of a cell's input and of its state."""
    return scaled(input @ w_ih.T, None, b_ih), scaled(hx @ w_hh.T, None, b_hh)


def gru_cell(**given: Any) -> Array:
    """Cho et al. (2014), with the biases of torch's documentation of GRUCell."""
    x, h = maps(**given)
    size = given["hx"].shape[-1]
    new = [x[..., place * size : (place + 1) * size] for place in range(3)]
    old = [h[..., place * size : (place + 1) * size] for place in range(3)]
    reset, update = (each(lambda number: 1 / (1 + mp.exp(-number)))(new[k] + old[k]) for k in (0, 1))
    candidate = each(mp.tanh)(new[2] + reset * old[2])
    return (1 - update) * candidate + update * given["hx"]


def lstm_cell(hx: Sequence[Array], field: str, **given: Any) -> Array:
    """Hochreiter and Schmidhuber (1997) with the gates in the order of torch: i, f, g, o."""
    state, memory = hx
    new, old = maps(hx=state, **given)
    gates = new + old
    i, f, g, o = (gates[..., k * state.shape[-1] : (k + 1) * state.shape[-1]] for k in range(4))
    sigmoid, tanh = each(lambda number: 1 / (1 + mp.exp(-number))), each(mp.tanh)
    cell = sigmoid(f) * memory + sigmoid(i) * tanh(g)
    return cell if field == "c" else sigmoid(o) * tanh(cell)


def over_time(step: Callable[..., Any], states: list[Array], x: Array, cells: Any, both: bool) -> tuple[Array, Any]:
    """One layer by the equations of torch.nn.RNN: its outputs, and the states at the end of each direction."""
    halves, ends = [], []
    for side in range(2 if both else 1):
        now, seen = [each[side] for each in states], {}
        for t in sorted(range(len(x)), reverse=side == 1):
            now = step(x[t], now, cells[side])
            seen[t] = now[0]
        halves.append(np.array([seen[t] for t in range(len(x))]))
        ends.append(now)
    return np.concatenate(halves, axis=2), ends


def recurrent(step: Callable[..., Any]) -> Callable[..., Array]:
    """The layers of a recurrent network, whose cell gives its states after an input."""

    def meaning(input: Array, hx: Any, params: Any, field: str, **given: Any) -> Array:
        states = list(hx) if isinstance(hx, list | tuple) else [hx]
        sides, per_cell = 1 + given["bidirectional"], 4 if given["has_biases"] else 2
        x = input.transpose(1, 0, 2) if given["batch_first"] else input
        ends: list[Any] = []
        for layer in range(given["num_layers"]):
            first = layer * sides
            cells = [params[(first + side) * per_cell : (first + side + 1) * per_cell] for side in range(sides)]
            x, last_states = over_time(step, [each[first : first + sides] for each in states], x, cells, sides == 2)
            ends += last_states
        if field == "output":
            return x.transpose(1, 0, 2) if given["batch_first"] else x
        return np.array([each["hc".index(field)] for each in ends])

    return meaning


def _lstm_states(x: Array, states: Sequence[Array], cell: Any) -> list[Array]:
    weights = dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), cell, strict=False))
    return [lstm_cell(states, field, input=x, **weights) for field in "hc"]


def scaled(x: Array, weight: Any, bias: Any) -> Array:
    """x times weight, plus bias, if they are given."""
    scaled_x = x if weight is None else x * weight
    return scaled_x if bias is None else scaled_x + bias


def by_channel(vector: Any, dimensions: int) -> Any:
    """A vector along the second dimension."""
    return None if vector is None else vector.reshape(-1, *[1] * (dimensions - 2))


def last(sizes: Any) -> tuple[int, ...]:
    """The last dimensions, as many as there are sizes."""
    return tuple(range(-len(np.atleast_1d(sizes)), 0))


def layer_norm(input: Array, normalized_shape: Any, weight: Any, bias: Any, eps: Any) -> Array:
    """Over the last dimensions."""
    return scaled(standardised(input, last(normalized_shape), eps), weight, bias)


def rms_norm(input: Array, normalized_shape: Any, weight: Any, eps: Any) -> Array:
    """Over the root of the mean of the squares."""
    roots = each(mp.sqrt)(mean(input * input, last(normalized_shape), keepdim=True) + eps)
    return scaled(input / roots, weight, None)


def group_norm(input: Array, num_groups: int, weight: Any, bias: Any, eps: Any) -> Array:
    """Over groups of channels."""
    found = standardised(input.reshape(len(input), num_groups, -1), 2, eps).reshape(input.shape)
    return scaled(found, by_channel(weight, input.ndim), by_channel(bias, input.ndim))


def batch_norm(
    input: Array, running_mean: Any, running_var: Any, weight: Any, bias: Any, eps: Any, **how: Any
) -> Array:
    """Over all dimensions but that of the channels, or with what is given."""
    if how["training"]:
        found = standardised(input, tuple(axis for axis in range(input.ndim) if axis != 1), eps)
    else:
        middle, spread = (by_channel(each_one, input.ndim) for each_one in (running_mean, running_var))
        found = (input - middle) / each(mp.sqrt)(spread + eps)
    return scaled(found, by_channel(weight, input.ndim), by_channel(bias, input.ndim))


def sizes_of(value: Any, count: int) -> tuple[int, ...]:
    """One size for each dimension."""
    return tuple(int(one) for one in np.broadcast_to(value, count))


def windows(x: Array, kernel: Sequence[int], stride: Any, padding: Any, dilation: Any, outside: Any) -> Array:
    """What windows over the last dimensions see: an array of places, each of which holds a window."""
    n = len(kernel)
    steps, sides, spread = (sizes_of(one, n) for one in (stride, padding, dilation))
    padded = pad(x, [side for one in reversed(sides) for side in (one, one)], "constant", outside)
    counts = [
        (size - (k - 1) * d - 1) // s + 1
        for size, k, d, s in zip(padded.shape[-n:], kernel, spread, steps, strict=True)
    ]
    result = np.empty((*x.shape[:-n], *counts, *kernel), dtype=object)
    for place in np.ndindex(*counts):
        for inside in np.ndindex(*kernel):
            at = [p * s + k * d for p, s, k, d in zip(place, steps, inside, spread, strict=True)]
            result[(..., *place, *inside)] = padded[(..., *at)]
    return result


def convolution(input: Array, weight: Array, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """The sums of the products of windows and kernels."""
    if groups != 1 or isinstance(padding, str):
        raise NotImplementedError
    n = weight.ndim - 2
    seen = windows(input, weight.shape[2:], stride, padding, dilation, mp.zero)
    channels = input.ndim - n - 1
    outputs = [total(np.moveaxis(seen, channels, -n - 1) * kernel, tuple(range(-n - 1, 0))) for kernel in weight]
    result = np.stack(outputs, channels)
    return result if bias is None else result + bias.reshape(-1, *[1] * n)


def transposed(
    input: Array, weight: Array, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any
) -> Array:
    """Each component of the input spreads a kernel over the output."""
    if groups != 1 or bias is not None:
        raise NotImplementedError
    n = weight.ndim - 2
    steps, sides, more, spread = (sizes_of(one, n) for one in (stride, padding, output_padding, dilation))
    sizes = [
        (size - 1) * s + (k - 1) * d + 1 + extra
        for size, s, k, d, extra in zip(input.shape[-n:], steps, weight.shape[2:], spread, more, strict=True)
    ]
    result = filled((len(input), weight.shape[1], *sizes), mp.zero)
    for example, channel, *place in np.ndindex(*input.shape):
        for output, *inside in np.ndindex(*weight.shape[1:]):
            at = [p * s + k * d for p, s, k, d in zip(place, steps, inside, spread, strict=True)]
            result[(example, output, *at)] += input[(example, channel, *place)] * weight[(channel, output, *inside)]
    return result[(..., *(slice(side, size - side) for side, size in zip(sides, sizes, strict=True)))]


def pooled(n: int, join: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    """What is made of each window over n dimensions."""

    def meaning(input: Array, kernel_size: Any, stride: Any, padding: Any = 0, dilation: Any = 1, **how: Any) -> Array:
        if (
            how.get("ceil_mode")
            or how.get("divisor_override")
            or padding not in (0, (0,))
            or how.get("field") == "indices"
        ):
            raise NotImplementedError
        kernel = sizes_of(kernel_size, n)
        seen = windows(input, kernel, kernel if stride in (None, ()) else stride, 0, dilation, mp.nan)
        return reduced(seen.reshape(*seen.shape[:-n], -1), -1, False, join)

    return meaning


def lp_pooled(n: int) -> Callable[..., Array]:
    """The norm of each window."""

    def meaning(input: Array, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool) -> Array:
        return pooled(n, lambda values: power_sum(values, norm_type))(input, kernel_size, stride, ceil_mode=ceil_mode)

    return meaning


def adaptive(n: int, join: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    """What is made of parts of about one size: the i-th of m reaches from i/m of the size to (i + 1)/m."""

    def meaning(input: Array, output_size: Any, **_: Any) -> Array:
        counts = sizes_of(output_size, n)
        result = np.empty((*input.shape[:-n], *counts), dtype=object)
        for place in np.ndindex(*counts):
            reach = [
                slice(i * size // m, -(-(i + 1) * size // m))
                for i, size, m in zip(place, input.shape[-n:], counts, strict=True)
            ]
            part = input[(..., *reach)]
            result[(..., *place)] = reduced(part.reshape(*part.shape[:-n], -1), -1, False, join)
        return result

    return meaning


def attention(query: Array, key: Array, value: Array, attn_mask: Any, is_causal: bool, scale: Any, **_: Any) -> Array:
    """softmax(query @ key.T * scale) @ value."""
    if attn_mask is not None or is_causal:
        raise NotImplementedError
    factor = 1 / mp.sqrt(query.shape[-1]) if scale is None else mp.mpf(scale.numerator) / scale.denominator
    return lines(query @ key.swapaxes(-1, -2) * factor, -1, softmax) @ value


def interpolate(input: Array, size: Any, mode: str, **how: Any) -> Array:
    """In one dimension, linearly between the centres of pixels."""
    if mode != "linear" or how["align_corners"] or how["scale_factor"] or input.ndim != 3:
        raise NotImplementedError
    old, (new,) = input.shape[-1], np.atleast_1d(size)

    def stretched(line: list[Any]) -> list[Any]:
        found = []
        for place in range(new):
            at = max((place + mp.mpf(1) / 2) * old / int(new) - mp.mpf(1) / 2, mp.zero)
            below = int(mp.floor(at))
            found.append(line[below] * (1 - at + below) + line[min(below + 1, old - 1)] * (at - below))
        return found

    return lines(input, -1, stretched)


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """out[c, h*r + i, w*r + j] = x[c*r*r + i*r + j, h, w]."""
    r, (*batch, channels, height, width) = upscale_factor, x.shape
    parts = x.reshape(*batch, channels // r**2, r, r, height, width)
    b = len(batch)
    moved = parts.transpose(*range(b), b, b + 3, b + 1, b + 4, b + 2)
    return moved.reshape(*batch, channels // r**2, height * r, width * r)


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """The inverse."""
    r, (*batch, channels, height, width) = downscale_factor, x.shape
    parts = x.reshape(*batch, channels, height // r, r, width // r, r)
    b = len(batch)
    moved = parts.transpose(*range(b), b, b + 2, b + 4, b + 1, b + 3)
    return moved.reshape(*batch, channels * r**2, height // r, width // r)


def channel_shuffle(x: Array, groups: int) -> Array:
    """The channels of groups in turn."""
    n, channels = x.shape[:2]
    return x.reshape(n, groups, channels // groups, *x.shape[2:]).swapaxes(1, 2).reshape(x.shape)


def glu(x: Array, dim: int) -> Array:
    """The first half times the sigmoid of the second."""
    a, b = np.split(x, 2, dim)
    return a / (1 + each(mp.exp)(-b))


def nothing_dropped(input: Array, p: Any, training: bool, **_: Any) -> Array:
    """What dropout is where nothing is dropped."""
    if training:
        raise NotImplementedError
    return input


LAYERS: dict[str, Callable[..., Any]] = {
    "softmax": lambda x, dim: lines(x, -1 if dim is None else dim, softmax),
    "log_softmax": lambda x, dim: each(mp.ln)(lines(x, -1 if dim is None else dim, softmax)),
    "softmin": lambda x, dim: lines(-x, -1 if dim is None else dim, softmax),
    "linear": lambda input, weight, bias: scaled(input @ weight.T, None, bias),
    "bilinear": lambda input1, input2, weight, bias: scaled(
        np.array([input1 @ one @ input2 for one in weight], dtype=object), None, bias
    ),
    "rnn_tanh_cell": lambda **given: each(mp.tanh)(sum(maps(**given))),
    "rnn_relu_cell": lambda **given: each(lambda number: max(number, mp.zero))(sum(maps(**given))),
    "gru_cell": gru_cell,
    "lstm_cell": lstm_cell,
    "rnn_tanh": recurrent(lambda x, states, cell: [each(mp.tanh)(sum(maps(x, states[0], *cell)))]),
    "rnn_relu": recurrent(lambda x, states, cell: [each(lambda y: max(y, mp.zero))(sum(maps(x, states[0], *cell)))]),
    "gru": recurrent(
        lambda x, states, cell: [
            gru_cell(input=x, hx=states[0], **dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), cell, strict=False)))
        ]
    ),
    "lstm": recurrent(_lstm_states),
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "batch_norm": batch_norm,
    **{f"conv{n}d": convolution for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": transposed for n in (1, 2, 3)},
    **{f"avg_pool{n}d": pooled(n, average) for n in (1, 2, 3)},
    **{f"max_pool{n}d{ending}": pooled(n, max) for n in (1, 2, 3) for ending in ("", "_with_indices")},
    **{f"lp_pool{n}d": lp_pooled(n) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": adaptive(n, average) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d{ending}": adaptive(n, max) for n in (1, 2, 3) for ending in ("", "_with_indices")},
    "scaled_dot_product_attention": attention,
    "pad": pad,
    "constant_pad_nd": lambda value, x, **given: pad(x, given["pad"], "constant", value),
    "interpolate": interpolate,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
    "glu": glu,
    **dict.fromkeys(
        ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"), nothing_dropped
    ),
}
"""By the names of the parameters."""
