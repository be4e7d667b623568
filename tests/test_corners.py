"""Which operation has the corner: the names behind a kink, found by hand from the slopes on both sides."""

import ast
from functools import partial

import pytest

from autogradcli.engines.arb.error_bounds import corner_steps
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from tests.command import gradcalc
from tests.helpers import counted, examine, prove

ONE = (
    # expression, point, the only operation whose slopes differ
    ("abs(x) + x*x", {"x": "0"}, "abs(x)"),
    ("x*x + abs(x)", {"x": "0"}, "abs(x)"),
    ("abs(x) + x", {"x": "0"}, "abs(x)"),
    ("relu(x) + exp(x)", {"x": "0"}, "relu(x)"),
    ("leaky_relu(x) + tanh(x)", {"x": "0"}, "leaky_relu(x)"),
    ("exp(x)*abs(x)", {"x": "0"}, "abs(x)"),
    ("(abs(x) + 1)*(x + 2)", {"x": "0"}, "abs(x)"),
    ("abs(sin(x)) + cos(x)", {"x": "0"}, "abs(sin(x))"),
    ("max(x, -x) + sin(x)", {"x": "0"}, "max(x, -x)"),
    ("min(x, x**2) + x**3", {"x": "1"}, "min(x, x**2)"),
    ("clamp(x, 0, 1) + x**3", {"x": "1"}, "clamp(x, 0, 1)"),
    ("where(x > 0, x, -x) + x*x", {"x": "0"}, "where(x > 0, x, -x)"),
    ("relu(x) + relu(x - 1) + x", {"x": "1"}, "relu(x - 1)"),
    ("y = x*x; abs(x) + y", {"x": "0"}, "abs(x)"),
    # of a choice the branch that is taken on one side alone is no corner, nor what is chosen alike on both sides
    ("where(x > 0, abs(x), -2*x) + x*x", {"x": "0"}, "where(x > 0, abs(x), -2*x)"),
    ("where(x > 0, abs(x), -x) + x*x", {"x": "0"}, "abs(x)"),
    ("max(relu(x), -x) + x*x", {"x": "0"}, "max(relu(x), -x)"),
    ("max(2*relu(x), x) + x*x", {"x": "0"}, "relu(x)"),
    ("max(abs(x), relu(x)) + x", {"x": "0"}, "abs(x)"),
    ("where(x == 0, 0, abs(x)) + x*x", {"x": "0"}, "abs(x)"),
    # corners that cancel are none
    ("abs(x) - abs(x) + relu(x)", {"x": "0"}, "relu(x)"),
    ("0*abs(x) + relu(x) + x", {"x": "0"}, "relu(x)"),
    ("(relu(x) - relu(-x))/3 + abs(x)", {"x": "0"}, "abs(x)"),
    ("max(v) + min(v) + 3*max(v) + v[0]", {"v": "[1, 1]"}, "max(v)"),
    # a smooth operand bent by what it goes into
    ("hypot(x, 0) + x*x", {"x": "0"}, "hypot(x, 0)"),
    ("sqrt(x**2) + x*x", {"x": "0"}, "sqrt(x**2)"),
    ("(x**4)**0.25 + cos(x)", {"x": "0"}, "(x**4)**0.25"),
    # vectors
    ("sum(abs(v)) + v[0]**2", {"v": "[0, 1]"}, "abs(v)"),
    ("norm(v) + v[0]", {"v": "[0, 0]"}, "norm(v)"),
    ("median(v) + v[0]*v[0]", {"v": "[1, 1, 2]"}, "median(v)"),
    ("max(v) + sum(v)", {"v": "[1, 1]"}, "max(v)"),
    ("sum(v*v) + max(abs(v))", {"v": "[0, 0]"}, "abs(v)"),
    ("sum(relu(A @ v)) + sum(v**2)", {"A": "[[1, 1], [1, 2]]", "v": "[1, -1]"}, "relu(A @ v)"),
    ("sum(sort(v).values * [1, 2, 3]) + v[0]", {"v": "[2, 2, 5]"}, "sort(v).values"),
)

