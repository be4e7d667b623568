"""Case files that make no sense: the line, the message and the hint of each."""

from pathlib import Path

import pytest

from tests.cases import complaint, write

AT = "type at.x = 2, or at = [{x = 1}, {x = 2}] for several points"
DISTRIBUTIONS = "the distributions are uniform, loguniform, normal, integers"

FILES: list[tuple[str, int, str, str | None]] = [
    ("", 1, "the file has no cases", "a case begins with [[case]]"),
    ("[[case", 1, "the file is not TOML: expected ']]' at the end of an array declaration", None),
    ('[[case]]\nexpression = "x', 2, "the file is not TOML: unterminated string", None),
    ('[[case]]\nname = "a"\nname = "b"', 3, "the file is not TOML: cannot overwrite a value", None),
    ("[[case]]\nname = a", 2, "the file is not TOML: invalid value", 'text stands in quotes: name = "a"'),
    (
        "[defaults]\ndtype = float64",
        2,
        "the file is not TOML: invalid value",
        'text stands in quotes: dtype = "float64"',
    ),
    ("[[case]]\nat.x = 1 + 2", 2, "the file is not TOML: expected newline or end of document after a statement", None),
    ("x = 1", 1, "there is no table x", "a file holds defaults and cases: [defaults], [[case]]"),
    ('[[cases]]\nexpression = "x"', 1, "there is no table cases", "did you mean case?"),
    ('expression = "x"', 1, "expression belongs to a case", "a case begins with [[case]]"),
    ("case = 3", 1, "case must be a list, and is a number", "type [[case]]"),
    ('case = ["x"]', 1, "a case must be a table, and is text", None),
    ('defaults = 3\n[[case]]\nexpression = "1"', 1, "defaults must be a table, and is a number", "type [defaults]"),
    (
        '[default]\ndtype = "float32"\n[[case]]\nexpression = "1"',
        1,
        "there is no table default",
        "did you mean defaults?",
    ),
    ('[defaults]\ndtyp = "float32"\n[[case]]\nexpression = "1"', 2, "there is no key dtyp", "did you mean dtype?"),
    ('[defaults]\nname = "a"\n[[case]]\nexpression = "1"', 2, "name can have no default", "each case has its own"),
]


CASES: list[tuple[str, int, str, str | None]] = [
    (
        '[defaults]\n\ndtype = "float23"\n[[case]]\nexpression = "x"\nat.x = 1',
        3,
        "there is no dtype float23",
        "did you mean float32?",
    ),
    ('[[case]]\nname = "empty"', 1, "the case has no expression", 'type expression = "..."'),
    ('[[case]]\nname = ["a"]\nexpression = "1"', 2, "name must be text, and is a list", None),
    ("[[case]]\nexpression = 3", 2, "expression must be text, and is a number", None),
    ('[[case]]\nexpression = "x +"', 2, "something is missing after +", None),
    ('[[case]]\nexpression = "x"', 2, "x has no value", "type at.x = NUMBER"),
    ('[[case]]\nexpression = "x"\nat = 3', 3, "at must be a table or a list of tables, and is a number", AT),
    ('[[case]]\nexpression = "x"\nat = []', 3, "at must be a table or a list of tables, and is a list", AT),
    ('[[case]]\nexpression = "x"\nat = [{x = 1}, {y = 1}]', 3, "at.y is not a variable", "the variable is x"),
    ('[[case]]\nexpression = "x"\nat = [{x = 1}, 2]', 3, "at must be a table or a list of tables, and is a number", AT),
    ('[[case]]\nexpression = "x"\nat.x = "2 +"', 3, "at.x: something is missing after +", None),
    ('[[case]]\nexpression = "x"\nat.x = true', 3, "at.x must be a number, and is true or false", None),
    ('[[case]]\nexpression = "x"\nat.x = 2020-01-01', 3, "at.x must be a number, and is a date or a time", None),
    (
        '[[case]]\nexpression = "x"\nat.x = "pi*r"',
        3,
        "at.x: a value is a constant expression, and r is a variable",
        "type a number, such as 2 or pi/4",
    ),
    (
        '[[case]]\nexpression = "x"\n[case.at]\n\nx = [[1, 2], [3]]',
        5,
        "at.x is ragged: item [1] has shape (1), and item [0] has shape (2)",
        "the items of a list have one shape",
    ),
    ('[[case]]\nexpression = "x"\nat.x = "@points.npy"', 3, "at.x names a file", "write the numbers themselves"),
    (
        '[[case]]\nexpression = "x*y"\nat = [{y = 1}, {y = 2}]\nsample.x = "uniform(0, 1)"',
        4,
        "a case has several points or a sample, not both",
        None,
    ),
]

