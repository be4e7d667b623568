"""Programs with complex numbers, sparse gradients, random numbers, and layers that torch computes as a whole."""

from dataclasses import replace

import pytest
import torch

from autogradcli.programs.ledger import Ledger
from tests.programs import DEMANDS, ledger


def verdicts(made: Ledger) -> list[str]:
    """Those of the passes."""
    return [each.verdict for each in made.passes]


COMPLEX = {
    "a length, by a conjugate that torch has not worked out": "(z * z.conj()).real.sum()",
    "parts": "(z.imag * torch.view_as_real(z)[:, 0]).sum() + z.real.pow(3).sum()",
    "polar": "torch.polar(x, x).imag.sum() + torch.complex(x, x * x).abs().sum()",
    "an angle": "(z.angle() * z.abs()).sum()",
    "a spectrum": "torch.fft.rfft(x).abs().pow(2).sum() + torch.fft.ifft2(z.outer(z)).imag.sum()",
    "a product of matrices": "(torch.outer(z, z.conj()) @ z).abs().sum()",
}


@pytest.mark.parametrize("expression", COMPLEX.values(), ids=COMPLEX.keys())
@pytest.mark.parametrize("kind", ["complex64", "complex128"])
def test_complex_numbers_are_verified_by_steps(expression: str, kind: str) -> None:
    """Both parts of each component are held against complex128."""
    made = ledger(
        f"torch.manual_seed(0)\nz = torch.randn(3, dtype=torch.{kind}, requires_grad=True)\n"
        f"x = torch.rand(3, dtype=z.real.dtype, requires_grad=True)\n({expression}).backward()"
    )
    assert made.failure is None
    assert verdicts(made) == ["verified"]
    assert made.passes[0].proof == "steps"


SQUARE = """class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * z
    @staticmethod
    def backward(ctx, g):
        z, = ctx.saved_tensors
        return {}
z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
Square.apply(z).{}.sum().backward()"""
BACKWARDS = [
    ("g * (2 * z).conj()", "real", "verified"),
    ("g * (2 * z).conj()", "imag", "verified"),
    ("g * 2 * z", "real", "mismatch"),
    ("g.conj() * (2 * z).conj()", "imag", "mismatch"),
    ("0j + (g * (2 * z).conj()).real", "real", "mismatch"),
]


@pytest.mark.parametrize(("formula", "part", "verdict"), BACKWARDS)
def test_a_backward_of_complex_numbers(formula: str, part: str, verdict: str) -> None:
    """torch's convention: for a holomorphic f it is the upstream gradient times the conjugate of f'."""
    made = ledger(SQUARE.format(formula, part))
    assert [each.verdict for each in made.customs] == [verdict]
    assert verdicts(made) == [verdict]


def test_a_sparse_gradient_is_shown_with_all_its_components() -> None:
    """An embedding gives those rows alone that were looked up; twice, and beside what `.grad` held."""
    made = ledger(
        "e = torch.nn.Embedding(5, 2, sparse=True)\n"
        "for i in range(2):\n    e(torch.tensor([1, 3, 3])).sum().backward()\nprint(e.weight.grad.is_sparse)"
    )
    assert verdicts(made) == ["verified", "verified"]
    rows = [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]
    assert [each.entries[0].added for each in made.passes] == [rows, rows]
    assert made.passes[1].entries[0].after == [[2 * each for each in row] for row in rows]


LAYERS = {
    "packed sequences": (
        "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
        "x = torch.randn(2, 3, 4, requires_grad=True)\n"
        "packed = pack_padded_sequence(x, torch.tensor([3, 1]), batch_first=True)\n"
        "out, _ = pad_packed_sequence(packed._replace(data=packed.data.sin()), batch_first=True)\n"
        "(out * torch.arange(4.0)).sum().backward()"
    ),
    "a weight with a norm": (
        "from torch.nn.utils.parametrizations import weight_norm\n"
        "net = torch.nn.Sequential(weight_norm(torch.nn.Linear(4, 3)), weight_norm(torch.nn.Linear(3, 2), dim=None))\n"
        "net(torch.randn(5, 4)).pow(2).sum().backward()"
    ),
}


@pytest.mark.parametrize("text", LAYERS.values(), ids=LAYERS.keys())
def test_layers_that_torch_computes_as_a_whole(text: str) -> None:
    """They have a definition, or only move numbers."""
    assert verdicts(ledger(f"torch.manual_seed(0)\n{text}")) == ["verified"]


