"""Claims about functions in pieces, right ones and wrong ones, that are known by construction.

A wrong one differs from the derivative at single points, on one branch, far away, or by next to nothing, by a number
that is not zero by construction. Only whether the slope at a point is zero, which a constant put there would have, is
worked out by mpmath.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from mpmath import mp, mpf

from tests.oracles.claims_made import Formula, made

DIGITS = 60
LEAST = mpf(10) ** -25
"""Relative size of a derivative from which on it is taken for one that is not zero."""


@dataclass(frozen=True, slots=True)
class Piecewise:
    """A claim about the derivative with respect to x, and whether it is true."""

    kind: str
    expression: str
    claim: str
    true: bool
    at: tuple[float, float]
    """Values of x and y at which it is made."""
    in_text: bool = True
    """Whether the point or the border at which it is wrong can be read in the text."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a maker chooses from."""

    random: Random
    base: Formula
    """A smooth function of x and y."""

    @property
    def slope(self) -> str:
        """Its derivative with respect to x."""
        return self.base.slopes[0][0]

    def number(self) -> str:
        """A constant: whole, a decimal, or a fraction."""
        whole = str(self.random.randint(-6, 6))
        decimal = f"{self.random.randint(-60, 60) / 10}"
        return self.random.choice(
            (whole, whole, decimal, f"{self.random.randint(-20, 20)}/{self.random.choice((3, 7, 8))}")
        )

    def other(self) -> str:
        """The derivative in other words."""
        d = self.slope
        same = (d, f"2*({d}) - ({d})", f"({d})*(sin(y)**2 + cos(y)**2)", f"({d}) + tanh(x) - (1 - 2/(exp(2*x) + 1))")
        return self.random.choice(same)

    def small(self) -> str:
        """A number that is not zero, large or next to nothing."""
        return self.random.choice(("1", "0.01", "1e-9", "1e-30", "1e-60", "-2", "pi"))

    def slope_at(self, x: str, y: str = "y") -> mpf:
        """The derivative where x and y are these constants; y is 0.7 if it stands for itself."""
        with mp.workdps(DIGITS):
            return self.base.slopes[0][1](_value(x), mpf("0.7") if y == "y" else _value(y))


def _value(constant: str) -> mpf:
    numerator, _, denominator = constant.partition("/")
    return mpf(numerator) / mpf(denominator or 1)


POINTS: tuple[Callable[[Draw, str], str], ...] = (
    lambda _, c: f"x == ({c})",
    lambda _, c: f"not x != ({c})",
    lambda _, c: f"({c}) <= x <= ({c})",
    lambda _, c: f"abs(x - ({c})) == 0",
    lambda _, c: f"abs(x - ({c})) <= 0",
    lambda _, c: f"(x - ({c}))**2 == 0",
    lambda _, c: f"2*x - 2*({c}) == 0",
    lambda _, c: f"x*x - 2*({c})*x + ({c})*({c}) == 0",
    lambda _, c: f"x*x + ({c})**2 <= 2*({c})*x",
    lambda _, c: f"x >= ({c}) and not x > ({c})",
    lambda _, c: f"max(x, {c}) == min(x, {c})",
    lambda _, c: f"sign(x - ({c})) == 0",
    lambda _, c: f"x == ({c}) and y*y >= 0",
    lambda _, c: f"(x - ({c}))*(y*y + 1) == 0",
)
"""Conditions that hold at a point only, or on the line of all its y."""

CURVES: tuple[str, ...] = (
    "x**2 == 2", "exp(x) == 3", "x**3 == 5", "sin(x) == 1/3", "x == y", "x == 2*y + 1", "x == y**2",
    "x*x + y*y == 2 + y*y", "x == 3 and y == 2", "x == y and y == 0.1",
    "tanh(x) == 1/4", "log(x) == 1", "x == pi", "x - sqrt(2) == 0",
)  # fmt: skip
"""Conditions whose points have to be worked out."""

