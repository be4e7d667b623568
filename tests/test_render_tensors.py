"""Tensors in reports: laid out by rows and columns, and on a screen with what does not fit left out."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.compute.report import Ball, Component, Gradient, ReceivedInput, Report, Symbolic
from autogradcli.engines.results import Accumulation, Array, flat, nested, shape
from autogradcli.render.blocks import PARTLY, float_writer
from autogradcli.render.chain import draw_chain
from autogradcli.render.report.plain import draw_plain
from autogradcli.render.report.text import draw_text
from autogradcli.render.tensors import brief, draw_tensor
from autogradcli.render.terminal import FILE, Terminal
from tests.command import Screen, gradcalc
from tests.reports import node, report
from tests.test_render_text import drawn

SCREEN = Terminal(width=80, height=24, boxes=True)
DOUBLE = float_writer("float64")


def counting(*sizes: int) -> Array:
    """A tensor of these sizes that counts from 0."""
    return nested([float(i) for i in range(math.prod(sizes))], sizes)


LAYOUTS: list[tuple[Array, int | None, str]] = [
    (2.5, 60, "2.5"),
    ([1.0, 2.5, -30.0], 60, "[1.0, 2.5, -30.0]"),
    ([[1.0, 2.25], [-10.5, 1e-20], [math.nan, math.inf]], 60, "[[  1.0,   2.25],\n [-10.5,   1e-20],\n [nan,   inf]]"),
    (counting(2, 2, 2), 60, "[[[0.0, 1.0],\n  [2.0, 3.0]],\n [[4.0, 5.0],\n  [6.0, 7.0]]]"),
    ([1 / 3, 2 / 3, 1e-9 / 3], 60, "[0.333333, 0.666667, 3.33333e-10]"),
    (counting(8), 20, "[0.0, 1.0, 2.0, 3.0,\n 4.0, 5.0, 6.0, 7.0]"),
    (counting(1000), 30, "[0.0, 1.0, … 998.0, 999.0]"),
    (
        counting(20, 2),
        60,
        "[[ 0.0,  1.0],\n [ 2.0,  3.0],\n [ 4.0,  5.0],\n …\n [34.0, 35.0],\n [36.0, 37.0],\n [38.0, 39.0]]",
    ),
    (counting(2, 1000), 40, "[[   0.0,    1.0, …  998.0,  999.0],\n [1000.0, 1001.0, … 1998.0, 1999.0]]"),
    (counting(9, 1, 1), 60, "[[[0.0]],\n …\n [[8.0]]]"),
    (counting(1000), None, f"[{', '.join(f'{i}.0' for i in range(1000))}]"),
]


@pytest.mark.parametrize(("value", "room", "text"), LAYOUTS)
def test_layouts(value: Array, room: int | None, text: str) -> None:
    """Points in line; fewer digits, more lines or fewer components where it is narrow; whole where it is not."""
    assert "\n".join(draw_tensor(value, DOUBLE, room, "…").lines) == text


shapes = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)


@pytest.mark.campaign
@given(shapes, st.integers(32, 100), st.data())
def test_nothing_is_wider_than_its_room(sizes: tuple[int, ...], room: int, data: st.DataObject) -> None:
    """Whatever the numbers, and a tensor that says it is whole has all its components."""
    numbers = data.draw(st.lists(st.floats(), min_size=3, max_size=3))
    value = nested([numbers[i % 3] for i in range(math.prod(sizes))], sizes)
    found = draw_tensor(value, DOUBLE, room, "…")
    assert max(map(len, found.lines)) <= room
    assert found.whole == ("…" not in "".join(found.lines) and repr(read(found.lines)) == repr(value))
    assert len(brief(value, DOUBLE, room, "…")) <= room


def read(lines: tuple[str, ...]) -> Array:
    """The tensor that lines mean."""
    text = "".join(lines).replace("[", " [ ").replace("]", " ] ").replace(",", " ").split()
    stack: list[list[Any]] = [[]]
    for token in text:
        if token == "[":
            stack.append([])
        elif token == "]":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(float(token) if token != "…" else token)
    return stack[0][0]


BRIEF: list[tuple[Array, int | None, str]] = [
    ([1.0, 2.0, 3.0], 30, "[1.0, 2.0, 3.0]"),
    (counting(100), 24, "[0.0, 1.0, 2.0, … 99.0]"),
    (counting(10, 10), 24, "[[0.0, 1.0, … 99.0]]"),
    ([1 / 3, 1 / 7, 1 / 9], 20, "[0.333333, …]"),
    (counting(10), None, "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]"),
]


@pytest.mark.parametrize(("value", "room", "text"), BRIEF)
def test_a_tensor_on_one_line(value: Array, room: int | None, text: str) -> None:
    """Its first components and its last, between as many brackets as it has dimensions."""
    assert brief(value, DOUBLE, room, "…") == text


def tensor_gradient(autograd: Array, formula: Array = None, pattern: str | None = None, **others: Any) -> Gradient:
    """A gradient whose true value is autograd's, and SymPy's as well where it has a formula."""
    numbers, sizes = flat(autograd), shape(autograd)
    digits = None if formula is None else nested([f"{number:.30g}" for number in numbers], sizes)
    symbolic = Symbolic(formula, digits, digits, "unavailable" if formula is None else "agrees", None, pattern)
    balls = nested([Ball(f"{number:.40g}", "1e-40") for number in numbers], sizes)
    given = {"exact": balls, "ulps": nested([0.25] * len(numbers), sizes), "verdict": "verified", "reason": None}
    return Gradient(autograd=autograd, symbolic=symbolic, **given | others)


def of_tensor(x: Array, value: Array, gradient: Gradient, **others: Any) -> Report:
    """A report on a function of the tensor x."""
    variables = {"x": ReceivedInput(x, shape(x), "float64", True)}
    found = report("g(x)", {}, value, {"x": gradient})
    return replace(found, variables=variables, **others)


SMALL = of_tensor([1.0, 2.0], 5.0, tensor_gradient([2.0, 4.0], ["2*x[0]", "2*x[1]"], "2*x[i]"))
KINK = of_tensor(
    [1.0, 0.0],
    1.0,
    tensor_gradient(
        [1.0, 0.0],
        ["sign(x[0])", "sign(x[1])"],
        exact=[Ball("1", "0"), None],
        ulps=[0.0, None],
        verdict="kink",
        counts={"kink": 1, "verified": 1},
        worst=Component((1,), 0.0, None, None, "kink"),
    ),
)


def test_a_small_tensor() -> None:
    """Its components on one line, one formula for all of them, one radius, the largest error."""
    assert draw_text(SMALL, FILE).splitlines() == drawn(
        """
