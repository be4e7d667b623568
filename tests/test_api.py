"""gradcalc as a library."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import AbstractContextManager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import autogradcli
from autogradcli import GradcalcError, Report, assert_gradient, check, diff, evaluate
from tests import users_code
from tests.cases import write


def test_evaluate_gives_a_report() -> None:
    """Numbers, the verdict and the formula, as `gradcalc eval` has them."""
    report = evaluate("5*x**3 + 2*x**2 + 4*x + 8", x=2)
    assert isinstance(report, Report)
    assert (report.value, report.gradients["x"].autograd, report.verdict) == (64.0, 72.0, "verified")
    assert report.gradients["x"].symbolic.formula == "15*x**2 + 4*x + 4"
    assert report.to_dict()["gradients"]["x"]["exact"]["value"] == "72"


VALUES: list[tuple[Any, Any, str]] = [
    (2, 2.0, "float64"),
    ("pi/4", 0.7853981633974483, "float64"),
    (np.float32(0.1), 0.10000000149011612, "float64"),
    (np.array([1, 2]), [1.0, 2.0], "float64"),
    (torch.tensor([0.1, 2.0]), [0.10000000149011612, 2.0], "float32"),
    (torch.tensor([0.1], dtype=torch.float64), [0.1], "float64"),
    (torch.tensor(3.0, dtype=torch.bfloat16, requires_grad=True), 3.0, "bfloat16"),
    (torch.tensor([1, 2]), [1.0, 2.0], "float64"),
    ([[1, 2], (3, 4.5)], [[1.0, 2.0], [3.0, 4.5]], "float64"),
]


@pytest.mark.parametrize(("value", "received", "dtype"), VALUES)
def test_values_of_python_numpy_and_torch(value: Any, received: Any, dtype: str) -> None:
    """Torch receives exactly these numbers; a tensor's dtype is that of the run."""
    report = evaluate("sum(x*x)", x=value, symbolic=False)
    assert (report.variables["x"].value, report.variables["x"].dtype) == (received, dtype)


def test_names_that_are_parameters_too() -> None:
    """Their values stand in `at`."""
    report = evaluate("at*dtype + x", {"at": 2, "dtype": 3}, x=1, symbolic=False)
    assert {name: each.autograd for name, each in report.gradients.items()} == {"at": 3.0, "dtype": 2.0, "x": 1.0}


def test_what_is_asked() -> None:
    """The options of the command, by the same names."""
    report = evaluate("y = x*z; y**2", x=2, z=3, wrt=["y"], of="y", dtype="float32", symbolic=False)
    assert (report.output, list(report.gradients), report.variables["x"].dtype) == ("y", ["y"], "float32")
    upstream = evaluate("x**2", x=[1, 2], upstream=torch.tensor([1.0, 10.0]), dtype="float64", symbolic=False)
    assert upstream.gradients["x"].autograd == [2.0, 40.0]


ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("2 +", {}, "something is missing after +"),
    ("x", {}, "x has no value"),
    ("x", {"x": 1, "y": 2}, "y is not a variable of the expression"),
    ("x", {"x": None}, "x must be a number, and is None"),
    ("x", {"x": 2j}, "x must be a number, and is a complex"),
    ("x", {"x": "@secret.npy"}, "x names a file"),
    ("x", {"x": 1, "dtype": "float23"}, "there is no dtype float23"),
]


@pytest.mark.parametrize(("expression", "arguments", "message"), ERRORS)
def test_input_that_makes_no_sense(expression: str, arguments: dict[str, Any], message: str) -> None:
    """GradcalcError, with the sentence that the commands print."""
    with pytest.raises(GradcalcError) as caught:
        evaluate(expression, **arguments)
    assert caught.value.message == message


def test_tensors_whose_numbers_cannot_be_read() -> None:
    """A sparse one, and one without storage: an error like any other."""
    for tensor in (torch.eye(2).to_sparse(), torch.ones(2, device="meta")):
        with pytest.raises(GradcalcError, match="a Tensor cannot be read: Cannot"):
            evaluate("sum(x)", x=tensor)


def test_a_callable_of_ones_own() -> None:
    """It is judged as with `--function`."""
    assert evaluate("x**2", x=3, function=users_code.Square, symbolic=False).verdict == "verified"
    assert evaluate("x**3", x=3, function=users_code.Cube, symbolic=False).verdict == "mismatch"
    assert evaluate("x - 1", x=3, function=lambda x: x - 1, symbolic=False).gradients["x"].autograd == 1.0


