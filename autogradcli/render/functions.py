"""The table of functions, and one row of it in full."""

from collections.abc import Mapping, Sequence
from typing import Any

from autogradcli.compute.report import plain
from autogradcli.functions.function import Function
from autogradcli.language.call_binding import signature
from autogradcli.render.terminal import Terminal

GAP = "   "
NOT_KNOWN = "not known"
NOT_THERE = "no such function, or none that it differentiates"
WIDEST = 26
"""Widest signature that the others are padded to."""


def draw_functions(families: Mapping[str, Sequence[Function]], terminal: Terminal) -> str:
    """All functions by family, one on each line: how it is called, and what it gives back."""
    calls = [signature(row, row.name) for family in families.values() for row in family]
    width = max(len(call) for call in calls if len(call) <= WIDEST)
    sections = []
    for name, family in families.items():
        lines = [terminal.paint(name, "bold")]
        lines += [f"  {signature(row, row.name):<{width}}{GAP}{row.doc}" for row in family]
        sections.append("\n".join(lines))
    return "\n\n".join(sections) + "\n"


def draw_function(row: Function, terminal: Terminal) -> str:
    """Everything that the table says of one function."""
    facts = [(label, text) for label, text in _facts(row) if text]
    width = max((len(label) for label, _ in facts), default=0)
    lines = [f"{terminal.paint(signature(row, row.name), 'bold')}{GAP}{row.doc}", ""]
    lines += [f"  {label:<{width}}{GAP}{text}" for label, text in facts]
    return "\n".join(lines) + "\n"


def _facts(row: Function) -> list[tuple[str, str]]:
    partials = zip(row.differentiated, _partials(row), strict=False)
    return [
        ("also called", ", ".join(row.aliases)),
        ("as attribute", ", ".join(f"x.{name}" for name in row.properties)),
        ("gives", " and ".join(f".{name}" for name in row.fields)),
        ("means", row.definition),
        *((f"d/d{name}", text or NOT_KNOWN) for name, text in partials),
        ("defined where", row.domain),
        ("kinks where", row.kinks),
        ("jumps where", row.jumps),
        ("in torch", NOT_THERE if row.absent else _below(row.torch, "torch")),
        ("in SymPy", _below(row.sympy, "sympy")),
        ("note", row.note),
    ]


def _below(name: str, module: str) -> str:
    """The full name of a library's function."""
    return f"{module}.{name}" if name and not name.startswith("operator.") else name


def _partials(row: Function) -> list[str | None]:
    """The partial derivatives; None for one that is not known."""
    return [None if name in row.opaque else text for name, text in zip(row.differentiated, row.partials, strict=False)]


def function_object(row: Function, family: str) -> dict[str, Any]:
    """One row as a JSON object; what it does not say is null."""
    return {
        "name": row.name,
        "family": family,
        "signature": signature(row, row.name),
        "doc": row.doc,
        "aliases": plain(row.aliases),
        "definition": row.definition or None,
        "derivatives": _partials(row),
        "domain": row.domain or None,
        "kinks": row.kinks or None,
        "jumps": row.jumps or None,
        "returns": row.returns,
        "torch": row.torch or None,
        "sympy": row.sympy or None,
        "note": row.note or None,
    }
