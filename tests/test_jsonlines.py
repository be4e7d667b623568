"""JSON Lines: what a line states, and what is said of a line that states nothing."""

import io
import json
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.compute.problem import Options, Problem
from autogradcli.language.program import Constant
from autogradcli.problems import jsonlines
from autogradcli.problems.jsonlines import EXPECTED, KEYS, LIST, OF_FORMULAS, BadLine, read_lines, read_problem

SETTINGS = Options(rtol=1e-3, symbolic=False, timeout=3.0)


def problem(line: str) -> Problem:
    """The problem that a line states."""
    found = read_problem(line.encode(), SETTINGS)
    assert isinstance(found, Problem)
    return found


def test_a_line_with_everything() -> None:
    """What a line says goes before what the options say."""
    found = problem(
        '{"id": [7, null], "expression": "z = x*y; w = z**2", "at": {"x": 0.1, "y": "pi/4"}, "wrt": ["y"],'
        ' "of": "z", "dtype": "float32", "rtol": 0, "atol": 1e-5}'
    )
    assert found.id == [7, None]
    assert found.program.output_name == "z"
    assert found.at["x"].steps[0] == Constant(Fraction(0.1), found.at["x"].steps[0].span)
    assert found.at["y"].source == "pi/4"
    assert (found.wrt, found.options.dtype, found.options.rtol, found.options.atol) == (("y",), "float32", 0.0, 1e-5)
    assert (found.options.symbolic, found.options.timeout) == (False, 3.0)


def test_a_mark_at_the_start_is_no_part_of_the_line() -> None:
    """Some editors begin a file with U+FEFF."""
    found = read_problem('\ufeff{"expression": "x", "at": {"x": 1}}'.encode(), Options())
    assert isinstance(found, Problem)


def test_a_line_with_the_least() -> None:
    """An expression without variables needs nothing else; null is as good as nothing."""
    found = problem('{"expression": "2 + 3", "id": null, "of": null, "dtype": null, "rtol": null}')
    assert (found.id, found.at, found.wrt) == (None, {}, ())
    assert (found.options.dtype, found.options.rtol) == ("float64", 1e-3)


@pytest.mark.parametrize(
    "number", ["2", "-2", "1e-320", "-0.0", "0.1", "12345678901234567890", "1.7976931348623157e308"]
)
def test_numbers_are_the_doubles_that_json_means(number: str) -> None:
    """A JSON number is the nearest double, sign of zero and all."""
    value = problem(f'{{"expression": "x", "at": {{"x": {number}}}}}').at["x"]
    constant = value.steps[0]
    assert isinstance(constant, Constant)
    assert isinstance(constant.value, Fraction)
    negative = number.startswith("-") and len(value.steps) > 1
    assert math.copysign(1, float(value.source)) == math.copysign(1, float(number))
    assert (-1 if negative else 1) * constant.value == Fraction(float(number))


