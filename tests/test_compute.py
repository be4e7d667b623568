"""From problems to reports: the engines together, and what a session keeps."""

import json
import math
import pickle

import pytest

from autogradcli.compute.compute import Session, compute
from autogradcli.compute.report import plain
from autogradcli.compute.versions import versions
from autogradcli.errors import GradcalcError
from tests.helpers import problem


def test_three_opinions_on_the_cubic() -> None:
    """Autograd's number, SymPy's formula and number, Arb's ball, and the verdict."""
    report = compute(problem("5*x**3 + 2*x**2 + 4*x + 8", {"x": "2"}, symbolic=True))
    found = report.gradients["x"]
    assert (report.value, found.autograd, found.symbolic.formula, found.symbolic.digits) == (
        64.0,
        72.0,
        "15*x**2 + 4*x + 4",
        "72",
    )
    assert (found.symbolic.status, found.exact.value, found.ulps, found.verdict) == ("agrees", "72", 0.0, "verified")
    assert set(report.seconds) == {"import", "torch", "arb", "sympy"}


def test_a_report_is_plain_data() -> None:
    """It pickles, and as JSON it is strict: what is not finite is text."""
    report = compute(problem("log(1 + exp(x))", {"x": "1000"}))
    assert repr(pickle.loads(pickle.dumps(report))) == repr(report)
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text)["gradients"]["x"]["autograd"] == "nan"
    assert plain([math.inf, -math.inf, (1.0, {"a": math.nan})]) == ["inf", "-inf", [1.0, {"a": "nan"}]]


def test_sympy_is_the_one_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SymPy value outside the proven ball disagrees, with both numbers, and the verdict is about autograd as ever."""
    from autogradcli.engines.sympy.process import SymbolicAnswer, SymbolicDerivative, SymbolicProcess

    wrong = SymbolicAnswer("8", {"x": SymbolicDerivative("3*x**2", "12.5", None)}, 0.0)
    monkeypatch.setattr(SymbolicProcess, "result", lambda *_: wrong)
    found = compute(problem("x**3", {"x": "2"}, symbolic=True)).gradients["x"]
    assert found.symbolic.status == "disagrees"
    assert found.symbolic.reason == "GC401: SymPy's 12.5 lies outside 12 ± 0"
    assert found.verdict == "verified"


def test_a_variable_that_does_not_matter_has_the_gradient_zero_and_a_note() -> None:
    """As torch sees it, it has none; as mathematics does, it is 0."""
    report = compute(problem("y = 2*x; z = 3*t", {"x": "1", "t": "1"}))
    assert (report.gradients["x"].autograd, report.gradients["x"].verdict) == (0.0, "verified")
    assert report.notes == ("the output does not depend on x: its gradient is 0",)


def test_a_value_that_is_off_is_noted() -> None:
    """The value of the function is judged as well."""
    report = compute(problem("(1 + 1/n)**n", {"n": "1e15"}))
    assert report.notes == (
        "the value itself is off: torch gives 3.035035206549262, the true value is 2.7182818284590438",
    )
    assert report.value_ulps is not None
    assert report.value_ulps > 1e14


def test_an_expression_without_variables_has_a_value_and_nothing_else() -> None:
    """There is nothing to differentiate."""
    report = compute(problem("2 + 3", {}, symbolic=True))
    assert (report.value, report.gradients, report.nodes, report.verdict) == (5.0, {}, (), "verified")


def test_what_torch_refuses_leaves_nothing_behind() -> None:
    """SymPy's ticket for it is forgotten, and the session goes on."""
    with Session() as session:
        refused = session.start(problem("polygamma(-1, x)", {"x": "1"}, symbolic=True))
        with pytest.raises(GradcalcError):
            refused.evaluate()
        report = session.start(problem("x**2", {"x": "3"}, symbolic=True)).report()
        assert report.gradients["x"].symbolic.status == "agrees"
        assert not session._symbolic._tickets  # type: ignore[union-attr]


def test_versions_are_found_without_imports() -> None:
    """Of gradcalc and of its engines."""
    assert list(versions()) == ["gradcalc", "torch", "sympy", "python-flint"]


LOWER = [
    ("float32", "sin(x)*exp(x)", "0.3", "verified"),
    ("float16", "sin(x)*exp(x)", "0.3", "verified"),
    ("bfloat16", "sin(x)*exp(x)", "0.3", "verified"),
    ("float32", "tanh(x)", "20", "imprecise"),
    ("bfloat16", "tanh(x)", "20", "imprecise"),
    # 1.7e-17 is less than half of the smallest float16: 0 is its correct underflow.
    ("float16", "tanh(x)", "20", "verified"),
    ("float16", "tanh(x)", "4.5", "mismatch"),
    ("float32", "exp(x)", "100", "undefined"),
    ("float16", "exp(x)", "12", "undefined"),
]


@pytest.mark.parametrize(("dtype", "text", "x", "verdict"), LOWER)
def test_lower_dtypes_get_verdicts_by_their_own_roundoff(dtype: str, text: str, x: str, verdict: str) -> None:
    """What is honest rounding in one dtype would be a defect in another."""
    assert compute(problem(text, {"x": x}, dtype)).gradients["x"].verdict == verdict
