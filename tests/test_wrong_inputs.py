"""What a person reads who typed something that gradcalc cannot take: each text with its error, exactly."""

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.language.parser import parse

WRONG = [
    # The text as a whole.
    ("", "parse", "there is no expression", (0, 0), None),
    ("   ", "parse", "there is no expression", (0, 3), None),
    (";", "parse", "there is no expression", (0, 1), None),
    (
        "x**2; x**3",
        "parse",
        "the value of this statement is not used",
        (0, 4),
        "type y = ... to use it later; to go on in the next line, open a bracket",
    ),
    (
        "x**2\n+ 3*x",
        "parse",
        "the value of this statement is not used",
        (0, 4),
        "type y = ... to use it later; to go on in the next line, open a bracket",
    ),
    ("# a comment", "parse", "there is no expression", (10, 11), None),
    # Something is missing.
    ("2 +", "parse", "something is missing after +", (2, 3), None),
    ("x +\ny", "parse", "something is missing after +", (2, 3), "to go on in the next line, open a bracket"),
    ("* 2", "parse", "something is missing before *", (0, 1), None),
    ("x ** / 2", "parse", "something is missing between ** and /", (2, 6), None),
    ("x == = 3", "parse", "something is missing between == and =", (2, 6), None),
    ("sin(x, , y)", "parse", "something is missing before this comma", (7, 8), None),
    ("sin(, x)", "parse", "something is missing before this comma", (4, 5), None),
    ("sin(x", "parse", "this ( is never closed", (3, 4), "type sin(x)"),
    ("(x + 1))", "parse", "this ) closes no bracket", (7, 8), "without it type (x + 1)"),
    ("sin(x]", "parse", "this ] does not close a (", (5, 6), None),
    ("(x; y)", "parse", "this ( is never closed", (0, 1), None),
    ("()", "parse", "there is nothing between these brackets", (0, 2), None),
    ("2*()", "parse", "there is nothing between these brackets", (2, 4), None),
    ("x.", "parse", "a name is missing after this point", (1, 2), None),
    ("y =", "parse", "y is given no value", (2, 3), None),
    ("x if x > 0", "parse", "this if has no else", (2, 4), "type a if condition else b"),
    ("x else y", "parse", "this else has no if", (2, 6), "type a if condition else b"),
    ("if x > 0: x", "parse", "if is not part of the language", (0, 2), "type a if condition else b"),
    ("log(x, base=)", "parse", "something is missing after =", (11, 12), None),
    # Operators of other languages.
    ("x // 2", "parse", "// is not part of the language", (0, 6), "type floor(x / 2)"),
    ("(x+1)//y", "parse", "// is not part of the language", (0, 8), "type floor((x+1) / y)"),
    ("x %% 2", "parse", "%% is not an operator", (2, 4), "type x % 2"),
    ("x <> 2", "parse", "<> is not an operator", (2, 4), "type !="),
    ("x =< 2", "parse", "=< is not an operator", (2, 4), "type <="),
    ("x => 2", "parse", "=> is not an operator", (2, 4), "type >="),
    ("x === 2", "parse", "=== is not an operator", (2, 5), "type =="),
    ("x && y", "parse", "&& is not an operator", (2, 4), "type and"),
    ("x || y", "parse", "|| is not an operator", (2, 4), "type or; the absolute value is abs(x)"),
    ("x!", "parse", "! is not an operator", (0, 2), "type factorial(x)"),
    ("(x+1)!", "parse", "! is not an operator", (0, 6), "type factorial(x+1)"),
    ("!x", "parse", "! is not an operator", (0, 1), "type not"),
    ("x += 1", "parse", "+= is not an operator", (2, 4), "type x = x + ..."),
    ("x << 2", "parse", "<< is not an operator", (2, 4), "type x*2**n"),
    (
        "x := 2",
        "parse",
        ":= is not an operator",
        (2, 4),
        "give a name its value in a statement of its own: y = ...; ...",
    ),
    ("x -> y", "parse", "-> is not an operator", (2, 4), None),
    ("x ? y", "parse", "? is not part of the language", (2, 3), None),
    ("x ? y : z", "parse", "? is not an operator", (0, 9), "type y if x else z"),
    ("where(x not in y, 1, 2)", "parse", "an operator is missing between x and not", (6, 11), None),
    (
        "where(x > 0 & y > 0, x, y)",
        "parse",
        "& joins conditions, and this is a number",
        (10, 11),
        "& binds tighter than a comparison: type (x > 0) & (y > 0)",
    ),
    (
        "where(x > 0 | y > 0, x, y)",
        "parse",
        "| joins conditions, and this is a number",
        (10, 11),
        "| binds tighter than a comparison: type (x > 0) | (y > 0)",
    ),
    ("2 + not x", "parse", "not cannot follow +", (4, 7), "type (not ...)"),
    # Products without a sign.
    ("1/2x", "parse", "1/2x can be read in two ways", (0, 4), "type (1/2)*x or 1/(2*x)"),
    ("x^2y", "parse", "x^2y can be read in two ways", (0, 4), "type x^2*y or x^(2*y)"),
    ("a/(b)c", "parse", "a/(b)c can be read in two ways", (0, 6), "type (a/(b))*c or a/((b)*c)"),
    ("1/2(x+1)", "parse", "1/2(x+1) can be read in two ways", (0, 8), "type (1/2)*(x+1) or 1/(2*(x+1))"),
    ("2^-x(y+1)", "name", "x is not a function", (3, 4), "for a product type 2^-x*(y+1)"),
    (
        "1/sin(x)cos(x)",
        "parse",
        "1/sin(x)cos(x) can be read in two ways",
        (0, 14),
        "type (1/sin(x))*cos(x) or 1/(sin(x)*cos(x))",
    ),
    ("5 % 2x", "parse", "5 % 2x can be read in two ways", (0, 6), "type (5%2)*x or 5%(2*x)"),
    ("x(y+1)", "name", "x is not a function", (0, 1), "for a product type x*(y+1)"),
    ("x (y+1)", "name", "x is not a function", (0, 1), "for a product type x*(y+1)"),
    ("y = x + 1; y(x)", "name", "y is not a function", (11, 12), "for a product type y = x + 1; y*(x)"),
    ("pi(x+1)", "name", "pi is not a function", (0, 2), "for a product type pi*(x+1)"),
    ("lam(x)", "name", "there is no function lam", (0, 3), "gradcalc functions lists them; for a product type lam*(x)"),
    ("x y", "parse", "an operator is missing between x and y", (0, 3), "for a product type x*y"),
    ("x 2", "parse", "an operator is missing between x and 2", (0, 3), "for a product type x*2, for a power x**2"),
    ("3 4", "parse", "an operator is missing between 3 and 4", (0, 3), "for a product type 3*4, for a list [3, 4]"),
    (
        "(x+1)2",
        "parse",
        "an operator is missing between (x+1) and 2",
        (0, 6),
        "for a product type (x+1)*2, for a power (x+1)**2",
    ),
    ("sin x", "parse", "sin has its argument in brackets", (0, 5), "type sin(x)"),
    ("sin 2x", "parse", "sin has its argument in brackets", (0, 6), "type sin(2x)"),
    ("log 10", "parse", "log has its argument in brackets", (0, 6), "type log(10)"),
    (
        "tan^-1(x)",
        "parse",
        "a power of tan is written after its argument",
        (0, 9),
        "type atan(x) for the inverse function, 1/tan(x) for the reciprocal",
    ),
    (
        "sin^-1 x",
        "parse",
        "a power of sin is written after its argument",
        (0, 8),
        "type asin(x) for the inverse function, 1/sin(x) for the reciprocal",
    ),
    ("sin(x) y z", "parse", "an operator is missing between y and z", (7, 10), "for a product type sin(x) y*z"),
    # Commas, and the equals sign.
    (
        "3,5",
        "parse",
        "a comma separates arguments and the items of lists, and nothing else",
        (1, 2),
        "for a decimal number type 3.5; for a list type [3,5]; statements are separated by ;",
    ),
    (
        "x, y",
        "parse",
        "a comma separates arguments and the items of lists, and nothing else",
        (1, 2),
        "for a list type [x, y]; statements are separated by ;",
    ),
    (
        "sin((x, y))",
        "parse",
        "a comma separates arguments and the items of lists, and nothing else",
        (4, 10),
        "for a list type [x, y]",
    ),
    ("x == 3", "parse", "this is a condition, and a number is needed here", (0, 6), "type where(x == 3, 1, 0)"),
    ("x > 0", "parse", "this is a condition, and a number is needed here", (0, 5), "type where(x > 0, 1, 0)"),
    ("x = = 3", "parse", "this = is one too many", (4, 5), "to give a value type =, to compare =="),
    ("= 3", "parse", "a formula has no = before it", (0, 2), "type 3"),
    ("= = 3", "parse", "this = is one too many", (0, 1), "to give a value type =, to compare =="),
    ("2 = x", "parse", "only a name can be given a value", (0, 3), "to compare type =="),
    (
        "x + y = 3",
        "parse",
        "an equation is not differentiated, and not solved",
        (0, 9),
        "type the formula alone: x + y - 3",
    ),
    ("x + y =", "parse", "only a name can be given a value", (0, 7), "to compare type =="),
    ("x + y = z = 3", "parse", "an equation is not differentiated, and not solved", (0, 13), "type the formula alone"),
    (
        "y = x = 2",
        "parse",
        "this name cannot be given a value here",
        (4, 7),
        "to compare type ==; statements are separated by ;",
    ),
    # Numbers.
    ("1.2.3", "parse", "1.2.3 is not a number", (0, 5), None),
    ("1_", "parse", "1_ is not a number", (0, 2), "underscores stand between digits"),
    ("1__0", "parse", "1__0 is not a number", (0, 4), "underscores stand between digits"),
    ("0x1F", "parse", "0x is not part of the language", (0, 4), "type the number in decimal digits"),
    ("0b11", "parse", "0b is not part of the language", (0, 4), "type the number in decimal digits"),
    ("1e400", "limit", "1e400 is larger than any float64 number", (0, 5), "type inf, or up to 1.797e308"),
    ("1e-400", "limit", "1e-400 is smaller than any float64 number", (0, 6), "type 0, or down to 5e-324"),
    ("9**9**9**9", "limit", "this power is too large for float64", (3, 10), None),
    ("10**400", "limit", "this power is too large for float64", (0, 7), None),
    ("2**-99999999", "limit", "this power is too small for float64", (0, 12), None),
    # Conditions are not numbers, and numbers are not conditions.
    ("x*(x > 0)", "parse", "this is a condition, and a number is needed here", (3, 8), "type where(x > 0, 1, 0)"),
    ("sin(x > 0)", "parse", "this is a condition, and a number is needed here", (4, 9), "type where(x > 0, 1, 0)"),
    ("where(x - 1, 1, 2)", "parse", "this is a number, and a condition is needed here", (6, 11), "type (x - 1) != 0"),
    ("x and y", "parse", "this is a condition, and a number is needed here", (0, 7), "type where(x and y, 1, 0)"),
    ("not x", "parse", "this is a condition, and a number is needed here", (0, 5), "type where(not x, 1, 0)"),
    ("~x", "parse", "this is a condition, and a number is needed here", (0, 2), "type where(~x, 1, 0)"),
    ("None", "parse", "None is not a number", (0, 4), None),
    # Names that are not functions, or have no meaning here.
    ("sinn(x)", "name", "there is no function sinn", (0, 4), "did you mean sin, sinh or sinc?"),
    ("torch.sinn(x)", "name", "there is no function sinn", (6, 10), "did you mean sin, sinh or sinc?"),
    ("np.linalg.foo(x)", "name", "there is no function foo", (10, 13), None),
    ("x.logg()", "name", "there is no function logg", (2, 6), "did you mean log or log2?"),
    ("wofz(x)", "name", "torch cannot differentiate wofz", (0, 4), "torch does not have the Faddeeva function"),
    (
        "torch.special.spherical_bessel_j0(x)",
        "name",
        "torch cannot differentiate spherical_bessel_j0",
        (14, 33),
        "torch.special.spherical_bessel_j0 has no derivative",
    ),
    (
        '__import__("os")',
        "name",
        "there is no function __import__",
        (0, 10),
        'gradcalc functions lists them; for a product type __import__*("os")',
    ),
    ("x.grad", "name", "the gradient is what gradcalc prints", (2, 6), "leave .grad away"),
    ("x.item()", "name", "a value is a number already", (2, 6), "leave .item() away"),
    (
        "x.detach()",
        "name",
        "no part of an expression can be detached",
        (2, 8),
        "give its value as a variable, and leave it out of --wrt",
    ),
    ("y.backward()", "name", "gradcalc calls backward itself", (2, 10), "leave .backward() away"),
    ("x.__class__", "name", "a number has no attribute __class__", (2, 11), None),
    ("x.sin", "name", "a number has no attribute sin", (2, 5), "type x.sin()"),
    ("torch.sin", "name", "sin is a function", (0, 9), "type torch.sin(...)"),
    ("math.phi", "name", "there is no constant math.phi", (0, 8), None),
    # Arguments.
    ("sin()", "argument", "x of sin is missing", (0, 5), "type sin(x)"),
    ("sin(x, y)", "argument", "sin does not take 2 arguments", (7, 8), "type sin(x)"),
    ("atan2(y)", "argument", "x of atan2 is missing", (0, 8), "type atan2(y, x)"),
    ("log(x, 2, 3)", "argument", "log does not take 3 arguments", (0, 12), "type log(x) or log(x, base)"),
    (
        "clamp()",
        "argument",
        "x of clamp is missing",
        (0, 7),
        "type clamp(x, min, max) or clamp(x, min) or clamp(x, max)",
    ),
    (
        "clamp(1, 2, 3, 4)",
        "argument",
        "clamp does not take 4 arguments",
        (0, 17),
        "type clamp(x, min, max) or clamp(x, min) or clamp(x, max)",
    ),
    (
        "clamp(x)",
        "argument",
        "clamp does not take these arguments",
        (0, 8),
        "type clamp(x, min, max) or clamp(x, min) or clamp(x, max)",
    ),
    (
        "leaky_relu(x, 1, 2)",
        "argument",
        "leaky_relu does not take 3 arguments",
        (17, 18),
        "type leaky_relu(x, negative_slope=0.01)",
    ),
    (
        "div(x, y, rounding_mode='up')",
        "argument",
        "div does not take these arguments",
        (0, 29),
        'type div(x, y) or div(x, y, rounding_mode="floor") or div(x, y, rounding_mode="trunc")',
    ),
    ("max()", "argument", "x of max is missing", (0, 5), "type max(x, y) or max(x) or max(x, dim, keepdim=False)"),
    ("sin(y=x)", "argument", "sin has no argument y", (4, 5), "type sin(x)"),
    (
        "leaky_relu(x, negative_slop=0.1)",
        "argument",
        "leaky_relu has no argument negative_slop",
        (14, 27),
        "type negative_slope=...",
    ),
    (
        "leaky_relu(x, y)",
        "argument",
        "negative_slope of leaky_relu must be a constant",
        (14, 15),
        "torch takes a number there and does not differentiate it",
    ),
    (
        "leaky_relu(x, negative_slope=0.1, negative_slope=0.2)",
        "argument",
        "negative_slope of leaky_relu is given twice",
        (34, 48),
        None,
    ),
    (
        "leaky_relu(negative_slope=0.1, x)",
        "parse",
        "an argument without a name follows one that has a name",
        (31, 32),
        None,
    ),
    (
        'gelu(x, approximate="exact")',
        "argument",
        "approximate of gelu has no such value",
        (20, 27),
        'type approximate="none" or approximate="tanh"',
    ),
    ('gelu(x, approx="tanh")', "argument", "gelu has no argument approx", (8, 14), "type approximate=..."),
    ('sin("x")', "argument", "x of sin is a number", (4, 7), None),
    ("sin(*x)", "parse", "star arguments are not part of the language", (4, 5), None),
    ("sin(**x)", "parse", "star arguments are not part of the language", (4, 6), None),
    # Lists.
    ("[]", "parse", "a list has at least one item", (0, 2), None),
    ("[[1], []]", "parse", "a list has at least one item", (6, 8), None),
    ("[1,,2]", "parse", "something is missing before this comma", (3, 4), None),
    ("[,]", "parse", "something is missing before this comma", (1, 2), None),
    ("[/ 2]", "parse", "something is missing before /", (1, 2), None),
    ("[1, 2", "parse", "this [ is never closed", (0, 1), "type [1, 2]"),
    ("[1, 2)", "parse", "this ) does not close a [", (5, 6), None),
    ("[1 2]", "parse", "an operator is missing between 1 and 2", (1, 4), "for two items of the list type [1, 2]"),
    (
        "[[1, 2]\n [3, 4]]",
        "parse",
        "an operator is missing between [1, 2] and [3, 4]",
        (1, 15),
        "for two items of the list type [[1, 2], [3, 4]]",
    ),
    (
        "[[1, 2], [3]]",
        "shape",
        "this item of a list has shape (1), and an earlier one has shape (2)",
        (9, 12),
        "the items of a list have one shape",
    ),
    (
        "[[x, 2], [3, 4], 5]",
        "shape",
        "this item of a list is a number, and an earlier one has shape (2)",
        (17, 18),
        "the items of a list have one shape",
    ),
    (
        "[1, x, [2]]",
        "shape",
        "this item of a list has shape (1), and an earlier one is a number",
        (7, 10),
        "the items of a list have one shape",
    ),
    (
        "[x > 0, 1]",
        "parse",
        "this is a condition, and a number is needed here",
        (1, 6),
        "type where(x > 0, 1, 0)",
    ),
    ("['a']", "parse", "'a' is not a number", (1, 4), None),
    (
        "[x=1]",
        "parse",
        "this name cannot be given a value here",
        (1, 3),
        "to compare type ==; statements are separated by ;",
    ),
    ("[*x]", "parse", "star arguments are not part of the language", (1, 2), None),
    ("[x for x in y]", "parse", "a loop runs over numbers that the text fixes", (0, 14), "type for i in range(3)"),
    ("[" * 9 + "1" + "]" * 9, "limit", "lists are nested more than 8 deep", (8, 9), None),
    ("2[1, 2]", "parse", "an operator is missing between 2 and [1, 2]", (0, 7), "for a product type 2*[1, 2]"),
    ("[1, 2]x", "parse", "an operator is missing between [1, 2] and x", (0, 7), "for a product type [1, 2]*x"),
    ("[1, 2](x)", "parse", "an operator is missing between [1, 2] and (x)", (0, 9), "for a product type [1, 2]*(x)"),
    ("norm [1, 2]", "parse", "norm has its argument in brackets", (0, 11), "type norm([1, 2])"),
    # What is not in the language.
    ("{x}", "parse", "braces are not part of the language", (0, 3), "type (x)"),
    ("x^{2}", "parse", "braces are not part of the language", (2, 5), "type x^(2)"),
    ('"x"', "parse", '"x" is not a number', (0, 3), None),
    ('f"{x}"', "parse", "text is not part of the language", (1, 6), None),
    ("sum(x for x in y)", "parse", "a loop runs over numbers that the text fixes", (3, 17), "type for i in range(3)"),
    (
        "lambda x: x**2",
        "parse",
        "a formula does not say what it is a function of",
        (0, 10),
        "type the formula itself: x**2",
    ),
    ("import math", "parse", "import is not part of the language", (0, 6), "functions need no import"),
    ("from math import sin", "parse", "from is not part of the language", (0, 4), "functions need no import"),
    ("def f(x): return x", "parse", "def is not part of the language", (0, 3), "type the formula itself"),
    ("for i in x", "parse", "for is not part of the language", (0, 3), "type the terms one by one"),
    ("print(x)", "name", "gradcalc itself prints the result", (0, 5), "type the formula alone"),
    # Characters.
    (
        "“tanh”",
        "parse",
        "“ (U+201C, left double quotation mark) is not part of the language",
        (0, 1),
        "without such marks type tanh",
    ),
    ("½x", "parse", "½ (U+00BD, vulgar fraction one half) is not part of the language", (0, 1), "type (1/2)x"),
    ("٣x", "parse", "٣ (U+0663, arabic-indic digit three) is not part of the language", (0, 1), "type 3x"),
    ("(x＋1)", "parse", "＋ (U+FF0B, fullwidth plus sign) is not part of the language", (2, 3), "type (x+1)"),
    ("5₁ + 1", "parse", "₁ (U+2081, subscript one) is not part of the language", (1, 2), "type 1"),
    ("\\frac{1}{x}", "parse", "\\ is not part of the language", (0, 1), "in place of LaTeX type 1/x"),
    ("$x$", "parse", "$ is not part of the language", (0, 1), "in place of LaTeX type x"),
    ("x ≤ 1", "parse", "this is a condition, and a number is needed here", (0, 5), "type where(x <= 1, 1, 0)"),
    ("x + '", "parse", "this quotation mark has no partner", (4, 5), None),
    ("x'", "parse", "a quotation mark is no transpose", (0, 2), "for a transpose type x.T"),
    ("x\x00", "parse", "the character U+0000 is a control character", (1, 2), "delete it"),
    ("x\ud800", "parse", "the character U+D800 is half of a surrogate pair", (1, 2), "delete it"),
    ("x\u202ey", "parse", "the character U+202E (right-to-left override) is invisible", (1, 2), "delete it"),
    ("x\u200b+1", "parse", "the character U+200B (zero width space) is invisible", (1, 2), "delete it"),
    ("x\u2028y", "parse", "the character U+2028 (line separator) is not a line break here", (1, 2), "delete it"),
]
"""Text, kind, message, span and hint."""


