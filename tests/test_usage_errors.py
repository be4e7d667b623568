"""What a person reads who typed a command line that makes no sense: each with its message, exactly."""

import shlex

import pytest

from autogradcli.cli.app import COMMANDS
from tests.command import gradcalc

WRONG: list[tuple[str, ...]] = [
    # The first word.
    (
        '"x**2" --x 2',
        "error: a command comes before x**2",
        "hint: type gradcalc eval 'x**2' --x 2",
    ),
    (
        "x --x 2",
        "error: a command comes before x",
        "hint: type gradcalc eval x --x 2",
    ),
    (
        '--x 2 "x**2"',
        "error: a command comes before --x",
        "hint: type gradcalc eval --x 2 'x**2'",
    ),
    (
        "-x --x 2",
        "error: a command comes before -x",
        "hint: type gradcalc eval -x --x 2",
    ),
    (
        'evla "x**2" --x 2',
        "error: there is no command evla",
        "hint: did you mean eval?",
    ),
    (
        "--verson",
        "error: there is no option --verson",
        "hint: did you mean --version?",
    ),
    (
        '--json eval "x**2" --x 2',
        "error: the command comes before --json",
        "hint: type gradcalc eval --json 'x**2' --x 2",
    ),
    (
        "-o f eval x",
        "error: the command comes before -o",
        "hint: type gradcalc eval -o f x",
    ),
    # The expression is missing, or there are several.
    (
        "eval",
        "error: EXPR is missing",
        "hint: gradcalc eval --help shows examples",
    ),
    (
        "eval --x 2",
        "error: EXPR is missing",
        "hint: gradcalc eval --help shows examples",
    ),
    (
        'eval --x "x**2"',
        "error: EXPR is missing",
        "hint: --x took x**2 for its value",
    ),
    (
        'eval --wrt "x**2"',
        "error: EXPR is missing",
        "hint: --wrt took x**2 for its value",
    ),
    (
        'eval --jsn "x**2" --x 2',
        "error: EXPR is missing",
        "hint: --jsn took x**2 for its value; did you mean --json?",
    ),
    (
        "eval -q --q 2",
        "error: EXPR is missing",
        "hint: -q is an option; for the expression -q type -- -q",
    ),
    (
        'eval "x**2" -x 2',
        "error: one EXPR is expected, and there are 3: x**2, -x, 2",
        "hint: a value is given by two dashes: --x 2",
    ),
    (
        'eval "x**2" + 3*x --x 2',
        "error: one EXPR is expected, and there are 3: x**2, +, 3*x",
        'hint: put it in quotes: "x**2 + 3*x"',
    ),
    (
        'eval "x**2" --x 2 3',
        "error: one EXPR is expected, and there are 2: x**2, 3",
        "hint: for a list type --x [2,3]",
    ),
    (
        "diff",
        "error: EXPR is missing",
        "hint: gradcalc diff --help shows examples",
    ),
    (
        'diff x "x**2"',
        "error: one EXPR is expected, and there are 2: x, x**2",
        'hint: put it in quotes: "x x**2"',
    ),
    (
        "functions sin cos",
        "error: one NAME is expected, and there are 2: sin, cos",
        "hint: ask for one NAME at a time",
    ),
    # Values.
    (
        'eval "x**2"',
        "error: x has no value",
        "  x**2",
        "  ^",
        "hint: type --x NUMBER",
    ),
    (
        'eval "x**2 + y*z" --y 1',
        "error: x and z have no values",
        "  x**2 + y*z",
        "  ^",
        "hint: type --x NUMBER --z NUMBER",
    ),
    (
        'eval "a*b*c*d*f*g*h*k*l*m"',
        "error: a, b, c, d, f, g, h, k and 2 others have no values",
        "  a*b*c*d*f*g*h*k*l*m",
        "  ^",
        "hint: type --a NUMBER --b NUMBER --c NUMBER --d NUMBER --f NUMBER --g NUMBER --h NUMBER --k NUMBER",
    ),
    (
        'eval "timeout*x" --timeout 2 --x 3',
        "error: timeout has no value",
        "  timeout*x",
        "  ^^^^^^^",
        "hint: type --set timeout=NUMBER",
    ),
    (
        'eval "dtype*x" --x 3',
        "error: dtype has no value",
        "  dtype*x",
        "  ^^^^^",
        "hint: type --set dtype=NUMBER",
    ),
    (
        'eval "x**2" --x',
        "error: --x needs a value",
    ),
    (
        'eval "x**2" --x --json',
        "error: --x needs a value; after it comes --json",
    ),
    (
        'eval "x**2" --x ""',
        "error: --x is empty",
        "hint: a value is a number or a constant expression: 2, pi/4",
    ),
    (
        'eval "x**2" --x=',
        "error: --x is empty",
        "hint: a value is a number or a constant expression: 2, pi/4",
    ),
    (
        'eval "x**2" --x 2 --x 3',
        "error: x is given twice: 2 and 3",
        "hint: leave one of them out",
    ),
    (
        'eval "x**2" --x=2 --set x=3',
        "error: x is given twice: 2 and 3",
        "hint: leave one of them out",
    ),
    (
        'eval "x**2" --set x',
        "error: --set x gives no variable a value",
        "hint: type --set NAME=VALUE",
    ),
    (
        'eval "x**2" --set =2',
        "error: --set =2 gives no variable a value",
        "hint: type --set NAME=VALUE",
    ),
    (
        'eval "x**2" --x y',
        "error: --x: a value is a constant expression, and y is a variable",
        "  y",
        "  ^",
        "hint: type a number, such as 2 or pi/4",
    ),
    (
        'eval "x**2" --x "2*"',
        "error: --x: something is missing after *",
        "  2*",
        "   ^",
    ),
    (
        'eval "x**2" --x "-sinn(2)"',
        "error: --x: there is no function sinn",
        "  -sinn(2)",
        "   ^^^^",
        "hint: did you mean sin, sinh or sinc?",
    ),
    (
        'eval "x**2" --x "1 if 2"',
        "error: --x: this if has no else",
        "  1 if 2",
        "    ^^",
        "hint: type a if condition else b",
    ),
    (
        'eval "x**2" --x NaN',
        "error: --x: a value is a constant expression, and NaN is a variable",
        "  NaN",
        "  ^^^",
        "hint: type nan",
    ),
    (
        'eval "x**2" --x Infinity',
        "error: --x: a value is a constant expression, and Infinity is a variable",
        "  Infinity",
        "  ^^^^^^^^",
        "hint: type inf",
    ),
    (
        'eval "x**2" --x "a = 2; b"',
        "error: --x: a value is a constant expression, and b is a variable",
        "  a = 2; b",
        "         ^",
        "hint: type a number, such as 2 or pi/4",
    ),
    # Names.
    (
        'eval "x**2" --xx 2',
        "error: --xx is neither an option nor a variable",
        "hint: did you mean --x?",
    ),
    (
        'eval "x**2" --X 2',
        "error: --X is neither an option nor a variable",
        "hint: did you mean --x?",
    ),
    (
        'eval "x**2" --x 2 --y 3',
        "error: --y is neither an option nor a variable",
        "hint: the variable is x",
    ),
    (
        'eval "x*y" --x 2 --y 3 --q 4',
        "error: --q is neither an option nor a variable",
        "hint: the variables are x and y",
    ),
    (
        "eval 2+3 --x 2",
        "error: --x is neither an option nor a variable",
        "hint: the expression has no variables",
    ),
    (
        'eval "x**2" --x 2 --rtoll 1e-3',
        "error: --rtoll is neither an option nor a variable",
        "hint: did you mean --rtol?",
    ),
    (
        'eval "x**2" --x 2 --fromat json',
        "error: --fromat is neither an option nor a variable",
        "hint: did you mean --format?",
    ),
    (
        'eval "x**2" --x 2 --jsn',
        "error: --jsn needs a value",
        "hint: did you mean --json?",
    ),
    (
        'eval "learning_rate*x" --learning-rate 2 --x 3',
        "error: --learning-rate is neither an option nor a variable",
        "hint: did you mean --learning_rate?",
    ),
    (
        'eval "y = 2*x; z = y**2" --x 2 --y 3',
        "error: y is computed in the text",
        "hint: leave --y out",
    ),
    (
        'eval "x**2" --x 2 --e 3',
        "error: --e is neither an option nor a variable",
        "hint: the variable is x",
    ),
    (
        'eval "x**2" --x 2 --wrt y',
        "error: --wrt: there is no variable y",
        "hint: the variable is x",
    ),
    (
        'eval "alpha*x" --x 2 --alpha 1 --wrt alhpa',
        "error: --wrt: there is no variable alhpa",
        "hint: did you mean alpha?",
    ),
    (
        'eval "x**2" --x 2 --wrt x,',
        "error: --wrt x, leaves a name out",
        "hint: type --wrt x or --wrt x,y",
    ),
    (
        'eval "yy = 2*x; z = yy**2" --x 2 --wrt y',
        "error: --wrt: there is no variable y",
        "hint: did you mean yy?",
    ),
    (
        'eval "x*y" --x 2 --y 3 --wrt x --wrt y',
        "error: --wrt is given twice: x and y",
        "hint: type --wrt x,y",
    ),
    (
        'eval "x**2" --x 2 --dtype float32 --rtol 1 --dtype=float64',
        "error: --dtype is given twice: float32 and float64",
        "hint: leave one of them out",
    ),
    (
        "batch -o one.jsonl --output two.jsonl",
        "error: --output is given twice: one.jsonl and two.jsonl",
        "hint: leave one of them out",
    ),
    (
        'eval "x**2" --x 2 --repeat 0',
        "error: --repeat cannot be 0",
        "hint: it can be a whole number, 1 to 1,000",
    ),
    (
        'eval "x**2" --x 2 --max-operations many',
        "error: --max-operations cannot be many",
        "hint: it can be a whole number, 1 to 1,000,000,000",
    ),
    (
        'eval "y = x**2" --x "[1, 2]" --upstream "[1, x]"',
        "error: --upstream: only the output can stand here, and x is not it",
        "  [1, x]",
        "      ^",
        "hint: the output is called out or y",
    ),
    (
        'eval "x**2" --x "[1, 2]" --upstream "2*"',
        "error: --upstream: something is missing after *",
        "  2*",
        "   ^",
    ),
    (
        'eval "y = x**2" --x "[1, 2]"',
        "error: the output has shape (2): backward starts from a single number",
        "  y = x**2",
        "      ^^^^",
        'hint: for each component type --jacobian; for their sum write sum(...), or type --upstream "ones_like(out)"',
    ),
    (
        'eval "x**2" --x "[1, 2]" --upstream 3',
        "error: the upstream is a number, and the output has shape (2): they must be alike",
        "  3",
        "  ^",
        'hint: type --upstream "3*ones_like(out)"',
    ),
    (
        'eval "x**2" --x "[1, 2]" --upstream "[out, out]"',
        "error: the upstream has shape (2, 2), and the output has shape (2): they must be alike",
        "  [out, out]",
        "  ^^^^^^^^^^",
        'hint: type --upstream "ones_like(out)"',
    ),
    (
        'eval "x**2" --x 2 --upstream "[1]"',
        "error: the upstream has shape (1), and the output is a number: they must be alike",
        "  [1]",
        "  ^^^",
        "hint: give it a number, or leave it out",
    ),
    (
        'eval "x**2" --x "[1, 2]" --upstream "[1, 1/0]"',
        "error: the upstream must be finite, and component [1] is inf",
        "  [1, 1/0]",
        "  ^^^^^^^^",
    ),
    (
        'eval "x**2" --x pi/0',
        "error: x: pi/0 is inf",
        "  pi/0",
        "  ^^^^",
        "hint: type inf if that is meant",
    ),
    (
        'eval "x**2" --x 0/0',
        "error: x: 0/0 is nan",
        "  0/0",
        "  ^^^",
        "hint: type nan if that is meant",
    ),
    (
        'eval "y = 3; z = x*y" --x 2 --wrt y',
        "error: y does not require a gradient: it depends on no variable",
        "  y = 3; z = x*y",
        "      ^",
    ),
    (
        'eval "y = 3*a; z = x*y" --x 2 --a 1 --wrt x,y',
        "error: y does not require a gradient: of what it depends on, a, nothing requires a gradient",
        "  y = 3*a; z = x*y",
        "      ^^^",
        "hint: type --wrt a,y",
    ),
    (
        'eval "y = 2*x; zeta = y**2" --x 2 --of zta',
        "error: the text gives no value to zta",
        "hint: did you mean zeta?",
    ),
    # Options.
    (
        "eval x --x 2 --json=yes",
        "error: --json takes no value",
        "hint: type --json alone",
    ),
    (
        "eval x --x 2 --format jsn",
        "error: --format cannot be jsn",
        "hint: did you mean json?",
    ),
    (
        "eval x --x 2 --format xml",
        "error: --format cannot be xml",
        "hint: it can be text, plain, json, csv, markdown, latex or html",
    ),
    (
        "eval x --x 2 --format plain --json",
        "error: --json is short for --format json, and --format is plain",
        "hint: leave one of them out",
    ),
    (
        "eval x --x 2 --dtype float65",
        "error: --dtype cannot be float65",
        "hint: did you mean float64?",
    ),
    (
        "eval x --x 2 --dtype double",
        "error: --dtype cannot be double",
        "hint: did you mean float64?",
    ),
    (
        "eval x --x 2 --rtol -1",
        "error: --rtol cannot be -1",
        "hint: it can be 0 or a number above 0",
    ),
    (
        "eval x --x 2 --rtol nan",
        "error: --rtol cannot be nan",
        "hint: it can be 0 or a number above 0",
    ),
    (
        "eval x --x 2 --atol inf",
        "error: --atol cannot be inf",
        "hint: it can be 0 or a number above 0",
    ),
    (
        "eval x --x 2 --atol many",
        "error: --atol cannot be many",
        "hint: it can be 0 or a number above 0",
    ),
    (
        "eval x --x 2 --timeout 0",
        "error: --timeout cannot be 0",
        "hint: it can be a number of seconds above 0, up to 1,000,000",
    ),
    (
        "eval x --x 2 --timeout soon",
        "error: --timeout cannot be soon",
        "hint: it can be a number of seconds above 0, up to 1,000,000",
    ),
    (
        "eval x --x 2 --output",
        "error: --output needs a value",
        "hint: type --output FILE",
    ),
    (
        "eval x --x 2 --quiet -o report.txt",
        "error: --quiet leaves nothing for --output to write",
        "hint: leave one of them out",
    ),
    (
        "eval x --x 2 -o no/such/folder",
        "error: no/such/folder cannot be written: there is no folder no/such",
        "hint: type mkdir -p no/such, or write to another place",
    ),
    (
        "eval x --x 2 -o .",
        "error: . is a directory",
        "hint: type -o ./result.txt",
    ),
    # Other commands.
    (
        'diff "x**2" --x 2',
        "error: diff has no option --x",
        "hint: see gradcalc diff --help; values of variables are for gradcalc eval",
    ),
    (
        'diff "x**2" --wrtt x',
        "error: diff has no option --wrtt",
        "hint: did you mean --wrt?",
    ),
    (
        'diff "x**2" --wrt y',
        "error: --wrt: there is no variable y",
        "hint: the variable is x",
    ),
    (
        "diff 2+3",
        "error: there is nothing to differentiate: the expression has no variables",
    ),
    (
        'diff "x**2" --format tex',
        "error: --format cannot be tex",
        "hint: did you mean latex?",
    ),
    (
        'diff "x**2" --quite',
        "error: diff has no option --quite",
        "hint: did you mean --quiet?",
    ),
    (
        "batch --x 2",
        "error: batch has no option --x",
        'hint: see gradcalc batch --help; values of variables stand in the lines: "at": {"x": 2}',
    ),
    (
        "batch --formt json",
        "error: batch has no option --formt",
        "hint: did you mean --format?",
    ),
    (
        "batch no-such-file.jsonl",
        "error: no-such-file.jsonl cannot be read: No such file or directory",
    ),
    (
        "batch .",
        "error: . is a directory",
    ),
    (
        "functions sinn",
        "error: there is no function sinn",
        "hint: did you mean sin?",
    ),
    (
        "functions no_such_function",
        "error: there is no function no_such_function",
        "hint: gradcalc functions lists them all",
    ),
    (
        "functions wofz",
        "error: torch cannot differentiate wofz",
        "hint: torch does not have the Faddeeva function.",
    ),
    (
        "functions --jso",
        "error: functions has no option --jso",
        "hint: did you mean --json?",
    ),
    # The parser's own errors are drawn the same way.
    (
        'eval "5*(x" --x 2',
        "error: this ( is never closed",
        "  5*(x",
        "    ^",
        "hint: type 5*(x)",
    ),
    (
        'eval "sinn(x)" --x 2',
        "error: there is no function sinn",
        "  sinn(x)",
        "  ^^^^",
        "hint: did you mean sin, sinh or sinc?",
    ),
    (
        'diff "5x/2y"',
        "error: x/2y can be read in two ways",
        "  5x/2y",
        "   ^^^^",
        "hint: type 5(x/2)*y or 5x/(2*y)",
    ),
]
"""A command line, and the lines on standard error."""


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[0])
def test_wrong_command_lines(row: tuple[str, ...]) -> None:
    """The exit status is 2, nothing is on standard output, and the error says what to type."""
    line, *expected = row
    result = gradcalc(*shlex.split(line))
    assert (result.status, result.out, result.err.splitlines()) == (2, "", expected)


@pytest.mark.parametrize("line", ["thing x", "thing 'x**2' --x 2", "x"])
def test_unknown_commands(line: str) -> None:
    """A word that is like no command is answered by all of them."""
    result = gradcalc(*shlex.split(line))
    word = line.split(maxsplit=1)[0]
    hint = f"the commands are {', '.join(COMMANDS)}"
    assert (result.status, result.out, result.err) == (2, "", f"error: there is no command {word}\nhint: {hint}\n")


def test_no_command_at_all() -> None:
    """A bare `gradcalc` shows its help on standard error, and fails."""
    result = gradcalc()
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Usage: gradcalc ")
