"""`autogradcli.watch`: gradients in Python code of one's own."""

from typing import Any

import pytest
import torch

from autogradcli import watch

pytest_plugins = ["pytester"]


class Wrong(torch.autograd.Function):
    """A cube with the derivative of a square."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """The cube."""
        ctx.save_for_backward(x)
        return x.pow(3)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        """Not its derivative."""
        (x,) = ctx.saved_tensors
        return torch.mul(g, 2 * x)


class InNumpy(torch.autograd.Function):
    """A square that NumPy computes."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """The square."""
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() ** 2)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        """Its derivative."""
        (x,) = ctx.saved_tensors
        return torch.mul(g, 2 * x)


def leaf() -> torch.Tensor:
    """A leaf."""
    return torch.tensor([1.0, 2.5], requires_grad=True)


def test_what_is_right_is_right() -> None:
    """The verdict, the ledger, and an assertion that holds."""
    x = leaf()
    with watch() as seen:
        (x * x).sum().backward()  # type: ignore[no-untyped-call]
    assert seen.verdict == "verified"
    assert [entry.name for entry in seen.ledger.passes[0].entries] == ["x"]
    seen.assert_right()


def test_nothing_seen_is_not_right() -> None:
    """A test whose loss was sent backward outside the block has tested nothing."""
    with watch() as seen:
        leaf()
    with pytest.raises(AssertionError, match="no backward pass was seen"):
        seen.assert_right()


def test_what_is_wrong_is_told() -> None:
    """With the line of the class."""
    x = leaf()
    with watch() as seen:
        Wrong.apply(x).sum().backward()  # type: ignore[no-untyped-call]
    with pytest.raises(AssertionError, match=r"its backward gives 5\.0 for x"):
        seen.assert_right()


def test_what_differs_on_purpose_is_declared() -> None:
    """By its name."""
    x = leaf()
    with watch(surrogate="Wrong") as seen:
        Wrong.apply(x).sum().backward()  # type: ignore[no-untyped-call]
    assert seen.verdict == "verified"


def test_a_reference_stands_for_a_forward_that_is_not_followed() -> None:
    """A function of torch's operations with the same derivative."""
    x = leaf()
    with watch() as seen:
        InNumpy.apply(x).sum().backward()  # type: ignore[no-untyped-call]
    assert seen.verdict == "unverified"
    with watch(reference={InNumpy: lambda x: x**2}) as seen:
        InNumpy.apply(x).sum().backward()  # type: ignore[no-untyped-call]
    assert seen.verdict == "verified"


def test_torch_is_put_back() -> None:
    """Whatever was wrapped while it was watched is as it was."""
    before = torch.autograd.Function.__dict__["apply"], torch.autograd.graph._engine_run_backward, torch.compile
    with watch():
        assert torch.compile is not before[2]
    after = torch.autograd.Function.__dict__["apply"], torch.autograd.graph._engine_run_backward, torch.compile
    assert after == before


def test_a_fixture_fails_a_test_whose_gradient_is_wrong(pytester: pytest.Pytester) -> None:
    """And passes one whose gradients are right."""
    pytester.makepyfile(
        """
        import torch

        def test_right(right_gradients):
            x = torch.ones(2, requires_grad=True)
            (x * x).sum().backward()

        def test_wrong(right_gradients):
            x = torch.tensor(-1.0, requires_grad=True)
            torch.where(x > 0, x.sqrt(), x).backward()
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2, errors=1)


def test_a_magic_shows_the_ledger_of_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """`%%gradcalc` above a cell, once the extension is loaded."""
    from autogradcli import load_ipython_extension

    class Shell:
        """What IPython gives an extension."""

        def register_magic_function(self, function: Any, kind: str, name: str) -> None:
            """Keep it."""
            self.magics = {(kind, name): function}

        def run_cell(self, cell: str) -> None:
            """Run a cell."""
            exec(compile(cell, "cell", "exec"), {})  # noqa: S102

    shell = Shell()
    load_ipython_extension(shell)
    cell = "import torch\nx = torch.ones(2, requires_grad=True)\n(x*x).sum().backward()"
    shell.magics["cell", "gradcalc"]("--timeout 30 --surrogate Step", cell)
    found = capsys.readouterr()
    assert "1 backward pass: 1 verified" in found.out
    assert "called Step" in found.out
    shell.magics["cell", "gradcalc"]("--bogus", cell)
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err == (
        "error: unrecognized arguments: --bogus\nhint: type %%gradcalc --timeout 30, or %%gradcalc --surrogate NAME\n"
    )


def test_what_was_watched_prints_as_its_report() -> None:
    """As `gradcalc run` writes it, and without an address."""
    with watch() as seen:
        x = torch.tensor(3.0, requires_grad=True)
        (x * x).backward()  # type: ignore[no-untyped-call]
    assert str(seen).startswith("gradcalc watch: 1 backward pass: 1 verified\n")
    assert str(seen).endswith("verdict  verified: every gradient is right\n")
    assert "x          6.0        0 ulp   verified   the same\n" in str(seen)


def test_what_a_report_says_to_type_is_python() -> None:
    """An argument of `watch`, and no option of a command line."""
    with watch() as seen:
        x = torch.tensor([0.6], requires_grad=True)
        Wrong.apply(x).sum().backward()  # type: ignore[no-untyped-call]
    assert 'if it differs on purpose: surrogate="Wrong"\n' in str(seen)


@pytest.mark.filterwarnings("ignore")  # torch.jit will go some day
def test_what_torch_traces_is_what_it_traces_without_a_watch() -> None:
    """The graph holds names and lines of the frames that call each operation: gradcalc's are not among them."""

    def function(z: torch.Tensor) -> torch.Tensor:
        return (z.exp() - 0).sum() + z * 2

    def graph() -> str:
        traced: Any = torch.jit.trace(function, (torch.ones(1, requires_grad=True),))  # type: ignore[no-untyped-call]
        return str(traced.graph)

    before = graph()
    with watch() as seen:
        during = graph()
        x = torch.tensor(3.0, requires_grad=True)
        (x * x).backward()  # type: ignore[no-untyped-call]
    assert during == before
    assert (seen.verdict, len(seen.ledger.passes)) == ("verified", 1)


def test_all_that_gradcheck_computes_is_verified() -> None:
    """Its test with gradients that are left out has none to verify."""
    with watch() as seen:
        x = torch.tensor([0.3], dtype=torch.double, requires_grad=True)
        assert torch.autograd.gradcheck(torch.sin, (x,))
    assert seen.ledger.passes
    assert seen.verdict == "verified"
