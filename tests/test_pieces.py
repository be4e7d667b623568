"""What torch computes in one piece: where it loses digits that is torch's formula, and how much that may cover.

The truths are by hand: the derivative of log_softmax is 1 - softmax, which is exp(-37.43) here.
"""

import pytest

from tests.helpers import examine

SUMS = "[[0.415], [251.986], [1514.015]]"
LOST = [
    # text, point, dtype
    ("sum(w*log_softmax(z, 0))", {"w": "[1, 0]", "z": "[37.43, 0]"}, "float64"),
    ("log_softmax(z, 0)[0]", {"z": "[37.43, 0]"}, "float64"),
    ("log_softmax(z, 0)[1]", {"z": "[0, 37.43, -1]"}, "float64"),
    ("cross_entropy(z, y)", {"z": "[40.5, 0]", "y": "[1, 0]"}, "float64"),
    ("nll_loss(log_softmax(z, 1), y)", {"z": "[[45, 0, 1]]", "y": "[0]"}, "float64"),
    ("softmax(z, 0)[1] - 1", {"z": "[0, 40]"}, "float64"),
    ("sum(group_norm(x, 1)*y)", {"x": SUMS, "y": "[[-4.533], [-3.191], [4.552]]"}, "float32"),
    ("sum(layer_norm(x, [1], w)*y)", {"x": "[[3.08], [-1936.102], [-32.003]]", "y": "[[-3.694], [2.317], [4.498]]",
                                      "w": "[-1.66]"}, "float32"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "dtype"), LOST, ids=[text for text, _, _ in LOST])
def test_a_lost_digit_in_one_piece_is_torchs(text: str, at: dict[str, str], dtype: str) -> None:
    """imprecise, GC301, and the piece is named: nobody can rearrange what torch computes."""
    name = "x" if "x" in at else "z"
    found = examine(text, at, dtype)[name]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("imprecise", "GC301")
    assert found.reason.message.startswith("backward of ")


WRITTEN_OUT = [
    ("z[0] - log(exp(z[0]) + exp(z[1]))", {"z": "[37.43, 0]"}),
    ("(x + 1)**2 - x**2", {"x": "1e17"}),
    ("(x + 1)**3 - x**3 - 3*x**2", {"x": "1e12"}),
]


@pytest.mark.parametrize(("text", "at"), WRITTEN_OUT)
def test_what_is_written_out_is_the_expressions(text: str, at: dict[str, str]) -> None:
    """Cancellation that the text has stays the text's."""
    codes = {found.reason.code for found in examine(text, at).values() if found.reason}
    assert codes <= {"GC302"}


TOO_LARGE = [
    ("binary_cross_entropy(p, 1)", {"p": "1e-50"}, "p"),
    ("binary_cross_entropy(p, 1)", {"p": "1e-300"}, "p"),
    ("binary_cross_entropy(p, 0.5)", {"p": "1e-50"}, "p"),
    ("3*binary_cross_entropy(p, 1) + 2", {"p": "1e-46"}, "p"),
    ("sum(binary_cross_entropy(p, y))", {"p": "[1e-50, 1e-60]", "y": "[1, 1]"}, "p"),
    ("log(binary_cross_entropy(p, 1))", {"p": "1e-50"}, "p"),
]


@pytest.mark.parametrize(("text", "at", "name"), TOO_LARGE)
def test_what_imprecise_does_not_cover(text: str, at: dict[str, str], name: str) -> None:
    """torch clamps the logarithm at -100, where the derivative is 0, and sends -1e12: no digits are lost."""
    found = examine(text, at)[name]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("mismatch", "GC303")


@pytest.mark.parametrize(("text", "x"), [("tanh(x)", "20"), ("sigmoid(x)", "40"), ("sinc(x)", "1e-10")])
def test_what_it_does_cover(text: str, x: str) -> None:
    """Digits that are lost where the derivative is far smaller than the function, or the point is."""
    found = examine(text, {"x": x})["x"]
    assert found.verdict in ("imprecise", "verified")
