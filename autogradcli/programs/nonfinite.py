"""The first number that is not finite, told in the program's own words; and which gradients vanish or explode."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from autogradcli.compute.report import Reason
from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.nonfinite import Birth, birth_of, place_of, result_name
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.programs.ledger import Nonfinite
from autogradcli.programs.remedies import Remedies
from autogradcli.programs.reproduce import kept
from autogradcli.programs.texts import Texts

VANISHED, EXPLODED = 1e-10, 1e6
"""Sizes of gradients, for each component, that nobody means."""
WORDS = {
    "GC201": "it is not taken there: 0 reaches it, and 0 times an infinite or undefined derivative is not 0",
    "GC202": "the value itself is not finite",
    "GC203": "torch's derivative is not finite here, though all values are",
}


def first_nonfinite(watch: Watch, texts: Texts, remedies: Remedies, keep: str | None = None) -> Nonfinite | None:
    """Where the first number was born that is not finite; None if all were finite, or it cannot be told.

    `keep` is a file for what went in.
    """
    event = watch.first_broken
    if event is None:
        return None

    born = birth_of(event)
    if born is None:
        return None
    told = _told(born, event, texts, remedies)
    return told if keep is None or born.call is None else replace(told, again=kept(born, texts, keep))


def _told(born: Birth, event: BackwardPass, texts: Texts, remedies: Remedies) -> Nonfinite:
    if born.call is None:
        what = born.name or "a tensor"
        from_where = {
            "optimizer": f"{what} was written by an optimiser's step before this forward",
            "data": f"{what} came in so: it is data",
        }
        reason = Reason(born.code, from_where[born.direction])
        line, code, where = _place(event.place, texts)
        held = f"{what} holds {born.came_out!r}"
        return Nonfinite(event.number, line, code, born.direction, (), held, (), reason, where=where)
    line, code, where = _place(born.call.place, texts)
    went_in = tuple(_operand(each, texts) for each in born.went_in)
    reason = remedies.told(Reason(born.code, WORDS[born.code], None, code), event, born.call)
    way = tuple(dict.fromkeys(texts.code(place) for place in born.way if place is not None))
    came_out = f"{born.came_out!r}"
    return Nonfinite(event.number, line, code, born.direction, went_in, came_out, way, reason, where=where)


def _place(place: Any, texts: Texts) -> tuple[int | None, str, str | None]:
    if place is None:
        return None, "", None
    return place.line, texts.code(place), texts.where(place.file, place.line)


def _operand(each: tuple[Any, float, float], texts: Texts) -> str:
    """`x = -1.0`, or `x from -3.0 to 2.0`."""
    value, least, most = each
    place = place_of(value)
    name = result_name(value) or (place is not None and (texts.name(place) or texts.code(place))) or "a tensor"
    return f"{name} = {least!r}" if least == most else f"{name} from {least!r} to {most!r}"


def layers(watch: Watch) -> Iterator[str]:
    """A sentence about gradients that vanish, and one about those that explode."""
    sizes = watch.sizes
    for word, names in (
        ("vanish", [name for name, size in sizes.items() if size < VANISHED]),
        ("explode", [name for name, size in sizes.items() if EXPLODED < size < math.inf]),
    ):
        if names:
            yield f"gradients {word} in {_enumerated(names)}"


def _enumerated(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
