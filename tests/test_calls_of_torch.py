"""Calls as torch accepts them: defaults, names of parameters, masks, dimensions left out; values by hand."""

import math
from typing import Any

import numpy as np
import pytest

from autogradcli.errors import GradcalcError
from tests.command import gradcalc
from tests.helpers import problem_report

CALLS: list[tuple[str, dict[str, str], Any]] = [
    ("softmax(x)", {"x": "[0, 0]"}, [0.5, 0.5]),
    ("F.softmin(x)", {"x": "[0, 0, 0, 0]"}, [0.25] * 4),
    ("log_softmax(x)", {"x": "[0, 0]"}, [-math.log(2)] * 2),
    ("x.logsumexp()", {"x": "[1, 1]"}, 1 + math.log(2)),
    ("torch.softmax(x, 0, dtype=torch.float64)", {"x": "[0, 0]"}, [0.5, 0.5]),
    ("torch.sum(x, dtype=torch.double)", {"x": "[1, 2]"}, 3),
    ("x.sum(())", {"x": "[[1, 2], [3, 4]]"}, 10),
    ("x.sum([])", {"x": "[[1, 2], [3, 4]]"}, 10),
    ("x.sum(dim=(), keepdim=True)", {"x": "[1, 2]"}, [3]),
    ("x.std(False)", {"x": "[1, 3]"}, 1),
    ("torch.var(x, True)", {"x": "[1, 3]"}, 2),
    ("var(x, correction=1.5)", {"x": "[1, 3]"}, 4),
    ("x.clamp(None, 2)", {"x": "3.5"}, 2),
    ("torch.clamp(x, min=None, max=4)", {"x": "3.5"}, 3.5),
    ("x.clamp(4, None)", {"x": "3.5"}, 4),
    ("pow(x, exponent=2)", {"x": "3"}, 9),
    ("torch.addcmul(x, tensor1=x, tensor2=x, value=2)", {"x": "3"}, 21),
    ("torch.swapaxes(x, axis0=0, axis1=1)", {"x": "[[1, 2]]"}, [[1], [2]]),
    ("torch.nan_to_num(x, nan=1, posinf=7, neginf=-7)", {"x": "2"}, 2),
    ("F.relu(x, inplace=False)", {"x": "-2"}, 0),
    ("torch.add(x, 1, out=None)", {"x": "2"}, 3),
    ('F.mse_loss(x, y, size_average=None, reduce=None, reduction="mean")', {"x": "[1, 2]", "y": "[1, 4]"}, 2),
    ('quantile(x, 0.3, interpolation="higher")', {"x": "[1, 2, 4]"}, 2),
    ('quantile(x, 0.3, interpolation="midpoint")', {"x": "[1, 2, 4]"}, 1.5),
    ("sort(x, stable=True).values", {"x": "[3, 1, 2]"}, [1, 2, 3]),
    ("where(m, x, 0)", {"m": "[True, False]", "x": "[1, 2]"}, [1, 0]),
    ("where([True, False], x, 0)", {"x": "[1, 2]"}, [1, 0]),
    ("x.where(m, -x)", {"m": "[True, False]", "x": "[1, 2]"}, [1, -2]),
    ("x.masked_fill(m, 9)", {"m": "[True, False]", "x": "[1, 2]"}, [9, 2]),
    ("torch.masked_fill(x, ~m, y)", {"m": "[True, False]", "x": "[1, 2]", "y": "5"}, [1, 5]),
    ("F.avg_pool1d(x, 2, ceil_mode=True)", {"x": "[[1, 2, 3]]"}, [[1.5, 3]]),
    ("F.avg_pool1d(x, 2, 2, 1, count_include_pad=False)", {"x": "[[1, 2, 3]]"}, [[1, 2.5]]),
    ("F.avg_pool2d(x, 2, divisor_override=2)", {"x": "[[[1, 2], [3, 4]]]"}, [[[5]]]),
    ("F.max_pool2d(x, 2, ceil_mode=True)", {"x": "[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]"}, [[[5, 6], [8, 9]]]),
    ("F.max_pool1d(x, 2, 1, dilation=2)", {"x": "[[1, 5, 3, 2]]"}, [[3, 5]]),
    ("F.max_pool1d(x, 2, return_indices=True)[0]", {"x": "[[1, 5, 3, 2]]"}, [[5, 3]]),
    ("F.adaptive_avg_pool1d(x, 2)", {"x": "[[1, 2, 3]]"}, [[1.5, 2.5]]),
    ("F.adaptive_max_pool2d(x, (None, 1))", {"x": "[[[1, 2], [3, 4]]]"}, [[[2], [4]]]),
    ('F.conv1d(x, w, padding="same")', {"x": "[[1, 2, 3]]", "w": "[[[1, 10]]]"}, [[21, 32, 3]]),
    ("F.conv_transpose1d(x, w, stride=2)", {"x": "[[1, 2]]", "w": "[[[1, 10, 100]]]"}, [[1, 10, 102, 20, 200]]),
    ("F.mse_loss(x, y, size_average=False)", {"x": "[1, 2]", "y": "[1, 4]"}, 4),
    ("F.mse_loss(x, y, size_average=True)", {"x": "[1, 2]", "y": "[1, 4]"}, 2),
    ("F.mse_loss(x, y, reduce=False)", {"x": "[1, 2]", "y": "[1, 4]"}, [0, 4]),
    ("x[x > 1]", {"x": "[1, 2, 3]"}, [2, 3]),
    ("x[~(x > 1)]", {"x": "[1, 2, 3]"}, [1]),
    ("x[i]", {"x": "[1, 2, 3]", "i": "[2, 2, 0]"}, [3, 3, 1]),
    ("x[:, i]", {"x": "[[1, 2, 3]]", "i": "[2, 0]"}, [[3, 1]]),
    ("x[i, [1]]", {"x": "[[1, 2], [3, 4], [5, 6]]", "i": "[2]"}, [6]),
    ("x[m != 0]", {"x": "[1, 2]", "m": "[False, True]"}, [2]),
    ("torch.meshgrid([x, y])[1]", {"x": "[1, 2]", "y": "[3]"}, [[3], [3]]),
    ('torch.einsum("i,i->", [x, x])', {"x": "[1, 2]"}, 5),
    ("x.polygamma(1)", {"x": "2"}, 0.6449340668482264),
    ("torch.nanmedian(x)", {"x": "[3, 1, 2]"}, 2),
    ("torch.mode(x).values", {"x": "[3, 1, 2]"}, 1),
    ("torch.quantile(x, q)", {"x": "[3, 1, 2]", "q": "[0.25, 0.75]"}, [1.5, 2.5]),
    ("torch.diff(x, prepend=y)", {"x": "[3, 1]", "y": "[2]"}, [1, -2]),
    ("torch.cumulative_trapezoid(x)", {"x": "[3, 1, 2]"}, [2, 3.5]),
    ("torch.renorm(x, 1, 0, 10)", {"x": "[[3, 1]]"}, [[3, 1]]),
    ("torch.combinations(x)", {"x": "[3, 1, 2]"}, [[3, 1], [3, 2], [1, 2]]),
    ("torch.cartesian_prod(x, y)", {"x": "[3, 1]", "y": "[2]"}, [[3, 2], [1, 2]]),
    ("torch.as_strided(x, (2,), (2,))", {"x": "[3, 1, 2]"}, [3, 2]),
    ("x.sum_to_size(2)", {"x": "[[3, 1], [1, 2]]"}, [4, 3]),
    ("torch.fill(x, 7)", {"x": "[3, 1]"}, [7, 7]),
    ("torch.frexp(x).mantissa", {"x": "[3, -5]"}, [0.75, -0.625]),
    ("F.unfold(x, 2)", {"x": "[[[[1, 2], [3, 4]]]]"}, [[[1], [2], [3], [4]]]),
    ("F.fold(x, 2, 2)", {"x": "[[[1], [2], [3], [4]]]"}, [[[[1, 2], [3, 4]]]]),
    ("F.max_unpool1d(x, i, 2)", {"x": "[[5, 3]]", "i": "[[1, 2]]"}, [[0, 5, 3, 0]]),
    ("F.pdist(x)", {"x": "[[0, 0], [3, 4]]"}, [5]),
    ("F.embedding_bag(i, x, mode='sum')", {"x": "[[1, 2], [3, 4]]", "i": "[[0, 1]]"}, [[4, 6]]),
    ("F.multi_margin_loss(x, i)", {"x": "[[1, 2]]", "i": "[0]"}, 1),
    ("F.rrelu(x, 0.25, 0.75)", {"x": "[-2, 2]"}, [-1, 2]),
    ("torch.cholesky_solve(x, y)", {"x": "[[4]]", "y": "[[2]]"}, [[1]]),
    ("torch.linalg.qr(x).R", {"x": "[[3, 0], [4, 5]]"}, [[-5, -4], [0, 3]]),
    ("torch.linalg.lu(x).U", {"x": "[[1, 2], [2, 6]]"}, [[2, 6], [0, -1]]),
    ("torch.linalg.lstsq(x, y).solution", {"x": "[[1], [1]]", "y": "[[1], [3]]"}, [[2]]),
    ("torch.linalg.lstsq(x, y).residuals", {"x": "[[1], [1]]", "y": "[[1], [3]]"}, []),
    ('torch.linalg.lstsq(x, y, driver="gels").residuals', {"x": "[[1], [1]]", "y": "[[1], [3]]"}, [2]),
    ("torch.split(x, 2)[1]", {"x": "[1, 2, 3]"}, [3]),
    ("x.chunk(2)[0]", {"x": "[1, 2, 3]"}, [1, 2]),
    ("torch.unbind(x)[2]", {"x": "[1, 2, 3]"}, 3),
    ("torch.var_mean(x, correction=0)[0]", {"x": "[1, 3]"}, 1),
    ("torch.aminmax(x).max", {"x": "[1, 3]"}, 3),
    ("x.scatter(0, i, 7)", {"x": "[1, 2, 3]", "i": "[0, 2]"}, [7, 2, 7]),
    ("x.scatter_add(0, i, y)", {"x": "[1, 2, 3]", "i": "[1, 1]", "y": "[10, 20]"}, [1, 32, 3]),
    ('x.scatter_reduce(0, i, y, "mean", include_self=False)', {"x": "[1, 2]", "i": "[1, 1]", "y": "[4, 6]"}, [1, 5]),
    ("x.index_add(0, i, y, alpha=2)", {"x": "[1, 2]", "i": "[1]", "y": "[5]"}, [1, 12]),
    ("x.index_put([i], y, accumulate=True)", {"x": "[1, 2]", "i": "[1, 1]", "y": "[5, 6]"}, [1, 13]),
    ("torch.take(x, i)", {"x": "[[1, 2], [3, 4]]", "i": "[3, 0]"}, [4, 1]),
    ("torch.masked_select(x, m)", {"x": "[1, 2, 3]", "m": "[True, False, True]"}, [1, 3]),
    ("F.embedding(i, w)", {"i": "[1, 0]", "w": "[[1, 2], [3, 4]]"}, [[3, 4], [1, 2]]),
    ('F.pad(x, (1, 2), mode="reflect")', {"x": "[[1, 2, 3]]"}, [[2, 1, 2, 3, 2, 1]]),
    ('F.pad(x, (1, 1), "circular")', {"x": "[[1, 2, 3]]"}, [[3, 1, 2, 3, 1]]),
    ('F.pad(x, (-1, 1), "circular")', {"x": "[[1, 2, 3, 4]]"}, [[2, 3, 4, 2]]),
    ('F.pad(x, (1, -1), "circular")', {"x": "[[1, 2, 3, 4]]"}, [[3, 1, 2, 3]]),
    ("F.pad(x, (-1, 1), value=9)", {"x": "[1, 2, 3]"}, [2, 3, 9]),
    ('F.interpolate(x, 3, mode="linear", align_corners=True)', {"x": "[[[1, 3]]]"}, [[[1, 2, 3]]]),
    ("F.interpolate(x, scale_factor=2)", {"x": "[[[1, 3]]]"}, [[[1, 1, 3, 3]]]),
    ("F.pixel_shuffle(x, 2)", {"x": "[[[[1]], [[2]], [[3]], [[4]]]]"}, [[[[1, 2], [3, 4]]]]),
    ("F.dropout(x, 0.5, training=False)", {"x": "[1, 2]"}, [1, 2]),
    ("torch.diff(x)", {"x": "[1, 3, 8]"}, [2, 5]),
    ("x.diff(2)", {"x": "[1, 3, 8]"}, [3]),
    ("torch.rot90(x)", {"x": "[[1, 2], [3, 4]]"}, [[2, 4], [1, 3]]),
    ("x.unfold(0, 2, 2)", {"x": "[1, 2, 3, 4]"}, [[1, 2], [3, 4]]),
    ("x.view_as(y)", {"x": "[1, 2]", "y": "[[0], [0]]"}, [[1], [2]]),
    ("torch.diagflat(x)", {"x": "[1, 2]"}, [[1, 0], [0, 2]]),
    ("torch.msort(x)", {"x": "[2, 1]"}, [1, 2]),
    ("torch.atleast_2d(x)", {"x": "[2, 1]"}, [[2, 1]]),
    ("F.lp_pool1d(x, 2, 2)", {"x": "[[3, 4, 6, 8]]"}, [[5, 10]]),
]


