"""Transforms of `torch.func`: each call of one is kept, to be looked at from outside.

What tensors hold within a transform cannot be recorded. So the same mathematics is run again without it:
`autograd.grad` in place of `grad` and `vjp`, row by row in place of Jacobians, sample by sample in place of `vmap`.
These gradients are recorded and proven like any others, and what the transform gave is held against them.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

import torch
from torch.utils._pytree import _broadcast_to_and_flatten, tree_flatten, tree_leaves, tree_map, tree_unflatten

from autogradcli.engines.torch.record.calls import CallSite, Given
from autogradcli.engines.torch.record.replay import NotReplayed, quiet
from autogradcli.engines.torch.record.steps import RTOL

MOST_ROWS = 200
"""Rows of a Jacobian that are computed one by one."""
SAMPLES = 6
"""Samples of a batch that are looked at."""
FACTOR = 10
"""How far beyond the tolerance two numbers that ought to be one are not lost digits."""


class _Plain(threading.local):
    """Whether transforms are left out in this thread, and how many derivatives are being taken around what runs."""

    on = False
    depth = 0


PLAIN = _Plain()


@contextmanager
def plainly() -> Iterator[None]:
    """A context in which functions that transforms gave do without them."""
    before, PLAIN.on = PLAIN.on, True
    try:
        yield
    finally:
        PLAIN.on = before


@dataclass(frozen=True, slots=True)
class Transformed:
    """A function that a transform gave."""

    name: str
    """Of the transform."""
    function: Callable[..., Any]
    """What torch makes of it."""
    plain: Callable[..., Any]
    """The same without a transform."""
    differentiates: bool = True
    wrt: Callable[..., Any] = tuple
    """From the arguments to those with respect to which it is differentiated."""
    derivative: Callable[[Any], Any] = tuple
    """From what it gives to the derivatives in it."""
    in_dims: Any = None
    """Of `vmap`, along which dimensions of the arguments the samples lie."""
    out_dims: Any = 0


@dataclass(slots=True, eq=False)
class TransformCall:
    """One call of what a transform gave."""

    made: Transformed
    place: CallSite | None
    number: int
    arguments: Any
    """With a `Given` in place of each tensor."""
    keywords: Any
    random: torch.Tensor
    names: tuple[str | None, ...] = ()
    """What the program calls the tensors with respect to which it is differentiated."""
    results: tuple[Given | None, ...] = ()
    """The derivatives that it gave."""
    finite: bool = True
    draws: bool = False
    """Whether it drew random numbers."""
    outputs: tuple[Any, ...] = field(default=())

    def again(self) -> list[torch.Tensor]:
        """The derivatives when torch's transform is run again."""
        arguments, keywords = self._given(self.arguments), self._given(self.keywords)
        return self._run(self.made.function, arguments, keywords)

    def without(self) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """The derivatives without the transform, and what the transform gave; of a large batch both of some samples."""
        arguments, keywords = self._given(self.arguments), self._given(self.keywords)
        results = [each.data for each in self.results if each is not None]
        if self.made.in_dims is not None:
            arguments, keywords, results = _some(self.made, arguments, keywords, results)
        with plainly():
            return self._run(self.made.plain, arguments, keywords), results

    def _run(self, function: Callable[..., Any], arguments: Any, keywords: Any) -> list[torch.Tensor]:
        with quiet(), torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(self.random)
            found = function(*arguments, **keywords)
        return tensors(self.made.derivative(found))

    def _given(self, item: Any) -> Any:
        return tree_map(lambda each: each.data.clone() if isinstance(each, Given) else each, item)


def tensors(tree: Any) -> list[torch.Tensor]:
    """The tensors of a tree."""
    return [each for each in tree_leaves(tree) if isinstance(each, torch.Tensor)]


Run = Callable[[Transformed, Any, Any], Any]
"""What runs a function that a transform gave, and keeps the call."""


def transforms(run: Run) -> dict[str, Callable[..., Any]]:
    """torch's transforms by name, each call of what they give going through `run`."""
    found = {name: _keeping(run, name, getattr(torch.func, name), plain) for name, plain in OF_FUNCTIONS.items()}
    return found | {"vmap": _keeping_vmap(run, torch.func.vmap), "vjp": _vjp(run, torch.func.vjp), "jvp": _jvp(run)}


