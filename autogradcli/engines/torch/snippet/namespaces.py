"""The modules, methods and operators of a snippet, each name bound once to the native function behind it."""

import inspect
import math
import operator
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch

from autogradcli.engines.torch.snippet import names
from autogradcli.engines.torch.snippet.guards import guarded_array, guarded_prod, sized
from autogradcli.engines.torch.snippet.operation import Namespace, Operation
from autogradcli.language import table

Names = Mapping[str, Any]

OPERATORS: Mapping[str, Operation] = {
    name: Operation(name, run, table.candidates(row))
    for name, run, row in (
        ("Add", operator.add, "add"),
        ("Sub", operator.sub, "sub"),
        ("Mult", operator.mul, "mul"),
        ("Div", operator.truediv, "div"),
        ("FloorDiv", operator.floordiv, "floor_divide"),
        ("Mod", operator.mod, "remainder"),
        ("Pow", operator.pow, "pow"),
        ("MatMult", operator.matmul, "matmul"),
        ("BitAnd", operator.and_, "logical_and"),
        ("BitOr", operator.or_, "logical_or"),
        ("BitXor", operator.xor, "logical_xor"),
        ("USub", operator.neg, "neg"),
        ("UAdd", operator.pos, "positive"),
        ("Invert", operator.invert, "logical_not"),
        ("Eq", operator.eq, "eq"),
        ("NotEq", operator.ne, "ne"),
        ("Lt", operator.lt, "lt"),
        ("LtE", operator.le, "le"),
        ("Gt", operator.gt, "gt"),
        ("GtE", operator.ge, "ge"),
        ("Subscript", operator.getitem, "getitem"),
        ("abs", operator.abs, "abs"),
        ("round", round, "round"),
    )
}
"""Python's operators and functions where an operand is a tensor, by the name of the node of the syntax tree."""

INPLACE: Mapping[str, Operation] = {
    name: Operation(f"{name}=", run, table.candidates(row), inplace=True)
    for name, run, row in (
        ("Add", operator.iadd, "add"),
        ("Sub", operator.isub, "sub"),
        ("Mult", operator.imul, "mul"),
        ("Div", operator.itruediv, "div"),
        ("FloorDiv", operator.ifloordiv, "floor_divide"),
        ("Mod", operator.imod, "remainder"),
        ("Pow", operator.ipow, "pow"),
        ("MatMult", operator.imatmul, "matmul"),
        ("BitAnd", operator.iand, "logical_and"),
        ("BitOr", operator.ior, "logical_or"),
        ("BitXor", operator.ixor, "logical_xor"),
    )
}
"""The same for augmented assignments."""
SET_ITEM = Operation("setitem", operator.setitem, table.candidates("setitem"), inplace=True)


def operations(module: Any, prefix: str, extra: Collection[str] = ()) -> dict[str, Operation]:
    """The functions of a module that are rows of the table or among `extra`; classes and modules never."""
    found = {}
    for name in sorted({*table.names(), *extra}):
        function = getattr(module, name, None)
        if callable(function) and not inspect.isclass(function) and not name.startswith("_"):
            found[name] = Operation(f"{prefix}.{name}", sized(name, function), table.candidates(name))
    return found


@cache
def methods() -> Mapping[str, Operation]:
    """The methods of tensors."""
    found = operations(torch.Tensor, "Tensor", names.METHODS)
    changing = {
        name: Operation(
            f"Tensor.{name}", getattr(torch.Tensor, name), table.candidates(name.removesuffix("_")), inplace=True
        )
        for name in sorted(names.INPLACE)
        if hasattr(torch.Tensor, name)
    }
    return {**found, **changing}


@cache
def getters() -> Mapping[str, Callable[[torch.Tensor], Any]]:
    """How the attributes of tensors are read; those that are operations are rows of the table."""
    return {name: operator.attrgetter(name) for name in names.ATTRIBUTES}


def modules(special: Mapping[str, Names]) -> Mapping[str, Namespace]:
    """The modules that a snippet can import, by their full names; `special` gives some of their names a meaning."""
    functional = operations(torch.nn.functional, "torch.nn.functional", names.FUNCTIONAL)
    parts: dict[str, Names] = {
        "torch.nn.functional": functional,
        "torch.special": operations(torch.special, "torch.special"),
        "torch.linalg": operations(torch.linalg, "torch.linalg", names.LINALG),
        "torch.autograd": {},
        "torch.cuda": {"is_available": Operation("torch.cuda.is_available", lambda: False)},
        "torch.random": {},
    }
    found = {name: Namespace(name, {**part, **special.get(name, {})}) for name, part in parts.items()}
    found["torch.nn"] = Namespace("torch.nn", {"functional": found["torch.nn.functional"]})
    inner = {name.removeprefix("torch."): each for name, each in found.items() if name.count(".") == 1}
    found["torch"] = Namespace("torch", {**_torch(), **inner, **special.get("torch", {})})
    return {**found, **_numpy(), "math": Namespace("math", _math())}


def _torch() -> dict[str, Any]:
    own = operations(torch, "torch", names.TORCH | names.CREATION)
    dtypes = {name: getattr(torch, name) for name in names.DTYPES}
    constants = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None}
    own["device"] = Operation("torch.device", torch.device)
    return {**own, **dtypes, **constants}


def _numpy() -> dict[str, Namespace]:
    constants = {name: getattr(np, name) for name in ("pi", "e", "inf", "nan", "newaxis", *names.NUMPY_DTYPES)}
    own = {name: Operation(f"numpy.{name}", guarded_array(getattr(np, name))) for name in names.NUMPY}
    drawn = {
        name: Operation(f"numpy.random.{name}", guarded_array(getattr(np.random, name))) for name in names.NUMPY_RANDOM
    }
    random = Namespace("numpy.random", drawn)
    return {"numpy.random": random, "numpy": Namespace("numpy", {**own, **constants, "random": random})}


def _math() -> dict[str, Any]:
    constants = {name: getattr(math, name) for name in ("pi", "e", "tau", "inf", "nan")}
    own = {name: Operation(f"math.{name}", getattr(math, name)) for name in names.MATH - constants.keys()}
    own["prod"] = Operation("math.prod", guarded_prod)
    return {**own, **constants}
