"""The callables that the rows' `torch` fields name, and adapters for those that torch has otherwise."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce
from typing import Any

import numpy as np
import torch

from autogradcli.errors import GradcalcError
from autogradcli.functions.function import PLACE, Function
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.dtypes import DTYPES

Scalar = torch.Tensor | float | bool


def _choose(condition: Scalar, yes: Scalar, no: Scalar) -> Scalar:
    """Python's own `yes if condition else no`: one branch, no node. Raises ValueError if the shapes differ."""
    chosen = yes if condition else no
    shapes = [each.shape if isinstance(each, torch.Tensor) else torch.Size() for each in (chosen, condition, yes, no)]
    if shapes[0] != np.broadcast_shapes(*shapes):  # torch's own loads SymPy, which takes a second
        raise ValueError("both branches must have one shape; where(condition, x, y) broadcasts them")
    return chosen


def _as_condition(x: torch.Tensor) -> torch.Tensor:
    """The mask; raises ValueError if it has other components than True and False, or ones and zeros."""
    mask = x.bool()
    if not torch.equal(mask.to(x.dtype), x):
        raise ValueError("a mask is of True and False, or of ones and zeros; for others type x != 0")
    return mask


def _stack(*components: torch.Tensor) -> torch.Tensor:
    return torch.stack(components)


def _index(x: torch.Tensor, index: tuple[Any, ...]) -> torch.Tensor:
    return x[index]


