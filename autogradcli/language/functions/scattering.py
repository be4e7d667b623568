"""Functions that put components to places that are values, as indices or as masks."""

from autogradcli.language.function import Function

REDUCTIONS = 'reduce: ("sum", "prod", "mean", "amax", "amin")'

SCATTERING: tuple[Function, ...] = (
    Function(
        "scatter",
        "x, dim: int, index: indices, src",
        "With the components of src at the places of an index along a dimension.",
        torch="scatter",
        tensor=True,
        note="Where an index names a place twice, one of the components is taken.",
    ),
    Function(
        "scatter_add",
        "x, dim: int, index: indices, src",
        "With the components of src added at the places of an index along a dimension.",
        torch="scatter_add",
        tensor=True,
    ),
    Function(
        "scatter_reduce",
        f"x, dim: int, index: indices, src, {REDUCTIONS}, *, include_self: flag = True",
        "With the components of src joined to those at the places of an index along a dimension.",
        torch="scatter_reduce",
        tensor=True,
    ),
    Function(
        "index_add",
        "x, dim: int, index: indices, source, *, alpha: number = 1",
        "With slices added at some places of a dimension.",
        torch="index_add",
        tensor=True,
    ),
    Function(
        "index_copy",
        "x, dim: int, index: indices, source",
        "With slices at some places of a dimension.",
        torch="index_copy",
        tensor=True,
    ),
    Function(
        "index_fill",
        "x, dim: int, index: indices, value",
        "With one number at some places of a dimension.",
        torch="index_fill",
        tensor=True,
    ),
    Function(
        "index_reduce",
        f"x, dim: int, index: indices, source, {REDUCTIONS}, *, include_self: flag = True",
        "With slices joined to those at some places of a dimension.",
        torch="index_reduce",
        tensor=True,
    ),
    Function(
        "index_put",
        "x, indices: sequence, values, accumulate: flag = False",
        "With other components at places of which every dimension has its own list.",
        torch="index_put",
        tensor=True,
    ),
    Function(
        "take",
        "x, index: indices",
        "The components at some places, counted row by row.",
        torch="take",
        tensor=True,
    ),
    Function(
        "take_along_dim",
        "x, indices: indices, dim: int = None",
        "gather, with shapes that are broadcast; without a dimension take.",
        torch="take_along_dim",
        tensor=True,
    ),
    Function(
        "put",
        "x, index: indices, source, accumulate: flag = False",
        "With the components of source at some places, counted row by row, or added there.",
        torch="Tensor.put",
        tensor=True,
    ),
    Function(
        "select_scatter",
        "x, src, dim: int, index: int",
        "With another slice at a place of a dimension.",
        torch="select_scatter",
        tensor=True,
    ),
    Function(
        "slice_scatter",
        "x, src, dim: int = 0, start: int = None, end: int = None, step: int = 1",
        "With other slices at some places of a dimension.",
        torch="slice_scatter",
        tensor=True,
    ),
    Function(
        "diagonal_scatter",
        "x, src, offset: int = 0, dim1: int = 0, dim2: int = 1",
        "With another diagonal.",
        torch="diagonal_scatter",
        tensor=True,
    ),
    Function(
        "masked_select",
        "x, mask: boolean",
        "The components where a mask is true, as a vector.",
        torch="masked_select",
        tensor=True,
    ),
    Function(
        "masked_scatter",
        "x, mask: boolean, source",
        "With the components of source, in order, where a mask is true.",
        torch="masked_scatter",
        tensor=True,
    ),
    Function(
        "embedding",
        "input: indices, weight, padding_idx: int = None",
        "The rows of weight at some places.",
        torch="nn.functional.embedding",
        tensor=True,
        note="No gradient reaches the row padding_idx: it counts as a constant.",
    ),
)
