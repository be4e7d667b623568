"""Losses, as in torch.nn.functional."""

from autogradcli.language.function import Function

LOSSES: tuple[Function, ...] = (
    Function(
        "binary_cross_entropy_with_logits",
        "input, target",
        "The mean of -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)).",
        torch="nn.functional.binary_cross_entropy_with_logits",
        definition="mean((1 - target)*input + softplus(-input))",
        tensor=True,
    ),
)
