"""Mistakes that beginners often make, and torch's own errors: explained from the record of the program."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autogradcli.engines.results import flat
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, CallSite, Given, RecordedCall
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.language.shapes import written as shape_text
from autogradcli.programs.entries import written
from autogradcli.programs.ledger import Mistake
from autogradcli.programs.texts import Texts
from autogradcli.programs.verified import Verified

Explanation = tuple[str, str | None]
"""A message, and what to write instead."""


def explain(watch: Watch, texts: Texts, passes: Sequence[Verified]) -> tuple[Mistake, ...]:
    """The mistakes that the record shows for certain, in the order of the lines."""
    found: dict[Mistake, None] = {}
    for place, (message, hint) in _all(watch, texts, passes):
        if place is not None:
            where = texts.where(place.file, place.line)
            found[Mistake(place.line, texts.code(place), message, hint, where)] = None
    return tuple(sorted(found, key=lambda each: each.line))


def _all(watch: Watch, texts: Texts, passes: Sequence[Verified]) -> "Iterator[tuple[CallSite | None, Explanation]]":
    for event in watch.finished():
        yield from ((event.place, each) for each in _of_event(event, texts, watch.recorder.touched))
        yield from _broadcasts(event, texts)
    yield from _left_out(watch)
    for (kind, place), facts in watch.recorder.remarks.items():
        name = texts.code(place).removesuffix(".grad") if place is not None else None
        yield place, REMARKS[kind]({"name": name, **{key: value for key, value in facts.items() if value}}, passes)


def _of_event(event: BackwardPass, texts: Texts, changes: Mapping[int, int]) -> Iterator[Explanation]:
    if len(event.outputs) == 1 and isinstance(event.outputs[0], Given):
        yield _leaf(event, texts)
    stale = [each.name for each in event.stale if each.is_used(changes)]
    if stale:
        yield _not_zeroed(stale)


def _left_out(watch: Watch) -> "Iterator[tuple[CallSite | None, Explanation]]":
    """Parameters of modules that get gradients from pass to pass while optimisers make steps, and never change."""
    if watch.recorder.optimised < STEPS:
        return
    seen: dict[int, str] = {}
    names: dict[str, CallSite | None] = {}
    for event in watch.finished():
        for each in event.arrivals:
            value = each.value
            if not isinstance(value, Given) or value.identity in watch.recorder.moved or not _learns(value, each.added):
                continue
            if value.identity in seen and value.name is not None:
                names[value.name] = event.place
            seen[value.identity] = value.name or ""
    if names:
        message = f"no optimiser has {_some(list(names))}: gradients reach it in each step, and it never changes"
        hint = "give it to the optimiser, or type .requires_grad_(False) if it is not to learn"
        yield next(iter(names.values())), (message, hint)


STEPS = 2
"""Steps of optimisers from which on what never changes is in none of them."""


def _learns(value: Given, added: Given | None) -> bool:
    """Whether a leaf is the parameter of a module, and got a gradient that is not 0."""
    tensor = value.tensor() if value.tensor is not None else None
    is_parameter = type(tensor).__name__ == "Parameter" and "." in (value.name or "")
    return is_parameter and added is not None and bool(added.data.any())


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _leaf(event: BackwardPass, texts: Texts) -> Explanation:
    name = event.names[0] or "a leaf"
    upstream, given = _argument(texts.code(event.place)), written(event.upstreams[0])
    value = "" if given is None else f" = {flat(given)[0]!r}"
    scaled = f", and the argument scales it by {upstream}{value}" if upstream and given is not None else ""
    message = f"backward starts from {name} itself, where d {name} / d {name} = 1{scaled}: no other tensor is looked at"
    other = upstream or "y"
    return message, f"type {other}.backward() for the gradient of {other} with respect to {name}"


def _argument(code: str) -> str | None:
    """What stands between the brackets of `x.backward(z)`, if it is a name."""
    inside = code.partition(".backward(")[2].removesuffix(")")
    return inside if inside.isidentifier() else None


def _not_zeroed(names: Sequence[str]) -> Explanation:
    message = f"{_some(names)}: .grad still held the last step's gradient, and backward added this step's to it"
    hint = f"type {names[0]}.grad = None, or {names[0]}.grad.zero_(), after each step"
    return message, hint if len(names) <= 4 else "type optimizer.zero_grad() in each step, before backward"


def _broadcasts(event: BackwardPass, texts: Texts) -> "Iterator[tuple[CallSite | None, Explanation]]":
    """A vector and a column of as many components, which make a square: hardly ever meant."""
    for call in calls_below(event.outputs):
        if kind_of(call.function).name in ELEMENTWISE:
            shapes = [_shape(each) for each in call.values()][:2]
            if len(shapes) == 2 and sorted(map(len, shapes)) == [1, 2]:
                vector, column = sorted(shapes, key=len)
                if vector[0] > 1 and column == (vector[0], 1):
                    names = [_name(each, texts) for each in call.values()][:2]
                    square = shape_text((vector[0], vector[0]))
                    left, right = map(shape_text, shapes)
                    message = f"{names[0]} of shape {left} and {names[1]} of shape {right} are broadcast to {square}"
                    yield call.place, (message, "if that is not meant, reshape one of them: y.reshape(x.shape)")


ELEMENTWISE = frozenset({"add", "sub", "mul", "div", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})


def _shape(value: Any) -> tuple[int, ...]:

    if isinstance(value, Given):
        return tuple(value.data.shape)
    return value.call.shapes[value.index] if isinstance(value, CallOutput) else ()


def _name(value: Any, texts: Texts) -> str:
    """What the program calls a value: its name, or the expression that made it."""
    if isinstance(value, Given):
        return value.name or "a tensor"
    if isinstance(value, CallOutput):
        call: RecordedCall = value.call
        return texts.name(call.place) or texts.code(call.place) or "a tensor"
    return "a tensor"


def _intermediate(facts: Mapping[str, Any], passes: Sequence[Verified]) -> Explanation:
    name = facts["name"] or "this tensor"
    message = f"{name} is no leaf: torch keeps .grad of leaves alone, and gives None"
    gradient = _gradient_of(name, passes)
    if gradient is not None:
        message += f"; the gradient that passed through it is {gradient}"
    return message, f"type {name}.retain_grad() before backward"


def _gradient_of(name: str, passes: Sequence[Verified]) -> Any:
    """The gradient at what the program calls so, from the last pass through it."""
    for each in reversed(passes):
        if each.report is not None and each.program is not None and name in each.program.assigned:
            step = each.program.assigned[name]
            return next((node.gradient for node in each.report.nodes if node.step == step), None)
    return None


def _no_requires_grad(facts: Mapping[str, Any], _: Sequence[Verified]) -> Explanation:
    name = facts["name"] or "this tensor"
    reasons = {"no_grad": "it was made under torch.no_grad()", "detach": "it was detached"}
    reason = reasons.get(facts.get("cut", ""), "its requires_grad is False")
    return f"{name} takes no gradient, so that its .grad is None: {reason}", f"type {name}.requires_grad_()"


def _copy(_: Mapping[str, Any], __: Sequence[Verified]) -> Explanation:
    return (
        "torch.tensor copies the numbers of a tensor and cuts the copy off from the graph: no gradient goes back",
        "type x.clone() to keep the graph, x.detach().clone() to leave it",
    )


REMARKS: Mapping[str, Callable[[Mapping[str, Any], Sequence[Verified]], Explanation]] = {
    "grad of an intermediate": _intermediate,
    "grad without requires_grad": _no_requires_grad,
    "copy": _copy,
}
"""What each kind of remark says."""

IN_PLACE_ON_A_LEAF = "a leaf is changed where autograd does not look: type with torch.no_grad(): around this line"
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
    "a leaf Variable that requires grad is being used in an in-place operation": lambda _: IN_PLACE_ON_A_LEAF,
    "a view of a leaf Variable that requires grad is being used in an in-place operation": lambda _: IN_PLACE_ON_A_LEAF,
    "appears to not have been used in the graph": lambda _: (
        "the output does not depend on it, so that the gradient is 0: type allow_unused=True to be given None"
    ),
    "nly Tensors of floating point": lambda _: "type 2.0 for 2, or x.float()",
    "must have the same dtype": lambda _: _SAME_DTYPE,
    "expected scalar type": lambda _: _SAME_DTYPE,
    "to have the same dtype": lambda _: _SAME_DTYPE,
    "Can't call numpy() on Tensor that requires grad": lambda _: "type x.detach().numpy()",
    "unsupported operand type(s) for *: 'float' and 'NoneType'": lambda _: (
        "a .grad that is None: backward has not reached the tensor, or it is no leaf"
    ),
}
"""What some of torch's errors are about, by a part of their message."""

_SAME_DTYPE = "whole numbers and floats do not mix here: type 2.0 for 2, or inputs.float()"


def _at(facts: Mapping[str, Any], which: str) -> str:
    return f" on line {facts[which]}" if facts.get(which) else ""


def hint_for(message: str, facts: Mapping[str, Any]) -> str | None:
    """What to say beside an error; None if there is nothing."""
    try:
        return next((explained(facts) for part, explained in ERRORS.items() if part in message), None)
    except KeyError:  # nothing is known of the tensor
        return None
