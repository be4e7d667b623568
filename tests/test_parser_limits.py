"""Any text is a program or one error: large ones, random ones, and those at the limits."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autogradcli.errors import GradcalcError
from autogradcli.language import tree
from autogradcli.language.parser import parse, parse_formula
from autogradcli.language.program import Call, Program
from tests.helpers import counted

BIG = [
    "(" * 100_000,
    "(" * 19_000,
    "(" * 100 + "x" + ")" * 100,
    "9**9**9**9",
    "x**10**8",
    "x**10**-8",
    "+x" * 500_000,
    "+x" * 4_000,
    "-" * 100_000 + "x",
    "-" * 19_000 + "x",
    "x**" * 5_000 + "x",
    "not " * 4_000 + "x",
    "x if x > 0 else " * 1_000 + "x",
    "sin(" * 100 + "x" + ")" * 100,
    "f(" * 6_000,
    "x" + ".sin()" * 1_500,
    "x.a" * 6_000,
    "(x)" * 2_500,
    "x<" * 4_000 + "x",
    "y=x;" * 4_000 + "y",
    "max(" + "x," * 4_000 + "x)",
    "tau+" * 2_000 + "x",
    "elu(x)+" * 1_000 + "x",
    "--1" * 6_000,
    "|x" * 9_000,
    "[1," * 5_000,
    "'" * 19_999,
    "9_" * 9_999,
    "torch." * 3_000 + "sin(x)",
    "1" + "e9" * 5_000,
    "1.0000001**1e9",
    "\0",
    "\ud800",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
]


def outcome(text: str) -> Program | None:
    """The program of a text; None if the text is one error that points into it."""
    try:
        return parse(text)
    except GradcalcError as error:
        found = error
    assert found.source == text
    assert found.span is not None
    assert 0 <= found.span.start <= found.span.end <= len(text)
    assert found.draw()
    return None


@pytest.mark.parametrize("text", BIG, ids=[ascii(text[:20]) for text in BIG])
def test_large_and_strange_texts(text: str) -> None:
    """What could overflow a parser is a program or an error; the work grows with the length, not with its square."""
    count, _ = counted(lambda: outcome(text))
    assert count < 200 * len(text) + 10_000


@given(st.text(max_size=60))
@example("x\udfff")
@settings(max_examples=500)
def test_any_text(text: str) -> None:
    """Random text is a program or one error that points into it."""
    outcome(text)


WORDS = (
    "x", "y", "e", "pi", "tau", "2", "2.5", ".5", "1e3", "0x1", "1_", "sin", "max", "where", "log", "gelu", "F.", "np.",
    "(", "(", "(", ")", ")", ")", ",", "+", "-", "*", "/", "**", "^", "//", "%", "@", "=", "==", "<", ">=", "!=",
    "&", "|", "~", "!", ".", "and", "or", "not", "if", "else", "for", "in", "True", "None", "'a'", '"tanh"', ";", "\n",
    "[", "]", "{", "}", ":", ":=", "x=", "approximate=", "lambda", "is", "ä", "²", " ",
)  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(["", " "]))
@settings(max_examples=500)
def test_any_words(words: Sequence[str], space: str) -> None:
    """Words of the language in any order are a program or one error that points into them."""
    outcome(space.join(words))


def numbers(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of smaller ones, in all the notations there are."""
    simple = st.sampled_from(["x > 0", "0 < x <= y", "not x < y", "x > 1 and y > 1", "(x != 1) | ~(y == 2)"])
    return st.one_of(
        st.builds("({}){}({})".format, children, st.sampled_from(["+", " - ", "*", "/", "%", "**", "^", ""]), children),
        st.builds("{}{}".format, st.sampled_from(["-", "+", "2", "0.5 "]), children.map("({})".format)),
        st.builds("{}({})".format, st.sampled_from(["sin", "np.exp", "F.relu", "gelu", "elu"]), children),
        st.builds("({}).{}".format, children, st.sampled_from(["sin()", "pow(2)", "clamp(min=0)", "log(3)"])),
        st.builds("max({}, {},\n{})".format, children, children, children),
        st.builds("sum([{}, {}])".format, children, children),
        st.builds("where({}, {}, {})".format, simple, children, children),
        st.builds("({} if {} else {})".format, children, simple, children),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "größe", "lambda", "tau", "e", "3", "1e-3"]), numbers, max_leaves=12
)


@given(EXPRESSIONS)
@settings(max_examples=200)
def test_the_text_of_a_step_is_that_step(text: str) -> None:
    """The source of every call, parsed on its own, is a call of the same function."""
    program = outcome(text)
    assert program is not None
    for index, step in enumerate(program.steps):
        if isinstance(step, Call):
            alone = parse_formula(program.text(index), ())
            last = alone.steps[alone.output]
            assert isinstance(last, Call)
            assert last.function == step.function


@given(EXPRESSIONS, st.data())
@settings(max_examples=300)
def test_damaged_expressions(text: str, data: st.DataObject) -> None:
    """An expression with a word too many or a character too few is a program or one error that points into it."""
    place = data.draw(st.integers(0, len(text)))
    width = data.draw(st.integers(0, 2))
    outcome(text[:place] + data.draw(st.sampled_from(WORDS)) + text[place + width :])


@pytest.mark.parametrize(
    "text",
    ["-" * 199 + "x", "(" * 100 + "x" + ")" * 100, "1" + "+1" * 9_999, "x" + " - x" * 4_900, "x**" * 199 + "x"],
)
def test_below_the_limits(text: str) -> None:
    """Up to the limits everything passes."""
    assert parse(text).output == len(parse(text).steps) - 1


def test_a_tree_too_deep_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python refuses to build so deep a tree, that is an error of ours."""
    monkeypatch.setattr(tree, "RECURSION_LIMIT", 0)
    with pytest.raises(GradcalcError) as caught:
        parse("+".join(["x"] * 9_000))
    assert (caught.value.kind, caught.value.message) == ("limit", "this expression is nested too deep")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-" * 201 + "x", "operations are nested more than 200 deep"),
        ("(" * 101 + "x" + ")" * 101, "brackets are nested more than 100 deep"),
        ("where(" + "1<" * 9_000 + "1, x, y)", "the text has more than 20,000 operations"),
        (
            "sum(1 for i in range(10**5) for j in range(10**5) if i < 0)",
            "there are more than 100,000 passes of loops, with those that are left out",
        ),
        (
            f"sum(sum([{'x, ' * 5_000}x]) for i in range(10_000))",
            "written out, the loops of this text have more than 200,000 expressions",
        ),
    ],
)
def test_limits(text: str, message: str) -> None:
    """Beyond a limit there is an error that names it."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    assert (caught.value.kind, caught.value.message) == ("limit", message)


@pytest.mark.parametrize(
    "text", ["x**10**8", "0**0", "0**-1", "1/0", "2**0.5", "(-2)**0.5", "2**1000", "2**-1000", "1.5**1e3"]
)
def test_powers_and_quotients_that_pass(text: str) -> None:
    """What mathematics makes of constants is found by the engines; only sizes beyond float64 are refused."""
    assert isinstance(parse(text).steps[-1], Call)