def test_weight_norm_is_what_torch_computes() -> None:
    """Along each dimension, and of the whole."""
    from autogradcli.engines.torch.record.definitions import definition_of

    v = torch.randn(4, 3, 2, dtype=torch.float64)
    for dim in (0, 1, 2, -1):
        g = torch.rand_like(torch.norm_except_dim(v, 2, dim))
        definition = definition_of("_weight_norm", ())
        assert definition is not None
        assert torch.allclose(definition(v, g, dim), torch._weight_norm(v, g, dim))


DRAWN = """class Noisy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.noise = torch.rand_like(x)
        return x * ctx.noise
    @staticmethod
    def backward(ctx, g):
        return g * {}
x = torch.ones(5, requires_grad=True)
Noisy.apply(x).sum().backward()"""


@pytest.mark.parametrize(("formula", "verdict"), [("ctx.noise", "unverified"), ("ctx.noise.sqrt()", "mismatch")])
def test_a_forward_that_draws_random_numbers(formula: str, verdict: str) -> None:
    """In float64 it draws others, so that only what is proven as a whole is judged, with the numbers of the record."""
    made = ledger(DRAWN.format(formula))
    assert verdicts(made) == [verdict]
    assert any("its forward draws random numbers" in each.message for each in made.customs[0].reasons)
    by_steps = ledger(DRAWN.format(formula), replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1)))
    assert verdicts(by_steps) == ["unverified"]


DRAWS = {
    "normal": "(torch.normal(x, 1.0) ** 2).sum()",
    "bernoulli": "(torch.bernoulli(x.sigmoid()) * x).sum()",
    "overwritten": "((x * 1).clone().normal_() * x).sum()",
    "alpha_dropout": "(F.alpha_dropout(x, 0.5, True) ** 2).sum()",
    "feature_alpha_dropout": "(F.feature_alpha_dropout(x.view(1, 10, 2, 2), 0.5, True) ** 2).sum()",
    "dropout2d": "(F.dropout2d(x.view(1, 10, 2, 2), 0.5, True) ** 2).sum()",
    "dropout in place": "(F.dropout(x * 2, 0.5, True, True) ** 2).sum()",
    "rrelu": "(F.rrelu(x, training=True) ** 2).sum()",
    "gamma": "torch.distributions.Gamma(x.exp(), 1.0).rsample().sum()",
    "attention": "(F.scaled_dot_product_attention(*3 * [x.view(1, 1, 10, 4)], dropout_p=0.4) ** 2).sum()",
}


@pytest.mark.parametrize("expression", DRAWS.values(), ids=DRAWS.keys())
def test_random_numbers_are_no_false_alarm(expression: str) -> None:
    """Forty of them: torch draws so many of one format in another way than of another."""
    made = ledger(f"torch.manual_seed(0)\nx = torch.randn(40, requires_grad=True)\n({expression}).backward()")
    assert made.failure is None
    assert verdicts(made)[0] in {"verified", "unverified"}


LINEAR_ALGEBRA = {
    "eigenvectors": "torch.linalg.eigh(A + A.T)[1]",
    "singular vectors": "torch.linalg.svd(A.double())[0]",
    "a product that underflows": "(A * 1e-9).flatten().prod()",
    "a sign, whose derivative is 0": "torch.sgn(A)",
}


@pytest.mark.parametrize("expression", LINEAR_ALGEBRA.values(), ids=LINEAR_ALGEBRA.keys())
def test_what_has_another_sign_or_underflows_is_no_loss(expression: str) -> None:
    """The sign of a vector is not determined, and a gradient that is too small for its format is 0."""
    made = ledger(
        f"torch.manual_seed(0)\nA = torch.randn(5, 5, requires_grad=True)\n"
        f"({expression} * torch.rand(5, 5)).sum().backward()",
        replace(DEMANDS, options=replace(DEMANDS.options, max_operations=1)),
    )
    assert made.failure is None
    assert verdicts(made)[0] in {"verified", "unverified"}


def test_what_random_numbers_are_drawn_with_is_not_called_right() -> None:
    """The numbers move with their mean, and torch sends 0 to it."""
    made = ledger("m = torch.ones(3, requires_grad=True)\n(torch.normal(m, 1.0) + 0 * m).sum().backward()")
    (found,) = made.passes[0].entries
    assert found.verdict == "unverified"
    assert found.reason is not None
    assert "torch sends 0" in found.reason.message