def test_diff() -> None:
    """The formulas by name; an error if there is none."""
    assert diff("x**2*y") == {"x": "2*x*y", "y": "x**2"}
    assert diff("y = x**2; sin(y)", of="y") == {"x": "2*x"}
    assert diff("exp(-b*t)", ["t"], style="latex") == {"t": "- b e^{- b t}"}
    for arguments in ({"style": "text2"}, {"wrt": ["z"]}):
        with pytest.raises(GradcalcError):
            diff("x**2", **arguments)
    with pytest.raises(GradcalcError, match="diff takes a formula"):
        diff(lambda x: x**2)  # type: ignore[arg-type]


def test_check(tmp_path: Path) -> None:
    """Files, directories and mappings, in their order."""
    path = write(tmp_path, '[[case]]\nexpression = "x**2"\nat.x = 1\ngrad.x = 3')
    result = check(path, {"name": "mine", "expression": "x*w", "at": {"x": 1, "w": 2}}, symbolic=False)
    assert [outcome.status for outcome in result.outcomes] == ["failed", "passed"]
    assert not result.passed
    assert check({"expression": "sum(w)", "at": {"w": np.ones(3)}}, symbolic=False).passed
    assert result.to_dict()["summary"] == {"cases": 2, "points": 2, "passed": 1, "failed": 1, "error": 0}
    assert str(result).startswith("failed  x**2\n")
    assert not check({"expression": "x +"}).passed


def test_assert_gradient() -> None:
    """Nothing if all holds; AssertionError with the rule and its numbers; GradcalcError for nonsense."""
    assert_gradient("sigmoid(x)", x=2.0, expect={"claim": {"x": "sigmoid(x)*(1 - sigmoid(x))"}})
    assert_gradient("x**2", x=torch.tensor(3.0), function=users_code.Square, symbolic=False)
    with pytest.raises(AssertionError, match=r"grad\.x: torch gives 4\.0 at x = 2\.0, expected 5\.0"):
        assert_gradient("x**2", x=2, expect={"grad": {"x": 5}}, symbolic=False)
    with pytest.raises(AssertionError, match="verdict: kink at x = 0"):
        assert_gradient("abs(x)", x=0, strict=True, symbolic=False)
    with pytest.raises(GradcalcError, match="there is no key gradd"):
        assert_gradient("abs(x)", x=0, expect={"gradd": 3}, symbolic=False)


def test_notebooks_show_tables() -> None:
    """HTML that a parser reads, and Markdown, of a report and of checks; signs stand for themselves."""
    report = evaluate("where(x < 1, x, x**2)", x=2, symbolic=False)
    cells = [cell.text for cell in ET.fromstring(report._repr_html_()).iter("td")]
    assert cells == ["x", "2.0", "4.0", None, "4", "0", "verified"]
    assert "where(x &lt; 1, x, x**2)" in report._repr_html_()
    assert "| where(x \\< 1, x, x\\*\\*2) | 4.0 | x | 2.0 | 4.0 |" in report._repr_markdown_()
    result = check({"name": "<&>", "expression": "x", "at": {"x": 1}, "value": 2}, symbolic=False)
    assert [cell.text for cell in ET.fromstring(result._repr_html_()).iter("td")][:3] == ["failed", "<&>", "1"]
    assert result._repr_markdown_().startswith("### gradcalc: 1 case at 1 point: 1 failed\n")
    assert str(report).startswith("f = where(x < 1, x, x**2)")


def test_nothing_prints(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither results nor what went wrong."""
    evaluate("abs(x)", x=0, symbolic=False)
    check({"expression": "2 +"})
    assert capfd.readouterr() == ("", "")


def test_what_the_package_offers() -> None:
    """The names of `__all__` and no others; nothing heavy is imported before one of them is used."""
    assert set(autogradcli.__all__) <= set(dir(autogradcli))
    with pytest.raises(AttributeError, match="has no attribute 'evalute'"):
        autogradcli.evalute  # noqa: B018
    program = (
        "import sys, autogradcli; from autogradcli import diff, check; print({'torch', 'sympy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    "mode",
    [
        torch.no_grad(),
        torch.inference_mode(),
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.device("meta"),
    ],
)
def test_the_callers_mode_is_not_torch_s_own(mode: AbstractContextManager[object]) -> None:
    """Gradients are computed as in a new process, whatever the caller has switched off, and it stays off."""
    with mode:
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_device()
        report = evaluate("sum(A @ x)", A=[[1.1, 2.3], [3.0, 4.0]], x=[1.0, 2.0], dtype="float32", symbolic=False)
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_device()) == before
    assert (report.verdict, report.nodes[0].name) == ("verified", "SumBackward0")


def test_the_callers_torch_is_left_as_it_was() -> None:
    """Its generator of random numbers, its parameters and its modes, whatever the code that is judged does to them."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    factor = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def careless(x: torch.Tensor) -> torch.Tensor:
        product = x * factor
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float16)
        return product

    assert evaluate("sum(2*x)", x="randn(3)", symbolic=False).verdict == "verified"
    assert evaluate("2*x", x=3.0, function=careless, symbolic=False).gradients["x"].autograd == 2.0
    assert (torch.is_grad_enabled(), torch.get_default_dtype(), factor.grad) == (True, torch.float32, None)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("dtype", ["float32", torch.float32, np.float32, np.dtype("float32")])
