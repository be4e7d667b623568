"""The gradient as a tape: what it evaluates to, what it shares, and what it leaves out where a branch is not taken."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flint import arb, arb_series, ctx
from mpmath import mp

from autogradcli.engines.arb.primitives import forward, primitive, rule
from autogradcli.functions.function import Function
from autogradcli.functions.handles import TooLong
from autogradcli.functions.table import rows
from autogradcli.language.adjoint import adjoint
from autogradcli.language.parser import parse, parse_formula
from autogradcli.language.tape import Input, Operation, Tape, TapeOptions, components, scalarise
from tests.test_partials import (
    AGREE,
    DIFFERENCES,
    PRECISION,
    SERIES,
    STEP,
    SYMBOLIC_DIGITS,
    agree,
    arguments_of,
    evaluated,
    formula,
    points,
)

ELEMENTARY = [each for each in rows().values() if each.elementary and not each.absent]
SECOND = [
    pytest.param(each, i, j, id=f"{each.name}-{each.operand_names[i]}{each.operand_names[j]}")
    for each in ELEMENTARY
    for i in range(len(each.partials))
    for j in range(len(each.partials))
    if "number" not in {parameter.kind for parameter in (each.parameters[i], each.parameters[j])}
]
FEW = 25
"""Points at which a row's second partials are looked at."""


def entries_of(tape: Tape, name: str) -> list[int]:
    """Where the components of a variable stand."""
    return [index for index, entry in enumerate(tape.entries) if isinstance(entry, Input) and entry.name == name]


def derived(tape: Tape, names: Sequence[str]) -> Tape:
    """The tape of the derivative with respect to one scalar after the other."""
    for name in names:
        tape, (output,) = adjoint(tape, entries_of(tape, name), primitive)
        tape = replace(tape, output=output, seeds=((output, 1.0),))
    return tape


def value(text: str, names: Sequence[str], at: Mapping[str, float]) -> Any:
    """The derivative of a text in balls of 300 binary digits."""
    with ctx.workprec(300):
        tape = derived(scalarise(parse(text), primitive), names)
        return forward(tape.entries, {name: [arb(number)] for name, number in at.items()})[tape.output]


@pytest.mark.parametrize(("function", "i", "j"), SECOND)
def test_a_second_partial_is_the_slope_of_the_first(function: Function, i: int, j: int) -> None:
    """Of every elementary row, wherever the first partial is finite beside the point."""
    tape = _tape(function, i, j)
    proven = 0
    for point in points(function)[:FEW]:
        slope = _slope_of_partial(function, i, j, point)
        if _known(slope):
            ball = _at(tape, function, point)
            assert agree(ball, slope, AGREE), (point, ball, slope.str(30))
            proven += 1
    assert proven >= min(10, len(points(function)))


def _tape(function: Function, i: int, j: int) -> Tape:
    """The second partial derivative of a row."""
    names = function.operand_names
    call = parse_formula(f"{function.name}({', '.join(names)})", function.parameters)
    return derived(scalarise(call, primitive), (names[i], names[j]))


def _at(tape: Tape, function: Function, point: Sequence[float]) -> arb:
    with ctx.workprec(2 * PRECISION):
        at = {name: [arb(each)] for name, each in zip(function.operand_names, point, strict=True)}
        return forward(tape.entries, at)[tape.output]


@pytest.mark.parametrize("function", SERIES, ids=lambda each: each.name)
def test_a_second_partial_is_twice_a_coefficient_of_the_series(function: Function) -> None:
    """Arb's own power series has half the second derivative for its third coefficient."""
    tape = _tape(function, 0, 0)
    for point in points(function)[:FEW]:
        with ctx.workprec(2 * PRECISION):
            found = 2 * getattr(arb_series([arb(*point), 1], prec=3), function.arb)()[2]
            if found.is_finite():
                assert _at(tape, function, point).overlaps(found), point


@pytest.mark.parametrize(("function", "i", "j"), SECOND)
def test_a_second_partial_is_sympys(function: Function, i: int, j: int) -> None:
    """At points of ordinary size, to 40 digits."""
    arguments = arguments_of(function)
    tape = _tape(function, i, j)
    proven = 0
    for point, number in evaluated(function, formula(function, arguments).diff(arguments[i], arguments[j]), arguments):
        assert agree(_at(tape, function, point), arb(number), int(SYMBOLIC_DIGITS * 3.2)), (point, number)
        proven += 1
    assert proven >= 1


