"""Samples: values of variables drawn at random, the same ones for the same seed."""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from autogradcli.errors import GradcalcError
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import Program
from autogradcli.problems.data import data
from autogradcli.problems.point import parse_value

MAX_COUNT = 100_000
"""Points of one case."""
MOST_NUMBERS = 4_000_000
"""Numbers in all points of one case together."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A way to draw numbers."""

    parameters: tuple[str, ...]
    draw: Callable[..., float]
    """Given a generator and the parameters."""
    check: Callable[..., str | None] = lambda *_: None
    """Given the parameters, what is wrong with them."""


def _ordered(low: float, high: float) -> str | None:
    return None if low < high else "the first number must be below the second"


def _positive(low: float, high: float) -> str | None:
    return _ordered(low, high) if low > 0 else "both numbers must be above 0"


def _whole(low: float, high: float) -> str | None:
    return _ordered(low, high) if low.is_integer() and high.is_integer() else "both numbers must be whole"


DISTRIBUTIONS = {
    "uniform": Distribution(("low", "high"), lambda random, low, high: random.uniform(low, high), _ordered),
    "loguniform": Distribution(
        ("low", "high"),
        lambda random, low, high: math.exp(random.uniform(math.log(low), math.log(high))),
        _positive,
    ),
    "normal": Distribution(
        ("mean", "deviation"),
        lambda random, mean, deviation: random.gauss(mean, deviation),
        lambda _, deviation: None if deviation > 0 else "the deviation must be above 0",
    ),
    "integers": Distribution(
        ("low", "high"), lambda random, low, high: float(random.randint(int(low), int(high))), _whole
    ),
}
"""The distributions by name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What to draw for one variable."""

    distribution: Distribution
    parameters: tuple[float, ...]
    shape: tuple[int, ...]


def parse_sample(text: str, label: str) -> Sample:
    """The sample that a text like `uniform(-3, 3)` means; a third argument is the shape of a tensor: `(5, 3)`."""
    call = _call(text, label)
    assert isinstance(call.func, ast.Name)
    name = call.func.id
    if name not in DISTRIBUTIONS:
        hint = did_you_mean(name, DISTRIBUTIONS) or f"the distributions are {', '.join(DISTRIBUTIONS)}"
        raise GradcalcError("value", f"{label}: there is no distribution {name}", hint=hint)
    distribution = DISTRIBUTIONS[name]
    count = len(distribution.parameters)
    if not count <= len(call.args) <= count + 1:
        hint = f"type {name}({', '.join(distribution.parameters)})"
        raise GradcalcError("value", f"{label}: {name} takes {count} numbers", hint=hint)
    numbers = tuple(_number(ast.get_source_segment(text, each) or "", label) for each in call.args[:count])
    wrong = distribution.check(*numbers)
    if wrong is not None:
        raise GradcalcError("value", f"{label}: {wrong}: {text}")
    return Sample(distribution, numbers, _shape(call.args[count:], label))


def _call(text: str, label: str) -> ast.Call:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        return tree
    raise GradcalcError("value", f"{label}: {text} is not a sample", hint='type "uniform(-3, 3)"')


def _number(text: str, label: str) -> float:
    # python-flint is imported with it.
    from autogradcli.engines.arb.formulas import values

    number = values(parse_value(text, label), {})
    if not isinstance(number, float) or not math.isfinite(number):
        raise GradcalcError("value", f"{label}: {text} is not a finite number")
    return number


def _shape(arguments: Sequence[ast.expr], label: str) -> tuple[int, ...]:
    if not arguments:
        return ()
    sizes = arguments[0].elts if isinstance(arguments[0], ast.Tuple | ast.List) else arguments
    found = [each.value for each in sizes if isinstance(each, ast.Constant)]
    if len(found) < len(sizes) or not all(type(size) is int and size > 0 for size in found):
        raise GradcalcError("value", f"{label}: a shape is one whole number or several: 4, (5, 3)")
    shape = tuple(size for size in found if isinstance(size, int))
    if math.prod(shape) > MAX_ELEMENTS:
        raise GradcalcError("limit", f"{label} has more than {MAX_ELEMENTS:,} components")
    return shape


def draw(samples: Mapping[str, Sample], count: int, seed: int) -> list[dict[str, Program]]:
    """So many points. Each variable has numbers of its own: another one beside it does not change them."""
    numbers = count * sum(math.prod(sample.shape) for sample in samples.values())
    if numbers > MOST_NUMBERS:
        raise GradcalcError(
            "limit", f"the points of the case have {numbers:,} numbers, and {MOST_NUMBERS:,} are allowed"
        )
    randoms = {name: Random(f"{seed} {name}") for name in samples}
    return [{name: _point(sample, randoms[name]) for name, sample in samples.items()} for _ in range(count)]


def _point(sample: Sample, random: Random) -> Program:
    size = math.prod(sample.shape)
    numbers = [sample.distribution.draw(random, *sample.parameters) for _ in range(size)]
    return data(numbers, sample.shape)