def test_a_dtype_is_a_name_or_somebodys_dtype(dtype: Any) -> None:
    """As torch and NumPy have them."""
    assert evaluate("x**2", x=3, dtype=dtype, symbolic=False).variables["x"].dtype == "float32"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_function_that_is_none_of_a_module(jobs: int) -> None:
    """A case is data, which goes to other processes; what is none is an outcome."""
    case = {"expression": "x**2", "at": {"x": 1}, "function": lambda x: x**2}
    good = {"expression": "x**2", "at": {"x": 1}}
    first, second = check(case, good, jobs=jobs, symbolic=False).outcomes
    assert first.error is not None
    assert first.error["message"].endswith("is no value")
    assert (first.error["hint"], second.status) == ('name a function of a case: "package.module:name"', "passed")


def test_numbers_of_the_standard_library() -> None:
    """Fractions and decimals are exact, and a range is a list."""
    for value in (Fraction(1, 3), Decimal("0.5"), range(3)):
        assert evaluate("sum(x**2)", x=value, symbolic=False).verdict == "verified"
    assert evaluate("x", x=Fraction(1, 3), symbolic=False).value == 1 / 3


def test_wrt_may_be_names_with_commas() -> None:
    """As at the command line."""
    assert list(evaluate("x*y*z", x=1, y=2, z=3, wrt="x, z", symbolic=False).gradients) == ["x", "z"]
    assert diff("x**2*y", "y,x") == {"y": "x**2", "x": "2*x*y"}


def test_arrays_come_back_as_arrays() -> None:
    """Of NumPy or of torch, as the values are; lists as lists; JSON has nested lists."""
    array = evaluate("sum(x**2)", x=np.array([1.0, 2.0]), symbolic=False)
    assert isinstance(array.gradients["x"].autograd, np.ndarray)
    assert array.gradients["x"].autograd.tolist() == [2.0, 4.0]
    assert array.to_dict()["gradients"]["x"]["autograd"] == [2.0, 4.0]
    assert "[2.0, 4.0]" in str(array)
    tensor = evaluate("sum(x**2)", x=torch.tensor([1, 2]), symbolic=False).gradients["x"].autograd
    assert torch.equal(tensor, torch.tensor([2.0, 4.0], dtype=torch.float64))
    assert evaluate("sum(x**2)", x=[1, 2], symbolic=False).gradients["x"].autograd == [2.0, 4.0]


def test_a_short_repr() -> None:
    """One line, never the whole report."""
    assert repr(evaluate("x**2", x=3, symbolic=False)) == "Report(verdict='verified', value=9.0, gradients={'x': 6.0})"
    assert len(repr(evaluate("sum(x**2)", x=list(range(200)), symbolic=False))) < 220


def test_a_notebook_shows_formula_chain_and_picture() -> None:
    """One element that a parser of XML reads."""
    shown = ET.fromstring(evaluate("x**2", x=3)._repr_html_())
    assert {"SymPy: value", "true value (Arb)", "verdict"} <= {each.text for each in shown.iter("th")}
    texts = ["".join(each.itertext()) for each in shown]
    assert texts[0].startswith("f = x**2          x = 3.0")
    assert texts[2] == "df/dx = 2*x"
    assert "PowBackward0" in texts[3]
    assert shown[4].tag.endswith("svg")
    assert texts[5] == "verdict  verified: autograd's gradient is right"


def test_a_function_of_tensors() -> None:
    """What it computes is recorded and verified; errors say what it gives."""
    report = evaluate(lambda x, y: torch.sin(x) ** 2 * y, x=2.0, y=3.0, timeout=60)
    assert (report.verdict, list(report.gradients)) == ("verified", ["x", "y"])
    assert report.gradients["y"].symbolic.formula == "sin(x)**2"
    assert evaluate(users_code.sigmoid, x=2.0, symbolic=False).expression == "sigmoid(x)"
    wrong = evaluate(users_code.Cube.apply, x=2.0, symbolic=False)
    assert wrong.verdict == "mismatch"
    with pytest.raises(GradcalcError, match="a tensor of shape"):
        evaluate(lambda x: 2 * x, x=[1.0, 2.0])
    with pytest.raises(GradcalcError, match="does not depend"):
        evaluate(lambda x: torch.ones(()) + 0 * x.detach(), x=1.0)