def _places(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Whole numbers. Raises ValueError for zeros and ones that are as many as a mask would have."""
    found = whole(places)
    as_mask = found.shape == x.shape or (found.ndim == 1 and len(found) in x.shape)
    if found.ndim and as_mask and bool(((found == 0) | (found == 1)).all()):
        raise ValueError("these may be places or a mask: type x[m != 0] for a mask, index_select(x, 0, m) for places")
    return found


def _index_at(x: torch.Tensor, places: Sequence[torch.Tensor], index: tuple[Any, ...]) -> torch.Tensor:
    """Masks as they are, and all else as whole numbers."""
    given = iter(each if each.dtype == torch.bool else _places(x, each) for each in places)
    return x[tuple(next(given) if each == PLACE else each for each in index)]


def _set_index(x: torch.Tensor, index: tuple[Any, ...], value: Scalar) -> torch.Tensor:
    changed = x.clone()
    changed[index] = value
    return changed


def _numel(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.numel(), dtype=x.dtype)


def _size(x: torch.Tensor, dim: int | None = None) -> torch.Tensor:
    return torch.tensor(x.size(dim), dtype=x.dtype)


def _einsum(equation: str, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.einsum(equation, *operands)


def _reduced(x: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
    if reduction == "none":
        return x
    return x.mean() if reduction == "mean" else x.sum() / (x.size(0) if reduction == "batchmean" else 1)


def _cross_entropy(
    x: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None = None, **options: Any
) -> torch.Tensor:
    """Classes are whole numbers for torch, probabilities are not."""
    classes = target if target.shape == x.shape else whole(target)
    if target.requires_grad and classes is not target:
        raise ValueError("classes are whole numbers, which have no derivative")
    return torch.nn.functional.cross_entropy(x, classes, weight, **options)


def _linear_cross_entropy(
    x: torch.Tensor, linear_weight: torch.Tensor, target: torch.Tensor, **options: Any
) -> torch.Tensor:
    """The same of a linear map, which gives the scores their shape."""
    scores = (*x.shape[:-1], *linear_weight.shape[:-1])
    classes = target if tuple(target.shape) == scores else whole(target)
    if target.requires_grad and classes is not target:
        raise ValueError("classes are whole numbers, which have no derivative")
    found: torch.Tensor = torch.nn.functional.linear_cross_entropy(x, linear_weight, classes, **options)
    return found


def _one_hot(x: torch.Tensor, num_classes: int = -1) -> torch.Tensor:
    """In the dtype of the run, as with .float() in torch: zeros and ones that can be multiplied."""
    return torch.nn.functional.one_hot(x, num_classes).to(torch.get_default_dtype())


def _along_the_only_one(run: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The function along a dimension, which need not be named where there is one."""

    def along(x: torch.Tensor, dim: Any = None, **options: Any) -> torch.Tensor:
        if dim is None and x.ndim > 1:
            raise ValueError(f"dim is missing, and there are {x.ndim} dimensions")
        return run(x, -1 if dim is None else dim, **options)

    return along


def _scatter(x: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor) -> torch.Tensor:
    """A number goes everywhere, a tensor component by component."""
    if src.ndim == 0 and index.ndim and not src.requires_grad:
        return torch.scatter(x, dim, index, src.item())
    return torch.scatter(x, dim, index, src)


def _by_place(run: Callable[..., Any]) -> Callable[..., Any]:
    """The function called without the names of its parameters, which torch has in two spellings."""

    def called(x: torch.Tensor, indices_or_sections: Any) -> Any:
        return run(x, indices_or_sections)

    return called


def _meshgrid(*, tensors: Sequence[torch.Tensor], indexing: str = "ij") -> tuple[torch.Tensor, ...]:
    return torch.meshgrid(*tensors, indexing=indexing)


def _index_put(
    x: torch.Tensor, indices: Sequence[torch.Tensor], values: torch.Tensor, accumulate: bool = False
) -> torch.Tensor:
    places = tuple(each if each.dtype == torch.bool else whole(each) for each in indices)
    return torch.index_put(x, places, values, accumulate)


def _vander(x: torch.Tensor, N: int | None = None, increasing: bool = False) -> torch.Tensor:  # noqa: N803
    """torch.vander writes into its result, so that its backward fails; the other one is differentiated."""
    powers: torch.Tensor = torch.linalg.vander(x, N=N)
    return powers if increasing else powers.flip(-1)


def _pad(x: torch.Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> torch.Tensor:
    """Around what is left once at most: beyond that torch's circular padding reads memory that nobody wrote."""
    if mode == "circular":
        for place in range(len(pad) // 2):
            ends = pad[2 * place], pad[2 * place + 1]
            left = x.shape[-1 - place] + sum(min(each, 0) for each in ends)
            if max(ends) > left:
                raise ValueError(f"circular padding by {max(ends)} goes more than once around what is left, {left}")
    return torch.nn.functional.pad(x, pad, mode, value)


def _cholesky(matrix: torch.Tensor, *, upper: bool = False) -> torch.Tensor:
    """Of symmetric matrices alone: of others torch reads one triangle, and differentiates as if it read both."""
    factor: torch.Tensor = torch.linalg.cholesky(matrix, upper=upper)
    if matrix.numel() and (matrix - matrix.mT).abs().max() > ASYMMETRY * matrix.abs().max():
        raise ValueError("the matrix is not symmetric")
    return factor


ASYMMETRY = 1e-3
"""What rounding may have made of a symmetric matrix, relative to its largest component."""


def _on_copies(norm: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A norm that works on copies of the running statistics, which torch changes."""

    def run(
        x: torch.Tensor,
        running_mean: torch.Tensor | None = None,
        running_var: torch.Tensor | None = None,
        *affine: torch.Tensor,
        **options: Any,
    ) -> torch.Tensor:
        mean, var = (None if each is None else each.clone() for each in (running_mean, running_var))
        return norm(x, mean, var, **dict(zip(("weight", "bias"), affine, strict=False)), **options)

    return run


def _grad(output: torch.Tensor, x: torch.Tensor, upstream: torch.Tensor) -> torch.Tensor:
    """A derivative that autograd follows itself; zeros where the output does not depend on x."""
    if not output.requires_grad:
        return torch.zeros_like(x)
    given = upstream.to(output.dtype).expand_as(output)
    (found,) = torch.autograd.grad(output, x, given, create_graph=True, materialize_grads=True)
    return found


def _with_pivots(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes pivots as the whole numbers of LAPACK, which have 32 bits."""

    def called(*operands: torch.Tensor, **options: Any) -> Any:
        return run(*(each.int() if each.dtype == torch.int64 else each for each in operands), **options)

    return called


def _of_triangle(run: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A function whose last operand is a triangle. Raises ValueError if it has components on its other side."""

    def called(*operands: torch.Tensor, upper: bool = False) -> torch.Tensor:
        other = operands[-1].tril(-1) if upper else operands[-1].triu(1)
        if other.count_nonzero():
            raise ValueError("the matrix is not triangular")
        return run(*operands, upper=upper)

    return called


def _row_by_row(run: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A function that reads memory, given tensors whose components stand there row by row."""

    def called(x: torch.Tensor, *others: torch.Tensor, **options: Any) -> torch.Tensor:
        return run(x.contiguous(), *others, **options)

    return called


def _unknown(*operands: torch.Tensor) -> torch.Tensor:
    """NaN in the shape of the result of a function that torch does not have: what depends on it has its shape."""
    return sum(operands, torch.zeros(())) * math.nan


ADAPTERS: dict[str, Callable[..., Any]] = {
    "if_else": _choose,
    "as_condition": _as_condition,
    "stack_items": _stack,
    "getitem": _index,
    "getitem_at": _index_at,
    "setitem": _set_index,
    "numel": _numel,
    "size": _size,
    "einsum": _einsum,
    "reduced": _reduced,
    "cross_entropy": _cross_entropy,
    "one_hot": _one_hot,
    "cholesky": _cholesky,
    "ldexp_of_integers": lambda x, y: torch.ldexp(x, torch.tensor(y)),
    "pad": _pad,
    "vander": _vander,
    "scatter": _scatter,
    "tensor_split": lambda x, indices_or_sections, dim=0: torch.tensor_split(x, indices_or_sections, dim),
    "hsplit": _by_place(torch.hsplit),
    "vsplit": _by_place(torch.vsplit),
    "dsplit": _by_place(torch.dsplit),
    "meshgrid": _meshgrid,
    "index_put": _index_put,
    "softmax": _along_the_only_one(torch.softmax),
    "log_softmax": _along_the_only_one(torch.log_softmax),
    "softmin": _along_the_only_one(torch.nn.functional.softmin),
    "logsumexp": _along_the_only_one(torch.logsumexp),
    "batch_norm": _on_copies(torch.nn.functional.batch_norm),
    "grad": _grad,
    "instance_norm": _on_copies(torch.nn.functional.instance_norm),
    "linear_cross_entropy": _linear_cross_entropy,
    "cholesky_solve": _of_triangle(torch.cholesky_solve),
    "cholesky_inverse": _of_triangle(torch.cholesky_inverse),
    "lu_solve": _with_pivots(torch.lu_solve),
    "linalg_lu_solve": _with_pivots(torch.linalg.lu_solve),
    "lu_unpack": _with_pivots(torch.lu_unpack),
    "as_strided": _row_by_row(torch.as_strided),
    "as_strided_scatter": _row_by_row(torch.as_strided_scatter),
    "tensor_split_at": lambda x, indices_or_sections, dim=0: torch.tensor_split(x, indices_or_sections, dim),
    "narrow_from": torch.narrow,
}
"""By the row's name: what torch has not as one function, or calls in another way."""


def whole(indices: Scalar) -> torch.Tensor:
    """Indices as torch takes them; raises ValueError if one is no whole number."""
    given = torch.as_tensor(indices)
    found = given.to(torch.int64)
    if not torch.equal(found.to(given.dtype), given):
        raise ValueError(f"indices are whole numbers, and {given[found != given].flatten()[0].item()} is none")
    return found


@cache
def native(function: Function) -> Callable[..., Any] | None:
    """What torch computes a row by; None if it runs the definition."""
    if function.name in ADAPTERS:
        return ADAPTERS[function.name]
    if function.absent:
        return _unknown
    return attribute(function.torch) if function.torch else None


def attribute(path: str) -> Callable[..., Any]:
    """The callable that a row's `torch` field names."""
    first, *rest = path.split(".")
    if first == "operator":
        return getattr(operator, rest[0])  # type: ignore[no-any-return]
    return reduce(getattr, [first, *rest], torch)  # type: ignore[return-value]


def plain_option(value: Any) -> Any:
    """An option as torch takes it: an exact number as the nearest double, or as an int where it is whole."""
    if isinstance(value, str) and value in DTYPES:
        return getattr(torch, value)
    if isinstance(value, tuple) and any(isinstance(each, Fraction) for each in value):
        return tuple(map(float, value))
    if not isinstance(value, Fraction):
        return value
    return value.numerator if value.denominator == 1 else float(value)


def construct(make: Callable[..., torch.Tensor], keywords: Mapping[str, Any], kind: torch.dtype) -> torch.Tensor:
    """A tensor made of nothing; an error, before any memory is taken, if it were too large."""
    size: int = make(**keywords, dtype=kind, device="meta").numel()
    if size > MAX_ELEMENTS:
        raise GradcalcError("limit", f"this tensor has {size:,} components, and {MAX_ELEMENTS:,} are allowed")
    tensor: torch.Tensor = make(**keywords, dtype=kind)
    return tensor
