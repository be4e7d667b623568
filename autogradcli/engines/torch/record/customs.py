"""What a backward that the program brings along is worth: it is held against autograd through its own forward."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from types import CodeType, FunctionType, MethodType
from typing import Any

import torch

from autogradcli.engines.torch.record.comparison import StepComparison, compare
from autogradcli.engines.torch.record.digits import nine_digits
from autogradcli.engines.torch.record.kinds import is_function
from autogradcli.engines.torch.record.mathematics import name_of, operator_of
from autogradcli.engines.torch.record.slopes import slopes
from autogradcli.engines.torch.record.steps import RecordedStep, parts, second, sent

WRONG = 10
"""How far beyond the tolerance, and beyond what rounding explains, a claim is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a backward."""

    kind: str
    message: str
    here: bool = True
    """Whether it shows in the pass at hand, and not only in others."""
    places: tuple[int, ...] = ()
    """The tensors among the arguments whose gradients are wrong, by their place; none for all of them."""


@dataclass(frozen=True, slots=True)
class CustomBackward:
    """A backward that somebody wrote, and where."""

    name: str
    file: str | None
    line: int | None


def claim_of(step: RecordedStep) -> CustomBackward:
    """The backward that a custom step runs: its name, and where it is written."""
    name, code = name_of(step.call).removesuffix(".default"), code_of_backward(step.call.function)
    return CustomBackward(name, code and code.co_filename, code and code.co_firstlineno)


def code_of_backward(function: Any) -> CodeType | None:
    """The code of the backward of a custom call, below what decorates it; None if it is not Python's."""
    if is_function(function):
        written = function.backward if function.vjp is torch.autograd.Function.vjp else function.vjp
    else:
        written = getattr(operator_of(function), "_backward_fn", None)
    codes = list(_codes(written, DECORATORS))
    named = [each for each in codes if each.co_name in {"backward", "vjp"}]
    return next(iter(named or codes), None)


DECORATORS = 8
"""Functions around another that are looked into."""


def _codes(function: Any, depth: int) -> Iterator[CodeType]:
    """The codes of a function and of what it decorates, from the innermost it says it wraps to what it only holds."""
    if not isinstance(function, FunctionType | MethodType) or not depth:
        return
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        yield from _codes(wrapped, depth - 1)
    yield function.__code__
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # an empty one
            yield from _codes(cell.cell_contents, depth - 1)


def is_followed(step: RecordedStep) -> str | None:
    """Why autograd cannot differentiate the forward of a custom step; None if it can."""
    if step.call.random is not None:
        return "its forward draws random numbers, and in float64 it draws others"
    found = slopes(step)
    if found is None:
        return "its forward is not made of operations that autograd follows"
    if found.agree:
        return None
    return (
        "its forward is not made of operations that autograd follows: along a random direction central differences give"
        f" {found.by_differences:.6g}, its backward {found.claimed:.6g}"
    )


def faults(step: RecordedStep, twice: bool) -> Iterator[Fault]:
    """What is wrong with the backward of a custom step; `twice` if the program differentiates it twice."""
    try:
        compared = compare(step)
    except Exception as error:
        yield Fault("error", f"its backward cannot be run again: {type(error).__name__}: {error}")
        return
    found = list(_here(step, compared))
    yield from found
    if not found:
        yield from _of_the_upstream(step)
        yield from _of_one_input(step)
        yield from _twice(step, twice)


def _here(step: RecordedStep, compared: StepComparison) -> Iterator[Fault]:
    """Faults that show for the numbers that reached the step."""
    missing = [place for place, each in enumerate(compared.sent) if each is None and _matters(compared.truth[place])]
    for place in missing:
        message = f"its backward returns None for {_input(step, place)}, whose gradient is not 0"
        yield Fault("none", message, places=(step.wanted[place],))
    off = compared.worst()
    if off is None or missing or off.matters <= WRONG or off.error <= WRONG:
        return
    swapped = _swapped(compared)
    if swapped:
        names = " and ".join(_input(step, place) for place in swapped)
        yield Fault("swapped", f"its backward returns the gradients of {names} in the wrong order")
        return
    index = f"[{', '.join(map(str, off.index))}]" if off.index else ""
    one, other = nine_digits(off.sent), repr(float(f"{off.truth:.9g}"))
    one, other = (one, other) if one != other else (repr(off.sent), repr(off.truth))
    sentence = f"its backward gives {one} for {_input(step, off.place)}{index} where {other} is true"
    yield Fault("wrong", sentence, places=(step.wanted[off.place],))


def _matters(truth: Any) -> bool:
    return truth is not None and bool((truth != 0).any())


