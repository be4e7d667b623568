"""The table of rewrites: both sides of each row are one function, judged by mpmath."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autogradcli.language.rewrites import REWRITES, Rewrite
from tests.oracles.as_python import evaluate, exact

WHOLES = ("sum(", "mean(", "prod(", "softmax(", "softmin(", "logsumexp(", "norm(a)", "amax(", "var(", "dot(", "[i]")
"""Rows with one of these are about vectors."""


def summed(text: str) -> str:
    """A side of a row with its options as numbers, as a number."""
    text = re.sub(r"(?<=[(\s])dim=d", "dim=0", text).replace("keepdim=k", "keepdim=False")
    text = re.sub(r"(soft\w+\(\w), d\)", r"\1, 0)", text)  # elsewhere d is an exponent
    return f"sum({text.replace('[i]', '[1]')})"


def inside(condition: str, at: dict[str, Any]) -> bool:
    """Whether a row's condition holds at every component."""
    parts = condition.split(" and ") if condition else []
    return all(np.all(evaluate(part, {"abs": abs, "det": lambda a: exact("det(a)", {"a": a}), **at})) for part in parts)


def points(row: Rewrite) -> Iterator[dict[str, Any]]:
    """Six points of the row's domain; the letters are vectors of three, or matrices, where the row is about those."""
    random = Random(row.pattern)
    shape = (3, 3) if "det(" in row.pattern else (3,) if any(each in row.pattern for each in WHOLES) else ()
    found = 0
    while found < 6:
        numbers = {letter: [mp.mpf(random.uniform(-2.5, 2.5)) for _ in range(9)] for letter in "abc"}
        numbers["d"] = [mp.mpf(random.randint(-3, 3)) for _ in range(9)]
        point = {name: np.resize(np.array(each, dtype=object), shape)[()] for name, each in numbers.items()}
        if inside(row.domain, point):
            found += 1
            yield point


@pytest.mark.parametrize("row", REWRITES, ids=lambda row: str(row.pattern))
def test_both_sides_are_the_same_function(row: Rewrite) -> None:
    """At six points of its domain, to 40 digits, by mpmath."""
    with mp.workdps(60):
        for at in points(row):
            true = exact(summed(row.pattern), at)
            assert mp.isfinite(true)
            assert [mp.almosteq(exact(summed(text), at), true, 1e-40, 1e-40) for text in row.instead] == [True] * len(
                row.instead
            )
