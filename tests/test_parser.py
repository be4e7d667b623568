"""The parser: what texts mean, and where their steps stand."""

from fractions import Fraction

import pytest

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.function import Function, parse_signature
from autogradcli.functions.table import rows
from autogradcli.language.parser import parse, parse_formula, select_output
from autogradcli.language.program import Call, Constant, Program, Variable


def meaning(program: Program) -> tuple[object, ...]:
    """A program without its spans."""
    steps: list[object] = []
    for step in program.steps:
        match step:
            case Variable():
                steps.append(step.name)
            case Constant():
                steps.append(step.value)
            case Call():
                steps.append((step.function, step.operands, step.options))
    return tuple(steps), program.output


SAME = [
    ("5x^3 + 2x^2 + 4x + 8", "5*x**3 + 2*x**2 + 4*x + 8"),
    ("2(x+1)", "2*(x+1)"),
    ("(x+1)(x-1)", "(x+1)*(x-1)"),
    ("(x+1)y", "(x+1)*y"),
    ("2 x", "2*x"),
    ("2pi", "2*pi"),
    ("2sin(x)", "2*sin(x)"),
    ("sin(x)cos(x)", "sin(x)*cos(x)"),
    ("sin(x)(y+1)", "sin(x)*(y+1)"),
    ("2x**2", "2*(x**2)"),
    ("-2x", "(-2)*x"),
    ("3x/4", "(3*x)/4"),
    ("x*2y", "(x*2)*y"),
    ("2x.sin()", "2*sin(x)"),
    ("1/(2x)", "1/(2*x)"),
    ("5j", "5*j"),
    ("2e", "2*e"),
    ("-x**2", "-(x**2)"),
    ("x^y^z", "x**(y**z)"),
    ("2^-x", "2**(-x)"),
    ("1 - x - y", "(1 - x) - y"),
    ("x / y * z", "(x / y) * z"),
    ("x % 2 + 1", "remainder(x, 2) + 1"),
    ("x - -y", "sub(x, neg(y))"),
    ("+x", "positive(x)"),
    ("x + y*z**2", "add(x, mul(y, pow(z, 2)))"),
    ("where(x > 0 and y > 0 or not z > 0, x, y)", "where(((x > 0) & (y > 0)) | ~(z > 0), x, y)"),
    ("where(x != y, x, y)", "where(ne(x, y), x, y)"),
    ("x if x > 0 else -x if y > 0 else y", "x if x > 0 else (-x if y > 0 else y)"),
    ("torch.sin(x)", "sin(x)"),
    ("torch.nn.functional.softplus(x)", "softplus(x)"),
    ("F.relu(np.exp(math.log(sp.cos(x))))", "relu(exp(log(cos(x))))"),
    ("torch.special.erf(x)", "erf(x)"),
    ("math.pi*np.e*torch.inf", "pi*e*inf"),
    ("sympy.E + sp.oo", "e + inf"),
    ("(x+1).pow(2).sin()", "sin(pow(x+1, 2))"),
    ("x.clamp(min=0)", "clamp(x, min=0)"),
    ("(2).sin()", "sin(2)"),
    ("ln(x)", "log(x)"),
    ("arctan2(y, x)", "atan2(y, x)"),
    ("atan2(y, x=2)", "atan2(y, 2)"),
    ("leaky_relu(x, 0.01)", "leaky_relu(x, negative_slope=0.01)"),
    ("leaky_relu(x)", "leaky_relu(x, 0.01)"),
    ("gelu(x, approximate='none')", "gelu(x)"),
    ("sin(x,)", "sin(x)"),
    ("sin(\n  x +\n  1\n)", "sin(x + 1)"),
    ("\n\nx + 1\n", "x + 1"),
    (";x;", "x"),
    ("1_000.50", "1000.5"),
    ("x\N{NO-BREAK SPACE}+ 1", "x + 1"),
]
"""Two texts that mean the same steps."""


@pytest.mark.parametrize(("text", "plain"), SAME)
def test_means_the_same(text: str, plain: str) -> None:
    """What people type, and the same in plain notation, are the same steps in the same order."""
    assert meaning(parse(text)) == meaning(parse(plain))


