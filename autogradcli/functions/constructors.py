"""Tensors that are made of nothing, or of the shape of another."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Body, Handle, Sizes, TapeBuilder, array, check_size, filled, handle
from autogradcli.functions.later import numpy as np
from autogradcli.processes.limits import check


def _filled(value: int) -> Body:
    def meaning(builder: TapeBuilder, size: Sizes) -> Handle:
        return handle(filled(size, builder.literal(Fraction(value))))

    return meaning


def _filled_like(value: int) -> Body:
    def meaning(builder: TapeBuilder, x: Handle) -> Handle:
        return handle(filled(np.shape(x), builder.literal(Fraction(value))))

    return meaning


def full(_: TapeBuilder, size: Sizes, fill_value: int) -> Handle:
    """One number everywhere."""
    return handle(filled(size, fill_value))


def full_like(_: TapeBuilder, x: Handle, fill_value: int) -> Handle:
    """One number everywhere, in the shape of another tensor."""
    return handle(filled(np.shape(x), fill_value))


def eye(builder: TapeBuilder, n: int, m: int | None) -> Handle:
    """Ones on the diagonal, and zeros."""
    check_size(n * (n if m is None else m))
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    return np.where(np.eye(n, m, dtype=bool), one, zero).astype(np.intp)


def _constants(builder: TapeBuilder, count: int, value: Callable[[int], Fraction]) -> Handle:
    handles = np.empty(count, dtype=np.intp)
    for place in range(count):
        if place % BETWEEN_CHECKS == 0:
            check()
        handles[place] = builder.literal(value(place))
    return array(handles)


BETWEEN_CHECKS = 4_096
"""Numbers that are made before the time is looked at."""


def arange(builder: TapeBuilder, start: Fraction, end: Fraction, step: Fraction) -> Handle:
    """As many numbers as torch gives: (end - start)/step, rounded up."""
    count = max(math.ceil((end - start) / step), 0)
    check_size(count)
    return _constants(builder, count, lambda place: start + place * step)


def arange_to(builder: TapeBuilder, end: Fraction) -> Handle:
    """From 0 on by steps of 1."""
    return arange(builder, Fraction(0), end, Fraction(1))


def linspace(builder: TapeBuilder, start: Handle, end: Handle, steps: int) -> Handle:
    """Numbers at equal distances; of one alone, the start."""
    check_size(steps)
    parts = _constants(builder, steps, lambda place: Fraction(place, max(steps - 1, 1)))
    return handle(array(builder.formula("start + part*(end - start)", start=start, end=end, part=parts)))


ROWS: tuple[Function, ...] = (
    Function("zeros", "size: shape", "Zeros.", tensor=True, body=_filled(0)),
    Function("ones", "size: shape", "Ones.", tensor=True, body=_filled(1)),
    Function("full", "size: ints, fill_value: number", "One number everywhere.", tensor=True, body=full),
    Function(
        "eye", "n: int, m: int = None", "Ones on the diagonal, and zeros.", aliases=("identity",), tensor=True, body=eye
    ),
    Function(
        "arange_to",
        "end: real",
        "0, 1, 2, ... below end.",
        aliases=("arange",),
        torch="arange",
        tensor=True,
        body=arange_to,
    ),
    Function(
        "arange",
        "start: real, end: real, step: real = 1",
        "start, start + step, start + 2*step, ... on this side of end.",
        tensor=True,
        body=arange,
    ),
    Function(
        "linspace",
        "start: number, end: number, steps: int",
        "Numbers from start to end, both included, at equal distances.",
        tensor=True,
        body=linspace,
    ),
    Function("zeros_like", "x", "Zeros in the shape of another tensor.", tensor=True, body=_filled_like(0)),
    Function("ones_like", "x", "Ones in the shape of another tensor.", tensor=True, body=_filled_like(1)),
    Function(
        "full_like",
        "x, fill_value: number",
        "One number everywhere, in the shape of another tensor.",
        tensor=True,
        body=full_like,
    ),
    Function("rand", "size: shape", "Random numbers, uniform between 0 and 1.", tensor=True, random=True),
    Function("randn", "size: shape", "Random numbers, normally distributed.", tensor=True, random=True),
    Function(
        "randint",
        "low: int, high: int, size: ints",
        "Random whole numbers from low to high - 1.",
        tensor=True,
        random=True,
    ),
    Function(
        "randint_below",
        "high: int, size: ints",
        "Random whole numbers from 0 to high - 1.",
        aliases=("randint",),
        torch="randint",
        tensor=True,
        random=True,
    ),
    Function("randperm", "n: int", "The whole numbers below n in random order.", tensor=True, random=True),
    Function(
        "binomial_draw",
        "count, prob",
        "Random numbers of successes in so many trials.",
        aliases=("torch.binomial",),
        torch="binomial",
        tensor=True,
        random=True,
        note="for the binomial coefficient type binom(n, k)",
    ),
    Function("bernoulli", "x", "Ones with these probabilities, else zeros.", tensor=True, random=True),
    Function("poisson", "x", "Random counts with these means.", tensor=True, random=True),
    Function(
        "normal",
        "mean, std",
        "Random numbers, normally distributed with this mean and standard deviation.",
        tensor=True,
        random=True,
        note="for a tensor of them type mean + std*randn(2, 3)",
    ),
    Function("rand_like", "x", "rand in the shape of another tensor.", tensor=True, random=True),
    Function("randn_like", "x", "randn in the shape of another tensor.", tensor=True, random=True),
)