SEVERAL = (
    # expression, point, code, all operations whose corners meet, in the order of the text
    ("abs(x) + relu(x)", {"x": "0"}, "GC101", ("abs(x)", "relu(x)")),
    ("abs(x) + x*x + 3*abs(sin(x))", {"x": "0"}, "GC101", ("abs(x)", "abs(sin(x))")),
    ("relu(x)*exp(x) + clamp(x, 0, 1) + x", {"x": "0"}, "GC101", ("relu(x)", "clamp(x, 0, 1)")),
    ("abs(relu(x) + x) + x*x", {"x": "0"}, "GC101", ("abs(relu(x) + x)", "relu(x)")),
    ("hypot(relu(x) + x, 0) + cos(x)", {"x": "0"}, "GC203", ("hypot(relu(x) + x, 0)", "relu(x)")),
    ("relu(x) + relu(-x) + x", {"x": "0"}, "GC101", ("relu(x)", "relu(-x)")),
    ("3*max(v) + min(v) + v[0]", {"v": "[1, 1]"}, "GC101", ("max(v)", "min(v)")),
    # a jump made continuous
    ("abs(x - round(x)) + x*x", {"x": "0.5"}, "GC101", ("abs(x - round(x))", "round(x)")),
    # where conventions add up to a wrong slope, also the corners that cancel
    ("relu(x) - relu(-x)", {"x": "0"}, "GC102", ("relu(x)", "relu(-x)")),
    ("relu(x) - relu(-x) + abs(x)/10", {"x": "0"}, "GC102", ("relu(x)", "relu(-x)", "abs(x)")),
    ("x*x + relu(x) - relu(-x) + 0*abs(x)", {"x": "0"}, "GC102", ("relu(x)", "relu(-x)")),
)


BLENDS = (
    # expression, point, variable, the slopes: autograd has a part of what each branch of a tie gives, and is wrong
    (
        "maximum(norm(rsqrt(maximum(clamp(x, -1, 1), where(x <= 2, s*[1, 1], x))), inf), dot(x - y, x))",
        {"x": "[0.25, 1]", "y": "[0.5, 0]", "s": "1"},
        {"x": 0.0, "s": -0.5},  # it is s**-0.5 all around
    ),
    ("norm([max(s, t), s], inf) - max(s, t)", {"s": "2", "t": "2"}, {"s": 0.0, "t": 0.0}),
    ("amax(abs([x, max(x, y)])) - abs(max(x, y))", {"x": "3", "y": "3"}, {"x": 0.0, "y": 0.0}),
    ("max(v) - max([v[0], max(v)])", {"v": "[2, 2]"}, {"v": 0.0}),
)


@pytest.mark.parametrize(("text", "at", "slopes"), BLENDS)
def test_a_blend_of_branches_is_no_rounding(text: str, at: dict[str, str], slopes: dict[str, float]) -> None:
    """Where functions share a gradient in ties that meet: by hand, from what the function is around the point."""
    for name, slope in slopes.items():
        found = examine(text, at)[name]
        assert found.reason is not None
        assert (found.verdict, found.reason.code) == ("mismatch", "GC102")
        assert f"the slope is {slope:g}, but" in found.reason.message


ROUNDED = (
    # of a tie between what rounding leaves a part of: expression, point
    ("max(abs(x/x))*0.1", {"x": "[3, 7]"}),
    ("max(abs(x/x))*0.1 + 1e8", {"x": "[3, 7]"}),
    ("max(x*(1/x))*0.3", {"x": "[3, 7, 49]"}),
    ("maximum(x/x, (2*x)/(x + x))", {"x": "0.3"}),
    ("norm(x/x, inf)", {"x": "[3, 7]"}),
    ("abs(x - x/3*3)", {"x": "7"}),
    ("relu(x/7 - x/7) + max(x/x, 1)", {"x": "3"}),
    ("clamp(x/x, 0, 1)*0.7", {"x": "7"}),
    ("median(x/x)*0.1", {"x": "[3, 7, 11]"}),
)