STEPS = [
    ("x + x*x", ["x", ("mul", (0, 0), ()), ("add", (0, 1), ())]),
    ("x*x + x*x", ["x", ("mul", (0, 0), ()), ("mul", (0, 0), ()), ("add", (1, 2), ())]),
    ("2 + 2", [Fraction(2), Fraction(2), ("add", (0, 1), ())]),
    ("0.1", [Fraction(1, 10)]),
    ("tau", [Fraction(2), "pi", ("mul", (0, 1), ())]),
    ("x if y > 0 else 1", ["x", "y", Fraction(0), ("gt", (1, 2), ()), Fraction(1), ("if_else", (3, 0, 4), ())]),
    (
        "where(0 < x <= 1, x, 0)",
        [
            *(Fraction(0), "x", Fraction(1), ("lt", (0, 1), ()), ("le", (1, 2), ())),
            *(("logical_and", (3, 4), ()), Fraction(0), ("where", (5, 1, 6), ())),
        ],
    ),
    (
        "max(a, b, c, d)",
        ["a", "b", "c", "d", ("maximum", (0, 1), ()), ("maximum", (4, 2), ()), ("maximum", (5, 3), ())],
    ),
    ("np.hypot(a, b, c)", ["a", "b", "c", ("hypot", (0, 1), ()), ("hypot", (3, 2), ())]),
    ("leaky_relu(x)", ["x", Fraction(1, 100), ("leaky_relu", (0, 1), ())]),
    ("gelu(x, approximate='tanh')", ["x", ("gelu_tanh", (0,), (("approximate", "tanh"),))]),
    ("log(x, 2)", ["x", Fraction(2), ("log_base", (0, 1), ())]),
    ("clamp(x, max=1)", ["x", Fraction(1), ("clamp_max", (0, 1), ())]),
    ("atan2(x=a, y=b)", ["a", "b", ("atan2", (1, 0), ())]),
    ("y = 2*x; y**2", [Fraction(2), "x", ("mul", (0, 1), ()), Fraction(2), ("pow", (2, 3), ())]),
    ("x = 2*x; x + y", [Fraction(2), "x", ("mul", (0, 1), ()), "y", ("add", (2, 3), ())]),
]
"""Texts, and their steps in order: names, numbers, and functions with operands and options."""


@pytest.mark.parametrize(("text", "steps"), STEPS)
def test_steps(text: str, steps: list[object]) -> None:
    """Steps are in the order of evaluation; a variable is one step, all else is as it is written."""
    assert meaning(parse(text)) == (tuple(steps), len(steps) - 1)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("b + a*b + c", ("b", "a", "c")),
        ("gamma*x + beta + max - min", ("gamma", "x", "beta", "max", "min")),
        ("E*I + N*S", ("E", "I", "N", "S")),
        ("list + self + lambda + from + is + class", ("list", "self", "lambda", "from", "is", "class")),
        ("größe*λ*温度", ("größe", "λ", "温度")),
        ("F*torch", ("F", "torch")),
        ("sin + sin(x)", ("sin", "x")),
        ("e + pi + π + inf + tau", ()),
        ("y = x; y*z", ("x", "z")),
    ],
)
def test_variables(text: str, variables: tuple[str, ...]) -> None:
    """Every name that is not called is a variable, in order of appearance, but for the constants."""
    assert parse(text).variables == variables


def test_e_is_a_constant_unless_it_has_a_value() -> None:
    """A given or assigned `e` is a variable; a module's is the constant even then."""
    assert parse("e").steps[0] == Constant("e", Span(0, 1))
    assert parse("e", given=["e"]).steps[0] == Variable("e", Span(0, 1))
    assert parse("e = x; e**2").variables == ("x",)
    assert parse("math.e", given=["e"]).steps[0] == Constant("e", Span(0, 6))


def test_a_given_name_is_not_a_module() -> None:
    """`F` is a module before a point, but the variable if it has a value."""
    assert meaning(parse("F.sin(x)")) == meaning(parse("sin(x)"))
    assert meaning(parse("F.sin()", given=["F"])) == meaning(parse("sin(F)"))
    assert meaning(parse("np = 2*x; np.sin()")) == meaning(parse("sin(2*x)"))


@pytest.mark.parametrize("text", ["sin = [x, y]; sin[0]*2", "sin[0]*2", "[sin[0]]", "3sin[0]", "y = sin; y[0]"])
def test_a_name_with_a_value_takes_a_subscript_whatever_function_has_its_name(text: str) -> None:
    """A name that is given or assigned is a value; called, it is the function still."""
    other = parse(f"{text.replace('sin', 'value')} + sin(1)", given=["value"])
    assert repr(meaning(parse(f"{text} + sin(1)", given=["sin"]))) == repr(meaning(other)).replace("value", "sin")


