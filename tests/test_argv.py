"""The command line as words: options, values of variables and arguments are told apart, and make a problem."""

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.compute.problem import Options
from autogradcli.errors import GradcalcError
from autogradcli.language.program import Constant
from autogradcli.problems.argv import command_line, split_assignments, split_names
from autogradcli.problems.commandline import Option, Syntax, canonical

EVAL = Syntax(
    command="eval",
    options=(
        Option(("--help", "-h"), takes_value=False),
        Option(("--set",), takes_value=True),
        Option(("--rtol",), takes_value=True),
        Option(("--dtype",), takes_value=True),
        Option(("--output", "-o"), takes_value=True),
        Option(("--quiet", "-q"), takes_value=False),
    ),
    arguments=("EXPR",),
    required=1,
    repeats=False,
    advice="see gradcalc eval --help",
)

LINES = [
    ("x**2 --x 2", ["--set=x=2", "--", "x**2"]),
    ("--x 2 x**2", ["--set=x=2", "--", "x**2"]),
    ("x**2 --x=2", ["--set=x=2", "--", "x**2"]),
    ("x**2 --x -2", ["--set=x=-2", "--", "x**2"]),
    ("x**2 --x=-2", ["--set=x=-2", "--", "x**2"]),
    ("x**2 --x -1e-3", ["--set=x=-1e-3", "--", "x**2"]),
    ("x**2 --x -pi/4", ["--set=x=-pi/4", "--", "x**2"]),
    ("x**2 --x -e", ["--set=x=-e", "--", "x**2"]),
    ("x**2 --x --5", ["--set=x=--5", "--", "x**2"]),
    ("-x**2 --x 2", ["--set=x=2", "--", "-x**2"]),
    ("-x --x 2", ["--set=x=2", "--", "-x"]),
    ("-(x) --x 2", ["--set=x=2", "--", "-(x)"]),
    ("--(x) --x 2", ["--set=x=2", "--", "--(x)"]),
    ("--5", ["--", "--5"]),
    ("- --x 2", ["--set=x=2", "--", "-"]),
    ("--x 2 -- -q", ["--set=x=2", "--", "-q"]),
    ("--x 2 -- --y", ["--set=x=2", "--", "--y"]),
    ("λ**2 --λ 2", ["--set=λ=2", "--", "λ**2"]),
    ("変数 --変数=2", ["--set=変数=2", "--", "変数"]),
    ("lambda*2 --lambda 2", ["--set=lambda=2", "--", "lambda*2"]),
    ("x==y --x a==b --y 1", ["--set=x=a==b", "--set=y=1", "--", "x==y"]),
    ("dtype --set dtype=2", ["--set=dtype=2", "--", "dtype"]),
    ("x --set=x=-2", ["--set=x=-2", "--", "x"]),
    ("x --rtol 1e-3 -o out --quiet", ["--rtol=1e-3", "--output=out", "--quiet", "--", "x"]),
    ("x --rtol -1 -q", ["--rtol=-1", "--quiet", "--", "x"]),
    ("--help", ["--help", "--"]),
    ("-h", ["--help", "--"]),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line for line, _ in LINES])
def test_words_are_sorted(line: str, expected: list[str]) -> None:
    """Options come first under their long names, variables as `--set`, and what is left after `--`."""
    assert canonical(line.split(), EVAL) == expected


@pytest.mark.campaign
@given(st.lists(st.text(min_size=1)))
def test_any_words_are_sorted_or_refused(words: list[str]) -> None:
    """Whatever is typed, the canonical form holds known options alone, or the one error is ours."""
    found = ["--"]
    with suppress(GradcalcError):
        found = canonical(words, EVAL)
    options = found[: found.index("--")]
    assert all(option.partition("=")[0] in EVAL.names for option in options)


@given(st.text(), st.text(min_size=1, alphabet=st.characters(categories=["Ll", "Lo"])))
def test_any_value_reaches_its_variable_untouched(value: str, name: str) -> None:
    """After `=` everything is the value: dashes, spaces and equals signs included."""
    option, *_ = canonical([f"--{name}={value}", "x"], EVAL)
    assert list(split_assignments([option.removeprefix("--set=")]).values()) == [value]


def test_a_command_without_values_knows_its_own_options_only() -> None:
    """Where there is no `--set`, any other option is an error that says where to look."""
    syntax = Syntax("diff", (Option(("--wrt",), True),), ("EXPR",), 1, False, "see gradcalc diff --help")
    with pytest.raises(GradcalcError) as caught:
        canonical(["x", "--q", "2"], syntax)
    assert (caught.value.message, caught.value.hint) == ("diff has no option --q", "see gradcalc diff --help")


def test_a_command_may_take_many_arguments() -> None:
    """The last argument of `batch` may be repeated or left out."""
    syntax = Syntax("batch", (), ("FILE",), 0, True, "see gradcalc batch --help")
    assert canonical([], syntax) == ["--"]
    assert canonical(["a", "b", "-"], syntax) == ["--", "a", "b", "-"]


def test_a_problem_holds_all_that_was_said() -> None:
    """Expression, point and settings of a command line come together in the problem."""
    options = Options(dtype="float32", rtol=1e-3, atol=0.0, symbolic=False, timeout=1.5)
    stated = command_line({"expression": "x**y", "at": ["x=1/4", " y = -2 "], "wrt": "y"}, ["--set"])
    problem = stated.problem(options)
    assert problem.program.variables == ("x", "y")
    assert problem.wrt == ("y",)
    assert problem.options == options
    assert problem.at["x"].source == "1/4"
    assert problem.at["y"].steps[0] == Constant(Fraction(2), problem.at["y"].steps[0].span)


def test_all_variables_are_asked_about_in_their_order() -> None:
    """Without `--wrt` the gradient has every variable, in the order of the text."""
    stated = command_line({"expression": "z*b + a", "at": ["a=1", "b=2", "z=3"]})
    assert stated.problem(Options()).wrt == ("z", "b", "a")


def test_e_is_a_variable_where_it_has_a_value() -> None:
    """`e` is Euler's number, unless the command line gives it a value."""
    assert command_line({"expression": "e**x"}).program(["x"]).variables == ("x",)
    assert command_line({"expression": "e**x"}).program(["e", "x"]).variables == ("e", "x")


def test_names_are_compared_as_python_compares_them() -> None:
    """A name typed in compatibility characters is the same name: NFKC, on both sides."""
    assert split_assignments(["\ufb01=2"]) == {"fi": "2"}
    assert split_names("\ufb01, x") == ("fi", "x")


def test_output_is_chosen_by_name() -> None:
    """`--of` makes another name of the text the output."""
    program = command_line({"expression": "y = 2*x; z = y**2", "of": "y"}).program(["x"])
    assert program.output_name == "y"