@pytest.mark.parametrize(("text", "at", "value"), CALLS)
def test_torchs_calls_are_answered(text: str, at: dict[str, str], value: Any) -> None:
    """With the value that it has by hand, and a gradient that is proven."""
    report = problem_report(text, **at, ones=True)
    assert np.shape(report.value) == np.shape(value)
    assert np.allclose(report.value, value, rtol=1e-14)
    assert report.verdict == "verified"


def test_an_eps_of_the_dtype_is_not_proven() -> None:
    """It is another number in each dtype."""
    assert problem_report("sum(F.rms_norm(x, (2,)))", x="[1, 2]").verdict == "unverified"


@pytest.mark.parametrize("text", ["x.half()*0.1", "x.to(torch.float32)/3", "sum(x, dtype=torch.bfloat16)/3"])
def test_a_step_in_a_less_precise_format_is_not_proven(text: str) -> None:
    """There torch rounds values and gradients: at 2 the value is exact, and the gradient is not."""
    report = problem_report(text, x="2")
    assert report.gradients["x"].reason is not None
    assert (report.verdict, report.gradients["x"].reason.code) == ("unverified", "GC504")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "text", ["x.double()/3", "x.to(torch.float64)/3", "x.type_as(x)/3", "x.float()/3", "x.type(torch.float32)/3"]
)
def test_a_step_in_a_format_as_precise_changes_nothing(text: str, dtype: str) -> None:
    """But that torch computes it more precisely."""
    assert problem_report(text, dtype=dtype, x="2").verdict == "verified"