GUARDED: tuple[tuple[str, str, str, str], ...] = (
    ("expm1(u)/u", "1", "(exp(u) - expm1(u)/u)/u", "1/2"),
    ("sin(u)/u", "1", "(cos(u) - sin(u)/u)/u", "0"),
    ("log1p(u**2)/u", "0", "(2*u/(1 + u**2) - log1p(u**2)/u)/u", "1"),
    ("(1 - cos(u))/u", "0", "(sin(u) - (1 - cos(u))/u)/u", "1/2"),
    ("(exp(u) - 1)/u", "1", "(exp(u) - (exp(u) - 1)/u)/u", "1/2"),
    ("tanh(u)/u", "1", "(1 - tanh(u)**2 - tanh(u)/u)/u", "0"),
    ("sinh(3*u)/u", "3", "(3*cosh(3*u) - sinh(3*u)/u)/u", "0"),
    ("(sqrt(1 + u**2) - 1)/u", "0", "(u/sqrt(1 + u**2) - (sqrt(1 + u**2) - 1)/u)/u", "1/2"),
    ("u**2*sin(1/u)", "0", "2*u*sin(1/u) - cos(1/u)", "0"),
    ("u*abs(u)*cos(1/u)", "0", "2*abs(u)*cos(1/u) + sign(u)*sin(1/u)", "0"),
)
"""A function of u, its limit at 0, its derivative, and the derivative's value at 0 where the limit fills the hole."""

CORNERS: tuple[tuple[str, str, str], ...] = (
    ("relu(u)", "where(u > 0, 1, 0)", "where(u > 0, 1, 1e-12)"),
    ("abs(u)", "sign(u)", "where(u > 0, 1, -1 + 1e-40)"),
    ("abs(u)", "where(u >= 0, 1, -1)", "1"),
    ("clamp(u, 0, 2)", "where((u > 0) & (u < 2), 1, 0)", "where(u > 0, 1, 0)"),
    ("max(u, 3*u)", "where(u > 0, 3, 1)", "where(u > -1/1000, 3, 1)"),
    ("min(u, u**3)", "where(u < u**3, 1, 3*u**2)", "where(u < 2*u**3, 1, 3*u**2)"),
    ("u*abs(u)", "2*abs(u)", "where(u == 0, 1e-20, 2*abs(u))"),
    ("relu(u)**2", "2*relu(u)", "2*relu(u) + where(u == 0, -1, 0)"),
    ("abs(u)**3", "3*u*abs(u)", "3*u*u"),
    ("where(u > 0, u**2, 0)", "where(u >= 0, 2*u, 0)", "where(u > 0, 2*u, where(u == 0, 2, 0))"),
    ("where(u < 1, u**2, 2*u - 1)", "where(u < 1, 2*u, 2)", "where(u < 1, 2*u, where(u == 1, 1, 2))"),
    ("u if u > 0 else -u if u < -1 else 1", "1 if u > 0 else -1 if u < -1 else 0", "1 if u > 0 else -1"),
)
"""A function of u with a corner, or one that only looks as if it had, its derivative, and a wrong one."""

TAILS: tuple[str, ...] = (
    "exp(-x**2)*1e-30", "relu(x - 1000)", "where(x > 1e6, 1, 0)", "where(x < -123456, 1e-9, 0)", "1e-100",
    "1e-40*sin(x)", "relu(-x - 77)*1e-20", "where(50 < x < 51, 1, 0)", "exp(-(x - 9)**2*1e4)", "relu(abs(x) - 5000)",
    "where(x*x > 1e8, 1e-50, 0)", "1e-25*x",
)  # fmt: skip
"""What is added to a derivative and shows far away only, or hardly."""


def _in(text: str, u: str) -> str:
    """The text with `u` replaced where it is a variable."""
    kept = text.replace("relu", "r@lu").replace("u", f"({u})")
    return kept.replace("r@l(" + u + ")", "relu")


def _at_a_point(draw: Draw) -> Piecewise:
    condition = draw.random.choice(POINTS)(draw, draw.number())
    return _plain(draw, f"where({condition}, ({draw.slope}) + {draw.small()}, {draw.other()})", "point", true=False)


def _on_a_curve(draw: Draw) -> Piecewise:
    condition = draw.random.choice(CURVES)
    return _plain(draw, f"where({condition}, ({draw.slope}) - 1, {draw.other()})", "curve", true=False, in_text=False)