@pytest.mark.parametrize(("text", "kind", "message", "span", "hint"), WRONG, ids=[ascii(row[0]) for row in WRONG])
def test_says_what_is_wrong_and_what_to_type(
    text: str, kind: str, message: str, span: tuple[int, int], hint: str | None
) -> None:
    """A wrong text is one error: what is wrong, where in the text, and what to type instead."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    error = caught.value
    assert (error.kind, error.message, error.hint) == (kind, message, hint)
    assert error.span is not None
    assert (error.span.start, error.span.end) == span
    assert error.source == text


def test_no_text_is_tried_twice() -> None:
    """Each row of the table is another text."""
    assert len({text for text, *_ in WRONG}) == len(WRONG)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("f(x)", "for a product type f*(x)"),
        ("sinn*sinn(x)", "for a product type sinn*sinn*(x)"),
        ("e(x)", "for a product type e*(x)"),
    ],
)
def test_a_name_that_is_a_variable_elsewhere_is_not_a_function_misspelt(text: str, hint: str) -> None:
    """A single letter, a constant, or a name that is also a variable is read as a product, not as a typing error."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    assert caught.value.hint == hint


def test_given_names_are_variables() -> None:
    """A name that has a value is a variable in the error too."""
    with pytest.raises(GradcalcError, match="sinn is not a function"):
        parse("sinn(x)", given=["sinn"])


@pytest.mark.parametrize("text", ["x" * 15_000 + "(y)", "(" + "x < " * 4_000 + "1)*2", "2*" + "3" * 900 + "e999"])
def test_messages_quote_only_a_little(text: str) -> None:
    """However long the text is, what an error says of it stays short."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    assert len(caught.value.message) < 200
    assert len(caught.value.hint or "") < 200