@pytest.mark.parametrize(("text", "at"), ROUNDED)
def test_what_rounding_leaves_at_a_tie_is_no_convention(text: str, at: dict[str, str]) -> None:
    """A constant is verified whatever branch of a tie its gradient's residue comes through."""
    assert examine(text, at)["x"].verdict in {"verified", "kink"}


NEAR = {"x": "1.1", "y": "1.2100000000000002"}  # x*x is larger than y by 9e-18, which float64 does not tell


@pytest.mark.parametrize(
    "text",
    [
        "maximum(x*x, y)",
        "max([x*x, y])",
        "abs(x*x - y)",
        "relu(x*x - y)*1e10",
        "leaky_relu(x*x - y)",
        "norm([x*x - y, 0*x], inf)",
        "sort([x*x, y, x]).values[1]",
        "median([x*x, y, y])",
        "clamp(x*x, 0, y)",
        "where(x*x > y, x*x, y)",
    ],
)
def test_a_tie_that_rounding_makes_is_rounding(text: str) -> None:
    """There is none in truth; torch takes a part of either branch, which no operation is to blame for."""
    found = examine(text, NEAR)
    assert {name: each.verdict for name, each in found.items()} == {"x": "imprecise", "y": "imprecise"}
    assert {each.reason and each.reason.code for each in found.values()} == {"GC302"}


@pytest.mark.parametrize(("text", "at", "where"), ONE)
def test_the_operation_with_the_corner_is_named(text: str, at: dict[str, str], where: str) -> None:
    """And no other: a sum, a product or a smooth function beside it has none."""
    reason = examine(text, at)[next(reversed(at))].reason
    assert reason is not None
    assert (reason.expression, reason.others) == (where, ())


@pytest.mark.parametrize(("text", "at", "code", "where"), SEVERAL)
def test_where_corners_meet_all_are_named(text: str, at: dict[str, str], code: str, where: tuple[str, ...]) -> None:
    """In the order of the text, each once; a remedy replaces what holds them all, and is named in their place."""
    program, name = parse(text), next(reversed(at))
    proof = prove(program, {each: ast.literal_eval(value) for each, value in at.items()}, DTYPES["float64"])
    found = corner_steps(proof, name, 0, hidden=code == "GC102")
    assert tuple(dict.fromkeys(map(program.text, found))) == where
    reason = examine(text, at)[name].reason
    assert reason is not None
    assert reason.code == code
    assert reason.remedy or (reason.expression, *reason.others) == where


def test_only_the_corners_along_the_variable_count() -> None:
    """Each variable has its own."""
    found = {name: each.reason for name, each in examine("abs(x) + relu(y) + x*y", {"x": "0", "y": "0"}).items()}
    assert {name: each and each.expression for name, each in found.items()} == {"x": "abs(x)", "y": "relu(y)"}


def test_an_intermediate_with_a_corner_is_not_the_sum_beside_it() -> None:
    """Nothing is proven beside an intermediate, but the operation that chooses is known."""
    result = gradcalc("eval", "y = 2*x; abs(y) + y*y", "--x", "0", "--wrt", "y", "--no-symbolic")
    assert "abs(y) may not be differentiable at y = 0" in result.out


def test_all_names_stand_behind_where() -> None:
    """On one line."""
    result = gradcalc("eval", "abs(x) + x*x + relu(x)", "--x", "0", "--no-symbolic")
    assert "    where: abs(x) and relu(x)\n" in result.out


def test_components_share_what_is_found_beside_the_point() -> None:
    """NaN in each of n components: the slopes along each are taken once, and not n times."""
    text = "h = x*where(x > 0, 1, 0); sum(where(h > 0, sqrt(h), 2*h))"
    work = [partial(examine, text, {"x": str([-1.0 - i for i in range(n)])}) for n in (10, 20)]
    assert {find()["x"].verdict for find in work} == {"mismatch"}
    few, many = (counted(find)[0] for find in work)
    assert many < 2.5 * few
