"""The functions of `torch.func` without its transforms.

`autograd.grad` stands in place of `grad` and `vjp`, row by row in place of Jacobians, sample by sample in place of
`vmap`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._pytree import _broadcast_to_and_flatten, tree_flatten, tree_leaves, tree_map, tree_unflatten

from autogradcli.engines.torch.record.replay import NotReplayed

MOST_ROWS = 200
"""Rows of a Jacobian that are computed one by one."""


class _Plain(threading.local):
    """Whether transforms are left out in this thread, and how many derivatives are being taken around what runs."""

    on = False
    depth = 0


PLAIN = _Plain()


@contextmanager
def plainly(followed: bool) -> Iterator[None]:
    """A context in which functions that transforms gave do without them; autograd follows their derivatives, or not."""
    before, PLAIN.on = PLAIN.on, True
    PLAIN.depth += followed
    try:
        yield
    finally:
        PLAIN.on = before
        PLAIN.depth -= followed


def tensors(tree: Any) -> list[torch.Tensor]:
    """The tensors of a tree."""
    return [each for each in tree_leaves(tree) if isinstance(each, torch.Tensor)]


def _leaf(each: Any) -> Any:
    """A tensor that a gradient can be taken with respect to."""
    if not isinstance(each, torch.Tensor) or each.requires_grad:
        return each
    return each.detach().requires_grad_()


def _value(func: Callable[..., Any], args: Any, kwargs: Any, has_aux: bool) -> tuple[Any, Any]:
    PLAIN.depth += 1
    try:
        out = func(*args, **kwargs)
    finally:
        PLAIN.depth -= 1
    return out if has_aux else (out, None)


def _gradients(outputs: Any, picked: Any, upstreams: Any = None) -> Any:
    """The gradients of tensors with respect to a tree of leaves, followed by autograd within another derivative."""
    leaves, spec = tree_flatten(picked)
    found = [torch.zeros_like(each) for each in leaves]
    if any(each.requires_grad for each in tensors(outputs)):
        given: Any = torch.autograd.grad(
            outputs, leaves, upstreams, create_graph=PLAIN.depth > 0, retain_graph=True, allow_unused=True
        )
        found = [zero if each is None else each for each, zero in zip(given, found, strict=True)]
    return tree_unflatten(found, spec)


def _with_leaves(argnums: Any, args: Sequence[Any]) -> tuple[list[Any], Any]:
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    places = {each % len(args) for each in chosen}
    given = [tree_map(_leaf, each) if place in places else each for place, each in enumerate(args)]
    picked = tuple(given[each] for each in chosen)
    return given, picked[0] if isinstance(argnums, int) else picked


def _plain_grad(func: Any, argnums: Any, has_aux: bool) -> Callable[..., Any]:
    def gradient(*args: Any, **kwargs: Any) -> Any:
        given, picked = _with_leaves(argnums, args)
        out, aux = _value(func, given, kwargs, has_aux)
        found = _gradients(out, picked)
        return (found, aux) if has_aux else found

    return gradient


def _plain_grad_and_value(func: Any, argnums: Any, has_aux: bool) -> Callable[..., Any]:
    def both(*args: Any, **kwargs: Any) -> Any:
        given, picked = _with_leaves(argnums, args)
        out, aux = _value(func, given, kwargs, has_aux)
        return _gradients(out, picked), (out, aux) if has_aux else out

    return both


def _plain_jacobian(func: Any, argnums: Any, has_aux: bool) -> Callable[..., Any]:
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        given, picked = _with_leaves(argnums, args)
        out, aux = _value(func, given, kwargs, has_aux)
        found = tree_map(lambda each: _rows(each, picked), out)
        return (found, aux) if has_aux else found

    return jacobian


def _rows(output: torch.Tensor, picked: Any) -> Any:
    """The Jacobian of one tensor, a row for each of its components."""
    if output.numel() > MOST_ROWS:
        raise NotReplayed(f"its Jacobian has {output.numel():,} rows, and {MOST_ROWS} are computed one by one")
    flat = output.reshape(-1)
    rows = [tree_leaves(_gradients(flat[place], picked)) for place in range(len(flat))]
    leaves, spec = tree_flatten(picked)
    stacked = [
        torch.stack([row[place] for row in rows]).reshape(*output.shape, *leaf.shape)
        for place, leaf in enumerate(leaves)
    ]
    return tree_unflatten(stacked, spec)


def _plain_hessian(func: Any, argnums: Any, has_aux: bool) -> Callable[..., Any]:
    return _plain_jacobian(_plain_jacobian(func, argnums, has_aux), argnums, has_aux)


def plain_vjp(func: Any, *primals: Any, has_aux: bool = False) -> Any:
    """What the function gives, and what takes upstream gradients to those of its arguments."""
    given, picked = _with_leaves(tuple(range(len(primals))), primals)
    out, aux = _value(func, given, {}, has_aux)

    def pulled_back(*cotangents: Any) -> Any:
        upstreams = cotangents[0] if len(cotangents) == 1 else cotangents
        return _gradients(tensors(out), picked, tensors(upstreams))

    return (out, pulled_back, aux) if has_aux else (out, pulled_back)


def plain_jvp(func: Any, primals: Any, tangents: Any, has_aux: bool = False, strict: bool = False) -> Any:
    """The derivative of the function along the direction, at 0 on the way."""
    del strict
    way = torch.zeros((), dtype=tensors(primals)[0].dtype, requires_grad=True)
    moved = tree_map(lambda each, direction: each + way * direction, primals, tangents)
    out, aux = _value(func, moved, {}, has_aux)
    found = tree_map(lambda each: _rows(each, way), out)
    return (out, found, aux) if has_aux else (out, found)


def by_sample(func: Any, in_dims: Any, out_dims: Any, *args: Any, **kwargs: Any) -> Any:
    """What the function gives for each sample, put together."""
    leaves, spec, dims = with_dims(in_dims, args, kwargs)
    count = samples_in(leaves, dims)
    found = []
    for number in range(count):
        one = [each if dim is None else each.select(dim, number) for each, dim in zip(leaves, dims, strict=True)]
        some, named = tree_unflatten(one, spec)
        found.append(tree_flatten(func(*some, **named)))
    outer = _broadcast_to_and_flatten(out_dims, found[0][1]) or [0] * len(found[0][0])
    stacked = [
        each[0] if dim is None else torch.stack(each, dim)
        for each, dim in zip(zip(*(parts for parts, _ in found), strict=True), outer, strict=True)
    ]
    return tree_unflatten(stacked, found[0][1])


def with_dims(in_dims: Any, args: Any, kwargs: Any) -> tuple[list[Any], Any, list[Any]]:
    """The leaves of the arguments, how they are put together, and along which dimension of each the samples lie."""
    leaves, spec = tree_flatten((args, kwargs))
    dims = in_dims if isinstance(in_dims, int) else tuple(in_dims)
    found: list[Any] | None = _broadcast_to_and_flatten((dims, 0), spec)
    if found is None:
        raise NotReplayed("its in_dims are not read")
    return leaves, spec, found


def samples_in(leaves: Sequence[Any], dims: Sequence[Any]) -> int:
    """How many samples there are."""
    return next(each.shape[dim] for each, dim in zip(leaves, dims, strict=True) if dim is not None)  # type: ignore[no-any-return]


WITHOUT: dict[str, Any] = {
    "grad": _plain_grad,
    "grad_and_value": _plain_grad_and_value,
    "jacrev": _plain_jacobian,
    "jacfwd": _plain_jacobian,
    "hessian": _plain_hessian,
}
"""Transforms of a function with respect to some of its arguments, each without a transform."""