ASKED: list[tuple[str, str, str | None]] = [
    ('expresion = "x"', "there is no key expresion", "did you mean expression?"),
    ("at.z = 1", "the file is not TOML: cannot mutate immutable namespace ('case', 'at')", None),
    ('wrt = "z"', "wrt: there is no variable z", "the variables are x and y"),
    ("wrt = 3", "wrt must be a list of names", 'type wrt = ["x"]'),
    ('of = "z"', "the text gives no value to z", "to give it one type z = ..."),
    ("sample = 3", "sample must be a table, and is a number", "type sample.x = ..."),
    ('sample.x = "uniform(0, 1)"', "x stands both in at and in sample", "leave one out"),
    ("count = 3", "count is for samples, and the case has none", None),
    ("seed = 3", "seed is for samples, and the case has none", None),
    ("grad = 3", "grad must be a table, and is a number", "type grad.x = ..."),
    ("grad.z = 3", "grad.z: there is no derivative with respect to z", "the variables are x and y"),
    ('grad.x = "y +"', "grad.x: something is missing after +", None),
    ('grad.x = "z"', "grad.x: z is not a variable of the expression", "the variables are x and y"),
    ('claim.z = "y"', "claim.z: there is no derivative with respect to z", "the variables are x and y"),
    ('claim.x = "y*"', "claim.x: something is missing after *", None),
    ('claim.x = "z"', "claim.x: z is not a variable of the expression", "the variables are x and y"),
    ("claim.x = false", "claim.x must be a number, and is true or false", None),
    ('value = "sin("', "value: this ( is never closed", None),
    ("value = []", "value holds no number", "a list has at least one item"),
    ('verdict = "verfied"', "there is no verdict verfied", "did you mean verified?"),
    (
        "verdict = 3",
        "there is no verdict 3",
        "the verdicts are mismatch, undefined, kink, imprecise, unverified, verified",
    ),
    ('verdict = ["kink", "kinky"]', "there is no verdict kinky", "did you mean kink?"),
    ('tolerance = "x"', "tolerance must be a number, and is text", None),
    ("tolerance = -1", "tolerance must be 0 or more, and is -1", None),
    ("rtol = inf", "rtol must be 0 or more, and is inf", None),
    ("max_ulps = -1", "max_ulps must be 0 or more, and is -1", None),
    ("dtype = 3", "dtype must be text, and is a number", None),
    ('dtype = "float23"', "there is no dtype float23", "did you mean float32?"),
    ('upstream = "x"', "upstream: only the output can stand here, and x is not it", "the output is called out"),
    ("x = 2", "there is no key x", "type at.x = 2"),
    ('y = "pi/4"', "there is no key y", 'type at.y = "pi/4"'),
    ('x = "uniform(-3, 3)"', "there is no key x", 'type sample.x = "uniform(-3, 3)"'),
    ("toleranse = 1", "there is no key toleranse", "did you mean tolerance?"),
]


SAMPLES: list[tuple[str, str, str | None]] = [
    ('sample.x = "uniform(1)"', "sample.x: uniform takes 2 numbers", "type uniform(low, high)"),
    ('sample.x = "uniform(3, 1)"', "sample.x: the first number must be below the second: uniform(3, 1)", None),
    ('sample.x = "unifrom(1, 2)"', "sample.x: there is no distribution unifrom", "did you mean uniform?"),
    ('sample.x = "poisson(1)"', "sample.x: there is no distribution poisson", DISTRIBUTIONS),
    ('sample.x = "uniform"', "sample.x: uniform is not a sample", 'type "uniform(-3, 3)"'),
    (
        'sample.x = "uniform(a, 1)"',
        "sample.x: a value is a constant expression, and a is a variable",
        "type a number, such as 2 or pi/4",
    ),
    ('sample.x = "loguniform(-1, 1)"', "sample.x: both numbers must be above 0: loguniform(-1, 1)", None),
    ('sample.x = "normal(0, 0)"', "sample.x: the deviation must be above 0: normal(0, 0)", None),
    ('sample.x = "integers(0.5, 1)"', "sample.x: both numbers must be whole: integers(0.5, 1)", None),
    ('sample.x = "uniform(0, 1, 0)"', "sample.x: a shape is one whole number or several: 4, (5, 3)", None),
    ('sample.x = "uniform(0, 1, 1000001)"', "sample.x has more than 1,000,000 components", None),
    ("sample.x = 3", "sample.x must be text, and is a number", 'type "uniform(-3, 3)"'),
    ('sample.y = "uniform(0, 1)"', "sample.y is not a variable", "the variable is x"),
    ('sample.x = "uniform(0, 1)"\ncount = 0', "count must be a whole number from 1 to 100,000", None),
    ('sample.x = "uniform(0, 1)"\ncount = 2.5', "count must be a whole number from 1 to 100,000", None),
    ('sample.x = "uniform(0, 1)"\nseed = -1', "seed must be a whole number from 0 to 9,223,372,036,854,775,808", None),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), FILES)
def test_a_file_that_makes_no_sense(tmp_path: Path, text: str, line: int, message: str, hint: str | None) -> None:
    """What is wrong with the file as a whole."""
    assert complaint(write(tmp_path, text)) == (line, message, hint)


@pytest.mark.parametrize(("text", "line", "message", "hint"), CASES)
def test_a_case_that_makes_no_sense(tmp_path: Path, text: str, line: int, message: str, hint: str | None) -> None:
    """What is wrong with one case."""
    assert complaint(write(tmp_path, text)) == (line, message, hint)


@pytest.mark.parametrize(("text", "message", "hint"), ASKED)
def test_a_key_that_makes_no_sense(tmp_path: Path, text: str, message: str, hint: str | None) -> None:
    """One key too many, on the fourth line of a file whose only case is right without it."""
    good = '[[case]]\nexpression = "x*y"\nat = {x = 2, y = 3}\n'
    assert complaint(write(tmp_path, good + text)) == (4, message, hint)


@pytest.mark.parametrize(("text", "message", "hint"), SAMPLES)
def test_a_sample_that_makes_no_sense(tmp_path: Path, text: str, message: str, hint: str | None) -> None:
    """The last line of a case in x is wrong."""
    found = complaint(write(tmp_path, f'[[case]]\nexpression = "x"\n{text}'))
    assert found == (3 + text.count("\n"), message, hint)
