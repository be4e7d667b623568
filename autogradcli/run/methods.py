"""The methods and attributes of plain values: texts, lists, dictionaries, tuples and numbers."""

from collections.abc import Callable, Mapping
from typing import Any

from autogradcli.run.bounds import MAX_ITEMS, MAX_WIDTH, check_items, limit, weigh
from autogradcli.run.formats import fill
from autogradcli.run.machine import Builtin

Method = Callable[..., Any]


def attribute(value: Any, name: str) -> Any:
    """A method of a plain value, or None if there is none."""
    found = METHODS.get(type(value), {}).get(name)
    if found is None:
        return None
    return Builtin(name, lambda *arguments, **keywords: found(value, *arguments, **keywords))


def _format(template: str, *values: Any, **names: Any) -> str:
    return fill(template, values, names)


def _padded(method: Method) -> Method:
    def run(text: str, width: int, *fill: str) -> Any:
        if width > MAX_WIDTH:
            raise limit(f"this pads to more than {MAX_WIDTH:,} characters")
        return method(text, width, *fill)

    return run


def _join(separator: str, items: Any) -> str:
    texts = list(items)
    check_items(sum(len(each) + len(separator) for each in texts if isinstance(each, str)))
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    check_items(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
    return text.replace(old, new)


def _append(items: list[Any], item: Any) -> None:
    if len(items) >= MAX_ITEMS:
        check_items(MAX_ITEMS + 1)
    items.append(item)


def _extend(items: list[Any], others: Any) -> None:
    for other in list(others):
        _append(items, other)


def _insert(items: list[Any], place: int, item: Any) -> None:
    check_items(len(items) + 1)
    items.insert(place, item)


def _weighed(method: Method) -> Method:
    def run(items: Any, *arguments: Any) -> Any:
        weigh(items)
        return method(items, *arguments)

    return run


def _sort(items: list[Any], *, reverse: bool = False) -> None:
    weigh(items)
    items.sort(reverse=reverse)


METHODS: Mapping[type, Mapping[str, Method]] = {
    str: {
        "format": _format,
        "join": _join,
        "replace": _replace,
        "upper": str.upper,
        "lower": str.lower,
        "title": str.title,
        "strip": str.strip,
        "lstrip": str.lstrip,
        "rstrip": str.rstrip,
        "split": str.split,
        "startswith": str.startswith,
        "endswith": str.endswith,
        "ljust": _padded(str.ljust),
        "rjust": _padded(str.rjust),
        "center": _padded(str.center),
        "zfill": _padded(str.zfill),
    },
    list: {
        "append": _append,
        "extend": _extend,
        "insert": _insert,
        "pop": list.pop,
        "index": _weighed(list.index),
        "count": _weighed(list.count),
        "reverse": list.reverse,
        "sort": _sort,
        "copy": list.copy,
        "clear": list.clear,
    },
    tuple: {"index": _weighed(tuple.index), "count": _weighed(tuple.count)},
    dict: {
        "items": lambda mapping: list(mapping.items()),
        "keys": list,
        "values": lambda mapping: list(mapping.values()),
        "get": dict.get,
        "pop": dict.pop,
    },
    float: {"is_integer": float.is_integer},
    int: {"bit_length": int.bit_length},
}
"""By the type of the value. Methods of what torch and NumPy give back are the library's."""

NAMES = frozenset(name for methods in METHODS.values() for name in methods)
