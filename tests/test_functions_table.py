"""The table of functions, proven row by row against mpmath and against torch."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp

from autogradcli.engines.torch.engine import constant, differentiate
from autogradcli.functions import table
from autogradcli.functions.function import Function, Parameter
from autogradcli.functions.table import families
from autogradcli.functions.undifferentiable import UNDIFFERENTIABLE
from autogradcli.language.parser import parse, parse_formula
from autogradcli.language.program import Program
from autogradcli.language.tape import beyond_torch, definition, partial_programs, scalarise
from scripts import function_names
from tests.oracles import rows
from tests.oracles.precise import close, precise, real, slope

ROWS = [row for row in table.rows().values() if not row.tensor]
NUMBERS = [row for row in ROWS if row.returns == "number"]
ELEMENTARY = [row for row in ROWS if row.elementary]
NEEDED = (Path(__file__).parent / "data" / "function_names.txt").read_text(encoding="utf-8").split()
DIGITS = 50
POINTS = 24


def by_name(row: Function) -> str:
    """The test's name for a row."""
    return row.name


# ---- points inside the domains -----------------------------------------------------------------------------------

SPECIAL_POINTS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 3.5, -3.5, 6.0, 0.25, 25.0)
CONSTANTS = (0.0, 1.0, 2.0, 3.0, 0.25, 0.75)
ORDERS = (0.0, 1.0, 2.0, 3.0, 0.5, -1.0)
"""Values of a parameter with respect to which no derivative is known."""
STEP = mp.mpf(10) ** -20
"""How far to the left and to the right of a point the sides of a kink are looked at."""
TORCH_THRESHOLD = 20.0
"""Where torch's softplus stops computing: a matter of speed, and no part of the function."""


@cache
def points(row: Function) -> tuple[dict[str, float], ...]:
    """Points inside the row's domain and off its kinks and jumps: the same ones in every run."""
    chance = random.Random(row.name)
    found: list[dict[str, float]] = []
    for _ in range(4000):
        point = {p.name: draw(p, chance) for p in row.parameters if p.kind != "option"}
        point |= {name: chance.choice(ORDERS) for name in row.opaque}
        if row.name == "softplus_beta":
            point["threshold"] = TORCH_THRESHOLD
        if inside(row, point):
            found.append(point)
        if len(found) == POINTS:
            break
    return tuple(found)


def where_it_holds(row: Function, text: str) -> tuple[dict[str, float], ...]:
    """Points of simple numbers at which a condition of the row holds: the same ones in every run."""
    chance = random.Random(row.name)
    found: list[dict[str, float]] = []
    while len(found) < POINTS:
        point = {p.name: chance.choice(SPECIAL_POINTS) for p in row.parameters if p.kind != "option"}
        if precise(condition(row, text), {name: mp.mpf(value) for name, value in point.items()}) == 1:
            found.append(point)
    return tuple(found)


def sides(row: Function, point: Mapping[str, float]) -> Iterator[tuple[Any, Any, Any]]:
    """The row's values just below a point, there, and just above it, along each parameter that has a derivative."""
    text, _ = call(row, point)
    program = parse(text, list(point))
    at = {name: mp.mpf(value) for name, value in point.items()}
    for parameter in row.parameters:
        if parameter.kind == "tensor":
            left, right = ({**at, parameter.name: at[parameter.name] + sign * STEP} for sign in (-1, 1))
            yield precise(program, left), precise(program, at), precise(program, right)


def draw(parameter: Parameter, chance: random.Random) -> float:
    """A value for one parameter: simple and random numbers of several sizes."""
    if parameter.kind == "boolean":
        return chance.choice((-1.0, 1.0))
    if parameter.kind == "number":
        default = [float(parameter.default)] if isinstance(parameter.default, Fraction) else []
        return chance.choice([*default, *default, *CONSTANTS])
    if chance.random() < 0.25:
        return chance.choice(SPECIAL_POINTS)
    return chance.choice((-1, 1)) * 10 ** chance.uniform(-2.5, 1.4)


def inside(row: Function, point: Mapping[str, float]) -> bool:
    """Whether the row is smooth at a point, as the row says."""
    at = {name: mp.mpf(value) for name, value in point.items()}
    conditions = ((row.domain, 1), (row.kinks, 0), (row.jumps, 0))
    return all(precise(condition(row, text), at) == wanted for text, wanted in conditions if text)


