"""Functions that give several tensors, of which a subscript chooses one: `split(x, 2)[0]`, `var_mean(x).mean`."""

from autogradcli.language.function import Function

PIECES = tuple(map(str, range(64)))
"""Names of tensors that have none, by their order."""


def _cut(name: str, signature: str, doc: str) -> Function:
    copies = (f"{name}_copy", f"unsafe_{name}")
    return Function(name, signature, doc, aliases=copies, torch=name, tensor=True, returns="fields", fields=PIECES)


PARTS: tuple[Function, ...] = (
    _cut("split", "x, split_size_or_sections: ints, dim: int = 0", "Parts of one size, or of these sizes."),
    _cut(
        "split_with_sizes",
        "x, split_sizes: ints, dim: int = 0",
        "Parts of these sizes.",
    ),
    _cut("chunk", "x, chunks: int, dim: int = 0", "At most so many parts, of one size but for the last."),
    _cut(
        "tensor_split",
        "x, indices_or_sections: ints, dim: int = 0",
        "So many parts of about one size, or those between these places.",
    ),
    _cut("hsplit", "x, indices_or_sections: ints", "tensor_split along the second dimension, of a vector the first."),
    _cut("vsplit", "x, indices_or_sections: ints", "tensor_split along the first dimension."),
    _cut("dsplit", "x, indices_or_sections: ints", "tensor_split along the third dimension."),
    _cut("unbind", "x, dim: int = 0", "The slices along a dimension."),
    _cut("meshgrid", '*tensors, indexing: ("ij", "xy") = "ij"', "Coordinates of a grid, one tensor for each axis."),
    _cut("broadcast_tensors", "*tensors", "The tensors, broadcast to one shape."),
    *(
        Function(
            f"{name}_mean{variant}",
            signature,
            f"The {what} and the mean.",
            aliases=(f"{name}_mean",) if variant else (),
            torch=f"{name}_mean",
            tensor=True,
            returns="fields",
            fields=(name, "mean"),
        )
        for name, what in {"var": "variance", "std": "standard deviation"}.items()
        for variant, signature in {
            "": "x, dim: ints = None, unbiased: flag = True, keepdim: flag = False",
            "_corrected": "x, dim: ints = None, *, correction: real = 1, keepdim: flag = False",
            "_all": "x, unbiased: flag",
        }.items()
    ),
    Function(
        "aminmax",
        "x, *, dim: int = None, keepdim: flag = False",
        "The smallest and the largest component.",
        torch="aminmax",
        tensor=True,
        returns="fields",
        fields=("min", "max"),
    ),
)
