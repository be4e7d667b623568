"""The keys of a case."""

KEYS = (
    "name", "id", "expression", "function", "of", "wrt", "at", "sample", "count", "seed", "upstream",
    "value", "grad", "claim", "verdict", "tolerance", "dtype", "rtol", "atol", "max_ulps",
    "order", "derivatives", "hessian", "jacobian", "hvp", "jvp",
)  # fmt: skip
"""What a case may say; `id` is another word for `name`, as in JSON Lines for `batch`."""
MEANT = {
    **dict.fromkeys(("expr", "formula", "equation", "eq", "f", "func", "text"), "expression"),
    **dict.fromkeys(("values", "point", "points", "vars", "variables", "inputs", "x0"), "at"),
    **dict.fromkeys(("expected", "expect", "gradients", "derivative"), "grad"),
    **dict.fromkeys(("tol", "eps"), "rtol"),
    "with_respect_to": "wrt",
    "precision": "dtype",
}
"""What people call a key, where that is like another one or like none."""
DEFAULT_KEYS = tuple(key for key in KEYS if key not in {"name", "id", "expression"})
"""What the defaults of a file may say."""