def _callable(run: Run, made: Transformed, like: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(like)
    def transformed(*args: Any, **kwargs: Any) -> Any:
        return made.plain(*args, **kwargs) if PLAIN.on else run(made, args, kwargs)

    transformed.gradcalc = made  # type: ignore[attr-defined]
    return transformed


def _keeping(run: Run, name: str, original: Any, plain: Any) -> Callable[..., Any]:
    @wraps(original)
    def transform(func: Any, argnums: Any = 0, *args: Any, has_aux: bool = False, **kwargs: Any) -> Any:
        if args:
            has_aux = args[0]
        auxiliary = {} if name == "hessian" else {"has_aux": has_aux}
        fast = original(func, argnums, **auxiliary, **kwargs)
        first = has_aux or name == "grad_and_value"
        made = Transformed(
            name,
            fast,
            plain(func, argnums, has_aux),
            wrt=partial(_chosen, argnums),
            derivative=_first if first else _all,
        )
        return _callable(run, made, fast)

    return transform


def _first(found: Any) -> Any:
    return found[0]


def _all(found: Any) -> Any:
    return found


def _chosen(argnums: Any, arguments: Sequence[Any]) -> list[Any]:
    return [arguments[each] for each in ((argnums,) if isinstance(argnums, int) else argnums)]


def _keeping_vmap(run: Run, original: Any) -> Callable[..., Any]:
    @wraps(original)
    def vmap(func: Any, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", **kwargs: Any) -> Any:
        fast = original(func, in_dims, out_dims, randomness, **kwargs)
        inner = getattr(func, "gradcalc", None)
        plain = partial(_by_sample, func, in_dims, out_dims)
        wrt, derivative = (_nothing, _all) if inner is None else (inner.wrt, inner.derivative)
        made = Transformed("vmap", fast, plain, False, wrt, derivative, in_dims, out_dims)
        return _callable(run, made, fast)

    return vmap


def _nothing(_: Any) -> tuple[()]:
    return ()


def _vjp(run: Run, original: Any) -> Callable[..., Any]:
    @wraps(original)
    def vjp(func: Any, *primals: Any, has_aux: bool = False) -> Any:
        if PLAIN.on:
            return _plain_vjp(func, *primals, has_aux=has_aux)
        out, fast, *aux = original(func, *primals, has_aux=has_aux)

        def plain(*cotangents: Any, **kwargs: Any) -> Any:
            return _plain_vjp(func, *primals, has_aux=has_aux)[1](*cotangents, **kwargs)

        made = Transformed("vjp", fast, plain, wrt=lambda _: primals, derivative=_all)
        return (out, _callable(run, made, fast), *aux)

    return vjp


def _jvp(run: Run) -> Callable[..., Any]:
    original = torch.func.jvp

    @wraps(original)
    def jvp(func: Any, primals: Any, tangents: Any, **kwargs: Any) -> Any:
        fast, plain = partial(original, func, **kwargs), partial(_plain_jvp, func, **kwargs)
        made = Transformed("jvp", fast, plain, wrt=_nothing, derivative=lambda found: found[1])
        return _callable(run, made, original)(primals, tangents)

    return jvp


# The same without transforms.


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


def _plain_vjp(func: Any, *primals: Any, has_aux: bool = False) -> Any:
    given, picked = _with_leaves(tuple(range(len(primals))), primals)
    out, aux = _value(func, given, {}, has_aux)

    def pulled_back(*cotangents: Any) -> Any:
        upstreams = cotangents[0] if len(cotangents) == 1 else cotangents
        return _gradients(tensors(out), picked, tensors(upstreams))

    return (out, pulled_back, aux) if has_aux else (out, pulled_back)


def _plain_jvp(func: Any, primals: Any, tangents: Any, has_aux: bool = False, strict: bool = False) -> Any:
    """The derivative of the function along the direction, at 0 on the way."""
    del strict
    way = torch.zeros((), dtype=tensors(primals)[0].dtype, requires_grad=True)
    moved = tree_map(lambda each, direction: each + way * direction, primals, tangents)
    out, aux = _value(func, moved, {}, has_aux)
    found = tree_map(lambda each: _rows(each, way), out)
    return (out, found, aux) if has_aux else (out, found)


def _by_sample(func: Any, in_dims: Any, out_dims: Any, *args: Any, **kwargs: Any) -> Any:
    leaves, spec, dims = _flattened(in_dims, args, kwargs)
    count = next(each.shape[dim] for each, dim in zip(leaves, dims, strict=True) if dim is not None)
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


def _flattened(in_dims: Any, args: Any, kwargs: Any) -> tuple[list[Any], Any, list[Any]]:
    """The leaves of the arguments with the dimension of each along which the samples lie."""
    leaves, spec = tree_flatten((args, kwargs))
    dims = in_dims if isinstance(in_dims, int) else tuple(in_dims)
    found: list[Any] | None = _broadcast_to_and_flatten((dims, 0), spec)
    if found is None:
        raise NotReplayed("its in_dims are not read")
    return leaves, spec, found


def _some(made: Transformed, arguments: Any, keywords: Any, results: list[torch.Tensor]) -> Any:
    """A few samples of the arguments, and of what came of them."""
    leaves, spec, dims = _flattened(made.in_dims, arguments, keywords)
    count = next(each.shape[dim] for each, dim in zip(leaves, dims, strict=True) if dim is not None)
    chosen = torch.tensor(range(count) if count <= SAMPLES else [*range(SAMPLES - 1), count - 1])
    fewer = [each if dim is None else each.index_select(dim, chosen) for each, dim in zip(leaves, dims, strict=True)]
    if isinstance(made.out_dims, int):
        results = [each.index_select(made.out_dims, chosen) for each in results]
    elif len(chosen) < count:
        raise NotReplayed("its batch is too large for its out_dims")
    return *tree_unflatten(fewer, spec), results


OF_FUNCTIONS: dict[str, Any] = {
    "grad": _plain_grad,
    "grad_and_value": _plain_grad_and_value,
    "jacrev": _plain_jacobian,
    "jacfwd": _plain_jacobian,
    "hessian": _plain_hessian,
}
"""Transforms of a function with respect to some of its arguments, each without a transform."""


def are_equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors hold the same numbers; NaN is NaN."""
    return torch.equal(one.nan_to_num(), other.nan_to_num())


def off(given: torch.Tensor, true: torch.Tensor) -> tuple[float, float, float, float] | None:
    """The component that is farthest off: its error, the largest true size, its number, and the true one.

    None if rounding explains every error.
    """
    if not given.numel() or given.is_complex():
        return None
    error = (given.double() - true.double()).abs().flatten()
    error[(given == true).flatten() | (given.isnan() & true.isnan()).flatten()] = 0
    error = error.nan_to_num(nan=float("inf"))
    size = float(true.abs().nan_to_num(posinf=0.0).max())
    rtol = RTOL.get(float(torch.finfo(given.dtype).eps) / 2, 1.3e-6)
    place = int(error.argmax())
    if float(error[place]) <= FACTOR * rtol * size:
        return None
    return float(error[place]), size, float(given.flatten()[place]), float(true.flatten()[place])
