"""Notes: what a reader should know beside the numbers."""

import warnings

import pytest

from autogradcli.compute.compute import compute
from autogradcli.engines.torch.state import recorded, sentences
from autogradcli.language.doubtful import doubtful_powers
from tests.command import gradcalc
from tests.helpers import problem

DOUBTFUL = [
    ("x^1/2", "x^1/2 is read as (x^1)/2; for a power with a fraction type x^(1/2)"),
    ("x**1/2 + y", "x**1/2 is read as (x**1)/2; for a power with a fraction type x**(1/2)"),
    ("2x^-1/3", "x^-1/3 is read as (x^-1)/3; for a power with a fraction type x^(-1/3)"),
    ("x**-1/2", "x**-1/2 is read as (x**-1)/2; for a power with a fraction type x**(-1/2)"),
    ("e^-x^2/2", "e^-x^2/2 is read as (e^-x^2)/2; for a power with a fraction type e^(-x^2/2)"),
    ("A*e^-t/tau", "e^-t/tau is read as (e^-t)/tau; for a power with a fraction type e^(-t/tau)"),
    (
        "e^-(x-m)^2/(2s^2)",
        "e^-(x-m)^2/(2s^2) is read as (e^-(x-m)^2)/(2s^2); for a power with a fraction type e^(-(x-m)^2/(2s^2))",
    ),
    ("y = x^1/2; sin(y)^2", "x^1/2 is read as (x^1)/2; for a power with a fraction type x^(1/2)"),
    ("(x + 1)^1/2", "(x + 1)^1/2 is read as ((x + 1)^1)/2; for a power with a fraction type (x + 1)^(1/2)"),
]


@pytest.mark.parametrize(("text", "note"), DOUBTFUL)
def test_a_power_whose_exponent_was_perhaps_a_fraction(text: str, note: str) -> None:
    """It is computed as it is written, and what to type for the other reading is said."""
    assert list(doubtful_powers(text)) == [note]


@pytest.mark.parametrize(
    "text",
    [
        "x^2/2",
        "x^3/3",
        "x^(1/2)",
        "x**-2/3",
        "x^10/2",
        "x**-x/2",
        "e^x/2",
        "x^1",
        "x^-1",
        "x - 1/2",
        "x^1*y/2",
        "x/2^1",
    ],
)
def test_powers_that_mean_what_they_say(text: str) -> None:
    """Half of a square is written so; who writes ** knows what it binds."""
    assert list(doubtful_powers(text)) == []


def test_who_tells_of_a_doubtful_power() -> None:
    """Every command, once, and no format that holds numbers alone."""
    note = "note: x^1/2 is read as (x^1)/2; for a power with a fraction type x^(1/2)"
    assert gradcalc("eval", "x^1/2", "--x", "4", "--no-symbolic").out.splitlines()[-1] == note
    assert gradcalc("diff", "x^1/2").err.splitlines() == [note]


BROADCASTS = [
    (
        "sum(x - y)",
        "[1, 2, 3, 4]",
        "[[1], [2], [3], [4]]",
        "x of shape (4) and y of shape (4, 1) are broadcast to (4, 4)",
    ),
    ("sum((x + 1)*y)", "[[1, 2]]", "[[1], [2]]", "x + 1 of shape (1, 2) and y of shape (2, 1) are broadcast to (2, 2)"),
    ("sum(maximum(x, y))", "[1, 2]", "[[3], [4]]", "x of shape (2) and y of shape (2, 1) are broadcast to (2, 2)"),
]


@pytest.mark.parametrize(("text", "x", "y", "note"), BROADCASTS)
def test_broadcasting_that_was_hardly_meant(text: str, x: str, y: str, note: str) -> None:
    """The texts, their shapes, and the operation."""
    (found,) = compute(problem(text, {"x": x, "y": y})).notes
    assert found.startswith(note)


MEANT = [
    ("sum(x - y)", "[1, 2]", "3"),
    ("sum(x - y)", "[1, 2]", "[[1, 2], [3, 4]]"),
    ("sum(x - y)", "[1]", "[1, 2]"),
    ("sum(where(x > y, x, y))", "[1, 2]", "[2, 1]"),
    ("dot(x, y)", "[1, 2]", "[2, 1]"),
]


@pytest.mark.parametrize(("text", "x", "y"), MEANT)
def test_broadcasting_to_the_shape_of_an_operand(text: str, x: str, y: str) -> None:
    """Nobody need be told."""
    assert compute(problem(text, {"x": x, "y": y})).notes == ()


LOST = [
    ("70000", "float16", "x = 70000.0 is too large for float16, torch received inf"),
    ("-1e39", "float32", "x = -1e+39 is too large for float32, torch received -inf"),
    ("1e-9", "float16", "x = 1e-09 is too small for float16, torch received 0.0"),
    (
        "[1, 1e-50, 1e-60]",
        "float32",
        "x[1] = 1e-50 is too small for float32, torch received 0.0; 2 of its components are",
    ),
]


@pytest.mark.parametrize(("x", "dtype", "note"), LOST)
def test_numbers_that_the_dtype_does_not_hold(x: str, dtype: str, note: str) -> None:
    """What torch received instead; all that follows is about that."""
    found = compute(problem("sum(x)", {"x": x}, dtype)).notes
    assert found[0] == note


@pytest.mark.parametrize(
    ("x", "dtype"), [("0.1", "float16"), ("inf", "float64"), ("0", "float16"), ("1e-40", "float32")]
)
def test_numbers_that_are_only_rounded(x: str, dtype: str) -> None:
    """No note: the report shows what torch received."""
    assert not any("torch received" in note for note in compute(problem("x", {"x": x}, dtype)).notes)


def test_values_that_are_off() -> None:
    """Of a number, and of the first component of a tensor whose value is far from the truth."""
    (note,) = compute(problem("(1 + x) - 1", {"x": "1e-17"})).notes
    assert note == "the value itself is off: torch gives 0.0, the true value is 1e-17"


def test_what_torch_warns_of() -> None:
    """Each warning once, whether or not it was given before, and without the place in torch's source."""
    with recorded() as found:
        for where in ("an old way (Triggered internally at a.cpp:12.)", "an old way"):
            warnings.warn(where, stacklevel=1)
    assert sentences(found) == ("torch warns: an old way",)
    text = "mse_loss([x, 1], [[1], [2]])"
    for _ in range(2):
        (note,) = compute(problem(f"{text} + {text}", {"x": "2"})).notes
        assert note.startswith("torch warns: Using a target size (torch.Size([2, 1])) that is different")


@pytest.mark.parametrize(
    ("text", "at", "notes"),
    [
        ("x*floor(ndtr(y))", {"x": "1", "y": "150"}, ()),
        (
            "(1 + x) - 1",
            {"x": "1e-15"},
            ("the value itself is off: torch gives 1.1102230246251565e-15, the true value is 1e-15",),
        ),
    ],
)
def test_a_value_that_is_off(text: str, at: dict[str, str], notes: tuple[str, ...]) -> None:
    """It is said where it is proven, and not where the ball of the true value holds torch's."""
    assert compute(problem(text, at)).notes == notes


def test_a_long_chain_of_numbers() -> None:
    """What has no backward of a number says so, however long the number is in the making."""
    report = compute(problem("sum(1.0 for i in range(2000)) % (3 - 0.5) + 0*x", {"x": "1"}))
    assert any("of a number" in note for note in report.notes)
