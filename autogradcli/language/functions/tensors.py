"""Functions of whole tensors. What they mean, component by component, is in `autogradcli/language/tensors.py`."""

from autogradcli.language.function import Function

TENSORS: tuple[Function, ...] = (
    Function(
        "stack_items", "*components", "A list literal: its items along a new first axis.", torch="stack", tensor=True
    ),
    Function("sum", "x", "The sum of all components.", torch="sum", tensor=True),
    Function("mean", "x", "The mean of all components.", torch="mean", tensor=True),
    Function("prod", "x", "The product of all components.", torch="prod", tensor=True),
    Function(
        "amax",
        "x",
        "The largest component.",
        torch="amax",
        tensor=True,
        note="At a tie, autograd shares the gradient evenly.",
    ),
    Function(
        "amin",
        "x",
        "The smallest component.",
        torch="amin",
        tensor=True,
        note="At a tie, autograd shares the gradient evenly.",
    ),
    Function(
        "max_all",
        "x",
        "The largest component.",
        aliases=("max",),
        torch="max",
        tensor=True,
        note="At a tie, autograd shares the gradient evenly.",
    ),
    Function(
        "min_all",
        "x",
        "The smallest component.",
        aliases=("min",),
        torch="min",
        tensor=True,
        note="At a tie, autograd shares the gradient evenly.",
    ),
    Function(
        "median",
        "x",
        "The middle component in order of size; of two middle ones the smaller.",
        torch="median",
        tensor=True,
        note="NumPy's median of an even number of components is the mean of the two middle ones.",
    ),
    Function("norm", "x", "The Euclidean (Frobenius) norm.", torch="norm", tensor=True),
    Function("dot", "x, y", "The sum of the products of components.", torch="dot", tensor=True),
    Function(
        "binary_cross_entropy_with_logits",
        "x, y",
        "The mean of -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)).",
        torch="nn.functional.binary_cross_entropy_with_logits",
        tensor=True,
    ),
)