def _known(slope: arb) -> bool:
    """Whether a slope has many digits, or is 0 to far more of them than any double has."""
    return bool(slope.is_finite() and (slope.rel_accuracy_bits() > AGREE or abs(slope) < arb(2) ** (-DIFFERENCES // 2)))


def _slope_of_partial(function: Function, i: int, j: int, point: Sequence[float]) -> arb:
    with ctx.workprec(DIFFERENCES):
        x = arb(point[j])
        step = (abs(x) if x else arb(1)) * arb(2) ** -STEP
        above, below = (
            rule(function.name).partials[i](*map(arb, point[:j]), x + s, *map(arb, point[j + 1 :]))
            for s in (step, -step)
        )
        return (above - below) / (2 * step)


def _sixth(x: Any) -> Any:
    return mp.log(1 + x * x) / mp.sqrt(1 + mp.exp(-x))


@pytest.mark.parametrize(
    ("text", "names", "at", "truth"),
    [
        ("5*x**3 + 2*x**2 + 4*x + 8", "xx", {"x": 2.0}, 64),
        ("x**3", "xxxx", {"x": 2.0}, 0),
        ("x**2*y**3", "xy", {"x": 2.0, "y": 3.0}, 108),
        ("x**2*y**3", "yx", {"x": 2.0, "y": 3.0}, 108),
        ("sin(x)*exp(x)", "xxxx", {"x": 1.0}, lambda: -4 * mp.sin(1) * mp.e),
        ("log(1 + x**2)/sqrt(1 + exp(-x))", "xxxxxx", {"x": 0.5}, lambda: mp.diff(_sixth, 0.5, 6)),
        ("where(x > 0, sqrt(x), x**2)", "xx", {"x": -1.0}, 2),
        ("where(x <= 0, exp(x), 1 + x**2)", "xx", {"x": 1000.0}, 2),
        ("where(x > 0, where(x > 1, log(x - 1), x**3), x**2)", "xx", {"x": 0.5}, 3),
        ("t = where(x > 0, log(x), x); where(x > 0, t, 0) + x**2", "xx", {"x": -1.0}, 2),
        ("t = sqrt(x); where(x > 0, t, x) + where(x > -2, x**2, t)", "xx", {"x": -1.0}, 2),
        ("x*abs(x)", "xx", {"x": -3.0}, -2),
        ("2**x", "xx", {"x": 3.0}, lambda: 8 * mp.log(2) ** 2),
        ("x**y", "xy", {"x": 2.0, "y": 3.0}, lambda: 4 + 12 * mp.log(2)),
    ],
)
def test_derivatives_of_higher_order(text: str, names: str, at: Mapping[str, float], truth: Any) -> None:
    """By hand, or by mpmath at 60 digits; a branch that is not taken adds nothing, whatever its factors are."""
    with mp.workdps(60), ctx.workprec(300):
        true = arb(str(truth() if callable(truth) else truth))
        assert abs(value(text, names, at) - true) <= abs(true) * arb(10) ** -45


def test_equal_entries_are_written_once() -> None:
    """Written plainly, order 10 of this has 1.6 million entries."""
    tape = scalarise(parse("log(1 + x**2)/sqrt(1 + exp(-x))"), primitive)
    assert len(derived(tape, "x" * 10).entries) < 60_000


def test_constants_are_worked_out() -> None:
    """The third derivative of x**3 is a number, and no factor of 1 and no term of 0 is written."""
    tape = derived(scalarise(parse("x**3"), primitive), "x")
    assert [each.function for each in tape.entries if isinstance(each, Operation)] == ["pow", "pow", "mul"]
    third = derived(tape, "xx")
    assert third.entries[third.output][0] == 6


def test_an_intermediate_is_no_other_name_for_its_value() -> None:
    """With respect to y, the x*x beside it is a constant, though y has the same value."""
    program = parse("y = x*x; y**3 + x*x*y")
    tape = scalarise(program, primitive, layout=TapeOptions(apart={program.assigned["y"]}))
    (y,) = components(tape.results[program.assigned["y"]])
    # At x = 2: 3*y**2 + x*x is 52, and 6*y is 24.
    tape, (first,) = adjoint(tape, [y], primitive)
    second, (found,) = adjoint(replace(tape, output=first, seeds=((first, 1.0),)), [y], primitive)
    values = forward(second.entries, {"x": [arb(2)]})
    assert (values[first], values[found]) == (52, 24)


def test_new_entries_belong_to_the_step_that_they_come_from() -> None:
    """So that a finding about the second derivative names the operation of the text."""
    program = parse("sin(x)*exp(y)")
    tape = derived(scalarise(program, primitive), "x")
    assert {program.text(entry.step) for entry in tape.entries[4:]} <= {"sin(x)", "sin(x)*exp(y)"}


def test_what_the_output_does_not_depend_on_has_the_derivative_zero() -> None:
    """As a literal."""
    tape = scalarise(parse("y = 0*sin(x); 3*z + y"), primitive)
    found, (place,) = adjoint(tape, entries_of(tape, "x"), primitive)
    assert found.entries[place][0] == 0


def test_a_limit_is_kept() -> None:
    """TooLong, as for the tape of a program."""
    tape = scalarise(parse("sin(x)*exp(x)"), primitive)
    with pytest.raises(TooLong):
        adjoint(tape, entries_of(tape, "x"), primitive, limit=1)
