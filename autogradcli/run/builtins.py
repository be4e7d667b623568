"""Python's own functions, as far as a snippet has them; those that tensors give a meaning ask the library."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from autogradcli.run.bounds import MAX_STEPS, check_items, limit, weigh
from autogradcli.run.formats import formatted, representation, text_of
from autogradcli.run.machine import Builtin, Machine
from autogradcli.run.operators import BINARY

_NOTHING = object()


def builtins(machine: Machine) -> Mapping[str, Any]:
    """Every function by its name, and the one name with underscores that means something."""
    functions: dict[str, Callable[..., Any]] = {
        **PLAIN,
        **{name: _over_items(machine, PLAIN[name]) for name in OVER_ITEMS},
        **{name: _over_only(machine, PLAIN[name]) for name in ("min", "max", "sorted")},
        "print": _printer(machine),
        "abs": _of_tensor(machine, "abs", abs),
        "round": _of_tensor(machine, "round", round),
        "pow": lambda base, exponent: _binary(machine, "Pow", base, exponent),
        "sum": lambda items, start=0: _sum(machine, items, start),
        "map": lambda function, items: iter([_call(machine, function, item) for item in _counted(machine, items)]),
    }
    return {**{name: Builtin(name, run) for name, run in functions.items()}, "__name__": "__main__"}


def _printer(machine: Machine) -> Callable[..., None]:
    def run(*values: Any, sep: str | None = " ", end: str | None = "\n", flush: bool = False) -> None:
        del flush
        machine.print((" " if sep is None else sep).join(map(text_of, values)) + ("\n" if end is None else end))

    return run


def _of_tensor(machine: Machine, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def run(value: Any, *others: Any) -> Any:
        if isinstance(value, machine.library.tensor):
            return machine.library.binary(name, machine.span)(value, *others)
        return plain(value, *others)

    return run


def _over_items(machine: Machine, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs through its arguments: through tensors as a loop does."""

    def run(*values: Any, **keywords: Any) -> Any:
        library = machine.library
        items = [library.iterate(each, machine.span) if type(each) is library.tensor else each for each in values]
        return plain(*items, **keywords)

    return run


def _over_only(machine: Machine, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs through its argument, if it has one alone."""
    over_items = _over_items(machine, plain)
    return lambda *values, **keywords: (over_items if len(values) == 1 else plain)(*values, **keywords)


def _binary(machine: Machine, name: str, left: Any, right: Any) -> Any:
    tensor = machine.library.tensor
    if isinstance(left, tensor) or isinstance(right, tensor):
        return machine.library.binary(name, machine.span)(left, right)
    return _PLAIN_OPERATORS[name](left, right)


_PLAIN_OPERATORS = {kind.__name__: run for kind, run in BINARY.items()}


def _sum(machine: Machine, items: Any, start: Any) -> Any:
    """Python's `sum`: from left to right, so that tensors are added as Python adds them."""
    if isinstance(start, str):
        raise TypeError("sum() can't sum strings [use ''.join(seq) instead]")
    if isinstance(items, range) and isinstance(start, int):
        machine.budget.spend(len(items))
        return sum(items, start)
    total = start
    for item in _counted(machine, machine.library.iterate(items, machine.span)):
        total = _binary(machine, "Add", total, item)
    return total


def _counted(machine: Machine, items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        machine.budget.spend(1)
        yield item


def _call(machine: Machine, function: Any, item: Any) -> Any:
    assert machine.node is not None
    return machine.call(function, (item,), {}, machine.node)


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if abs(found.stop - found.start) // max(abs(found.step), 1) > MAX_STEPS:
        raise limit(f"this range has more than {MAX_STEPS:,} items")
    return found


def _list(items: Any = ()) -> list[Any]:
    return list(_short(items))


def _tuple(items: Any = ()) -> tuple[Any, ...]:
    return tuple(_short(items))


def _short(items: Any) -> Iterator[Any]:
    for count, item in enumerate(items):
        if count % 1024 == 0:
            check_items(count)
        yield item


def _dict(**items: Any) -> dict[str, Any]:
    return items


def _sorted(items: Any, *, reverse: bool = False) -> list[Any]:
    found = _list(items)
    weigh(found)
    found.sort(reverse=reverse)
    return found


def _extreme(plain: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any, default: Any = _NOTHING) -> Any:
        items = list(values) if len(values) > 1 else _list(values[0]) if values else []
        weigh(items)
        return plain(items) if default is _NOTHING else plain(items, default=default)

    return run


def _str(value: Any = "") -> str:
    return text_of(value)


def _float(value: Any = 0.0) -> float:
    return float(value)


def _int(value: Any = 0) -> int:
    return int(value)


def _any(items: Any) -> bool:
    return any(_short(items))


def _all(items: Any) -> bool:
    return all(_short(items))


def _zip(*items: Any, strict: bool = False) -> Any:
    return zip(*items, strict=strict)


PLAIN: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "range": _range,
    "enumerate": lambda items, start=0: enumerate(items, start),
    "zip": _zip,
    "reversed": reversed,
    "sorted": _sorted,
    "list": _list,
    "tuple": _tuple,
    "dict": _dict,
    "str": _str,
    "repr": representation,
    "format": lambda value, specification="": formatted(value, specification),
    "float": _float,
    "int": _int,
    "bool": bool,
    "min": _extreme(min),
    "max": _extreme(max),
    "any": _any,
    "all": _all,
    "divmod": divmod,
}
OVER_ITEMS = ("enumerate", "zip", "reversed", "list", "tuple", "any", "all")
"""Those that need nothing of the machine."""