@cache
def condition(row: Function, text: str) -> Program:
    """A condition of a row as a program whose value is 1 or 0."""
    return parse_formula(f"where({text}, 1, 0)", row.parameters)


def call(row: Function, point: Mapping[str, float]) -> tuple[str, list[str]]:
    """A call of the row as a user would type it, and the names of its variables."""
    arguments = []
    for parameter in row.parameters:
        text = {
            "tensor": parameter.name,
            "boolean": f"{parameter.name} > 0",
            "number": repr(point.get(parameter.name)),
            "option": '"' + "".join(parameter.choices) + '"',
        }[parameter.kind]
        arguments.append(f"{parameter.name}={text}" if parameter.keyword_only else text)
    typed = f"{row.name}({', '.join(arguments)})"
    names = [p.name for p in row.parameters if p.kind in ("tensor", "boolean")]
    return typed if row.returns == "number" else f"where({typed}, 1, 0)", names


def calls(row: Function) -> Iterator[tuple[Program, dict[str, Any], list[str]]]:
    """A program that calls the row, a point for it, and its variables, for every sampled point."""
    for point in points(row):
        text, names = call(row, point)
        yield parse(text, names), {name: point[name] for name in names}, names


# ---- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NEEDED)
def test_every_name_that_people_know_is_a_row_or_has_a_reason(name: str) -> None:
    """A known name is a function of the table, or the table says why torch cannot differentiate it; never both."""
    known, reason = bool(table.candidates(name)), name in UNDIFFERENTIABLE
    assert known != reason, "take it out of functions/undifferentiable.py" if known else "say there why it has no row"


def test_the_index_of_names_is_current() -> None:
    """The families are not imported to find a name; what tells where it is was written from the rows."""
    assert function_names.FILE.read_text() == function_names.text(), "type .venv/bin/python -m scripts.function_names"


def test_a_name_that_the_index_lacks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new row works before the index is written anew."""
    monkeypatch.setattr(table, "_index", dict)
    assert [row.name for row in table.candidates.__wrapped__("var")] == ["var", "var_corrected", "var_all"]
    assert table.row.__wrapped__("sin").name == "sin"
    assert table.candidates.__wrapped__("no_such_function") == ()


@pytest.mark.parametrize(("name", "torch"), [("", "sin"), ("f", "")])
def test_a_row_says_what_it_is(name: str, torch: str) -> None:
    """Without a name, or with neither torch's function nor a definition nor a body, there is no row."""
    with pytest.raises(ValueError, match="needs a"):
        Function(name, "x", "A row.", torch=torch)


def test_canonical_names_are_unique() -> None:
    """No two rows share their canonical name."""
    counts = Counter(row.name for family in families().values() for row in family)
    assert [name for name, count in counts.items() if count > 1] == []


def test_an_alias_that_is_another_row_is_a_deliberate_overload() -> None:
    """Calls with other arguments share a name; nothing else does."""
    rows = table.rows()
    shared = {alias for row in ROWS for alias in row.aliases if alias in rows}
    assert shared == {"add", "sub", "div", "heaviside", "clamp", "log", "logit", "softplus", "gelu", "round"}


def test_names_are_identifiers_and_reasons_are_sentences() -> None:
    """What is not an identifier could not be called."""
    assert [name for name in (*table.names(), *UNDIFFERENTIABLE) if not name.isidentifier()] == []
    assert [why for why in UNDIFFERENTIABLE.values() if not why.endswith(".")] == []


# ---- texts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=by_name)
def test_texts_of_a_row_parse_and_know_its_parameters_alone(row: Function) -> None:
    """Definition, partials and conditions are programs in the row's parameters."""
    names = {p.name for p in row.parameters if p.kind != "option"}
    programs = [definition(row)] if row.definition else []
    programs += [*partial_programs(row), *(condition(row, text) for text in (row.domain, row.kinks, row.jumps) if text)]
    assert [program.source for program in programs if not names.issuperset(program.variables)] == []


@pytest.mark.parametrize("row", ROWS, ids=by_name)
def test_a_row_is_complete(row: Function) -> None:
    """A row without definition is native everywhere; partials are one for each number; a step has none."""
    assert row.definition or (row.sympy and (row.torch or (row.arb and row.elementary)))
    assert {*row.opaque} <= {*row.differentiated}
    assert len(row.partials) in (0, sum(p.kind in ("tensor", "number") for p in row.parameters))
    assert not (row.steps and row.elementary)
    assert row.doc.endswith(".")
    assert row.note == "" or row.note.endswith(".")


