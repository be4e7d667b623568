"""Why torch refuses a call: the texts of its operands with their shapes, and torch's reason in plain words."""

import re
from collections.abc import Sequence

import torch

from autogradcli.language.characters import excerpt
from autogradcli.language.program import Call, Program
from autogradcli.language.shapes import written

MOST_NAMED = 4
"""Operands whose shapes are told."""


def misfit(program: Program, call: Call, operands: Sequence[object], problem: Exception) -> str:
    """A sentence about a call that torch refused with `problem`."""
    said = str(problem).partition("\n")[0].rstrip(". ")
    reason = _in_plain_words(said)
    tensors = any(isinstance(operand, torch.Tensor) and operand.ndim for operand in operands)
    shapes = _shapes(program, call, operands) if reason or tensors else []
    reason = reason or f"torch: {said}"
    return f"{' and '.join(shapes)}: {reason}" if shapes else reason


def _shapes(program: Program, call: Call, operands: Sequence[object]) -> list[str]:
    """The operands that stand in the text with their shapes; of many, one for each shape."""
    found: dict[object, str] = {}
    for index, operand in zip(call.operands, operands, strict=True):
        span = program.steps[index].span
        if span != call.span:  # a default stands nowhere
            shape = tuple(operand.shape) if isinstance(operand, torch.Tensor) else ()
            text = excerpt(program.source, span)
            described = f"{text} has shape {written(shape)}" if shape else f"{text} is a number"
            found.setdefault(text if len(operands) <= MOST_NAMED else shape, described)
    return list(found.values())[:MOST_NAMED]


def _in_plain_words(said: str) -> str | None:
    for pattern, words in REASONS.items():
        found = re.search(pattern, said)
        if found:
            return words.format(*found.groups())
    return None


ROWS = "rows of {0} cannot be multiplied by columns of {1}"
UNEQUAL = "they do not fit together"
MATRIX = "a matrix is expected"

REASONS = {
    r"(indices are whole numbers, and .* is none)": "{0}",
    r"the matrix is not symmetric": "the matrix is not symmetric",
    r"the matrix is not triangular": "the matrix is not triangular",
    # Component by component.
    r"size of tensor a \(\d+\) must match": UNEQUAL,
    r"inconsistent tensor size": UNEQUAL,
    r"expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\)": "size {1} cannot become {0}",
    r"with more than one value is ambiguous": "if takes one condition, where takes many",
    # Products.
    r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x": ROWS,
    r"size mismatch, got input .* mat \(\d+x(\d+)\), vec \((\d+)\)": "rows of {0} cannot be multiplied by {1}",
    r"batch2 tensor to be: \[\d+, (\d+)\] but got: \[\d+, (\d+)\]": ROWS,
    r"both arguments to matmul need to be at least 1D": "for the product with a number type *",
    r"vector \+ matrix @ vector expected": "a matrix and a vector are expected",
    r"mat2 must be a matrix|self must be a matrix": "two matrices are expected",
    r"1D tensors expected": "two vectors are expected",
    r"batch\d must be a 3D tensor": "two stacks of matrices are expected",
    r"Expected 1-D argument": "a vector is expected",
    r"dimension -?\d+ must have length 3|no dimension of size 3": "vectors of 3 components are expected",
    r"must have the same number of columns": "their rows must have as many components",
    r"last dimension must match on both": UNEQUAL,
    r"first has size (\d+) in dim -?\d+ and second has size (\d+)": "{0} components cannot be multiplied by {1}",
    r"multi_dot\(\): tensors \d+ and \d+ .* cannot be multiplied": UNEQUAL,
    r"subscript (\w) has size (\d+) .* previously seen size (\d+)": "{0} stands for a size of {2} and for one of {1}",
    r"subscripts in the equation \((\d+)\) .* dimensions \((\d+)\)": "there are {0} letters for {1} dimensions",
    r"output subscript (\w) does not appear": "{0} stands after the arrow and not before it",
    # Pieces put together, and taken apart.
    r"must match except in dimension (\d+)": "they must have the same size in all dimensions but {0}",
    r"must have same number of dimensions": "they must have the same number of dimensions",
    r"zero-dimensional tensor .* cannot be concatenated": "numbers cannot be joined, lists of them can",
    r"stack expects each tensor to be equal size": "the items of a list have one shape",
    r"shape '\[(.*)\]' is invalid for input of size (\d+)": "{1} components cannot have shape ({0})",
    r"only one dimension can be inferred": "only one size can be -1",
    r"view size is not compatible": "the components are not in that order in memory; type reshape",
    r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)": (
        "there is no index {0} in dimension {1}, which has {2}"
    ),
    r"index (-?\d+) out of range for tensor of size .* at dimension (\d+)": "there is no index {0} in dimension {1}",
    r"start \((-?\d+)\) \+ length \((\d+)\) exceeds dimension size \((\d+)\)": "{1} from {0} on are more than {2}",
    r"selected (?:index|number) k out of range": "there are not so many components",
    r"repeat dims can not be smaller": "repeat takes a number for each dimension",
    r"too many indices for tensor of dimension (\d+)": "there are more indices than dimensions",
    r"invalid index of a 0-dim tensor": "a number has no components",
    r"expected to be in range of \[(-?\d+), (-?\d+)\], but got (-?\d+)": "there is no dim {2}, only {0} to {1}",
    r"t\(\) expects a tensor with <= 2 dimensions": "a matrix is expected; type transpose(0, 1) or permute",
    r"permute.*does not match": "permute names every dimension once",
    r"duplicate dims|dims? .*appears multiple times|repeated dim": "a dimension is named twice",
    # Matrices.
    r"must be batches of square matrices": "a square matrix is expected",
    r"have at least 2 dimensions|expected a matrix|must be >= 2-d": MATRIX,
    r"Supports 1D or 2D tensors": "a vector or a matrix is expected",
    r"Incompatible shapes of A and B": "the matrix and the right-hand side must have as many rows",
    r"matrix is singular": "the matrix is singular",
    r"not positive-definite": "the matrix is not positive definite",
    # Losses and layers.
    r"Target (-?\d+) is out of bounds": "there is no class {0}",
    r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)": "there are {0} rows and {1} targets",
    r"Using a target size|Target size .* must be the same": "they must have one shape",
    r"all elements of (?:input|target) should be between 0 and 1": "probabilities lie between 0 and 1",
    r"Given normalized_shape=\[(.*?)\]": "the last dimensions must be ({0})",
    r"to have (\d+) channels, but got (\d+)": "{0} channels are expected, and there are {1}",
    r"Kernel size can't be greater": "the kernel is longer than the input",
    r"var is of incorrect size": "the variances do not fit the input",
}
"""torch's message (2.4 to 2.13), as a pattern, and what it means; the groups of the one are the fields of the other."""
