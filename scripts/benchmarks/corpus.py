"""Formulas for `batch`: made by a seeded generator, or read from a file of cases."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMS = [
    "({a} + {b})",
    "({a} - 2*{b})",
    "{a}*{b}",
    "{a}/(2 + sin({b}))",
    "({a} + 3)**2",
    "sin({a})",
    "cos({a})",
    "tanh({a})",
    "exp(-({a})**2)",
    "log(1 + ({a})**2)",
    "sqrt(1 + ({a})**2)",
]
"""Smooth and finite everywhere, in names that Python, torch and SymPy share."""

DEPTH = 3


def generated(count: int, seed: int = 1) -> Iterator[str]:
    """`count` lines for `gradcalc batch`: formulas of two variables, hardly one like another."""
    rng = random.Random(seed)
    for number in range(count):
        text = formula(rng, depth=DEPTH)
        while "x" not in text.replace("exp", "") or "y" not in text:
            text = formula(rng, depth=DEPTH)
        yield line(number, text, {"x": rng.uniform(0.1, 2), "y": rng.uniform(0.1, 2)}, ["x", "y"])


def at_points(count: int, seed: int = 1) -> Iterator[str]:
    """`count` lines for `gradcalc batch`: one formula at random points."""
    rng = random.Random(seed)
    for number in range(count):
        yield line(number, "5*x**3 + 2*x**2 + 4*x + 8", {"x": rng.uniform(-3, 3)}, ["x"])


def formula(rng: random.Random, depth: int) -> str:
    """A random formula whose longest branch has `depth` operations."""
    if depth == 0:
        return rng.choice("xy")
    return rng.choice(FORMS).format(a=formula(rng, depth - 1), b=formula(rng, rng.randrange(depth)))


def cases(path: Path) -> Iterator[str]:
    """The cases of a file as lines for `gradcalc batch`; a corpus of results calls its fields `expr` and `vars`."""
    for text in path.read_text().splitlines():
        case = json.loads(text)
        at = case.get("at") or case["vars"]
        yield line(case.get("id"), case.get("expression") or case["expr"], at, case.get("wrt") or list(at))


def line(identifier: Any, expression: str, at: dict[str, float], wrt: list[str]) -> str:
    """A line for `gradcalc batch`."""
    return json.dumps({"id": identifier, "expression": expression, "at": at, "wrt": wrt}) + "\n"
