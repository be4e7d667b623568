"""The text of a snippet: places in it, and bounds on it."""

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.run.source import MAX_DEPTH, MAX_LENGTH, MAX_NODES, Source

PLACES = [
    ("x = 1\ny = foo(x)\n", "foo(x)", 2),
    ("s = 'äöü'; y = foo(s)\n", "foo(s)", 1),
    ("x = 1\r\ny = foo(x)\r\n", "foo(x)", 2),
    ("x = 1\ry = foo(x)\r", "foo(x)", 2),
    ("x = 1\n\x0cy = foo(x)\n", "foo(x)", 2),
    ("s = '\u2028'\ny = foo(s)\n", "foo(s)", 2),
    ("y = foo(\n    1,\n)\n", "foo( 1, )", 1),
]


@pytest.mark.parametrize(("text", "code", "line"), PLACES)
def test_places_are_those_of_the_text(text: str, code: str, line: int) -> None:
    """In characters and not in bytes, on lines as Python counts them."""
    source = Source(text, "snippet")
    call = next(node for node in source.tree.body if "foo" in source.code(source.span(node)))
    span = source.span(call.value)  # type: ignore[attr-defined]
    assert (source.code(span), source.line(span)) == (code, line)


TOO_MUCH = [
    ("#" * (MAX_LENGTH + 1), "more than 400,000 characters"),
    ("0\n" * MAX_NODES, "more than 200,000 parts"),
    ("x = " + "-" * (MAX_DEPTH + 1) + "1", "nested more than 200 deep"),
    ("x = " + "+".join(["1"] * (MAX_DEPTH + 10)), "nested more than 200 deep"),
    ("x = " + "(" * 300 + "1" + ")" * 300, "too many nested parentheses"),
    ("x = " + "+".join(["1"] * 100_000), "nested too deep"),
    ("x = 1\0", "null bytes"),
    ("x = 1 +", "SyntaxError: invalid syntax"),
    ("if x:\npass", "IndentationError: expected an indented block"),
    ("x = 1 if", "line 1: SyntaxError"),
]


@pytest.mark.parametrize(("text", "words"), TOO_MUCH)
def test_what_is_no_snippet_is_refused(text: str, words: str) -> None:
    """Too long, too deep, or no Python at all; one clear error."""
    with pytest.raises(GradcalcError) as caught:
        Source(text, "snippet")
    assert words in caught.value.message


def test_sums_of_a_hundred_terms_are_no_problem() -> None:
    """People write long sums on one line."""
    Source("x = " + "+".join(["1"] * 100), "snippet")
