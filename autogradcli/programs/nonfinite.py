"""The first number that is not finite, told in the program's own words; and which gradients vanish or explode."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from autogradcli.compute.report import Reason
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, RecordedCall
from autogradcli.engines.torch.record.kinds import kind_of, rows_of
from autogradcli.engines.torch.record.nonfinite import Birth, birth_of, place_of, result_name
from autogradcli.engines.torch.record.replay import NotReplayed, replay
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.programs.ledger import Nonfinite
from autogradcli.programs.remedies import Remedies
from autogradcli.programs.reproduce import kept
from autogradcli.programs.texts import Texts

VANISHED, EXPLODED = 1e-10, 1e6
"""Sizes of gradients, for each component, that nobody means."""
MOST_OTHERS = 2
"""Other operations of one pass that are told of."""
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
    went_in = tuple(_operand(each, texts) for each in _went_in(born))
    reason = remedies.told(Reason(born.code, WORDS[born.code], None, code), event, born.call)
    also = tuple(_also(born, reason, event, texts, remedies)) if born.direction == "forward" else ()
    came_out, way = f"{born.came_out!r}", tuple(_way(born, code, texts))
    return Nonfinite(event.number, line, code, born.direction, went_in, came_out, way, reason, also, where=where)


def _also(born: Birth, first: Reason, event: BackwardPass, texts: Texts, remedies: Remedies) -> Iterator[Reason]:
    """The remedies for other operations of the pass that are a birth as well: each would be the next to be found."""
    others = (each for each in _births(event) if born.call is not None and each.place != born.call.place)
    for call in islice({each.place: each for each in others}.values(), MOST_OTHERS):
        reason = remedies.told(Reason(born.code, WORDS[born.code], None, texts.code(call.place)), event, call)
        if reason.remedy is not None and f"{reason.expression}" not in f"{first.expression} {first.remedy}":
            yield reason


def _births(event: BackwardPass) -> Iterator[RecordedCall]:
    """The calls whose output is not finite though all that went in is."""
    try:
        found = replay(event)
    except (NotReplayed, RuntimeError):
        return
    for call in calls_below(event.outputs):
        output = found.tensors.get((call.serial, 0))
        if output is not None and not _is_finite(output) and all(_is_finite(found.of(each)) for each in call.values()):
            yield call


def _is_finite(tensor: Any) -> bool:
    return not tensor.is_floating_point() or bool(tensor.detach().isfinite().all())


def _way(born: Birth, code: str, texts: Texts) -> Iterator[str]:
    """The operations on the way, but for expressions that stand in another one of them, or in that of the birth."""
    texts_of = list(dict.fromkeys(texts.code(place) for place in born.way if place is not None))
    for each in texts_of:
        if not any(each in other and each != other for other in (*texts_of, code)):
            yield each


def _went_in(born: Birth) -> Sequence[tuple[Any, float, float]]:
    """What went in: the numbers at the place of the birth, if the operation works number by number, else from all."""
    assert born.call is not None
    rows = rows_of(kind_of(born.call.function).name)
    if rows and not any(each.tensor for each in rows):
        return born.went_in
    numbers = [(value, tensor.detach()) for value, tensor in born.tensors]
    return [(value, float(each.min()), float(each.max())) for value, each in numbers if _has_range(each)]


def _has_range(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() and tensor.numel())


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
