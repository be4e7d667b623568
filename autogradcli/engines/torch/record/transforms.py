"""Transforms of `torch.func`: each call of one is kept, to be looked at from outside.

What tensors hold within a transform cannot be recorded. So the same mathematics is run again without it.
These gradients are recorded and proven like any others, and what the transform gave is held against them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

from autogradcli.engines.torch.record.calls import CallSite, Given
from autogradcli.engines.torch.record.comparison import RTOL
from autogradcli.engines.torch.record.plain import (
    PLAIN,
    WITHOUT,
    by_sample,
    plain_jvp,
    plain_vjp,
    plainly,
    samples_in,
    tensors,
    with_dims,
)
from autogradcli.engines.torch.record.replay import NotReplayed, StandIns, quiet

SAMPLES = 6
"""Samples of a batch that are looked at."""
FACTOR = 10
"""How far beyond the tolerance two numbers that ought to be one are not lost digits."""


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
    captured: tuple[torch.Tensor, ...] = ()
    """Leaves of the program that its function has at hand, and are no arguments: parameters of modules."""
    held: tuple[Given, ...] = ()
    """What these held."""
    followed: bool = False
    """Whether autograd follows what it gave, and all is known that this was made of."""
    outputs: tuple[Any, ...] = field(default=())

    def again(self) -> list[torch.Tensor]:
        """The derivatives when torch's transform is run again."""
        leaves, spec = tree_flatten((self.arguments, self.keywords))
        arguments, keywords = tree_unflatten([_numbers(each) for each in leaves], spec)
        with StandIns(self._places()):
            return tensors(self.made.derivative(self._run(self.made.function, arguments, keywords)))

    def without(self) -> "WithoutTransform":
        """The call without the transform, of a large batch some samples; raises NotReplayed if it cannot be run so."""
        leaves, spec, results = self._some()
        given, places = [_numbers(each) for each in leaves], self._places()
        arguments, keywords = tree_unflatten(given, spec)
        with plainly(self.followed), StandIns(places):
            found = self._run(self.made.plain, arguments, keywords)
        inputs = [each for each in [*tensors(given), *places.values()] if each.requires_grad]
        return WithoutTransform(tensors(self.made.derivative(found)), results, tensors(found), inputs)

    def _run(self, function: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
        with quiet(), torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(self.random)
            return function(*arguments, **keywords)

    def _places(self) -> dict[int, torch.Tensor]:
        return {id(old): _numbers(new) for old, new in zip(self.captured, self.held, strict=True)}

    def _some(self) -> tuple[list[Any], Any, list[torch.Tensor]]:
        """The leaves of the arguments, how they are put together, and what was given; of a large batch some samples."""
        results = [each.data for each in self.results if each is not None]
        if self.made.in_dims is None:
            return *tree_flatten((self.arguments, self.keywords)), results
        leaves, spec, dims = with_dims(self.made.in_dims, self.arguments, self.keywords)
        count = samples_in([each.data if isinstance(each, Given) else each for each in leaves], dims)
        if count <= SAMPLES:
            return leaves, spec, results
        if not isinstance(self.made.out_dims, int):
            raise NotReplayed("its batch is too large for its out_dims")
        chosen, along = torch.tensor([*range(SAMPLES - 1), count - 1]), self.made.out_dims
        fewer = [
            each if dim is None else replace(each, data=each.data.index_select(dim, chosen))
            for each, dim in zip(leaves, dims, strict=True)
        ]
        return fewer, spec, [each.index_select(along, chosen) for each in results]


def _numbers(each: Any) -> Any:
    """A copy of what was given; whether it takes a gradient may change how torch computes."""
    return each.data.clone().requires_grad_(each.leaf) if isinstance(each, Given) else each


@dataclass(frozen=True, slots=True, eq=False)
class WithoutTransform:
    """What a call gives without its transform."""

    truth: list[torch.Tensor]
    """The derivatives."""
    given: list[torch.Tensor]
    """What the transform gave for them."""
    outputs: list[torch.Tensor]
    """All that it gives."""
    inputs: list[torch.Tensor]
    """What takes a gradient."""

    def differentiate(self) -> None:
        """Take the gradient of a random combination of what it gives, if autograd follows any of it."""
        followed = [each for each in self.outputs if each.requires_grad]
        chance = torch.Generator().manual_seed(2)
        along = [torch.randn(each.shape, generator=chance, dtype=torch.float64).to(each.dtype) for each in followed]
        if followed and self.inputs:
            torch.autograd.grad(followed, self.inputs, along, allow_unused=True)


Run = Callable[[Transformed, Any, Any], Any]
"""What runs a function that a transform gave, and keeps the call."""


def transforms(run: Run) -> dict[str, Callable[..., Any]]:
    """torch's transforms by name, each call of what they give going through `run`."""
    found = {name: _keeping(run, name, getattr(torch.func, name), plain) for name, plain in WITHOUT.items()}
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
        plain = partial(by_sample, func, in_dims, out_dims)
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
            return plain_vjp(func, *primals, has_aux=has_aux)
        out, fast, *aux = original(func, *primals, has_aux=has_aux)

        def plain(*cotangents: Any, **kwargs: Any) -> Any:
            return plain_vjp(func, *primals, has_aux=has_aux)[1](*cotangents, **kwargs)

        made = Transformed("vjp", fast, plain, wrt=lambda _: primals, derivative=_all)
        return (out, _callable(run, made, fast), *aux)

    return vjp


def _jvp(run: Run) -> Callable[..., Any]:
    original = torch.func.jvp

    @wraps(original)
    def jvp(func: Any, primals: Any, tangents: Any, **kwargs: Any) -> Any:
        fast, plain = partial(original, func, **kwargs), partial(plain_jvp, func, **kwargs)
        made = Transformed("jvp", fast, plain, wrt=_nothing, derivative=lambda found: found[1])
        return _callable(run, made, original)(primals, tangents)

    return jvp


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
