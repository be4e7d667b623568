"""How often programs call each function of torch, and which of those the table has no row for.

Run from the top of the checkout: python -m scripts.campaigns.calls_of_torch FOLDER...
Counted are calls in Python files that name a function of torch, of torch.nn.functional, torch.linalg or torch.special,
or a method of tensors that nothing else in Python and NumPy has; not those whose results autograd does not follow.
"""

import argparse
import ast
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import torch
from torch.overrides import get_overridable_functions

from autogradcli.engines.torch.record.kinds import kind_of, rows_of


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


NOT_FOLLOWED = words(
    "argmax argmin argsort item numpy tolist detach detach_ backward eq ne lt le gt ge equal allclose isclose isnan "
    "isinf isfinite any all long int bool byte char short nonzero unique bernoulli multinomial poisson normal "
    "searchsorted bucketize bincount histc count_nonzero isin randint_like one_hot logical_and logical_or logical_not "
    "logical_xor floor_divide requires_grad_ retain_grad register_hook is_cuda data_ptr get_device pin_memory "
    "is_floating_point zero_ fill_ normal_ uniform_ random_ bernoulli_ eq_ set_ new_zeros new_ones new_tensor new_full "
    "new_empty new rand randn tensor range triu_indices tril_indices randperm save load __len__"
)
"""Functions of torch whose results autograd does not follow, beside those that the recorder lets pass."""
CONVERSIONS = words("to float double half bfloat16 type type_as cuda cpu contiguous")
"""What gives the same numbers in another format or place: the recorder follows it without a row."""
WRITTEN_OUT = words("lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell")
"""What the recorder has a definition for, in functions of torch."""
PYTHON = frozenset(name for kind in (str, list, dict, set, tuple, int, float, bytes) for name in dir(kind))
"""Methods that other things have as well, so that a name says nothing."""


def main() -> int:
    """Exit status 1 if less than 98 % of the calls have a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--missing", type=int, default=40, help="how many of the names without a row are listed")
    options = parser.parse_args()
    found = Counter(
        name for folder in options.folders for path in sorted(folder.rglob("*.py")) for name in called(path)
    )
    missing = Counter({name: count for name, count in found.items() if not is_known(name)})
    for name, count in missing.most_common(options.missing):
        print(f"{count:>6}  {name}")
    share = 1 - missing.total() / max(found.total(), 1)
    print(
        f"{found.total()} calls of {len(found)} names, {len(missing)} of which have no row:"
        f" {share:.1%} of the calls have one"
    )
    return int(share < 0.98)


def called(path: Path) -> Iterator[str]:
    """The functions of torch that a file calls and that autograd follows; nothing of a file that is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError):
        return
    modules, names = imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func, modules, names)
            if name is not None and name not in NOT_FOLLOWED:
                yield name


def imported(tree: ast.Module) -> tuple[dict[str, str], dict[str, str]]:
    """What the names that a file imports mean: modules of torch, and functions of such."""
    modules: dict[str, str] = {}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {
                each.asname or each.name.split(".")[0]: each.name if each.asname else each.name.split(".")[0]
                for each in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for each in node.names:
                path = f"{node.module}.{each.name}"
                (modules if path in functions() else names)[each.asname or each.name] = path
    return modules, names


def _name(called: ast.expr, modules: Mapping[str, str], names: Mapping[str, str]) -> str | None:
    """The name of the function of torch that is called, without its module; None for another one."""
    first, _, rest = (_path(called) or "").partition(".")
    full = names.get(first, first) if first and not rest else f"{modules[first]}.{rest}" if first in modules else None
    if full is not None:
        module, _, name = full.rpartition(".")
        return name if name in functions().get(module, frozenset()) else None
    if isinstance(called, ast.Attribute) and called.attr in functions()["torch.Tensor"] - PYTHON:
        return None if _path(called.value) == "self" else called.attr
    return None


def _path(node: ast.expr) -> str | None:
    """A dotted name as it is written; None for anything else."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute(value=value, attr=name):
            before = _path(value)
            return None if before is None else f"{before}.{name}"
    return None


@cache
def functions() -> Mapping[str, frozenset[str]]:
    """The functions that torch's override protocol hands on, by module, without those that give no numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_overridable_functions()
    places = {
        "torch": torch,
        "torch.nn.functional": torch.nn.functional,
        "torch.Tensor": torch.Tensor,
        "torch.linalg": torch.linalg,
        "torch.special": torch.special,
    }
    return {
        name: frozenset(
            each.__name__
            for each in found.get(place, ())
            if hasattr(each, "__name__") and hasattr(place, each.__name__) and not kind_of(each).passed
        )
        for name, place in places.items()
    }


def is_known(name: str) -> bool:
    """Whether the table has a row, or the recorder follows it without one."""
    return bool(rows_of(name)) or name in CONVERSIONS | WRITTEN_OUT


if __name__ == "__main__":
    sys.exit(main())