@pytest.mark.parametrize(
    "dropped",
    [
        "F.dropout(x)",
        "F.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None], dropout_p=0.5)[:, 0]",
    ],
)
def test_dropout_draws_from_the_seed(dropped: str) -> None:
    """So that a report is the same every time; what is dropped by chance is not proven."""
    values = {str(problem_report(f"sum({dropped}*[1, 2, 4, 8])", x="[1, 1, 1, 1]").value) for _ in range(4)}
    assert len(values) == 1
    assert problem_report(f"sum({dropped})", x="[1, 1]").verdict == "unverified"


REFUSED = [
    ("softmax(x)", {"x": "[[1, 2]]"}, "dim is missing, and there are 2 dimensions"),
    ("where(x, 1, 0)", {"x": "[0.5, 1]"}, "a mask is of True and False, or of ones and zeros"),
    ("where(x + 1, 1, 0)", {"x": "[0.5, 1]"}, "this is a number, and a condition is needed here"),
    ("x[m]", {"x": "[1, 2]", "m": "[True, False]"}, "these may be places or a mask"),
    ("x[i]", {"x": "[1, 2]", "i": "0.5"}, "indices are whole numbers"),
    ("x[i]", {"x": "[1, 2]", "i": "[5]"}, "there is no index 5"),
    ("F.relu(x, inplace=True)", {"x": "1"}, "relu has no argument inplace"),
    ("sum([])", {"x": "1"}, "a list has at least one item"),
    ("x*()", {"x": "1"}, "there is nothing between these brackets"),
    ("sum(x, dtype=torch.complex64)", {"x": "1"}, ""),
    ("F.conv1d(x, x, padding='full')", {"x": "[[[1]]]"}, ""),
]


@pytest.mark.parametrize(("text", "at", "message"), REFUSED)
def test_what_torch_refuses_is_refused(text: str, at: dict[str, str], message: str) -> None:
    """With the reason."""
    with pytest.raises(GradcalcError, match=message or None):
        problem_report(text, **at, ones=True)


def test_true_and_false_are_not_taken_for_numbers_where_they_choose() -> None:
    """An attention mask of True and False chooses, one of numbers is added: which is meant must be said."""
    values = ("--q", "[[1, 2]]", "--k", "[[1, 0], [0, 1]]", "--v", "[[1, 2], [3, 4]]", "--m", "[[True, False]]")
    wrong = gradcalc("eval", "sum(scaled_dot_product_attention(q, k, v, attn_mask=m))", *values)
    assert (wrong.status, wrong.err.splitlines()[-1]) == (2, "hint: type m != 0 for a condition")
    right = gradcalc(
        "eval",
        "sum(scaled_dot_product_attention(q, k, v, attn_mask=m != 0))",
        *values,
        "--wrt",
        "v",
        "--format",
        "plain",
    )
    assert right.out == "[[1.0, 1.0], [0.0, 0.0]]\n"
