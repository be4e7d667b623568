"""What stands at places: subscripts that are values, windows put together again, grids, bags, alignments."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.layers import attention, by_channel, scaled, standardised
from tests.oracles.rows.lines import logsumexp, median, norm, reduced, trapezoid
from tests.oracles.rows.losses import cross_entropy, of
from tests.oracles.rows.shaping import filled, whole
from tests.oracles.rows.tools import Array, numbers, values


def strided(size: Sequence[int], stride: Sequence[int], offset: Any) -> dict[tuple[int, ...], int]:
    """For each component its place in memory."""
    start = int(offset or 0)
    return {at: start + sum(i * s for i, s in zip(at, stride, strict=True)) for at in np.ndindex(*size)}


def as_strided(x: Array, size: Any, stride: Any, storage_offset: Any) -> Array:
    """The components at steps of their own."""
    result = filled(tuple(size), mp.zero)
    for at, place in strided(size, stride, storage_offset).items():
        result[at] = x.ravel()[place]
    return result


def as_strided_scatter(x: Array, src: Array, size: Any, stride: Any, storage_offset: Any) -> Array:
    """The components of src put there."""
    changed = x.ravel().copy()
    for at, place in strided(size, stride, storage_offset).items():
        changed[place] = src[at]
    return changed.reshape(x.shape)


def subscripted(x: Array, index: Sequence[Any], places: Sequence[Any]) -> Array:
    """The components at a subscript."""
    left = iter(places)
    found = [next(left) if isinstance(one, str) else one for one in index]
    chosen = [_place(one) if isinstance(one, np.ndarray) else one for one in found]
    return x[tuple(chosen)]


def _place(one: Array) -> Any:
    is_mask = all(isinstance(value, bool | np.bool_) for value in one.ravel())
    return one.astype(bool) if is_mask else whole(one)


def gradient(x: Array, spacing: Any, dim: Any, edge_order: int, field: str) -> Array:
    """Half the distance of both neighbours; at the ends the distance of the only one."""
    if dim is not None or edge_order != 1:
        raise NotImplementedError
    step = 1 if spacing is None else mp.mpf(spacing.numerator) / spacing.denominator
    lines = np.moveaxis(x, int(field), 0)
    last = len(lines) - 1
    slopes = [
        (lines[min(k + 1, last)] - lines[max(k - 1, 0)]) / (step * (min(k + 1, last) - max(k - 1, 0)))
        for k in range(last + 1)
    ]
    return np.moveaxis(np.array(slopes, dtype=object), 0, int(field))


def quantiles(x: Array, q: Array, dim: Any, keepdim: bool, interpolation: str) -> Array:
    """For each share a line between two neighbours in order."""
    if dim is not None or keepdim or interpolation != "linear":
        raise NotImplementedError
    ordered = sorted(x.ravel())
    found = []
    for share in q.ravel():
        place = share * (len(ordered) - 1)
        below = int(mp.floor(place))
        above = min(below + 1, len(ordered) - 1)
        found.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return np.array(found, dtype=object).reshape(q.shape)


def as_numbers(q: Any) -> Array:
    """A share that the text fixes, as mpmath's number."""
    return np.array(mp.mpf(q.numerator) / q.denominator, dtype=object)


def running_trapezoid(y: Array, x: Array, dim: int) -> Array:
    """The integrals up to each place but the first."""
    if y.ndim != 1:
        raise NotImplementedError
    return np.array([trapezoid(y[: end + 1], x[: end + 1], dim) for end in range(1, len(y))], dtype=object)


def renorm(x: Array, p: Any, dim: int, maxnorm: Any) -> Array:
    """Each slice made as small as maxnorm; torch adds 1e-7 to the norm."""
    slices = []
    for one in np.moveaxis(x, dim, 0):
        size = norm(one.ravel(), p)[()]
        slices.append(one * (maxnorm / (size + mp.mpf("1e-7")) if size > maxnorm else 1))
    return np.moveaxis(np.array(slices, dtype=object), 0, dim)


