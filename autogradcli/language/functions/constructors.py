"""Tensors that are made of nothing, or of the shape of another."""

from autogradcli.language.function import Function

CONSTRUCTORS: tuple[Function, ...] = (
    Function("zeros", "size: shape", "Zeros.", torch="zeros", tensor=True),
    Function("ones", "size: shape", "Ones.", torch="ones", tensor=True),
    Function("full", "size: ints, fill_value: number", "One number everywhere.", torch="full", tensor=True),
    Function(
        "eye",
        "n: int, m: int = None",
        "Ones on the diagonal, and zeros.",
        aliases=("identity",),
        torch="eye",
        tensor=True,
    ),
    Function(
        "arange_to",
        "end: real",
        "0, 1, 2, ... below end.",
        aliases=("arange",),
        torch="arange",
        tensor=True,
    ),
    Function(
        "arange",
        "start: real, end: real, step: real = 1",
        "start, start + step, start + 2*step, ... on this side of end.",
        torch="arange",
        tensor=True,
    ),
    Function(
        "linspace",
        "start: number, end: number, steps: int",
        "Numbers from start to end, both included, at equal distances.",
        torch="linspace",
        tensor=True,
    ),
    Function("zeros_like", "x", "Zeros in the shape of another tensor.", torch="zeros_like", tensor=True),
    Function("ones_like", "x", "Ones in the shape of another tensor.", torch="ones_like", tensor=True),
    Function(
        "full_like",
        "x, fill_value: number",
        "One number everywhere, in the shape of another tensor.",
        torch="full_like",
        tensor=True,
    ),
    Function("rand", "size: shape", "Random numbers, uniform between 0 and 1.", torch="rand", tensor=True, random=True),
    Function("randn", "size: shape", "Random numbers, normally distributed.", torch="randn", tensor=True, random=True),
    Function(
        "randint",
        "low: int, high: int, size: ints",
        "Random whole numbers from low to high - 1.",
        torch="randint",
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
    Function(
        "randperm", "n: int", "The whole numbers below n in random order.", torch="randperm", tensor=True, random=True
    ),
    Function("rand_like", "x", "rand in the shape of another tensor.", torch="rand_like", tensor=True, random=True),
    Function("randn_like", "x", "randn in the shape of another tensor.", torch="randn_like", tensor=True, random=True),
)
