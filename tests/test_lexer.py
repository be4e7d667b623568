"""The lexer: words, numbers, names, and characters that a text may not hold."""

from fractions import Fraction

import pytest

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.lexer import Token, number_value, tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5x^3", [("number", "5"), ("name", "x"), ("operator", "**"), ("number", "3")]),
        ("x2y", [("name", "x2y")]),
        ("2e3x", [("number", "2e3"), ("name", "x")]),
        ("2e", [("number", "2"), ("name", "e")]),
        ("2e-x", [("number", "2"), ("name", "e"), ("operator", "-"), ("name", "x")]),
        ("5j", [("number", "5"), ("name", "j")]),
        ("1_000.5", [("number", "1_000.5")]),
        (".5", [("number", ".5")]),
        ("0x", [("number", "0"), ("name", "x")]),
        ("a<=b", [("name", "a"), ("operator", "<="), ("name", "b")]),
        ("a if b", [("name", "a"), ("keyword", "if"), ("name", "b")]),
        ("lambda from is", [("name", "lambda"), ("name", "from"), ("name", "is")]),
        ("f('a')", [("name", "f"), ("open", "("), ("string", "'a'"), ("close", ")")]),
        ("x;y\r\nz", [("name", "x"), ("separator", ";"), ("name", "y"), ("separator", "\r\n"), ("name", "z")]),
        ("größe*π", [("name", "größe"), ("operator", "*"), ("name", "π")]),
        ("温度", [("name", "温度")]),
        ("x\N{NO-BREAK SPACE}y", [("name", "x"), ("name", "y")]),
    ],
)
def test_words(text: str, words: list[tuple[str, str]]) -> None:
    """A text is cut into words of these kinds; spaces fall away."""
    assert [(token.kind, token.text) for token in tokenize(text)] == words


@pytest.mark.parametrize(
    "name",
    ["\N{MICRO SIGN}", "\N{FULLWIDTH LATIN SMALL LETTER X}", "e\N{COMBINING ACUTE ACCENT}t", "\N{PLANCK CONSTANT}"],
)
def test_names_that_look_alike_are_one_name(name: str) -> None:
    """A name is taken in normal form, and its token still covers what was written."""
    (token,) = tokenize(name)
    assert (token.text, token.span) == (_NORMAL[name], Span(0, len(name)))


_NORMAL = {
    "\N{MICRO SIGN}": "\N{GREEK SMALL LETTER MU}",
    "\N{FULLWIDTH LATIN SMALL LETTER X}": "x",
    "e\N{COMBINING ACUTE ACCENT}t": "\N{LATIN SMALL LETTER E WITH ACUTE}t",
    "\N{PLANCK CONSTANT}": "h",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1_000", Fraction(1000)),
        ("012", Fraction(12)),
        ("5.", Fraction(5)),
        (".25", Fraction(1, 4)),
        ("1e-3", Fraction(1, 1000)),
        ("2.5E+2", Fraction(250)),
        ("1e308", Fraction(10**308)),
        ("5e-324", Fraction(5, 10**324)),
        ("0e999999999999", Fraction(0)),
        ("0." + "0" * 500 + "1e500", Fraction(1, 10)),
        ("1.7976931348623157e308", Fraction(17976931348623157 * 10**292)),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction) -> None:
    """A number is the fraction that its digits mean, not the nearest float."""
    (token,) = tokenize(text)
    assert number_value(token, text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.7976931348623159e308", "1.7976931348623159e308 is larger than any float64 number"),
        ("1e99999999999999999999", "1e99999999999999999999 is larger than any float64 number"),
        ("2e-324", "2e-324 is smaller than any float64 number"),
        ("1e-99999999999999999999", "1e-99999999999999999999 is smaller than any float64 number"),
        ("1" * 1001, "a number may have 1,000 characters"),
    ],
)
def test_numbers_beyond_float64_are_refused(text: str, message: str) -> None:
    """A number that float64 would turn into infinity or zero is an error, found without computing it."""
    (token,) = tokenize(text)
    with pytest.raises(GradcalcError) as caught:
        number_value(token, text)
    assert (caught.value.kind, caught.value.message) == ("limit", message)


def test_a_text_has_a_longest_length() -> None:
    """The length is checked before anything else, and is in the message."""
    assert tokenize(" " * 20_000) == ()
    with pytest.raises(GradcalcError, match="the text has 20,001 characters, and 20,000 is the limit"):
        tokenize("x" * 20_001)


def test_a_name_has_a_longest_length() -> None:
    """A name of a hundred letters passes, a longer one does not."""
    assert tokenize("x" * 100) == (Token("name", "x" * 100, 0, 100),)
    with pytest.raises(GradcalcError, match="a name may have 100 characters"):
        tokenize("x" * 101)