def instance_norm(input: Array, weight: Any, bias: Any, eps: Any, **how: Any) -> Array:
    """Each channel of each example by itself."""
    if not how["use_input_stats"]:
        raise NotImplementedError
    found = standardised(input, tuple(range(2, input.ndim)), eps)
    return scaled(found, by_channel(weight, input.ndim), by_channel(bias, input.ndim))


def local_response_norm(input: Array, size: int, alpha: Any, beta: Any, k: Any) -> Array:
    """x over (k + alpha/size * sum of squares of the channels around)**beta."""
    result = input.copy()
    for place in np.ndindex(*input.shape):
        n, channel, *rest = place
        around = range(channel - size // 2, channel + (size - 1) // 2 + 1)
        total = sum(input[(n, c, *rest)] ** 2 for c in around if 0 <= c < input.shape[1])
        result[place] = input[place] / np.power(k + alpha * total / size, beta)
    return result


def multi_margin(input: Array, target: Any, p: int, margin: Any, weight: Any, reduction: str) -> Array:
    """The margins that other classes break."""
    found = []
    for line, y in zip(input, target, strict=True):
        broken = [max(mp.zero, margin - line[y] + other) ** p for k, other in enumerate(line) if k != y]
        found.append(sum(broken) / len(line) * (1 if weight is None else weight[y]))
    return of(np.array(found, dtype=object), reduction)


def multilabel_margin(input: Array, target: Any, reduction: str) -> Array:
    """The same of several labels."""
    found = []
    for line, labels in zip(input, target, strict=True):
        chosen = list(itertools.takewhile(lambda k: k >= 0, labels))
        others = [x for k, x in enumerate(line) if k not in chosen]
        found.append(sum(max(mp.zero, 1 - line[y] + other) for y in chosen for other in others) / len(line))
    return of(np.array(found, dtype=object), reduction)


def linear_cross_entropy(
    input: Array, linear_weight: Array, target: Any, linear_bias: Any, ignore_index: Any, **how: Any
) -> Array:
    """cross_entropy of the linear map."""
    scores = scaled(input @ linear_weight.T, None, linear_bias)
    return cross_entropy(
        input=scores, target=target, ignore_index=-100 if ignore_index is None else ignore_index, **how
    )


def seen(size: Sequence[int], kernel: Any, dilation: Any, padding: Any, stride: Any) -> list[list[Any]]:
    """For each window in order, for each of its places the pixel there; None outside."""
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = (np.broadcast_to(one, 2) for one in (kernel, dilation, padding, stride))
    rows = range(0, size[0] + 2 * ph - (kh - 1) * dh, sh)
    columns = range(0, size[1] + 2 * pw - (kw - 1) * dw, sw)
    found = []
    for top, left in itertools.product(rows, columns):
        inside = [(top + i * dh - ph, left + j * dw - pw) for i in range(kh) for j in range(kw)]
        found.append([at if 0 <= at[0] < size[0] and 0 <= at[1] < size[1] else None for at in inside])
    return found


def unfolded(input: Array, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The components of each window, channel by channel, as a column."""
    columns = [
        [mp.zero if at is None else image[at] for image in example for at in window]
        for example in input
        for window in seen(input.shape[2:], kernel_size, dilation, padding, stride)
    ]
    return np.array(columns, dtype=object).reshape(len(input), -1, len(columns[0])).swapaxes(1, 2)


def folded(input: Array, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The components of columns added where their windows see."""
    size = tuple(np.broadcast_to(output_size, 2))
    windows = seen(size, kernel_size, dilation, padding, stride)
    channels = input.shape[1] // len(windows[0])
    result = filled((len(input), channels, *size), mp.zero)
    for example, row, column in np.ndindex(*input.shape):
        channel, place = divmod(row, len(windows[0]))
        at = windows[column][place]
        if at is not None:
            result[(example, channel, *at)] += input[example, row, column]
    return result


def unpooled(n: int) -> Callable[..., Array]:
    """Zeros but for the components at places that are counted row by row."""

    def meaning(input: Array, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Array:
        if stride is not None or padding or output_size is not None:
            raise NotImplementedError
        sizes = [size * kernel for size, kernel in zip(input.shape[-n:], np.broadcast_to(kernel_size, n), strict=True)]
        outer = input.shape[: input.ndim - n]
        result = filled((*outer, int(np.prod(sizes))), mp.zero)
        for place in np.ndindex(*input.shape):
            result[(*place[: len(outer)], indices[place])] = input[place]
        return result.reshape(*outer, *sizes)

    return meaning


def upsampled_nearest(input: Array, size: Any, scale_factor: Any) -> Array:
    """Each component as many times as a whole factor says."""
    for axis in range(2, input.ndim):
        input = np.repeat(input, int(scale_factor), axis)
    return input


def upsampled_bilinear(input: Array, size: Sequence[int], scale_factor: Any) -> Array:
    """Between corners that stay where they are."""
    for axis, new in zip(range(2, input.ndim), size, strict=True):
        old = input.shape[axis]
        lines = []
        for k in range(new):
            place = mp.mpf(k * (old - 1)) / (new - 1)
            below = min(int(mp.floor(place)), old - 2)
            share = place - below
            lines.append(input.take(below, axis) * (1 - share) + input.take(below + 1, axis) * share)
        input = np.stack(lines, axis)
    return input


def grid_sample(input: Array, grid: Array, mode: str, padding_mode: str, align_corners: Any) -> Array:
    """Between four pixels, with zeros around the image."""
    if (mode, padding_mode, bool(align_corners)) != ("bilinear", "zeros", False) or input.ndim != 4:
        raise NotImplementedError
    n, channels, height, width = input.shape
    result = filled((n, channels, *grid.shape[1:3]), mp.zero)
    for e, c, i, j in np.ndindex(*result.shape):
        x, y = (((at + 1) * size - 1) / 2 for at, size in zip(grid[e, i, j], (width, height), strict=True))
        for row, column in np.ndindex(height, width):
            result[e, c, i, j] += (
                input[e, c, row, column] * max(mp.zero, 1 - abs(x - column)) * max(mp.zero, 1 - abs(y - row))
            )
    return result


def affine_grid(theta: Array, size: Sequence[int], align_corners: Any) -> Array:
    """theta @ (x, y, 1) at the centres of the pixels."""
    if align_corners or len(size) != 4:
        raise NotImplementedError
    result = filled((size[0], size[2], size[3], 2), mp.zero)
    for e, i, j in np.ndindex(*result.shape[:3]):
        at = np.array([mp.mpf(2 * j + 1) / size[3] - 1, mp.mpf(2 * i + 1) / size[2] - 1, mp.one], dtype=object)
        result[e, i, j] = theta[e] @ at
    return result


def embedding_bag(input: Any, weight: Array, offsets: Any, mode: str, **how: Any) -> Array:
    """The mean of the rows of one bag."""
    if mode != "mean" or list(offsets) != [0] or how["per_sample_weights"] is not None:
        raise NotImplementedError
    return np.sum(weight[input], axis=0, keepdims=True) / len(input)


def heads(query: Array, key: Array, value: Array, num_heads: int, field: str, **how: Any) -> Array:
    """One head, of no batch, without masks."""
    if num_heads != 1 or field != "output" or how["bias_k"] is not None or how["in_proj_bias"] is not None:
        raise NotImplementedError
    q, k, v = (x @ w.T for x, w in zip((query, key, value), np.split(how["in_proj_weight"], 3), strict=True))
    return attention(q, k, v, None, False, None) @ how["out_proj_weight"].T


def ctc_loss(log_probs: Array, targets: Any, input_lengths: Any, target_lengths: Any, reduction: str, **_: Any) -> Any:
    """-log of the sum, over all paths, of those that say the targets when repeats and blanks (0) are left out."""
    (time,), (count,) = input_lengths, target_lengths
    wanted = list(targets[:count])
    terms = []
    for path in itertools.product(range(log_probs.shape[-1]), repeat=time):
        said = [k for k, _ in itertools.groupby(path) if k]
        if said == wanted:
            terms.append(sum(log_probs[t, k] for t, k in enumerate(path)))
    return -logsumexp(terms) / count


def only_mantissa(x: Array, field: str) -> Array:
    """x over the power of 2 that is next above it."""
    if field != "mantissa":
        raise NotImplementedError
    return np.array([mp.frexp(value)[0] for value in x], dtype=object)


def drawn(**_: Any) -> Array:
    """What is drawn by chance is none of the numbers of a row."""
    raise NotImplementedError


def at_several(change: Callable[..., Array]) -> Callable[..., Array]:
    """The tensor that the field names, changed."""
    return lambda tensors, field: change(tensors[int(field)])


def without_nan(change: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """Of the numbers of a line."""
    return lambda line: change([value for value in line if not mp.isnan(value)])


PLACES: dict[str, Callable[..., Any]] = {
    "as_strided": as_strided,
    "as_strided_scatter": as_strided_scatter,
    "sum_to_size": lambda x, size: np.sum(x, axis=tuple(k for k, n in enumerate(size) if n == 1), keepdims=True),
    "combinations": lambda x, r, **_: np.array(list(itertools.combinations(x, r)), dtype=object),
    "cartesian_prod": lambda tensors: np.array(list(itertools.product(*tensors)), dtype=object),
    "fill": lambda x, value: filled(x.shape, value[()]),
    "narrow_from": lambda x, dim, start, length: x.take(range(int(start), int(start) + length), dim),
    "repeat_interleave_each": lambda x, repeats, dim, **_: np.repeat(x, repeats, dim),
    "tensor_split_at": lambda x, indices_or_sections, dim, field: np.split(x, indices_or_sections, dim)[int(field)],
    "gradient": gradient,
    "atleast_1d_each": at_several(np.atleast_1d),
    "atleast_2d_each": at_several(np.atleast_2d),
    "atleast_3d_each": at_several(np.atleast_3d),
    "getitem_at": subscripted,
    "nanmedian": lambda x: without_nan(median)(list(x.ravel())),
    "nanmedian_dim": values(lambda x, dim, keepdim: reduced(x, dim, keepdim, without_nan(median))),
    "mode": values(lambda x, dim, keepdim: reduced(x, dim, keepdim, min)),
    "quantile_at": quantiles,
    "nanquantile": lambda x, q, **how: quantiles(x, as_numbers(q), **how),
    "nanquantile_at": quantiles,
    "cumulative_trapezoid": lambda y, dx, dim: running_trapezoid(y, numbers([k * dx for k in range(len(y))]), dim),
    "cumulative_trapezoid_over": running_trapezoid,
    "pdist": lambda x, p: np.array([norm(a - b, p)[()] for a, b in itertools.combinations(x, 2)], dtype=object),
    "renorm": renorm,
    "instance_norm": instance_norm,
    "local_response_norm": local_response_norm,
    "multi_margin_loss": multi_margin,
    "multilabel_margin_loss": multilabel_margin,
    "linear_cross_entropy": linear_cross_entropy,
    "unfold_blocks": unfolded,
    "fold": folded,
    **{f"max_unpool{n}d": unpooled(n) for n in (1, 2, 3)},
    "upsample_nearest": upsampled_nearest,
    "upsample_bilinear": upsampled_bilinear,
    "grid_sample": grid_sample,
    "affine_grid": affine_grid,
    "embedding_bag": embedding_bag,
    "multi_head_attention_forward": heads,
    "ctc_loss": ctc_loss,
    "rrelu": lambda x, lower, upper, training: np.where(x > 0, x, x * mp.mpf(11) / 48),
    "frexp": only_mantissa,
    **{f"fractional_max_pool{n}d": drawn for n in (2, 3)},
}
"""By the names of the parameters."""