@pytest.mark.parametrize("row", NUMBERS, ids=by_name)
@pytest.mark.parametrize("engine", ["torch", "sympy", "partials"])
def test_definitions_end_in_functions_that_an_engine_has(row: Function, engine: str) -> None:
    """Expanding a row ends, whichever engine's natives it is expanded to."""
    program = parse(call(row, {p.name: 1.0 for p in row.parameters})[0])
    assert scalarise(program, lambda each: bool(getattr(each, engine)) or not each.definition).entries


# ---- values and derivatives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=by_name)
def test_the_domain_has_points(row: Function) -> None:
    """The sampler finds enough points inside the row's domain for the tests below to mean something."""
    assert len(points(row)) == POINTS


@pytest.mark.parametrize("row", [row for row in ROWS if row.definition], ids=by_name)
def test_a_definition_is_the_function_that_is_written_by_hand(row: Function) -> None:
    """The definition's value is that of the meaning in mpmath, to many digits."""
    with mp.workdps(DIGITS):
        for point in points(row):
            at = {name: mp.mpf(value) for name, value in point.items()}
            assert close(precise(definition(row), at), real(rows.NUMBERS[row.name], list(at.values())), 1e-40, 1e-45), (
                point
            )


@pytest.mark.parametrize("row", ELEMENTARY, ids=by_name)
def test_partials_are_the_derivatives(row: Function) -> None:
    """Every partial derivative is the numerical derivative of the function."""
    with mp.workdps(DIGITS + 30):
        for point in points(row):
            at = {name: mp.mpf(value) for name, value in point.items()}
            program = definition(row) if row.definition else parse(call(row, point)[0], list(point))
            for parameter, partial in zip(row.parameters, partial_programs(row), strict=True):
                if parameter.name in row.opaque:
                    continue
                truth = slope(program, at, parameter.name) if parameter.kind == "tensor" else mp.zero
                if mp.isfinite(truth):
                    assert close(precise(partial, at), truth, 1e-18, 1e-25), (point, parameter.name)


@pytest.mark.parametrize("row", [row for row in ROWS if not beyond_torch(row.name)], ids=by_name)
def test_torch_gives_the_definition_and_its_derivatives(row: Function) -> None:
    """What torch computes and differentiates is what the row defines."""
    for program, point, names in calls(row):
        autograd = differentiate(program, {n: parse(repr(v)) for n, v in point.items()}, names, "float64")
        with mp.workdps(DIGITS):
            at = {name: mp.mpf(value) for name, value in point.items()}
            assert close(autograd.value, precise(program, at), 1e-8, 1e-12), point
            for name in names:
                truth = slope(program, at, name)
                if mp.isfinite(truth):
                    assert close(autograd.gradients[name] or 0.0, truth, 1e-6, 1e-10), (point, name)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kinks], ids=by_name)
def test_at_a_kink_the_slopes_differ(row: Function) -> None:
    """Where a row says it has a kink, it is continuous and its slopes to the left and to the right differ."""
    with mp.workdps(DIGITS):
        for point in where_it_holds(row, row.kinks):
            around = list(sides(row, point))
            assert all(close(left, here, 0, 1e-15) and close(here, right, 0, 1e-15) for left, here, right in around), (
                point
            )
            assert any(abs((right - here) - (here - left)) > STEP / 1000 for left, here, right in around), point


@pytest.mark.parametrize("row", [row for row in ROWS if row.jumps], ids=by_name)
def test_at_a_jump_the_values_differ(row: Function) -> None:
    """Where a row says it jumps, its value is not the limit from both sides."""
    with mp.workdps(DIGITS):
        for point in where_it_holds(row, row.jumps):
            around = list(sides(row, point))
            assert any(
                not (close(left, here, 0, 1e-15) and close(here, right, 0, 1e-15)) for left, here, right in around
            ), point


# ---- hand-picked points: ties, zeros, signs, branches ------------------------------------------------------------

