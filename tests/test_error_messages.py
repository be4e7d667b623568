"""What torch refuses: the texts of the operands with their shapes, the reason in plain words, and the place."""

import pytest

from autogradcli.engines.torch.engine import differentiate
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.parser import parse

V = "[1, 2, 3]"
W = "[1, 2, 3, 4]"
A = "[[1, 2, 3], [4, 5, 6]]"
B = "[[1, 2], [3, 4], [5, 6], [7, 8]]"

REFUSED = [
    ("x @ y", A, B, "x has shape (2, 3) and y has shape (4, 2): rows of 3 cannot be multiplied by columns of 4"),
    ("x @ y", A, W, "x has shape (2, 3) and y has shape (4): rows of 3 cannot be multiplied by 4"),
    ("x @ y", W, A, "x has shape (4) and y has shape (2, 3): rows of 4 cannot be multiplied by columns of 2"),
    ("x @ 2", A, None, "x has shape (2, 3) and 2 is a number: for the product with a number type *"),
    ("mv(x, y)", A, W, "x has shape (2, 3) and y has shape (4): rows of 3 cannot be multiplied by 4"),
    ("mv(x, y)", V, A, "x has shape (3) and y has shape (2, 3): a matrix and a vector are expected"),
    ("mm(x, y)", A, V, "x has shape (2, 3) and y has shape (3): two matrices are expected"),
    ("dot(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("dot(x, y)", A, A, "x has shape (2, 3) and y has shape (2, 3): two vectors are expected"),
    ("bmm(x, y)", A, B, "x has shape (2, 3) and y has shape (4, 2): two stacks of matrices are expected"),
    ("x + y", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("x*y", A, W, "x has shape (2, 3) and y has shape (4): they do not fit together"),
    ("x**y", A, W, "x has shape (2, 3) and y has shape (4): they do not fit together"),
    ("maximum(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    (
        "where(x > 0, x, y)",
        V,
        W,
        "x > 0 has shape (3) and x has shape (3) and y has shape (4): they do not fit together",
    ),
    ("outer(x, y)", A, V, "x has shape (2, 3) and y has shape (3): a vector is expected"),
    (
        "cat([x, y])",
        A,
        B,
        "x has shape (2, 3) and y has shape (4, 2): they must have the same size in all dimensions but 0",
    ),
    ("cat([x, y])", V, A, "x has shape (3) and y has shape (2, 3): they must have the same number of dimensions"),
    ("cat([x, y])", "1", "2", "x is a number and y is a number: numbers cannot be joined, lists of them can"),
    ("stack([x, y])", V, W, "x has shape (3) and y has shape (4): the items of a list have one shape"),
    ("[x, y]", V, W, "x has shape (3) and y has shape (4): the items of a list have one shape"),
    (
        "vstack([x,y])",
        V,
        W,
        "x has shape (3) and y has shape (4): they must have the same size in all dimensions but 0",
    ),
    ("hstack([x,y])", V, A, "x has shape (3) and y has shape (2, 3): they must have the same number of dimensions"),
    ("x.reshape(2, 2)", V, None, "x has shape (3): 3 components cannot have shape (2, 2)"),
    ("x.view(2, -1)", V, None, "x has shape (3): 3 components cannot have shape (2, -1)"),
    ("x.reshape(-1, -1)", W, None, "x has shape (4): only one size can be -1"),
    ("x.t().view(6)", A, None, "x.t() has shape (3, 2): the components are not in that order in memory; type reshape"),
    ("x[5]", V, None, "x has shape (3): there is no index 5 in dimension 0, which has 3"),
    ("x[0, 7]", A, None, "x has shape (2, 3): there is no index 7 in dimension 1, which has 3"),
    ("x[0, 0]", V, None, "x has shape (3): there are more indices than dimensions"),
    ("x[0]", "2", None, "x is a number: there are more indices than dimensions"),
    ("x[-4]", V, None, "x has shape (3): there is no index -4 in dimension 0, which has 3"),
    ("sum(x, dim=1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("mean(x, dim=-3)", A, None, "x has shape (2, 3): there is no dim -3, only -2 to 1"),
    ("max(x, dim=1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("cumsum(x, 1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("logsumexp(x, dim=2)", V, None, "x has shape (3): there is no dim 2, only -1 to 0"),
    ("x.transpose(0, 1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("t(x)", "[[[1]]]", None, "x has shape (1, 1, 1): a matrix is expected; type transpose(0, 1) or permute"),
    ("x.permute(0, 1, 2)", A, None, "x has shape (2, 3): permute names every dimension once"),
    ("x.permute(0, 0)", A, None, "x has shape (2, 3): a dimension is named twice"),
    ("x.expand(2, 4)", V, None, "x has shape (3): size 3 cannot become 4"),
    ("x.squeeze(3)", V, None, "x has shape (3): there is no dim 3, only -1 to 0"),
    ("x.unsqueeze(4)", V, None, "x has shape (3): there is no dim 4, only -2 to 1"),
    ("x.flatten(2)", V, None, "x has shape (3): there is no dim 2, only -1 to 0"),
    ("sum(x, dim=(0, 0))", A, None, "x has shape (2, 3): a dimension is named twice"),
    ("cross(x, y)", W, W, "x has shape (4) and y has shape (4): vectors of 3 components are expected"),
    (
        "einsum('ij,jk->ik', x, y)",
        A,
        B,
        "x has shape (2, 3) and y has shape (4, 2): j stands for a size of 3 and for one of 4",
    ),
    ("einsum('ijk->i', x)", A, None, "x has shape (2, 3): there are 3 letters for 2 dimensions"),
    ("einsum('ij->k', x)", A, None, "x has shape (2, 3): k stands after the arrow and not before it"),
    ("tril(x)", V, None, "x has shape (3): a matrix is expected"),
    ("matrix_norm(x)", V, None, "x has shape (3): a matrix is expected"),
    ("norm(x, dim=3)", V, None, "x has shape (3): there is no dim 3, only -1 to 0"),
    ("diag(x)", "[[[1]]]", None, "x has shape (1, 1, 1): a vector or a matrix is expected"),
    ("cosine_similarity(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("cdist(x, y)", A, B, "x has shape (2, 3) and y has shape (4, 2): their rows must have as many components"),
    ("topk(x, 5)", V, None, "x has shape (3): there are not so many components"),
    ("sort(x, dim=1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("roll(x, 1, 2)", V, None, "x has shape (3): there is no dim 2, only -1 to 0"),
    ("x.repeat(2)", A, None, "x has shape (2, 3): repeat takes a number for each dimension"),
    ("x.narrow(0, 2, 5)", V, None, "x has shape (3): 5 from 2 on are more than 3"),
    ("select(x, 0, 9)", V, None, "x has shape (3): there is no index 9 in dimension 0"),
    ("movedim(x, 0, 5)", A, None, "x has shape (2, 3): there is no dim 5, only -2 to 1"),
    (
        "addmm(x, x, y)",
        A,
        B,
        "x has shape (2, 3) and y has shape (4, 2): rows of 3 cannot be multiplied by columns of 4",
    ),
    ("inner(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("tensordot(x, y, 1)", A, B, "x has shape (2, 3) and y has shape (4, 2): 3 components cannot be multiplied by 4"),
    ("binary_cross_entropy_with_logits(x, y)", V, W, "x has shape (3) and y has shape (4): they must have one shape"),
    (
        "x if x > 0 else y",
        V,
        V,
        "x > 0 has shape (3) and x has shape (3) and y has shape (3): if takes one condition, where takes many",
    ),
    ("kthvalue(x, 9)", V, None, "x has shape (3): there are not so many components"),
    ("std(x, dim=4)", V, None, "x has shape (3): there is no dim 4, only -1 to 0"),
    ("prod(x, dim=1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("normalize(x, dim=3)", V, None, "x has shape (3): there is no dim 3, only -1 to 0"),
    ("fliplr(x)", V, None, "x has shape (3): a matrix is expected"),
    ("pairwise_distance(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("vecdot(x, y)", V, W, "x has shape (3) and y has shape (4): they do not fit together"),
    ("multi_dot([x, y])", A, B, "x has shape (2, 3) and y has shape (4, 2): they do not fit together"),
    ("diagonal(x)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("linalg.cross(x, y)", V, W, "x has shape (3) and y has shape (4): vectors of 3 components are expected"),
    ("repeat_interleave(x, 2, dim=1)", V, None, "x has shape (3): there is no dim 1, only -1 to 0"),
    ("gather(x,0,y)", V, "[0, 0.5]", "x has shape (3) and y has shape (2): indices are whole numbers, and 0.5 is none"),
    (
        "cross_entropy(x,y)",
        A,
        "[1.25, 0]",
        "x has shape (2, 3) and y has shape (2): indices are whole numbers, and 1.25 is none",
    ),
    ("cholesky(x)", "[[4, 1], [2, 3]]", None, "x has shape (2, 2): the matrix is not symmetric"),
    (
        "embedding(y, x, 10**6)",
        A,
        "[0, 1]",
        "y has shape (2) and x has shape (2, 3): torch: Padding_idx must be within num_embeddings",
    ),
    ("baddbmm(x,x,y)", A, B, "x has shape (2, 3) and y has shape (4, 2): there is no dim 2, only -2 to 1"),
]


@pytest.mark.parametrize(("text", "x", "y", "message"), REFUSED)
def test_a_refusal_names_the_shapes(text: str, x: str, y: str | None, message: str) -> None:
    """In plain words, and the span is that of the call."""
    values = {"x": parse(x)} | ({} if y is None else {"y": parse(y)})
    with pytest.raises(GradcalcError) as caught:
        differentiate(parse(text, given=tuple(values)), values, ("x",), "float64")
    assert (caught.value.kind, caught.value.message) == ("torch", message)
    assert caught.value.span == Span(0, len(text))


def test_the_call_within_the_text_is_marked() -> None:
    """An error deep inside an expression points there."""
    text = "1 + sum(exp(x + y)**2)"
    with pytest.raises(GradcalcError) as caught:
        differentiate(parse(text), {"x": parse(V), "y": parse(W)}, ("x",), "float64")
    assert caught.value.span == Span(text.index("x + y"), text.index(")**2"))


def test_operands_of_many_are_told_by_their_shapes() -> None:
    """A long list would fill the screen: one item for each shape."""
    text = "[a, b, c, d, f, g]"
    values = {name: parse(W if name == "g" else V) for name in "abcdfg"}
    with pytest.raises(GradcalcError) as caught:
        differentiate(parse(text), values, ("a",), "float64")
    assert caught.value.message == "a has shape (3) and g has shape (4): the items of a list have one shape"