f = g(x)          x = [1.0, 2.0]          float64
value  5.0

variable            x   (2)
autograd            [2.0, 4.0]
SymPy: derivative   2*x[i]
SymPy: value        as the true value
true value (Arb)    [2, 4] ± 1e-40
error               0.25 ulp at most, in x[0]
verdict             verified

verdict  verified: autograd's gradient is right
"""
    )


def test_a_component_without_a_true_value() -> None:
    """At a kink two dashes stand for it, and the verdict counts the components and names the worst."""
    assert draw_text(KINK, FILE).splitlines()[3:10] == drawn(
        """
variable            x   (2)
autograd            [1.0, 0.0]
SymPy: derivative   [sign(x[0]), sign(x[1])]
SymPy: value        [1, 0]
true value (Arb)    [1, --] ± 0
error               0 ulp
verdict             kink (1 verified, 1 kink: worst x[1])
"""
    )


LARGE = of_tensor(
    counting(40, 40),
    nested([i / 7 for i in range(30)], (30,)),
    tensor_gradient(nested([i / 3 for i in range(1600)], (40, 40))),
)


def test_a_large_tensor_on_a_screen() -> None:
    """Edges and six digits; true values that look like autograd's are not written twice."""
    assert draw_text(LARGE, SCREEN).splitlines() == drawn(
        """
f = g(x)
at x = [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, … 1599.0]]  (40, 40)
float64
value  [0.0, 0.142857, 0.285714, 0.428571, 0.571429, 0.714286, 0.857143,
        1.0, 1.14286,  1.28571,  1.42857,  1.57143,  1.71429,  1.85714,
        2.0, 2.14286,  2.28571,  2.42857,  2.57143,  2.71429,  2.85714,
        3.0, 3.14286,  3.28571,  3.42857,  3.57143,  3.71429,  3.85714,
        4.0, 4.14286]

variable            x   (40, 40)
autograd            [[  0.0,      0.333333,   0.666667, …  12.6667,  13.0],
                     [ 13.3333,  13.6667,    14.0,      …  26.0,     26.3333],
                     [ 26.6667,  27.0,       27.3333,   …  39.3333,  39.6667],
                     …
                     [493.333,  493.667,    494.0,      … 506.0,    506.333],
                     [506.667,  507.0,      507.333,    … 519.333,  519.667],
                     [520.0,    520.333,    520.667,    … 532.667,  533.0]]
true value (Arb)    autograd's in all digits that are shown
                    proven to ± 4.4e-15 at most
error               0.25 ulp at most, in x[0, 0]
verdict             verified

some digits, components or terms are left out; --full shows them

verdict  verified: autograd's gradient is right
"""
    )


@pytest.mark.parametrize("width", [64, 72, 80, 100])
@pytest.mark.parametrize("found", [SMALL, KINK, LARGE], ids=["small", "kink", "large"])
def test_reports_are_as_wide_as_the_terminal(found: Report, width: int) -> None:
    """Blocks, values and the point too."""
    assert max(map(len, draw_text(found, Terminal(width, 24, boxes=True)).split("\n"))) <= width


@pytest.mark.parametrize("terminal", [FILE, SCREEN.endless], ids=["file", "full"])
def test_off_a_terminal_all_is_shown(terminal: Terminal) -> None:
    """A file, and a terminal with `--full`, get every component and every digit."""
    text = draw_text(LARGE, terminal)
    assert all(f"{i / 3!r}" in text for i in range(1600))
    assert not any(sign in text for sign in ("…", "...", PARTLY))


