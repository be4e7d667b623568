"""What beginners often do not mean, and what torch's own errors are about: explained with the names of the snippet."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autogradcli.engines.opinions import Array, flat
from autogradcli.engines.torch.snippet.operation import Remark
from autogradcli.run.ledger import Mistake
from autogradcli.run.source import Source
from autogradcli.run.verify import Verified

Explanation = tuple[str, str | None]
"""A message, and what to write instead."""


def explain(remarks: Sequence[Remark], source: Source, passes: Sequence[Verified]) -> tuple[Mistake, ...]:
    """The mistakes behind the remarks, in the order of the lines."""
    found: dict[Mistake, None] = {}
    for remark in sorted(remarks, key=lambda each: each.span.start):
        explanation = _explanation(remark, passes)
        if explanation is not None:
            line, code = source.line(remark.span), source.code(remark.span)
            found[Mistake(line, code, *explanation)] = None
    return tuple(found)


def _explanation(remark: Remark, passes: Sequence[Verified]) -> Explanation | None:
    if remark.code == "grad of an intermediate":
        return _intermediate(remark.facts, passes)
    return EXPLAIN[remark.code](remark.facts)


def _intermediate(facts: Mapping[str, Any], passes: Sequence[Verified]) -> Explanation:
    name = facts["name"] or "this tensor"
    message = f"{name} is no leaf: torch keeps .grad of leaves alone, and gives None"
    gradient = _gradient_of(facts["serial"], passes[: facts["after"]])
    if gradient is not None:
        message += f"; the gradient that passed through it is {gradient}"
    return message, f"type {name}.retain_grad() before backward"


def _gradient_of(serial: int | None, passes: Sequence[Verified]) -> Array:
    """The gradient at a recorded operation, from the last pass through it."""
    for each in reversed(passes):
        if each.report is not None and each.steps is not None and serial in each.steps:
            step = each.steps[serial]
            return next((node.gradient for node in each.report.nodes if node.step == step), None)
    return None


def _leaf(facts: Mapping[str, Any]) -> Explanation:
    name, upstream = facts["name"] or "a leaf", facts["upstream"]
    value = "" if facts["value"] is None else f" = {flat(facts['value'])[0]!r}"
    scaled = f", and the argument scales it by {upstream}{value}" if upstream else ""
    message = f"backward starts from {name} itself, where d {name} / d {name} = 1{scaled}: no other tensor is looked at"
    return message, f"type {upstream or 'y'}.backward() for the gradient of {upstream or 'y'} with respect to {name}"


def _not_zeroed(facts: Mapping[str, Any]) -> Explanation:
    names = facts["names"]
    message = f"{', '.join(names)}: .grad still held the last step's gradient, and backward added this step's to it"
    return message, f"type {names[0]}.grad = None, or {names[0]}.grad.zero_(), after each step"


def _integers(facts: Mapping[str, Any]) -> Explanation:
    message = f"whole numbers are read as floats here (2 as 2.0); Python stops with: {facts['message']}"
    return message, "type 2.0 for 2, or x.float()"


def _broadcast(facts: Mapping[str, Any]) -> Explanation:
    (first, second), (left, right) = facts["names"], facts["shapes"]
    message = f"{first} of shape {left} and {second} of shape {right} are broadcast to {facts['result']}"
    return message, "if that is not meant, reshape one of them: y.reshape(x.shape)"


def _no_requires_grad(facts: Mapping[str, Any]) -> Explanation:
    name = facts["name"] or "this tensor"
    reasons = {"no_grad": "it was made under torch.no_grad()", "detach": "it was detached"}
    reason = reasons.get(facts["cut"], "its requires_grad is False")
    return f"{name} takes no gradient, so that its .grad is None: {reason}", f"type {name}.requires_grad_()"


WARNINGS: Mapping[str, Explanation | None] = {
    "not a leaf Tensor is being accessed": None,
    "To copy construct from a tensor": (
        "torch.tensor copies the numbers of a tensor and cuts the copy off from the graph: no gradient goes back",
        "type x.clone() to keep the graph, x.detach().clone() to leave it",
    ),
    "Converting a tensor with requires_grad=True to a scalar": (
        "a number made of a tensor is cut off from the graph",
        "keep the tensor where a gradient is to go back; x.item() says that only its number is meant",
    ),
    "Using a target size": (
        "input and target differ in shape and are broadcast, so that the loss is over all pairs",
        "reshape one of them: target.reshape(input.shape)",
    ),
}
"""What some of torch's warnings mean; None for those that a remark of its own explains."""


def _warning(facts: Mapping[str, Any]) -> Explanation | None:
    message = str(facts["message"])
    for part, explanation in WARNINGS.items():
        if part in message:
            return explanation
    return f"torch warns: {message.splitlines()[0]}", None


EXPLAIN: Mapping[str, Callable[[Mapping[str, Any]], Explanation | None]] = {
    "backward of a leaf": _leaf,
    "gradients not zeroed": _not_zeroed,
    "integers": _integers,
    "broadcast": _broadcast,
    "grad without requires_grad": _no_requires_grad,
    "warning": _warning,
}
"""What each kind of remark says."""

ERRORS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "backward through the graph a second time": lambda facts: (
        f"the first backward{_at(facts, 'first')} freed what the graph had saved: type backward(retain_graph=True) "
        "there, or compute the output again"
    ),
    "grad can be implicitly created only for scalar outputs": lambda facts: (
        f"{facts['name']} has shape {facts['shape']}: type {facts['name']}.sum().backward(), or give backward a "
        f"gradient, as torch.ones_like({facts['name']})"
    ),
    "does not require grad and does not have a grad_fn": lambda facts: (
        f"{facts['name']} is cut off from every leaf: {facts['reason']}"
    ),
    "modified by an inplace operation": lambda facts: (
        f"backward needs a value as it was before it was changed{_at(facts, 'changed')}: make a new tensor there, by"
        " y = y + 1 and not y += 1, y.mul(2) and not y.mul_(2)"
    ),
    "a leaf Variable that requires grad is being used in an in-place operation": lambda _: (
        "a leaf is changed where autograd does not look: type with torch.no_grad(): around this line"
    ),
    "a view of a leaf Variable that requires grad is being used in an in-place operation": lambda _: (
        "a leaf is changed where autograd does not look: type with torch.no_grad(): around this line"
    ),
    "appears to not have been used in the graph": lambda _: (
        "the output does not depend on it, so that the gradient is 0: type allow_unused=True to be given None"
    ),
    "Only Tensors of floating point": lambda _: "type 2.0 for 2, or x.float()",
    "Can't call numpy() on Tensor that requires grad": lambda _: "type x.detach().numpy()",
    "unsupported operand type(s) for *: 'float' and 'NoneType'": lambda _: (
        "a .grad that is None: backward has not reached the tensor, or it is no leaf"
    ),
}
"""What some of torch's errors are about, by a part of their message."""


def _at(facts: Mapping[str, Any], which: str) -> str:
    return f" on line {facts[which]}" if facts.get(which) else ""


def hint_for(message: str, facts: Mapping[str, Any]) -> str | None:
    """What to say beside an error; None if there is nothing."""
    return next((explain(facts) for part, explain in ERRORS.items() if part in message), None)
