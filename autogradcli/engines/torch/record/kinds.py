"""What kind of thing each function of torch's API is to the recorder; found out once for each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import torch

from autogradcli.functions import table
from autogradcli.functions.function import Function


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
"""What a Python function of torch asks to know whether it is overridden."""
RANDOM = words(
    "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout rrelu rrelu_ rnn_tanh rnn_relu "
    "lstm gru scaled_dot_product_attention bernoulli normal fractional_max_pool2d fractional_max_pool3d "
    "_standard_gamma feature_dropout native_dropout"
)
"""Functions that draw random numbers while autograd follows them."""
DRAWING = words("normal bernoulli")
"""Those to whose parameters torch sends 0, whatever the numbers depend on."""
OVERWRITING = words("normal_ uniform_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_ random_")
"""Those that put random numbers in place of what was there."""
MASKING = words("dropout dropout1d dropout2d dropout3d feature_dropout")
"""Those that multiply their input by a mask: in float64 it is multiplied by the same one."""
VECTORS = words("linalg_eig linalg_eigh linalg_svd svd")
"""Those that give vectors which the mathematics determines but for a factor of size 1."""
STATISTICS = frozenset({"batch_norm", "instance_norm"})
"""Functions that change the running mean and variance among their arguments."""
UNTOUCHED = words("requires_grad_ retain_grad detach_ share_memory_ rename_ refine_names_ __contains__")
"""Functions whose names end as if they changed numbers."""
TENSORS = frozenset({"T", "mT", "H", "mH", "real", "imag", "data", "grad"})
"""Attributes that are tensors."""
SIZES = words(
    "dim ndimension size numel nelement stride storage_offset is_floating_point is_complex is_contiguous "
    "data_ptr element_size untyped_storage storage get_device is_signed is_inference type __len__ __hash__ "
    "__repr__ __format__ __dir__ has_names __dlpack__ __dlpack_device__ __reduce_ex__ __setstate__ "
    "__deepcopy__ is_tensor is_storage result_type can_cast promote_types register_post_accumulate_grad_hook "
    "_is_view get_default_dtype is_grad_enabled _set_grad_enabled is_autocast_enabled manual_seed "
    "set_printoptions _record_function_enter_new _record_function_exit as_tensor zeros ones full empty eye "
    "arange linspace rand randn randint randperm zeros_like ones_like full_like empty_like rand_like "
    "randn_like from_numpy"
)
"""Functions whose results autograd does not follow."""
COMPOSED = words("multi_head_attention_forward linear_cross_entropy")
"""Functions with rows that are still looked into, as what they are made of is smaller."""
NAMESAKES = {torch.nn.functional.unfold: "unfold_blocks"}
"""Functions that have the name of a method, and are other functions; each with its row."""
GET, SET = "__get__", "__set__"


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the recorder treats a function."""

    name: str
    """Its own name; of an attribute that of the attribute."""
    passed: bool = False
    """Nothing of it is recorded."""
    attribute: bool = False
    """It reads an attribute."""
    changes: bool = False
    """It changes its first argument in place."""
    statistics: bool = False
    random: bool = False
    inside: "Callable[..., Any] | None" = None
    """The function with its own check answered by False, so that what it calls is seen; None for what is one call."""
    has_row: bool = False
    """What is looked into has a row of its own: it may be one call where nothing is proven."""


def kind_of(function: Any) -> Treatment:
    """The kind of a function."""
    name = getattr(function, "__name__", type(function).__name__)
    if name in {GET, SET}:
        owner = getattr(function, "__self__", None)
        name = getattr(owner, "__name__", "")
        if getattr(function, "__name__", "") == SET:
            return Treatment(f"{name}=", passed=name != "data", changes=name == "data")
        return Treatment(name, passed=name not in TENSORS, attribute=True)
    changes = (name.endswith("_") and not name.endswith("__") and name not in UNTOUCHED) or name in {
        "__setitem__",
        "_foreach_copy_",
    }
    if name in SIZES or name in UNTOUCHED - {"detach_"}:
        return Treatment(name, passed=True)
    name = NAMESAKES.get(function, name)
    rows: tuple[Function, ...] = () if name in COMPOSED else rows_of(name)
    one = changes or any(not row.differentiates for row in rows)  # a gradient is what the engine is called for
    inside = None if one else inner(function)
    statistics = name in STATISTICS
    has_row = inside is not None and bool(rows) and not statistics
    return Treatment(name, False, False, changes, statistics, name in RANDOM, inside, has_row)


def inner(function: Any) -> Callable[..., Any] | None:
    """A copy of a Python function of torch whose check for overrides says no; None for what has no such check."""
    if not isinstance(function, FunctionType):
        return None
    asked = set(function.__code__.co_names) & set(CHECKS)
    if not asked or not asked <= function.__globals__.keys():  # it may be asked for as an attribute of a module
        return None
    names = {**function.__globals__, **dict.fromkeys(CHECKS, _not_overridden)}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _not_overridden(*_: Any) -> bool:
    return False


OPERATORS = {
    "__pow__": "pow",
    "pow": "pow",
    "__rpow__": "pow",
    "__rsub__": "sub",
    "__rdiv__": "div",
    "__rtruediv__": "div",
    "__rmatmul__": "matmul",
    "__radd__": "add",
    "__rmul__": "mul",
    "__getitem__": "getitem",
    "__setitem__": "setitem",
    "__rfloordiv__": "floor_divide",
    "floor_divide": "floor_divide",
    "__mod__": "remainder",
    "true_divide": "div",
    "__and__": "logical_and",
    "__or__": "logical_or",
    "__xor__": "logical_xor",
    "__invert__": "logical_not",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_not": "logical_not",
    "__abs__": "abs",
    "ldexp": "ldexp",
}
"""Rows by the names that operators have as methods."""
SWAPPED = words("__rpow__ __rsub__ __rdiv__ __rtruediv__ __rmatmul__ __rfloordiv__")
"""Methods that take their operands the other way round."""


@cache
def rows_of(name: str) -> tuple[Function, ...]:
    """The rows of the table that a function of this name may mean; of one that changes in place, those without."""
    if name in OPERATORS:
        return table.candidates(OPERATORS[name])
    plain = name.removesuffix("_") if name.endswith("_") and not name.endswith("__") else name
    row = table.property_row(plain) if plain in TENSORS else None
    if row is not None:
        return (row,)
    family, _, short = plain.partition("_")
    if family in {"linalg", "special"}:  # torch.linalg.norm is called linalg_norm there
        return table.candidates(f"{family}.{short}") or table.candidates(plain) or table.candidates(short)
    return table.candidates(plain)


def is_function(function: Any) -> bool:
    """Whether it is a subclass of `torch.autograd.Function`."""
    return isinstance(function, type) and issubclass(function, torch.autograd.Function)


def is_elementwise(function: Any) -> bool:
    """Whether a function works number by number, as far as the table of functions knows."""
    rows = rows_of(kind_of(function).name)
    return bool(rows) and not any(each.tensor for each in rows)
