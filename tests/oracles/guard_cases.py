"""Random expressions with guards, and what is true of them: limits by mpmath, and nothing of gradcalc's own.

Every part of an expression is two things: its text, and a function of mpmath's numbers that was written beside it.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mpmath import mp

from autogradcli.compute.compute import by_torch_and_arb
from autogradcli.compute.report import Gradient
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from tests.helpers import problem

DIGITS = 120
STEPS = (mp.mpf(10) ** -30, mp.mpf(10) ** -31)
"""Distances at which the function is looked at beside the point; they lie within every guard that has a reach."""
SETTLED = mp.mpf(10) ** -9
"""Relative difference of two secants that are one slope."""
REACHES = ("1e-9", "1e-10", "1e-12")
"""Of guards that hold around the point, but next to no way."""

Env = Mapping[str, Any]
"""The numbers of the variables."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression."""

    text: str
    value: Callable[[Env], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """An expression at a point."""

    text: str
    at: dict[str, Any]
    """A number, or a list of them, for each variable."""
    value: Callable[[Env], Any]
    """By mpmath; NaN where there is none. The variables are numbered: x0, x1 of a vector."""
    point: dict[str, float]
    """All components, by those names."""
    term: Callable[[Env], Any] | None = None
    """Of a vector what becomes of one component, called x."""

    @property
    def components(self) -> dict[str, list[str]]:
        """For each variable the names of its components."""
        return {
            name: [f"{name}{i}" for i in range(len(value))] if isinstance(value, list) else [name]
            for name, value in self.at.items()
        }


@dataclass(frozen=True, slots=True)
class Truth:
    """How a function leaves a point along one component."""

    kind: str
    """slope, kink, or undefined."""
    left: Any = None
    right: Any = None


def case(chance: Random) -> Case:
    """A random case."""
    if chance.random() < 0.25:
        return _vector(chance)
    center = chance.choice(("0", "0", "0", "1", "2", "3", "-1", "0.5"))
    grower = Grower(chance, center, "xy" if chance.random() < 0.4 else "x", whole=False)
    part = grower.outer(grower.guarded(chance.randint(1, 3)))
    text = "; ".join((*grower.statements, part.text))
    at = {name: each for name, each in grower.point.items() if re.search(rf"\b{name}\b", text)}
    return Case(text, dict(at), part.value, at)


def _vector(chance: Random) -> Case:
    """A sum over a vector of which one component, or more, is on the guard."""
    center = chance.choice(("0", "1", "2"))
    grower = Grower(chance, center, "x", whole=True)
    part = grower.guarded(chance.randint(1, 2))
    values = [float(center) + chance.choice((0.0, 0.0, 1.5, 0.25, 3.0)) for _ in range(chance.randint(1, 4))]
    values[chance.randrange(len(values))] = float(center)
    point = {f"x{i}": each for i, each in enumerate(values)}
    form, of_one, of_all = chance.choice(REDUCED)
    text = "; ".join((*grower.statements, form.format(f"({part.text})")))

    def value(env: Env) -> Any:
        beyond = {"beyond": env.get("beyond", False)}
        return of_all(of_one(part.value({"x": env[name], **beyond}), env[name]) for name in point)

    return Case(text, {"x": values}, value, point, part.value)


REDUCED: Sequence[tuple[str, Callable[[Any, Any], Any], Callable[[Iterator[Any]], Any]]] = (
    ("sum({})", lambda g, _: g, mp.fsum),
    ("sum({}*x)", lambda g, x: g * x, mp.fsum),
    ("sum(sin({}))", lambda g, _: mp.sin(g), mp.fsum),
    ("prod({})", lambda g, _: g, mp.fprod),
)
"""What becomes of a vector: text, of one component, of all."""


def _divided(over: Any, under: Any) -> Any:
    return over / under if under != 0 else mp.nan


# Functions of t that have a limit at 0: text, value, the limit, the slope there.
REMOVABLE: Sequence[tuple[str, Callable[[Any], Any], str, str]] = (
    ("expm1({t})/{t}", lambda t: _divided(mp.expm1(t), t), "1", "1/2"),
    ("(exp({t}) - 1)/{t}", lambda t: _divided(mp.exp(t) - 1, t), "1", "1/2"),
    ("sin({t})/{t}", lambda t: _divided(mp.sin(t), t), "1", "0"),
    ("log1p({t})/{t}", lambda t: _divided(mp.log1p(t), t), "1", "-1/2"),
    ("(sqrt(1 + {t}) - 1)/{t}", lambda t: _divided(mp.sqrt(1 + t) - 1, t), "1/2", "-1/8"),
    ("(1 - cos({t}))/{t}", lambda t: _divided(1 - mp.cos(t), t), "0", "1/2"),
    ("((2 + {t})**2 - 4)/{t}", lambda t: _divided((2 + t) ** 2 - 4, t), "4", "1"),
    ("{t}/log1p({t})", lambda t: _divided(t, mp.log1p(t)), "1", "1/2"),
    ("tanh({t})/{t}", lambda t: _divided(mp.tanh(t), t), "1", "0"),
    ("{t}**2/{t}", lambda t: _divided(t * t, t), "0", "1"),
    ("(1 - cos({t}))/{t}**2", lambda t: _divided(1 - mp.cos(t), t * t), "1/2", "0"),
    ("(exp({t}) - 1 - {t})/{t}**2", lambda t: _divided(mp.exp(t) - 1 - t, t * t), "1/2", "1/6"),
)
SMOOTH: Sequence[tuple[str, Callable[[Any], Any], str, str]] = (
    ("exp({t})", mp.exp, "1", "1"),
    ("sin({t})", mp.sin, "0", "1"),
    ("({t} + 1)**3", lambda t: (t + 1) ** 3, "1", "3"),
    ("sqrt(4 + {t})", lambda t: mp.sqrt(4 + t), "2", "1/4"),
    ("cos({t})", mp.cos, "1", "0"),
)
SHARP: Sequence[tuple[str, Callable[[Any], Any], str, str]] = (
    ("abs({t})", abs, "0", "0"),
    ("relu({t})", lambda t: max(t, mp.zero), "0", "0"),
    ("maximum(2*{t}, -{t})", lambda t: max(2 * t, -t), "0", "0"),
    ("{t}/abs({t})", lambda t: _divided(t, abs(t)), "0", "0"),
    ("floor({t})", mp.floor, "0", "0"),
    ("1/{t}", lambda t: _divided(mp.one, t), "0", "0"),
    ("sqrt(abs({t}))", lambda t: mp.sqrt(abs(t)), "0", "0"),
    ("{t}*abs({t})", lambda t: t * abs(t), "0", "0"),
    ("abs({t})**3/{t}**2", lambda t: _divided(abs(t) ** 3, t * t), "0", "0"),
)


class Grower:
    """Grows expressions around a point that lies on their guards."""

    def __init__(self, chance: Random, center: str, names: str, whole: bool) -> None:
        self._chance = chance
        self._center = center
        self._names = names
        self._whole = whole
        self.statements: list[str] = []
        """What stands before the expression."""
        self.point = dict.fromkeys(names, float(center))
        if "y" in names and chance.random() < 0.5:
            self.point["y"] = float(center) + chance.choice((1.0, 0.5, -0.25))

    def guarded(self, depth: int) -> Part:
        """A choice whose condition changes at the point, or something beside it."""
        chance = self._chance
        body, limit, slope = self._body()
        if depth > 1 and chance.random() < 0.5:
            inner = self.guarded(depth - 1)
            body = Part(f"({inner.text})", inner.value) if chance.random() < 0.5 else self._joined(body, inner)
        condition, holds = self._condition()
        branch = self._branch(limit, slope)
        if not holds:
            return self._chosen(condition, body, branch)
        return self._chosen(condition, branch, body)

    def outer(self, part: Part) -> Part:
        """Something around it."""
        chance = self._chance
        kind = chance.randrange(7)
        if kind == 0:
            return part
        if kind == 1:
            return Part(f"exp({part.text})", lambda env: mp.exp(part.value(env)))
        if kind == 2:
            return Part(f"2 - 3*({part.text})", lambda env: 2 - 3 * part.value(env))
        if kind == 3:
            return Part(f"({part.text})*(x + 2)", lambda env: part.value(env) * (env["x"] + 2))
        if kind == 4:
            name = self._named(part).text
            return Part(f"{name}*{name} + {name}", lambda env: part.value(env) ** 2 + part.value(env))
        other = self.guarded(1)
        if kind == 5:
            return Part(f"({part.text}) + ({other.text})", lambda env: part.value(env) + other.value(env))
        return Part(f"({part.text})*({other.text})", lambda env: part.value(env) * other.value(env))

    def _joined(self, one: Part, other: Part) -> Part:
        return Part(f"({one.text} + ({other.text}))", lambda env: one.value(env) + other.value(env))

    def _shift(self) -> tuple[str, Callable[[Env], Any]]:
        """What is 0 at the point."""
        center = mp.mpf(self._center)
        if "y" in self._names and self.point["y"] == self.point["x"] and self._chance.random() < 0.6:
            return "(x - y)", lambda env: env["x"] - env["y"]
        if center == 0:
            return "x", lambda env: env["x"]
        if center < 0:
            return f"(x + {-center})", lambda env: env["x"] - center
        return f"(x - {self._center})", lambda env: env["x"] - center

    def _body(self) -> tuple[Part, str, str]:
        """The function beside the guard, its limit and its slope."""
        kind = self._chance.random()
        table = REMOVABLE if kind < 0.55 else SMOOTH if kind < 0.8 else SHARP
        form, function, limit, slope = self._chance.choice(table)
        shift, at = self._shift()
        return Part(form.format(t=shift), lambda env: function(at(env))), limit, slope

    def _branch(self, limit: str, slope: str) -> Part:
        """The guard's branch: the limit alone, with the right slope, with another one, or another number."""
        chance = self._chance
        kind = chance.random()
        number = self._number(limit)
        if kind < 0.45:
            return number
        shift, at = self._shift()
        factor = self._number(slope if kind < 0.65 else chance.choice(("3", "-1/2", "1e6", "0.25")))
        if kind < 0.9:
            text = f"{number.text} + {factor.text}*{shift}"
            return Part(f"({text})", lambda env: number.value(env) + factor.value(env) * at(env))
        return Part(f"({number.text} + 1)", lambda env: number.value(env) + 1)

    def _number(self, text: str) -> Part:
        over, _, under = text.partition("/")
        value = mp.mpf(over) / mp.mpf(under or 1)
        return Part(f"({text})" if "/" in text or "-" in text else text, lambda _: value)

    def _condition(self) -> tuple[Part, bool]:
        """A condition in the neighbourhood of the point, and whether it is the guard's branch that it chooses."""
        chance = self._chance
        shift, at = self._shift()
        kind = chance.randrange(12)
        signs: Sequence[tuple[str, Callable[[Any], bool], bool]] = (
            ("{t} == 0", lambda t: t == 0, True),
            ("{t} != 0", lambda t: t != 0, False),
            ("abs({t}) <= 0", lambda t: t == 0, True),
            ("{t}**2 > 0", lambda t: t != 0, False),
            ("{t} <= 0", lambda t: t <= 0, True),
            ("{t} >= 0", lambda t: t >= 0, True),
            ("{t} < 0", lambda t: t < 0, chance.random() < 0.5),
            ("{t} > 0", lambda t: t > 0, chance.random() < 0.5),
        )
        if kind < len(signs):
            form, holds, guard = signs[kind]
            return Part(form.format(t=shift), lambda env: holds(at(env))), guard
        if kind == 8 and not self._whole:
            return Part(f"{shift} >= 0 and {shift} <= 0", lambda env: at(env) == 0), True
        if kind == 9 and not self._whole:
            return Part(f"not ({shift} < 0 or {shift} > 0)", lambda env: at(env) == 0), True
        if kind == 10:
            return self._thin(shift, at), True
        if "y" in self._names and chance.random() < 0.7:
            border = mp.mpf(self.point["y"]) + chance.choice((-1, 1))
            text = f"{shift} == 0 and y < {border}"
            return Part(text, lambda env: at(env) == 0 and env["y"] < border), bool(self.point["y"] < border)
        return Part(f"{shift} == 0", lambda env: at(env) == 0), True

    def _thin(self, shift: str, at: Callable[[Env], Any]) -> Part:
        """A condition that holds next to no way around the point."""
        reach = self._chance.choice(REACHES)
        number = mp.mpf(reach)

        def holds(env: Env) -> bool:
            return bool(at(env) == 0 if env.get("beyond") else abs(at(env)) < number)

        form = self._chance.choice(("abs({t}) < {r}", "{t}**2 < {r}**2"))
        return Part(form.format(t=shift, r=reach), holds)

    def _chosen(self, condition: Part, yes: Part, no: Part) -> Part:
        def value(env: Env) -> Any:
            return yes.value(env) if condition.value(env) else no.value(env)

        if self._chance.random() < 0.2:
            condition = self._named(condition)
        if self._whole or self._chance.random() < 0.4:
            return Part(f"where({condition.text}, {yes.text}, {no.text})", value)
        if self._chance.random() < 0.7:
            return Part(f"({yes.text} if {condition.text} else {no.text})", value)
        return Part(f"({no.text} if not ({condition.text}) else {yes.text})", value)

    def _named(self, part: Part) -> Part:
        """The same by a name of its own."""
        name = f"v{len(self.statements)}"
        self.statements.append(f"{name} = {part.text}")
        return Part(name, part.value)


def truth(chosen: Case, name: str, beyond: bool = False) -> Truth:
    """How the function leaves the point along a component; `beyond` thin guards, as if they held at the point alone."""
    with mp.workdps(DIGITS):
        here = _at(chosen, name, mp.zero, beyond)
        if not mp.isfinite(here):
            return Truth("undefined")
        left, right = (_slope(chosen, name, here, sign, beyond) for sign in (-1, 1))
        if left is None or right is None:
            return Truth("undefined")
        same = abs(left - right) <= 10 * SETTLED * max(abs(left), abs(right), 1)
        return Truth("slope" if same else "kink", left, right)


def together(chosen: Case) -> bool:
    """Whether the slope along all variables at once is the sum of those along each, on both sides."""
    names = [name for names in chosen.components.values() for name in names]
    with mp.workdps(DIGITS):
        env = {name: mp.mpf(value) for name, value in chosen.point.items()}
        here = chosen.value(env)
        for sign in (-1, 1):
            moved = {name: value + sign * STEPS[1] for name, value in env.items()}
            total = (chosen.value(moved) - here) / (sign * STEPS[1])
            parts = [_slope(chosen, name, here, sign, False) for name in names]
            if None in parts or not abs(total - sum(parts)) <= 1e-6 * max(1, abs(total)):
                return False
    return True


def _at(chosen: Case, name: str, step: Any, beyond: bool) -> Any:
    env = {each: mp.mpf(value) + (step if each == name else 0) for each, value in chosen.point.items()}
    value = chosen.value({**env, "beyond": True} if beyond else env)
    return value if isinstance(value, mp.mpf | int) else mp.nan


def _slope(chosen: Case, name: str, here: Any, sign: int, beyond: bool) -> Any:
    """The slope on one side; None if there is none: a jump, a pole, a vertical tangent."""
    near = [_at(chosen, name, sign * step, beyond) for step in STEPS]
    if not all(map(mp.isfinite, near)):
        return None
    first, second = ((value - here) / (sign * step) for value, step in zip(near, STEPS, strict=True))
    return second if abs(first - second) <= SETTLED * max(1, abs(second)) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What gradcalc says of the gradient with respect to one variable."""

    name: str
    verdict: str
    """The worst one; `refused` where gradcalc takes the case for an error."""
    code: str
    """The reason's code, or a dash."""
    violation: str | None = None
    """What is not true of it."""


RIGHT, WRONG = 1e-9, 1e-5
"""Errors, relative to the larger of 1 and the slope, up to which a number is right, and from which on it is wrong."""


def outcomes(chosen: Case) -> list[Outcome]:
    """What gradcalc says of a case, judged."""
    try:
        at = {name: repr(value) for name, value in chosen.at.items()}
        gradients = by_torch_and_arb(problem(chosen.text, at)).gradients
    except GradcalcError as error:
        return [Outcome("", "refused", error.kind, str(error))]
    return [_judged(chosen, name, found) for name, found in gradients.items()]


def _judged(chosen: Case, name: str, found: Gradient) -> Outcome:
    numbers = flat(found.autograd)
    names = chosen.components[name]
    allowed = [expected(chosen, each, number) for each, number in zip(names, numbers, strict=True)]
    code = found.reason.code if found.reason else "-"
    unknown = found.counts.get("unverified", 0)
    for verdict in VERDICTS:
        least = sum(each == {verdict} for each in allowed) - unknown
        most = sum(verdict in each for each in allowed)
        if not least <= found.counts.get(verdict, 0) <= most:
            return Outcome(name, found.verdict, code, f"{dict(found.counts)} at {numbers}, expected {allowed}")
    return Outcome(name, found.verdict, code, _slope_said(chosen, names, found))


VERDICTS = ("verified", "imprecise", "kink", "undefined", "mismatch")


def expected(chosen: Case, component: str, number: float) -> set[str]:
    """The verdicts that may be given on autograd's number."""
    if _only_others_are_undefined(chosen, component):
        return set(VERDICTS)
    written = possible(truth(chosen, component), number)
    if written == {"undefined"} or not any(reach in chosen.text for reach in REACHES):
        found = written
    else:
        farther = possible(truth(chosen, component, beyond=True), number)
        found = farther if farther == {"mismatch"} else written | (farther & {"mismatch"})
    if len(chosen.point) > 1 and found & {"verified", "mismatch"} and not together(chosen):
        return found | {"kink", "mismatch"}
    return found


def _only_others_are_undefined(chosen: Case, component: str) -> bool:
    """Whether the function has no value, and this component is not why: then it is not judged.

    A term without a value leaves the others their derivatives, and says nothing of those that it is multiplied by.
    """
    with mp.workdps(DIGITS):
        if mp.isfinite(_at(chosen, component, mp.zero, beyond=False)):
            return False
        if chosen.term is not None:
            return bool(mp.isfinite(chosen.term({"x": mp.mpf(chosen.point[component])})))
        return not any(mp.isfinite(_at(chosen, component, step, beyond=False)) for step in ELSEWHERE)


ELSEWHERE = tuple(sign * mp.mpf(size) for size in ("1e-30", "1e-3", "0.3", "1", "2.7") for sign in (-1, 1))
"""Steps after which a function has a value if it is the component that leaves it without one."""


def possible(true: Truth, number: float) -> set[str]:
    """The verdicts that may be given on a number of autograd's where this is true."""
    if true.kind == "undefined":
        return {"undefined"}
    if not math.isfinite(number):
        return {"mismatch"}
    low, high = min(true.left, true.right), max(true.left, true.right)
    off = max(low - number, number - high, 0) / max(1, abs(low), abs(high))
    inside = {"kink"} if true.kind == "kink" else {"verified"}
    return inside if off < RIGHT else {"mismatch"} if off > WRONG else {*inside, "imprecise", "mismatch"}


def _slope_said(chosen: Case, names: Sequence[str], found: Gradient) -> str | None:
    """Whether the slope that GC104 names is the true one."""
    said = re.search(r"beside it the slope is (\S+)", found.reason.message) if found.reason else None
    if said is None or found.worst is None:
        return None
    component = names[found.worst.index[0]] if found.worst.index else names[0]
    found_slope = float(said[1])
    true = [truth(chosen, component, beyond) for beyond in (True, False)]
    near = [t.kind == "slope" and abs(t.left - found_slope) <= 1e-6 * max(1, abs(t.left)) for t in true]
    return None if any(near) else f"the slope is said to be {said[1]}, and it is {true}"
