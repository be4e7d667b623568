"""Expressions as people write them that fail in floating point, and whether the remedies printed for them help.

Whether one helps is judged without gradcalc: torch runs the old and the new text alone, mpmath tells the truth.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

import torch
from mpmath import mp

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Report
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from tests.oracles.as_python import DIGITS, Value, exact, exact_point, slopes, torch_gradients

SCALARS = (
    "log(1 - sigmoid({a}))", "log(sigmoid({a}))", "log(1 + exp({a}))", "log(exp({a}) - 1)", "log(1 - exp(-{a}))",
    "log(1 - tanh({a})**2)", "log(1 - tanh({a})*tanh({a}))", "log(cosh({a}))", "log(1/(1 + exp(-{a})))",
    "log(exp({a}) + exp({b}))", "exp({a})/(exp({a}) + exp({b}))", "exp({a})/(1 + exp({a}))", "1/(1 + exp(-{a}))",
    "-({b}*log(sigmoid({a})) + (1 - {b})*log(1 - sigmoid({a})))", "binary_cross_entropy(sigmoid({a}), 1.0)",
    "p = sigmoid({a}); -log(1 - p)", "p = sigmoid({a}); q = 1 - p; {b}*log(q)", "e1 = exp({a}); log(1 + e1)",
    "z = {a}; log(1 + exp(-z)) + z**2", "1 - sigmoid({a})", "1 - tanh({a})**2", "sinh({a})/cosh({a})",
    "(exp({a}) - exp(-{a}))/(exp({a}) + exp(-{a}))", "1/cosh({a})", "1/cosh({a})**2", "log(1 - tanh({a}))",
    "exp(log({a})*2)", "exp(log({a})*3)", "log(exp({a}))", "exp({a})*exp({b})", "exp({a})/exp({b})", "log({a}**2)",
    "log({a}*{b})", "log({a}/{b})", "log({a}**4)", "sqrt({a}**2)", "({a}**2)**0.5", "sqrt({a}*{a})",
    "sqrt({a}**2 + {b}**2)", "({a}**2 + {b}**2)**0.5", "hypot({a}, {b})", "1/sqrt({a}**2 + {b}**2)", "sqrt({a})**2",
    "sin({a})/{a}", "(1 - cos({a}))/{a}**2", "(1 - cos({a}))/{a}", "tan({a})/{a}", "1 - cos({a})", "exp({a}) - 1",
    "log(1 + {a})", "{b}*log(1 + {a})", "sqrt(1 + {a}) - 1", "sqrt({a} + 1) - sqrt({a})", "sqrt({a}**2 + 1) - {a}",
    "{a} - sqrt({a}**2 - 1)", "1/{a} - 1/({a} + 1)", "1 - sqrt(1 - {a})", "(1 + {a})**2 - 1", "log(1 - {a}**2)",
    "{a}**2 - {b}**2", "cosh({a}) - 1", "log({a} + sqrt({a}**2 + 1))", "log((1 + {a})/(1 - {a}))",
    "exp({a}) - exp({b})",
    "where({a} != 0, sin({a})/{a}, 1.0)", "where({a} == 0, 1.0, tan({a})/{a})", "where({a} > 0, sqrt({a}), 0.0)",
    "where({a} > 0, log({a}), {a} - 1)", "where({a} > 0, {a}**1.5, 0.0)", "where({a} <= 0, exp({a}), 1 + {a})",
    "where(abs({a}) > 1, sqrt({a}**2 - 1), 0.0)", "where({a} < 1, sqrt(1 - {a}), {a})", "where({a} > 0, 1/{a}, {a})",
    "where({a} != 0, (1 - cos({a}))/{a}**2, 0.5)",
    "1.0 if {v} == 0 else expm1({v})/{v}", "(exp({v}) - 1)/{v} if {v} != 0 else 1.0",
    "1.0 if {v} == 0 else log1p({v})/{v}", "1.0 if {v} == 0 else sin({v})/{v}", "where({v} == 0, 1.0, expm1({v})/{v})",
    "{b}*log({a})", "{b}*sqrt({a})", "{b}*exp({a})", "{b}/{a}", "log(1 - ndtr({a}))", "1 - erf({a})", "log(ndtr({a}))",
    "log(erfc({a}))", "exp({a}**2)*erfc({a})", "log(i0({a}))", "log(gamma({a}))", "{a}*{b}/{a}", "{a}/sqrt({a})",
    "exp(-{a}**2/2)/(exp(-{a}**2/2) + exp(-{b}**2/2))", "({a}**2 - {b}**2)/({a} - {b})", "relu({a}) - relu(-{a})",
    "{a}*1e200*1e-200*1e-200", "1/(exp({a}) - 1)", "{a}**3/(exp({a}) - 1)", "{a}/(1 + exp(-{a}))",
    "log({a})*{b} + 2*log(1 + exp({a}))", "sqrt(1 - {a}**2)", "1/sqrt(1 - {a}**2)", "1/sqrt(1 - {a}**2/{b}**2) - 1",
    "log(sqrt({a}))", "log({a}) - log({b})", "sqrt({a}*{b})", "{a}/{b}**2", "atan({a}/{b})", "log(1 + tanh({a}))",
)  # fmt: skip
VECTORS = (
    "log(sum(exp({v})))", "log(mean(exp({v})))", "log(softmax({v}, 0)[1])", "sum(log(softmax({v}, 0)))",
    "(exp({v})/sum(exp({v})))[0]", "-log((exp({v})/sum(exp({v})))[0])", "sum({u}*exp({v})/sum(exp({v})))",
    "sum({u}*exp({v}))/sum(exp({v}))", "e1 = exp({v}); e1[0]/sum(e1)", "m = sum(exp({v})); log(m)",
    "sqrt(sum({v}**2))", "sum({v}**2)**0.5", "sqrt(dot({v}, {v}))", "sqrt(sum(({v} - {u})**2))", "norm({v})",
    "sqrt(var({v}))", "mean({v}**2) - mean({v})**2", "log(prod({v}))", "log(sum({v}**2))", "sqrt(mean({v}**2))",
    "sum(log(1 - sigmoid({v})))", "mean(log(1 + exp({v})))", "sum(sqrt({v}**2))", "sum(where({v} > 0, sqrt({v}), {v}))",
    "sum(where({v} > 0, log({v}), 0.0))", "mean(-{u}*log(sigmoid({v})) - (1 - {u})*log(1 - sigmoid({v})))",
    "p = sigmoid({v}); -mean({u}*log(p) + (1 - {u})*log(1 - p))", "sum({u}*log({v}))", "sum(hypot({v}, {u}))",
    "sum(sqrt({v}**2 + {u}**2))", "sum(log(exp({v}) + exp({u})))", "sum(sin({v})/{v})",
    "sum({v}*exp(-{v}))/sum(exp(-{v}))",
    "sum(log(1 - tanh({v})**2))", "log(sum({u}*exp({v})))", "binary_cross_entropy(sigmoid({v}), {u})",
)  # fmt: skip
INNER = ("{n}", "{n}", "{n}", "(2*{n})", "(-{n})", "({n}/2)", "({n} - 1)", "({n}*w)")
AROUND = ("{e}", "{e}", "{e}", "2*{e}", "-{e}", "{e} + w", "w*{e}", "({e})**2", "exp({e})", "sin({e})")
SPELLINGS = (("exp(", "torch.exp("), ("log(", "torch.log("), ("sigmoid(", "torch.sigmoid("), ("sqrt(", "torch.sqrt("))
SIZES = {
    "float64": (750.0, 38.0, 1e-12, 1e170),
    "float32": (95.0, 18.0, 1e-6, 1e22),
    "float16": (12.0, 8.5, 2e-3, 300.0),
}
"""Of each dtype numbers that overflow exp, that round sigmoid to 1, that vanish beside 1, whose squares overflow."""

NOT_JUDGED = "not judged"
"""What a fault begins with that is the judge's own."""