def _filled(draw: Draw) -> Piecewise:
    """The branch at the point is a constant, whose derivative is taken for the function's."""
    c = draw.number()
    condition = draw.random.choice(POINTS)(draw, c)
    there = draw.base.text.replace("exp", "e@p").replace("x", f"({c})").replace("e@p", "exp")
    expression = f"where({condition}, {there}, {draw.base.text})"
    true = abs(draw.slope_at(c)) < LEAST
    if true or draw.random.random() < 0.5:
        return Piecewise("filled", _both(expression), draw.other(), True, _somewhere(draw))
    return Piecewise("filled", _both(expression), f"where({condition}, 0, {draw.slope})", False, _somewhere(draw))


def _guarded(draw: Draw) -> Piecewise:
    function, limit, slope, there = draw.random.choice(GUARDED)
    c, factor = draw.number(), draw.random.choice(("1", "-2", "0.3"))
    u = f"(x - ({c}))"
    condition = draw.random.choice(POINTS)(draw, c)
    expression = f"({factor})*where({condition}, {limit}, {_in(function, u)}) + {draw.base.text}"
    true = draw.random.random() < 0.5
    said = there if true else draw.random.choice((f"({there}) + {draw.small()}", "1/3"))
    claim = f"({factor})*where({condition}, {said}, {_in(slope, u)}) + {draw.other()}"
    at = (float(_value(c)), 0.7) if draw.random.random() < 0.5 else _somewhere(draw)
    return Piecewise("guarded", _both(expression), claim, true, at)


def _cornered(draw: Draw) -> Piecewise:
    function, right, wrong = draw.random.choice(CORNERS)
    inner, factor = draw.random.choice(
        (
            (f"(x - ({draw.number()}))", "1"),
            (f"(2*x + {draw.number()})", "2"),
            ("(x - y)", "1"),
            ("(x**3 - 2)", "3*x**2"),
        )
    )
    true = draw.random.random() < 0.5
    claim = f"({factor})*({_in(right if true else wrong, inner)}) + {draw.other()}"
    return Piecewise("corner", _both(f"({_in(function, inner)}) + {draw.base.text}"), claim, true, _somewhere(draw))


def _in_the_tail(draw: Draw) -> Piecewise:
    return _plain(draw, f"({draw.other()}) + {draw.random.choice(TAILS)}", "tail", true=False)


def _on_a_branch(draw: Draw) -> Piecewise:
    side = draw.random.choice(("x < {c}", "x >= {c}", "{c} < x < {c} + 1/100", "y > x + {c}", "x*y > {c}", "x**2 > 2"))
    condition = side.format(c=f"({draw.number()})")
    return _plain(draw, f"where({condition}, ({draw.slope}) + {draw.small()}, {draw.other()})", "branch", true=False)


def _rewritten(draw: Draw) -> Piecewise:
    """True ones, in pieces that are the same."""
    condition = draw.random.choice(
        (draw.random.choice(POINTS)(draw, draw.number()), draw.random.choice(CURVES), "x > y")
    )
    return _plain(draw, f"where({condition}, {draw.other()}, {draw.other()})", "rewritten", true=True)


def _plain(draw: Draw, claim: str, kind: str, *, true: bool, in_text: bool = True) -> Piecewise:
    return Piecewise(kind, _both(draw.base.text), claim, true, _somewhere(draw), in_text)


def _both(text: str) -> str:
    """An expression that has both variables."""
    return f"({text}) + 0*x + 0*y"


def _somewhere(draw: Draw) -> tuple[float, float]:
    return round(draw.random.uniform(0.2, 3), 2), round(draw.random.uniform(-2, 2), 2)


MAKERS = (_at_a_point, _on_a_curve, _filled, _guarded, _guarded, _cornered, _cornered, _in_the_tail, _on_a_branch)
TRUE_MAKERS = (_rewritten, _rewritten, _filled, _guarded, _cornered)


def piecewise(seed: int, number: int, true: bool) -> Piecewise:
    """The claim of a number, a true or a wrong one."""
    random = Random(f"{seed}/{number}/{true}")
    while True:
        found = random.choice(TRUE_MAKERS if true else MAKERS)(Draw(random, made(random, random.randint(1, 3))))
        if found.true == true:
            return found