EXACT_VALUES = {
    "round(0.5)": 0,
    "round(1.5)": 2,
    "round(2.5)": 2,
    "round(-0.5)": 0,
    "round(-1.5)": -2,
    "round(-2.5)": -2,
    "round(2.4)": 2,
    "round(-2.6)": -3,
    "round(0.375, 2)": 0.38,
    "round(1250, decimals=-2)": 1200,
    "ceil(-1.5)": -1,
    "trunc(-1.5)": -1,
    "frac(-1.25)": -0.25,
    "remainder(-7, 3)": 2,
    "remainder(7, -3)": -2,
    "-7 % 3": 2,
    "fmod(-7, 3)": -1,
    "fmod(7, -3)": 1,
    "floor_divide(-7, 2)": -4,
    'div(-7, 2, rounding_mode="floor")': -4,
    'div(-7, 2, rounding_mode="trunc")': -3,
    "sign(0)": 0,
    "sgn(-2)": -1,
    "angle(-2)": math.pi,
    "abs(0)": 0,
    "copysign(-3, 2)": 3,
    "copysign(3, -2)": -3,
    "heaviside(0, 0.25)": 0.25,
    "heaviside(-1, 0.25)": 0,
    "Heaviside(0)": 0.5,
    "Heaviside(2)": 1,
    "maximum(2, 2)": 2,
    "clamp(5, 3, 1)": 1,
    "clip(5, max=3)": 3,
    "clamp(-5, 0)": 0,
    "fdim(1, 3)": 0,
    "0**0": 1,
    "(-2)**3": -8,
    "cbrt(-8)": -2,
    "cbrt(0)": 0,
    "hypot(0, 0)": 0,
    "xlogy(0, 0)": 0,
    "xlog1py(0, -1)": 0,
    "entr(0)": 0,
    "sinc(0)": 1,
    "sinc(1)": 0,
    "log(8, 2)": 3,
    "atan2(1, -1)": 0.75 * math.pi,
    "atan2(-1, -1)": -0.75 * math.pi,
    "atan2(0, -1)": math.pi,
    "acot(0)": math.pi / 2,
    "acot(-1)": -math.pi / 4,
    "gamma(-0.5)": -2 * math.sqrt(math.pi),
    "gamma(-1.5)": 4 * math.sqrt(math.pi) / 3,
    "gamma(5)": 24,
    "factorial(4)": 24,
    "binomial(5, 2)": 10,
    "beta(2, 3)": 1 / 12,
    "beta(-0.5, 0.25)": math.gamma(-0.5) * math.gamma(0.25) / math.gamma(-0.25),
    "lgamma(-0.5)": math.log(2 * math.sqrt(math.pi)),
    "erfcinv(1.5)": -0.4769362762044699,
    "relu(0)": 0,
    "hardshrink(0.5)": 0,
    "softshrink(-0.75)": -0.25,
    "threshold(1, 1, 20)": 20,
    "leaky_relu(-2)": -0.02,
    "hardtanh(-2)": -1,
    "softplus(0, beta=2)": math.log(2) / 2,
    "logit(0, eps=0.25)": -math.log(3),
    "nan_to_num(2, 0)": 2,
}


@pytest.mark.parametrize(("text", "value"), EXACT_VALUES.items())
def test_values_at_ties_zeros_signs_and_branches(text: str, value: float) -> None:
    """Definition and torch agree where functions are most easily wrong."""
    program = parse(text)
    assert close(precise(program, {}), value, 1e-14, 1e-15)
    assert close(constant(program), value, 1e-14, 1e-15)


EXACT_PARTIALS = [
    ("pow", 0, {"x": -2, "y": 3}, 12),
    ("pow", 0, {"x": 0, "y": 0}, 0),
    ("pow", 0, {"x": 0, "y": 1}, 1),
    ("pow", 0, {"x": 0, "y": 2}, 0),
    ("pow", 1, {"x": 0, "y": 2}, None),
    ("pow", 1, {"x": -2, "y": 3}, None),
    ("pow", 1, {"x": 0, "y": 0}, None),
    ("sinc", 0, {"x": 0}, 0),
    ("i1", 0, {"x": 0}, 0.5),
    ("atan2", 0, {"y": 0, "x": 2}, 0.5),
    ("xlogy", 0, {"x": 0, "y": 1}, 0),
    ("softsign", 0, {"x": 0}, 1),
]


@pytest.mark.parametrize(("name", "place", "point", "value"), EXACT_PARTIALS)
def test_partials_at_zeros_and_removable_points(
    name: str, place: int, point: dict[str, int], value: float | None
) -> None:
    """A partial derivative exists where the function has one, beside points and operands that have none."""
    at = {parameter: mp.mpf(number) for parameter, number in point.items()}
    result = precise(partial_programs(table.row(name))[place], at)
    assert not mp.isfinite(result) if value is None else result == value
