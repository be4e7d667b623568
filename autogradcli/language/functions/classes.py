"""Functions that pick components by indices, which are values and not written in the text."""

from autogradcli.language.function import Function

CLASSES: tuple[Function, ...] = (
    Function(
        "one_hot",
        "x: indices, num_classes: int = -1",
        "For each index a vector of zeros, with a one at its place.",
        torch="nn.functional.one_hot",
        tensor=True,
    ),
    Function(
        "gather",
        "x, dim: int, index: indices",
        "From each line along a dimension the components at some indices.",
        torch="gather",
        tensor=True,
    ),
    Function(
        "index_select",
        "x, dim: int, index: indices",
        "The slices along a dimension at some indices.",
        torch="index_select",
        tensor=True,
    ),
)