def test_a_module_in_a_function() -> None:
    """Its parameters keep the gradients that they have; where it computes with another dtype, the hint says so."""
    module = torch.nn.Linear(2, 1)
    module.weight.grad = torch.ones(1, 2)
    report = evaluate(lambda x: module(x).sum(), x=[1.0, 2.0], dtype="float32", symbolic=False)
    assert report.gradients["x"].autograd == pytest.approx(module.weight[0].tolist())
    assert module.weight.grad.tolist() == [[1.0, 1.0]]
    assert module.bias.grad is None
    with pytest.raises(GradcalcError, match="hint: type dtype='float32'"):
        evaluate(lambda x: module(x).sum(), x=[1.0, 2.0])


def test_the_graph(tmp_path: Path) -> None:
    """Text, files and a picture for notebooks."""
    found = autogradcli.graph("tanh(w*x)", w=2, x=0.5)
    assert "TanhBackward0" in str(found)
    assert "<svg" in found._repr_svg_()
    found.save(str(tmp_path / "graph.dot"))
    assert (tmp_path / "graph.dot").read_text().startswith("digraph")
    with pytest.raises(GradcalcError, match=r"does not end in a format\nhint: it can be \.txt"):
        found.save("graph.xyz")


def test_the_chain_rule() -> None:
    """As `--trace` writes it."""
    assert str(autogradcli.trace("x**2*y", x=2, y=3, wrt="x")).startswith("chain rule for df/dx: one path\n")


def test_a_claim() -> None:
    """What the derivatives are, by name."""
    assert_gradient("x**2", x=3, claim={"x": "2*x"}, symbolic=False)
    with pytest.raises(AssertionError, match=r"x\*\*2: claim\.x: wrong at x = "):
        assert_gradient("x**2", x=3, claim={"x": "3*x"}, symbolic=False)
    with pytest.raises(AssertionError, match=r"x\*\*2: claim\.x: wrong at x = "):
        assert_gradient("x**2", x=3, claim="3*x", symbolic=False)
    with pytest.raises(GradcalcError, match=r"hint: type x=NUMBER$"):
        assert_gradient("x**2", claim="2*x")


def test_a_formula_in_a_hint_stays_as_it_is() -> None:
    """Two minuses are no option."""
    with pytest.raises(GradcalcError, match=r"type 2--x\*y$"):
        evaluate("2--x y", x=2, y=3)


def test_examples_in_docstrings() -> None:
    """They give what they show."""
    import doctest

    from autogradcli.api import calls, display

    results = [doctest.testmod(each) for each in (calls, display)]
    assert sum(each.attempted for each in results) >= 7
    assert not any(each.failed for each in results)


def test_the_hessian_as_a_matrix() -> None:
    """In the order of the names; components of a tensor one after the other. By hand: of y*(a^2 + b^2)."""
    report = evaluate("y*sum(x**2)", x=[1, 2], y=3, hessian=True, symbolic=False, timeout=60)
    assert report.hessian_matrix("x", "y").tolist() == [[6, 0, 2], [0, 6, 4], [2, 4, 0]]
    assert report.hessian_matrix().tolist() == [[0, 2, 4], [2, 6, 0], [4, 0, 6]]
    assert report.hessian_matrix("y").tolist() == [[0]]
    with pytest.raises(GradcalcError, match="no second derivatives with respect to z"):
        report.hessian_matrix("z")
    with pytest.raises(GradcalcError, match="hessian=True"):
        evaluate("x**2", x=1, symbolic=False).hessian_matrix()


def test_errors_are_raised_in_few_frames() -> None:
    """Of gradcalc's own the call and nothing of what is behind it."""
    with pytest.raises(GradcalcError) as caught:
        evaluate("2 +", x=1)
    assert len(caught.traceback) == 2
    assert str(caught.value) == "something is missing after +\n  2 +\n    ^"
    assert caught.value.__context__ is None


def test_gradients_are_short_to_look_at() -> None:
    """`report.jacobian` in a notebook, and `report.gradients`; long ones are cut."""
    report = evaluate("[x*y, x + y]", x=2, y=3, jacobian=True)
    assert repr(report.jacobian["x"]) == "Gradient(verdict='verified', autograd=[3.0, 1.0], symbolic=['y', '1'])"
    assert len(repr(evaluate("sum(sin(x))", x=[1.0] * 100).gradients["x"])) < 210