@dataclass(frozen=True, slots=True)
class Failing:
    """An expression at a point."""

    text: str
    at: dict[str, Value]
    dtype: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A remedy that was printed, and what is wrong with it."""

    case: Failing
    name: str
    code: str
    rewritten: str
    faults: tuple[str, ...]


def failing(random: Random) -> Failing:
    """An expression of one or two variables, numbers or vectors of three, at a point where much fails."""
    vectors = random.random() < 0.3
    dtype = random.choice(["float64", "float64", "float64", "float32", "float16"])
    template = random.choice(VECTORS if vectors else SCALARS)
    text = template.format(a=random.choice(INNER).format(n="x"), b=random.choice(INNER[:4]).format(n="y"), v="x", u="y")
    *before, last = text.split("; ")
    plain = vectors or " if " in last
    text = "; ".join(
        [*before, last if plain else random.choice(AROUND).format(e=last if last[0] != "-" else f"({last})")]
    )
    if random.random() < 0.2:
        text = text.replace(*random.choice(SPELLINGS))
    names = sorted(parse(text).variables)
    point: dict[str, Value] = {name: _number(random, dtype) for name in names}
    if vectors:
        point = {name: [_number(random, dtype) for _ in range(3)] for name in names}
    if "y" in point and ("sigmoid" in text or "log(1" in text):
        point["y"] = [random.choice([0.0, 1.0]) for _ in range(3)] if vectors else random.choice([0.0, 1.0])
    return Failing(text, {name: rounded(value, dtype) for name, value in point.items()}, dtype)


def _number(random: Random, dtype: str) -> float:
    large, tail, tiny, huge = SIZES[dtype]
    size = random.choice([large, large, tail, tail, tiny, huge, 0.0, 0.0, 1.0, 0.5, 3.0])
    return random.choice([1, 1, -1]) * size * random.choice([1.0, random.uniform(0.9, 1.3)])


def rounded(value: Value, dtype: str) -> Value:
    """The numbers that a dtype holds."""
    found: Value = torch.tensor(value, dtype=getattr(torch, dtype)).double().tolist()
    return found


def printed(case: Failing) -> Iterator[Printed]:
    """The remedies that gradcalc prints for an expression, each with its faults."""
    report = _report(case)
    for name, gradient in {} if report is None else report.gradients.items():
        reason = gradient.reason
        if reason is not None and reason.rewritten is not None:
            assert reason.expression is not None
            found = faults(case, name, reason.rewritten)
            if case.text.replace(reason.expression, str(reason.remedy), 1) != reason.rewritten:
                found.append("the remedy does not replace the expression")
            yield Printed(case, name, reason.code, reason.rewritten, tuple(found))


def wanting(case: Failing) -> bool:
    """Whether anything is wrong that a remedy is looked for."""
    report = _report(case)
    return report is not None and report.verdict in {"mismatch", "undefined", "imprecise"}


def _report(case: Failing) -> Report | None:
    try:
        program = parse(case.text, tuple(case.at))
        at = {name: parse(repr(value)) for name, value in case.at.items()}
        return compute(Problem(program, at, program.variables, Options(case.dtype, symbolic=False)))
    except GradcalcError:
        return None


def faults(case: Failing, name: str, rewritten: str) -> list[str]:
    """What is wrong with a new text as a remedy for the gradient with respect to a name."""
    return list(_faults(case, name, rewritten))


def _faults(case: Failing, name: str, rewritten: str) -> Iterator[str]:
    value, gradients = torch_gradients(rewritten, case.at, case.dtype)
    numbers = [value, *(each for gradient in gradients.values() for each in gradient)]
    if not all(map(math.isfinite, numbers)):
        yield f"not finite: {numbers}"
        return
    yield from _other_function(case, rewritten)
    _, before = torch_gradients(case.text, case.at, case.dtype)
    with mp.workdps(DIGITS):
        off = [_distance(case, rewritten, name, *each) for each in enumerate(gradients[name])]
        was = [_distance(case, rewritten, name, *each) for each in enumerate(before[name])]
    if any(map(mp.isnan, off)):
        yield f"{NOT_JUDGED}: mpmath has no slope"
    elif not max(off) <= 1 and not max(off) < max(was):
        tolerances = f"{mp.nstr(max(off), 5)} tolerances, and not {mp.nstr(max(was), 5)}"
        yield f"{gradients[name]} is off by {tolerances} as {before[name]}"


def _distance(case: Failing, rewritten: str, name: str, place: int, number: float) -> mp.mpf:
    """How far a number lies outside the slopes at the point, in units of what torch's tests allow."""
    if not math.isfinite(number):
        return mp.inf
    left, right = slopes(case.text, case.at, name, place)
    if not (mp.isfinite(left) and mp.isfinite(right)):
        left, right = slopes(rewritten, case.at, name, place)
    low, high = min(left, right), max(left, right)
    outside = max(low - number, number - high, mp.mpf(0))
    dtype = DTYPES[case.dtype]
    return outside / max(dtype.rtol * max(abs(low), abs(high)), dtype.normal)


def _other_function(case: Failing, rewritten: str) -> Iterator[str]:
    """Points at which the new text has another value than the old one."""
    random = Random(case.text)
    with mp.workdps(DIGITS):
        for _ in range(8):
            draw = partial(random.choice([_beside, _anywhere, _between]), random)
            moved = {n: draw(v) if isinstance(v, float) else list(map(draw, v)) for n, v in case.at.items()}
            old, new = (exact(text, exact_point(moved)) for text in (case.text, rewritten))
            if mp.isfinite(old) and not mp.almosteq(old, new, 1e-30, 1e-300):
                yield f"another function: {mp.nstr(old, 8)} became {mp.nstr(new, 8)} at {moved}"
                return


def _beside(_: Random, x: float) -> float:
    return x * 1.01 + 0.001


def _anywhere(random: Random, _: float) -> float:
    return random.gauss(0, 2)


def _between(random: Random, _: float) -> float:
    return random.random()