def _swapped(compared: StepComparison) -> tuple[int, int] | None:
    for one in range(len(compared.sent)):
        for other in range(one):
            pairs = [(compared.sent[one], compared.truth[other]), (compared.sent[other], compared.truth[one])]
            if all(_close(a, b) for a, b in pairs) and not _close(compared.sent[one], compared.truth[one]):
                return other, one
    return None


def _close(number: Any, truth: Any) -> bool:
    if number is None or truth is None or number.shape != truth.shape:
        return False
    rtol = 1e-3 if number.element_size() >= 4 else 5e-2
    return bool(torch.allclose(number.to(truth.dtype), truth, rtol=rtol, atol=rtol * float(truth.abs().max() + 1e-30)))


def _input(step: RecordedStep, place: int) -> str:
    """What the forward calls one of its inputs."""
    function: Any = step.call.function
    names = []
    if is_function(function):
        names = list(inspect.signature(function.forward).parameters)
        if function.setup_context is torch.autograd.Function.setup_context:
            names = names[1:]
    positions = [index for index, each in enumerate(step.arguments) if isinstance(each, torch.Tensor)]
    which = step.wanted[place]
    if which < len(positions) and positions[which] < len(names):
        return names[positions[which]]
    return f"input {which + 1}"


def _of_the_upstream(step: RecordedStep) -> Iterator[Fault]:
    """Faults that show for other upstream gradients: another one, one that is not contiguous, an expanded one."""
    other = _with(step, [None if each is None else torch.randn_like(each) for each in step.upstreams])
    if not _is_right(other):
        same = [_equal(a, b) for a, b in zip(sent(step), sent(other), strict=True)]
        message = (
            "its backward ignores the gradient that reaches it"
            if all(same)
            else ("its backward is wrong for another gradient from above than the one of this pass")
        )
        yield Fault("upstream", message, here=False)
        return
    for layout, make in {"not contiguous": _strided, "expanded": _expanded}.items():
        said = layout
        shaped = _with(step, [None if each is None else make(each) for each in step.upstreams])
        plain = _with(step, [None if each is None else each.contiguous() for each in shaped.upstreams])
        try:
            right = all(_equal(a, b) for a, b in zip(sent(shaped), sent(plain), strict=True))
        except RuntimeError as error:
            right, said = False, f"{layout} ({str(error).splitlines()[0]})"
        if not right:
            yield Fault("layout", f"its backward is wrong for a gradient from above that is {said}", here=False)


def _with(step: RecordedStep, upstreams: list[Any]) -> RecordedStep:
    return replace(step, upstreams=upstreams)


def _is_right(step: RecordedStep) -> bool:
    off = compare(step).worst()
    return off is None or off.matters <= WRONG or off.error <= WRONG


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(torch.allclose(one, other, rtol=1e-4, equal_nan=True))


def _strided(each: torch.Tensor) -> torch.Tensor:
    """Random numbers of the same shape whose memory is laid out otherwise."""
    if not each.ndim:
        return each
    numbers = torch.randn(*each.shape[::-1], 2, dtype=torch.float64).to(each.dtype)[..., 0]
    return numbers.permute(*range(each.ndim)[::-1])


def _expanded(each: torch.Tensor) -> torch.Tensor:
    return torch.full((), 1.5, dtype=each.dtype).expand(each.shape)


def _of_one_input(step: RecordedStep) -> Iterator[Fault]:
    """Faults that show where only one of several inputs needs a gradient."""
    if len(step.wanted) < 2:
        return
    whole = sent(step)
    for place, which in enumerate(step.wanted):
        try:
            (alone,) = sent(replace(step, wanted=(which,)))
        except Exception as error:
            message = f"with {_input(step, place)} alone needing a gradient its backward raises {type(error).__name__}"
            yield Fault("needs", f"{message}: {str(error).splitlines()[0]}", here=False)
            continue
        if not _equal(alone, whole[place]):
            message = f"with {_input(step, place)} alone needing a gradient its backward gives another one"
            yield Fault("needs", message, here=False)


def _twice(step: RecordedStep, used: bool) -> Iterator[Fault]:
    """The fault of a backward that is differentiated itself though it saved intermediate values without their graph."""
    try:
        truth = second(step, pure=True)
        claimed = second(step, pure=False)
    except Exception:  # it says itself that it cannot, or its forward has no second derivative
        return
    if all(_close(a, b) or not _differ(a, b) for a, b in zip(claimed, truth, strict=True)):
        return
    message = "differentiated twice its backward is wrong: what it uses was saved without its own history"
    yield Fault("second", message, here=used)


def _differ(one: Any, other: Any) -> bool:
    if one is None and other is None:
        return False
    one = torch.zeros_like(other) if one is None else one
    other = torch.zeros_like(one) if other is None else other
    return not torch.allclose(parts(one).double(), parts(other).double(), rtol=1e-3, atol=1e-6)