@pytest.mark.parametrize(("option", "whole"), [((), False), (("--full",), True)])
def test_full_is_an_option(option: tuple[str, ...], whole: bool) -> None:
    """On a terminal a long vector is shortened, unless `--full` asks for all of it."""
    vector = repr([i / 7 for i in range(200)])
    found = gradcalc("eval", "sum(x)", "--x", vector, "--no-symbolic", *option, stream=Screen)
    assert (repr(100 / 7) in found.out, PARTLY in found.out) == (whole, not whole)


@pytest.mark.parametrize("name", ["formula", "pattern"])
def test_long_formulas_take_a_few_lines(name: str) -> None:
    """Four lines of a screen, and all of it elsewhere."""
    long = " + ".join(f"x**{i}" for i in range(500))
    gradient = tensor_gradient([2.0, 4.0], long, long) if name == "pattern" else tensor_gradient(2.0, long)
    found = of_tensor(1.0, 1.0, gradient)
    assert 240 <= sum("x**" in line and len(line) for line in draw_text(found, SCREEN).splitlines()) <= 420
    assert PARTLY in draw_text(found, SCREEN)
    assert long in draw_text(found, FILE)


def test_passes_are_a_ledger() -> None:
    """What each `backward` found in `.grad`, added, and left there."""
    passes = (Accumulation(None, [2.0, 4.0], [2.0, 4.0]), Accumulation([2.0, 4.0], [2.0, 4.0], [4.0, 8.0]))
    found = of_tensor([1.0, 2.0], 5.0, tensor_gradient([2.0, 4.0], passes=passes), upstream=[1.0, 0.5])
    lines = draw_text(found, FILE).splitlines()
    assert lines[2] == "upstream  [1.0, 0.5]"
    assert lines[10:13] == drawn(
        """
variable   pass   .grad before   added        .grad after
x             1   none           [2.0, 4.0]   [2.0, 4.0]
x             2   [2.0, 4.0]     [2.0, 4.0]   [4.0, 8.0]
"""
    )


def test_plain_is_one_line() -> None:
    """Nested lists as Python writes them; the value where there is nothing to differentiate."""
    assert draw_plain(SMALL) == "[2.0, 4.0]\n"
    assert draw_plain(replace(LARGE, gradients={}, value=counting(2, 2))) == "[[0.0, 1.0], [2.0, 3.0]]\n"


CHAIN = (
    node(0, "SumBackward0", "sum(x**2)", 5.0, 1.0, 1),
    replace(node(1, "PowBackward0", "x**2", None, 0.0, 2), value=counting(50), gradient=[1.0] * 50),
    replace(node(2, "AccumulateGrad", "x", None, 0.0, leaf="x"), value=[1 / 3] * 50, gradient=[2 / 3] * 50),
)


def test_a_chain_of_tensors() -> None:
    """Values and gradients in brief, and their shapes."""
    assert draw_chain(CHAIN, "float64", SCREEN) == drawn(
        """
grad_fn chain            expression   shape           value            gradient
SumBackward0             sum(x**2)                      5.0                 1.0
└── PowBackward0         x**2         (50)    [0.0, … 49.0]   [1.0, 1.0, … 1.0]
    └── AccumulateGrad   x            (50)    [0.333333, …]       [0.666667, …]
"""
    )


def test_names_are_cut_last() -> None:
    """A narrow screen gets narrow guides, then no values; when nothing else is left, names lose their middle."""
    long = "BinaryCrossEntropyWithLogitsBackward0"
    nodes = [node(i, long, "g(x)", 0.1234567890123, 1.0, i + 1) for i in range(4)]
    lines = draw_chain([*nodes, node(4, "AccumulateGrad", "x", 1.0, 1.0)], "float64", Terminal(64, 24, boxes=True))
    assert lines == drawn(
        """
grad_fn chain                               expression  gradient
BinaryCrossEntropyWithLogitsBackward0       g(x)             1.0
└ BinaryCrossEntropyWithLogitsBackward0     g(x)             1.0
  └ BinaryCrossEntropyWithLogitsBackward0   g(x)             1.0
    └ BinaryCrossEntr…yWithLogitsBackward0  g(x)             1.0
      └ AccumulateGrad                      x                1.0
"""
    )


@pytest.mark.parametrize(
    ("value", "room", "text"),
    [
        ([0.5, 1.1, -0.15000000000000002], 30, "[0.5, 1.1, -0.15]"),
        ([1 / 3, 2 / 3, 3 / 7, 4 / 7], 36, "[0.333333, 0.666667, … 0.571429]"),
        ([1 / 3, 2 / 3], 4, "[0.333333, …]"),
        ([1 / 3], 4, "[0.333333]"),
        (1 / 3, 4, "0.333333"),
    ],
)
def test_a_tensor_on_one_line_shows_each_component_once(value: Any, room: int, text: str) -> None:
    """Digits are cut before components, and nothing stands both before and after the ellipsis."""
    assert brief(value, float_writer("float64"), room, "…") == text