def test_a_name_with_a_value_is_not_told_to_be_a_function() -> None:
    """Beside an operand it lacks an operator, not brackets; before it has a value it is the function."""
    for text, known in [("e1 x", ["e1"]), ("e1 = x; e1 x", [])]:
        with pytest.raises(GradcalcError, match="an operator is missing between e1 and x"):
            parse(text, known)
    with pytest.raises(GradcalcError, match="e1 has its argument in round brackets"):
        parse("y = e1[0]; e1 = x; y + e1")


def test_given_names_are_compared_in_normal_form() -> None:
    """A name that is given in another spelling of the same letters is the same name."""
    assert parse("e", given=["\N{FULLWIDTH LATIN SMALL LETTER E}"]).variables == ("e",)


@pytest.mark.parametrize(
    ("text", "name", "assigned"),
    [
        ("2*x", None, {}),
        ("y = 2*x", "y", {"y": 2}),
        ("y = 2*x; y**2", None, {"y": 2}),
        ("y = x; y = y*y; z = y", "z", {"y": 1, "z": 1}),
    ],
)
def test_assigned_names(text: str, name: str | None, assigned: dict[str, int]) -> None:
    """The program knows what each name means at its end, and the name of its output."""
    program = parse(text)
    assert (program.output_name, program.assigned) == (name, assigned)


def test_the_output_can_be_chosen() -> None:
    """An assigned name can be the output; another name is an error that gives the nearest."""
    program = parse("loss = x**2; reg = loss > 1; total = 2*loss")
    chosen = select_output(program, "loss")
    assert (chosen.text(chosen.output), chosen.output_name, chosen.steps) == ("x**2", "loss", program.steps)
    with pytest.raises(GradcalcError) as unknown:
        select_output(program, "los")
    assert (unknown.value.kind, unknown.value.hint) == ("name", "did you mean loss?")
    with pytest.raises(GradcalcError, match="the text gives no value to q"):
        select_output(program, "q")
    with pytest.raises(GradcalcError, match="reg is a condition, not a number"):
        select_output(program, "reg")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("5x^3 + 2(x+1)", ["5", "x", "3", "x^3", "5x^3", "2", "1", "x+1", "2(x+1)", "5x^3 + 2(x+1)"]),
        ("größe * (π)", ["größe", "π", "größe * (π)"]),
        ("lambda**is", ["lambda", "is", "lambda**is"]),
        ("((x+1)).sin()", ["x", "1", "x+1", "((x+1)).sin()"]),
        ("y = -x; y*y", ["x", "-x", "y*y"]),
        ("(a  *\n b)", ["a", "b", "a * b"]),
        ("where((x)<(y)<(z), x, y)", ["x", "y", "z", "(x)<(y)", "(y)<(z)", "(x)<(y)<(z)", "where((x)<(y)<(z), x, y)"]),
        ("tau*x", ["tau", "tau", "tau", "x", "tau*x"]),
        ("elu(x)", ["x", "elu(x)", "elu(x)"]),
    ],
)
def test_each_step_knows_its_text(text: str, texts: list[str]) -> None:
    """The span of a step covers the source of that very operation, whatever was replaced before parsing."""
    program = parse(text)
    assert [program.text(index) for index in range(len(program.steps))] == texts


@pytest.mark.parametrize("function", rows().values(), ids=rows().keys())
def test_formulas_of_the_table(function: Function) -> None:
    """Every formula of a row parses, and speaks of the row's parameters alone."""
    names = {parameter.name for parameter in function.parameters}
    for text in (function.definition, *function.partials, function.domain, function.kinks, function.jumps):
        if text:
            assert set(parse_formula(text, function.parameters).variables) <= names


def test_parameters_of_a_formula_have_their_kinds() -> None:
    """In a formula a boolean parameter is a condition, and a number parameter is a constant."""
    parameters = parse_signature("c: boolean, x, a: number")
    assert parse_formula("where(c, leaky_relu(x, a), x)", parameters).variables == ("c", "x", "a")
    with pytest.raises(GradcalcError, match="a condition is needed"):
        parse_formula("where(x, x, a)", parameters)
    with pytest.raises(GradcalcError, match="must be a constant"):
        parse_formula("leaky_relu(a, x)", parameters)
