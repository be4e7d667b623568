"""The first number that is not finite, told in the program's own words; and which gradients vanish or explode."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from autogradcli.compute.report import Reason
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, Given, RecordedCall
from autogradcli.engines.torch.record.digits import nine_digits
from autogradcli.engines.torch.record.kinds import is_elementwise
from autogradcli.engines.torch.record.nonfinite import Birth, birth_of, floats_are_finite, place_of, result_name
from autogradcli.engines.torch.record.replay import NotReplayed, replay
from autogradcli.engines.torch.record.steps import masks_in, steps_of, whole_in_double
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.language.dtypes import DTYPES
from autogradcli.processes.limits import Budget, OutOfTime
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
        if (
            output is not None
            and not floats_are_finite(output)
            and all(floats_are_finite(found.of(each)) for each in call.values())
        ):
            yield call


def _way(born: Birth, code: str, texts: Texts) -> Iterator[str]:
    """The operations on the way, but for expressions that stand in another one of them, or in that of the birth."""
    texts_of = list(dict.fromkeys(texts.code(place) for place in born.way if place is not None))
    for each in texts_of:
        if not any(each in other and each != other for other in (*texts_of, code)):
            yield each


def _went_in(born: Birth) -> Sequence[tuple[Any, float, float]]:
    """What went in: the numbers at the place of the birth, if the operation works number by number, else from all."""
    assert born.call is not None
    if is_elementwise(born.call.function):
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
    return (
        f"{name} = {nine_digits(least)}"
        if least == most
        else f"{name} from {nine_digits(least)} to {nine_digits(most)}"
    )


def layers(watch: Watch, seconds: float) -> Iterator[str]:
    """A sentence about gradients that vanish, for which it may take so long, and one about those that explode."""
    small = [name for name, size in watch.sizes.items() if size < VANISHED]
    large = [name for name, size in watch.sizes.items() if EXPLODED < size < math.inf]
    if small and watch.passes == "none":
        yield f"gradients are 0, or smaller than {VANISHED:g}, in {_enumerated(small)}"
    elif vanished := _vanished(watch, small, seconds):
        yield f"gradients vanish in {_enumerated(vanished)}"
    if large:
        yield f"gradients explode in {_enumerated(large)}"


def _vanished(watch: Watch, names: Sequence[str], seconds: float) -> list[str]:
    """Those of the leaves whose gradients are as small in float64, and neither 0 nor what rounding leaves of 0."""
    left, found = set(names), []
    with suppress(OutOfTime), Budget(max(seconds, 0.0)).running():
        for event in reversed(watch.finished()):
            here = {arrival.name: place for place, arrival in enumerate(event.arrivals) if arrival.name in left}
            if here:
                truth = _in_double(event)
                found += [name for name, place in here.items() if _is_small(event.arrivals[place].added, truth[place])]
                left -= here.keys()
    return [name for name in names if name in found]


def _in_double(event: BackwardPass) -> Sequence[Any]:
    try:
        return whole_in_double(event, masks_in(steps_of(event)[1]))
    except (NotReplayed, RuntimeError):
        return [None for _ in event.arrivals]


def _is_small(given: Given | None, truth: Any) -> bool:
    """Whether a gradient is close to that in float64, or that is too small for its format; and that is not 0."""
    if given is None or truth is None or str(given.data.dtype).removeprefix("torch.") not in DTYPES:
        return False
    size, error = float(truth.norm()), float((given.data.double() - truth).norm())
    return 0 < size < VANISHED * truth.numel() ** 0.5 and (
        error < size / 2 or size < DTYPES[str(given.data.dtype).removeprefix("torch.")].normal
    )


def _enumerated(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
