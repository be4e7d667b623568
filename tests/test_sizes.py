"""Sizes before work: what is too large is refused, or left unproven, before it takes time or memory."""

import json
import tracemalloc
from pathlib import Path

import pytest

from tests.command import gradcalc
from tests.helpers import counted

TOO_LARGE = {
    "x*sum(ones(8000,1)+ones(1,8000))": "(8000, 8000)",
    "x*sum(kron(ones(1000), ones(5000)))": "(5000000)",
    "x*sum(outer(ones(15000), ones(15000)))": "(15000, 15000)",
    "x*sum(ones(3).repeat(1000, 1000))": "(1000, 3000)",
    "x*sum(ones(2000,1)@ones(1,2000))": "(2000, 2000)",
    "x*sum(one_hot(arange(10), 10**6))": "(10, 1000000)",
    "sum(x*ones(4000,1)*ones(1,4000))": "(4000, 4000)",
    "x*sum(lerp(ones(3000,1), ones(1,3000), 0.5))": "(3000, 3000)",
    "x*sum(conv1d(ones(1,1,100000), ones(1,1,1000)))": "(99001, 1000)",
    "x*sum(conv_transpose2d(ones(1,1,300,300), ones(1,2,20,20)))": "(90000, 800)",
    "x*sum(diag(ones(10**5)))": "(100000, 100000)",
    "x*sum(diag_embed(ones(2, 3000)))": "(2, 3000, 3000)",
    "x*sum(vander(ones(2000)))": "(2000, 2000)",
    "x*sum(cov(ones(2000, 2)))": "(2000, 2000)",
    "x*sum(pdist(ones(2000, 1)))": "(1999000)",
    "x*sum(combinations(ones(10**4), 3))": "(166616670000, 3)",
    "x*sum(combinations(ones(1500), 2, with_replacement=True))": "(1125750, 2)",
    "x*sum(one_hot([10**9]))": "(1, 1000000001)",
    "x*sum(repeat_interleave(eye(40), 2**62))": "(7378697629483820646400)",
    "x*sum(repeat_interleave(eye(40), [2**62], dim=-1))": "(40, 184467440737095516160)",
}


@pytest.mark.parametrize("expression", TOO_LARGE)
def test_a_result_that_is_too_large_is_not_made(expression: str) -> None:
    """Torch is asked for its shape, which the error tells."""
    result = gradcalc("eval", expression, "--x", "2", "--no-symbolic")
    allowed = "30,000,000" if "conv" in expression else "1,000,000"
    message = f"error: this would have shape {TOO_LARGE[expression]}, and {allowed} numbers are allowed\n"
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(message)


def test_what_is_made_on_the_way_is_counted_as_well() -> None:
    """Torch makes the choices of eight of sixteen in every order, and leaves most of them out."""
    result = gradcalc("eval", "x*sum(combinations(ones(16), 8))", "--x", "2", "--no-symbolic")
    assert result.status == 2
    assert "shape (16, 16, 16, 16, 16, 16, 16, 16), and 30,000,000 numbers are allowed" in result.err


def test_a_variable_with_too_many_components_is_never_written_out() -> None:
    """However few of them the expression is about."""
    result = gradcalc("eval", "x[0]**2", "--x", "ones(300001)", "--no-symbolic", "--json")
    reason = json.loads(result.out)["gradients"]["x"]["reason"]
    assert reason["code"] == "GC503"
    assert reason["message"].startswith("there are more than 300,000 components of x, too many to prove")


def test_a_result_of_a_million_is_made() -> None:
    """Even if the operands could give more."""
    result = gradcalc("eval", "x*sum(ones(1000,1)*ones(1,1000))", "--x", "2", "--no-symbolic", "--format", "plain")
    assert result.out == "1000000.0\n"


@pytest.mark.parametrize("expression", ["x*sum(eye(700)@eye(700))", "x*sum(conv1d(ones(1,1,20000), ones(1,1,1000)))"])
def test_products_beyond_the_limit_are_never_written_out(expression: str) -> None:
    """What would take gigabytes takes a hundredth of that, and the report says what was left out."""
    tracemalloc.start()
    try:
        result = gradcalc("eval", expression, "--x", "2", "--no-symbolic", "--json")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    report = json.loads(result.out)
    assert report["gradients"]["x"]["reason"]["code"] == "GC503"
    assert most < 300e6


DEEP = {
    "a dotted key": "at." + ".".join(["x"] * 50_000) + " = 1",
    "a table": "[" + ".".join(['"x y"'] * 500) + "]",
    "brackets": "x = " + "[" * 100_000,
    "inline tables": "x = " + "{a = " * 100_000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_file_that_is_nested_too_deep_is_an_error(tmp_path: Path, text: str) -> None:
    """Before a reader of TOML begins with it."""
    path = tmp_path / "deep.grad.toml"
    path.write_text(text)
    result = gradcalc("check", str(path))
    assert result.status == 2
    assert "the file is nested too deep" in result.out


def test_samples_of_too_many_numbers_are_an_error(tmp_path: Path) -> None:
    """All points of a case are in memory together."""
    path = tmp_path / "many.grad.toml"
    path.write_text('[[case]]\nexpression = "sum(x)"\nsample.x = "uniform(0, 1, (1000, 1000))"\ncount = 100_000\n')
    count, result = counted(lambda: gradcalc("check", str(path)))
    assert result.status == 2
    assert "the points of the case have 100,000,000,000 numbers, and 4,000,000 are allowed" in result.out
    assert count < 1_000_000


DOUBLED = "a=x; b=x" + "; a=a+a; b=b+b" * 24


@pytest.mark.parametrize("last", ["a/(1-b)", "exp(a) - exp(b)", "(a - b)/(a + b)", "a/(1-b) + b/(1-a)"])
def test_names_that_are_used_twice_each_time_do_not_double_the_work(last: str) -> None:
    """A tree of 2**24 leaves is a program of fifty steps."""
    words = ("eval", f"{DOUBLED}; {last}", "--x", "0.3", "--no-symbolic", "--json")
    count, result = counted(lambda: gradcalc(*words))
    assert json.loads(result.out)["verdict"]
    assert count < 5_000_000


def test_a_loop_that_is_written_out_is_not_searched_for_remedies() -> None:
    """There are a dozen edits for each of its passes, and none of them would help."""
    words = ("eval", "std(sum(x for i in range(3000)))", "--x", "2", "--no-symbolic", "--json")
    count, result = counted(lambda: gradcalc(*words))
    report = json.loads(result.out)
    assert (report["verdict"], report["gradients"]["x"]["reason"]["remedy"]) == ("undefined", None)
    assert count < 4_500_000


def test_many_names_cost_no_more_than_each_of_them() -> None:
    """A thousand variables are looked up together, not each by going through all steps."""
    names = [f"a{number}" for number in range(1000)]
    line = json.dumps({"expression": "+".join(names), "at": dict.fromkeys(names, 1)})
    count, result = counted(lambda: gradcalc("batch", "--no-symbolic", stdin=line))
    assert json.loads(result.out)["verdict"] == "verified"
    assert count < 2_500_000