WRONG = [
    # The line.
    ("x**2", "parse", "the line is not JSON: Expecting value at character 1", OF_FORMULAS),
    ('{"expression": "x"', "parse", "the line is not JSON: Expecting ',' delimiter at character 19", EXPECTED),
    ('{"expression": "x"} {}', "parse", "the line is not JSON: Extra data at character 21", EXPECTED),
    ("[1, 2]", "parse", "the line is not a JSON object", EXPECTED),
    ("null", "parse", "the line is not a JSON object", EXPECTED),
    ('[{"expression": "x"}]', "parse", "the line is not a JSON object", LIST),
    (
        "{",
        "parse",
        "the line is not JSON: Expecting property name enclosed in double quotes at character 2",
        "an object stands on one line: jq -c . FILE writes it so",
    ),
    ("[", "parse", "the line is not JSON: Expecting value at character 2", LIST),
    ("[" * 100_000, "limit", "the line is nested too deep", None),
    ('{"id": 1, "id": 2, "expression": "x"}', "parse", '"id" stands twice in one object', None),
    ('{"expression": "x", "at": {"x": 1, "x": 2}}', "parse", '"x" stands twice in one object', None),
    ('{"expression": "x", "at": {"x": NaN}}', "value", "NaN is not JSON", 'type "nan", in quotes'),
    ('{"expression": "x", "at": {"x": -Infinity}}', "value", "-Infinity is not JSON", 'type "-inf", in quotes'),
    ('{"id": 1' + "0" * 5000 + "}", "limit", "an integer has more than 4,000 digits", None),
    # The keys.
    ("{}", "usage", 'the line has no "expression"', None),
    ('{"expresion": "x"}', "usage", 'there is no key "expresion"', "did you mean expression?"),
    (
        '{"expression": "x", "units": 1}',
        "usage",
        'there is no key "units"',
        f"the keys are {', '.join(KEYS)}",
    ),
    ('{"expression": 2}', "usage", '"expression" must be text, and is a number', None),
    ('{"expression": null}', "usage", '"expression" must be text, and is null', None),
    ('{"expression": "x", "at": [1]}', "usage", '"at" must be an object, and is a list', 'type "at": {"x": 2}'),
    ('{"expression": "x", "wrt": [1]}', "usage", '"wrt" must be a list of names', 'type "wrt": ["x"]'),
    ('{"expression": "x", "of": {}}', "usage", '"of" must be text, and is an object', None),
    (
        '{"expression": "x", "at": {"x": 1}, "dtype": "float65"}',
        "usage",
        "there is no dtype float65",
        "did you mean float64?",
    ),
    ('{"expression": "x", "at": {"x": 1}, "rtol": -1}', "usage", '"rtol" must be 0 or more, and is -1', None),
    ('{"expression": "x", "at": {"x": 1}, "atol": "1"}', "value", '"atol" must be a number, and is text', None),
    # The point.
    ('{"expression": "x + y"}', "value", "x and y have no values", 'type "at": {"x": NUMBER, "y": NUMBER}'),
    ('{"expression": "xx", "at": {"x": 1}}', "value", '"x" in "at" is not a variable', 'did you mean "xx" in "at"?'),
    (
        '{"expression": "x", "at": {"x": "y"}}',
        "value",
        ('"x" in "at": a value is a constant expression, and y is a variable'),
        "type a number, such as 2 or pi/4",
    ),
    ('{"expression": "x", "at": {"x": "2+"}}', "value", '"x" in "at": something is missing after +', None),
    ('{"expression": "x", "at": {"x": true}}', "value", '"x" in "at" must be a number, and is true or false', None),
    ('{"expression": "x", "at": {"x": null}}', "value", '"x" in "at" must be a number, and is null', None),
    ('{"expression": "x", "at": {"x": 1e400}}', "value", '"x" in "at" is beyond the largest double, 1.8e308', None),
    (
        '{"expression": "x", "at": {"x": 1' + "0" * 400 + "}}",
        "value",
        '"x" in "at" is beyond the largest double, 1.8e308',
        None,
    ),
    (
        '{"expression": "x", "at": {"x": 1}, "wrt": ["y"]}',
        "value",
        '"wrt": there is no variable y',
        "the variable is x",
    ),
    # The expression.
    ('{"expression": "2 +", "at": {}}', "parse", "something is missing after +", None),
]


@pytest.mark.parametrize(("line", "kind", "message", "hint"), WRONG, ids=[line[:60] for line, *_ in WRONG])
def test_wrong_lines(line: str, kind: str, message: str, hint: str | None) -> None:
    """Every wrong line is a failure with one exact error."""
    found = read_problem(line.encode(), SETTINGS)
    assert isinstance(found, BadLine)
    assert (found.error.kind, found.error.message, found.error.hint) == (kind, message, hint)


def test_a_failure_keeps_what_could_be_read() -> None:
    """The id comes back even if nothing else makes sense."""
    found = read_problem(b'{"id": {"a": 1}, "expression": 5}', SETTINGS)
    assert isinstance(found, BadLine)
    assert (found.id, found.expression) == ({"a": 1}, 5)


def test_bytes_that_are_no_text() -> None:
    """Invalid UTF-8 is named by its place."""
    found = read_problem(b'{"expression": "\xff"}', SETTINGS)
    assert isinstance(found, BadLine)
    assert found.error.message == "the line is not UTF-8: byte 17 is 0xff"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["expression", "at", "wrt", "x"]), inner)
    ),
)


@pytest.mark.campaign
@given(JSON | st.fixed_dictionaries({"expression": st.just("x"), "at": st.fixed_dictionaries({"x": JSON})}))
def test_any_json_is_a_problem_or_a_failure(value: Any) -> None:
    """Nothing that JSON can say raises."""
    assert isinstance(read_problem(json.dumps(value).encode(), SETTINGS), Problem | BadLine)


@given(st.binary())
def test_any_bytes_are_a_problem_or_a_failure(line: bytes) -> None:
    """Nothing at all raises."""
    assert isinstance(read_problem(line, SETTINGS), Problem | BadLine)


def test_blank_lines_are_skipped() -> None:
    """Lines come without a need for a last line break; blank ones do not come."""
    assert list(read_lines(io.BytesIO(b"a\n\n  \r\nb\r\nc"))) == [b"a\n", b"b\r\n", b"c"]


def test_an_endless_line_is_cut_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line beyond the limit is never held in memory, and the next one is read as if nothing had been."""
    monkeypatch.setattr(jsonlines, "MAX_LINE", 1_000)
    first, second = read_lines(io.BytesIO(b"x" * 3_000 + b"\nnext\n"))
    assert (len(first), second) == (1_001, b"next\n")
    found = read_problem(first, SETTINGS)
    assert isinstance(found, BadLine)
    assert found.error.message == "the line is longer than 1,000 bytes"


def test_a_line_of_the_longest_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of exactly the limit is read whole."""
    monkeypatch.setattr(jsonlines, "MAX_LINE", 1_000)
    line = b'{"expression": "x"}'.ljust(999) + b"\n"
    assert list(read_lines(io.BytesIO(line + b"y\n"))) == [line, b"y\n"]
