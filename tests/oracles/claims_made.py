"""Random formulas of x and y with derivatives by the rules of calculus, right ones and wrong ones.

Every formula is a text beside a function of mpmath numbers: what a mutated claim says is known without gradcalc.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from mpmath import mp, mpf

Function = Callable[[mpf, mpf], mpf]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and its partial derivatives, as texts and as functions."""

    text: str
    value: Function
    slopes: tuple[tuple[str, Function], tuple[str, Function]]
    """The derivatives with respect to x and about y."""


def _constant(number: int) -> tuple[str, Function]:
    return str(number), lambda _, __: mpf(number)


X = Formula("x", lambda x, _: x, (_constant(1), _constant(0)))
Y = Formula("y", lambda _, y: y, (_constant(0), _constant(1)))

Rule = tuple[str, Callable[[mpf], mpf], str, Callable[[mpf], mpf]]
"""A function and its derivative, `u` for the argument."""

RULES: tuple[Rule, ...] = (
    ("sin(u)", mp.sin, "cos(u)", mp.cos),
    ("cos(u)", mp.cos, "(-sin(u))", lambda u: -mp.sin(u)),
    ("exp(-(u)**2)", lambda u: mp.exp(-u * u), "(-2*(u)*exp(-(u)**2))", lambda u: -2 * u * mp.exp(-u * u)),
    ("tanh(u)", mp.tanh, "(1 - tanh(u)**2)", lambda u: 1 - mp.tanh(u) ** 2),
    ("atan(u)", mp.atan, "(1/(1 + (u)**2))", lambda u: 1 / (1 + u * u)),
    ("sigmoid(u)", lambda u: 1 / (1 + mp.exp(-u)), "(exp(-(u))/(1 + exp(-(u)))**2)",
     lambda u: mp.exp(-u) / (1 + mp.exp(-u)) ** 2),
    ("(u)**2", lambda u: u * u, "(2*(u))", lambda u: 2 * u),
    ("(u)**3", lambda u: u**3, "(3*(u)**2)", lambda u: 3 * u * u),
    ("sqrt(1 + (u)**2)", lambda u: mp.sqrt(1 + u * u), "((u)/sqrt(1 + (u)**2))", lambda u: u / mp.sqrt(1 + u * u)),
    ("log(2 + sin(u))", lambda u: mp.log(2 + mp.sin(u)), "(cos(u)/(2 + sin(u)))",
     lambda u: mp.cos(u) / (2 + mp.sin(u))),
)  # fmt: skip


def chain(rule: Rule, inner: Formula) -> Formula:
    """The rule applied to a formula; its derivative by the chain rule."""
    text, value, slope_text, slope = rule

    def by(place: int) -> tuple[str, Function]:
        inner_text, inner_slope = inner.slopes[place]
        return (
            f"{_put(slope_text, inner.text)}*({inner_text})",
            lambda x, y: slope(inner.value(x, y)) * inner_slope(x, y),
        )

    return Formula(_put(text, inner.text), lambda x, y: value(inner.value(x, y)), (by(0), by(1)))


def _put(text: str, inner: str) -> str:
    """The text with `u` replaced where it is the argument."""
    return text.replace("(u)", f"({inner})")


def combine(sign: str, one: Formula, other: Formula) -> Formula:
    """A sum, a difference or a product."""

    def by(place: int) -> tuple[str, Function]:
        (text, slope), (other_text, other_slope) = one.slopes[place], other.slopes[place]
        if sign == "*":
            product = f"(({text})*({other.text}) + ({one.text})*({other_text}))"
            return product, lambda x, y: slope(x, y) * other.value(x, y) + one.value(x, y) * other_slope(x, y)
        factor = 1 if sign == "+" else -1
        return f"(({text}) {sign} ({other_text}))", lambda x, y: slope(x, y) + factor * other_slope(x, y)

    def value(x: mpf, y: mpf) -> mpf:
        a, b = one.value(x, y), other.value(x, y)
        return a * b if sign == "*" else a + b if sign == "+" else a - b

    return Formula(f"(({one.text}) {sign} ({other.text}))", value, (by(0), by(1)))


def made(random: Random, depth: int) -> Formula:
    """A random formula."""
    if not depth or random.random() < 0.1:
        return random.choice((X, Y))
    if random.random() < 0.6:
        return chain(random.choice(RULES), made(random, depth - 1))
    return combine(random.choice("+-*"), made(random, depth - 1), made(random, depth - 1))


Change = Callable[[str, Function, Formula], tuple[str, Function]]

CHANGES: tuple[Change, ...] = (
    lambda text, slope, _: (f"-({text})", lambda x, y: -slope(x, y)),
    lambda text, slope, _: (f"2*({text})", lambda x, y: 2 * slope(x, y)),
    lambda text, slope, _: (f"({text}) + 1/1000000", lambda x, y: slope(x, y) + mpf(1) / 1000000),
    lambda text, slope, _: (f"({text})*(1 + 1/10**9)", lambda x, y: slope(x, y) * (1 + mpf(10) ** -9)),
    lambda text, slope, _: (f"abs({text})", lambda x, y: abs(slope(x, y))),
    lambda text, slope, _: (f"({text})*x", lambda x, y: slope(x, y) * x),
    lambda text, slope, _: (f"({text}) + exp(-x**2 - 3)", lambda x, y: slope(x, y) + mp.exp(-x * x - 3)),
    lambda text, slope, f: (f"({text}) + ({f.text})/10**6", lambda x, y: slope(x, y) + f.value(x, y) / mpf(10) ** 6),
    lambda _, __, f: (f.text, f.value),
    lambda _, __, f: f.slopes[1],
    lambda text, slope, _: (f"({text}) + relu(x - 4)", lambda x, y: slope(x, y) + max(x - 4, mpf(0))),
)
"""What people get wrong: a sign, a factor, a term, the variable, a region."""

REWRITTEN: tuple[Change, ...] = (
    lambda text, slope, _: (text, slope),
    lambda text, slope, _: (f"({text})*2 - ({text})", slope),
    lambda text, slope, _: (f"({text})*(sin(y)**2 + cos(y)**2)", slope),
    lambda text, slope, _: (f"({text}) + tanh(x) - (1 - 2/(exp(2*x) + 1))", slope),
)
"""The same thing in other words."""


@dataclass(frozen=True, slots=True)
class Made:
    """A claim, and whether it is true."""

    expression: str
    claim: str
    true: bool


def claim(seed: int) -> Made:
    """The claim of a seed; every other one is true."""
    random = Random(seed)
    formula = made(random, random.randint(1, 4))
    text, slope = formula.slopes[0]
    changed, function = random.choice(REWRITTEN if seed % 2 else CHANGES)(text, slope, formula)
    return Made(f"({formula.text}) + 0*x + 0*y", changed, _same(slope, function))


def _same(one: Function, other: Function) -> bool:
    """Whether two functions are the same wherever they are looked at, with 60 digits."""
    random = Random(7)
    draw = partial(random.uniform, -6, 6)
    with mp.workdps(60):
        points = [(mpf(draw()), mpf(draw())) for _ in range(30)]
        return all(abs(one(x, y) - other(x, y)) <= mpf(10) ** -40 * (1 + abs(one(x, y))) for x, y in points)
