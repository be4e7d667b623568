"""Random sums over vectors some of whose components have no value, and what is true of each component.

Every function is written twice, in the language and by mpmath; nothing of gradcalc's own is asked for the truth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mpmath import mp

from autogradcli.compute.compute import by_torch_and_arb
from autogradcli.compute.report import Gradient
from autogradcli.engines.results import flat
from tests.helpers import problem
from tests.oracles.guard_cases import DIGITS, SETTLED, STEPS, VERDICTS, Truth, possible

Function = Callable[[Any], Any]

VALUES = (-2.0, -1.0, -0.5, 0.0, 0.0, 0.25, 0.5, 1.0, 1.0, 2.0, 3.0)


def _where(holds: Callable[[Any], bool], function: Function) -> Function:
    """The function where it is defined; NaN elsewhere, and of NaN."""
    return lambda x: function(x) if not mp.isnan(x) and holds(x) else mp.nan


def _everywhere(_: Any) -> bool:
    return True


FUNCTIONS: Mapping[str, Function] = {
    "log({})": _where(lambda x: x > 0, mp.log),
    "sqrt({})": _where(lambda x: x >= 0, mp.sqrt),
    "(1/{})": _where(lambda x: x != 0, lambda x: 1 / x),
    "acos({})": _where(lambda x: abs(x) <= 1, mp.acos),
    "atanh({})": _where(lambda x: abs(x) < 1, mp.atanh),
    "({}/{})": _where(lambda x: x != 0, lambda x: x / x),
    "{}**1.5": _where(lambda x: x >= 0, lambda x: mp.power(x, mp.mpf(3) / 2)),
    "abs({})": _where(_everywhere, abs),
    "relu({})": _where(_everywhere, lambda x: max(x, mp.zero)),
    "clamp({}, -1, 1)": _where(_everywhere, lambda x: max(min(x, mp.one), -mp.one)),
    "floor({})": _where(_everywhere, mp.floor),
    "softsign({})": _where(_everywhere, lambda x: x / (1 + abs(x))),
    "sin({})": _where(_everywhere, mp.sin),
    "{}**2": _where(_everywhere, lambda x: x * x),
}
CONDITIONS: Mapping[str, Callable[[Any], bool]] = {
    "{} > 0": lambda x: bool(x > 0),
    "{} >= 1": lambda x: bool(x >= 1),
    "{} == 0": lambda x: bool(x == 0),
    "{} != 1": lambda x: bool(x != 1),
}
REDUCED: Mapping[str, Callable[[int, int], Any]] = {
    "sum({})": lambda *_: mp.one,
    "mean({})": lambda _, count: mp.one / count,
    "-sum(cumsum({}, 0))": lambda place, count: -mp.mpf(count - place),
    "norm({}, 1)": lambda *_: None,
}
"""Sums, and what each component is multiplied by; None for its size."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sum at a point."""

    text: str
    x: Sequence[float]
    term: Callable[[int, Any], Any]
    """What a component adds, by its place and its number; NaN where there is none."""


def case(chance: Random) -> Case:
    """A random case."""
    x = [chance.choice(VALUES) for _ in range(chance.randint(2, 4))]
    parts = [_part(chance, len(x)) for _ in range(chance.randint(1, 3))]
    text = " + ".join(each for each, _ in parts)
    return Case(text, x, lambda place, number: sum(term(place, number) for _, term in parts))


def _part(chance: Random, count: int) -> tuple[str, Callable[[int, Any], Any]]:
    form, factor = chance.choice(list(REDUCED.items()))
    text, function = _function(chance, chance.randint(1, 3))

    def term(place: int, number: Any) -> Any:
        weight = factor(place, count)
        return abs(function(number)) if weight is None else weight * function(number)

    return form.format(text), term


def _function(chance: Random, depth: int) -> tuple[str, Function]:
    if not depth:
        return "x", lambda x: x
    inside, inner = _function(chance, depth - 1)
    if chance.random() < 0.3:
        return _choice(chance, inside, inner)
    form, outer = chance.choice(list(FUNCTIONS.items()))
    return form.replace("{}", f"({inside})"), lambda x: outer(inner(x))


def _choice(chance: Random, inside: str, inner: Function) -> tuple[str, Function]:
    form, holds = chance.choice(list(CONDITIONS.items()))
    number = chance.choice((0, 1, 2))
    if chance.random() < 0.5:
        return f"where({form.format('x')}, {inside}, {number})", lambda x: inner(x) if holds(x) else mp.mpf(number)
    return f"where({form.format('x')}, {number}, {inside})", lambda x: mp.mpf(number) if holds(x) else inner(x)


def truth(chosen: Case, place: int) -> Truth:
    """How the sum leaves the point along a component, without what others leave undefined."""
    x = mp.mpf(chosen.x[place])
    with mp.workdps(DIGITS):
        here = chosen.term(place, x)
        slopes = []
        for sign in (-1, 1):
            far, near = ((chosen.term(place, x + sign * step) - here) / (sign * step) for step in STEPS)
            if not (mp.isfinite(far) and abs(far - near) <= SETTLED * max(1, abs(near))):
                return Truth("undefined")
            slopes.append(near)
        same = abs(slopes[0] - slopes[1]) <= 1000 * SETTLED * max(1, *map(abs, slopes))
        return Truth("slope" if same else "kink", *slopes)


def violation(chosen: Case) -> str | None:
    """What is not true of the finding; None if all is."""
    found: Gradient = by_torch_and_arb(problem(chosen.text, {"x": repr(chosen.x)})).gradients["x"]
    verdicts = [possible(truth(chosen, place), number) for place, number in enumerate(flat(found.autograd))]
    unknown = found.counts.get("unverified", 0)
    for verdict in VERDICTS:
        least = sum(each == {verdict} for each in verdicts) - unknown
        if not least <= found.counts.get(verdict, 0) <= sum(verdict in each for each in verdicts):
            return f"{chosen.text} at {chosen.x}: {dict(found.counts)}, {found.autograd}, and not {verdicts}"
    return None
