"""torch's own database of operators (OpInfo) as calls of gradcalc: what torch computes itself is the measure.

`torch.testing._internal`, which takes seconds to be imported, is torch 2.13's; another torch has another one.
"""

import math
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import torch

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Beyond, Options, Problem
from autogradcli.compute.report import Gradient, Report
from autogradcli.compute.verdict import worst
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import flat, shape
from autogradcli.engines.torch.graph import plain
from autogradcli.engines.torch.state import fresh_state, seeded
from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.table import row
from autogradcli.language.indices import NEVER, index_variables
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Program, Tensor

TORCH = "2.13.0"
"""The release whose samples these are."""
SEED = 42
"""What torch's samples of functions that draw random numbers start the generator from."""
RUNS = 64
"""How often torch is asked again where numbers are not the same: `lstsq` by gelsy reads pivots that nobody wrote."""
MAX_OPERATIONS = 20_000
"""Scalar operations up to which a sample is proven; what is larger is still compared with torch."""

INTERNAL = ("sparse.", "masked.", "fft.", "native_", "torch.ops.", "unsafe_", "grid_sampler_", "to_sparse")
"""What the names of operators begin with that nobody calls, or that are about tensors that gradcalc has not."""
COMPLEX = frozenset({"complex", "polar", "view_as_complex", "conj", "conj_physical", "resolve_conj", "resolve_neg"})
COMPLEX |= {"real", "H", "cdouble", "cfloat", "chalf", "stft", "linalg.eig", "linalg.eigvals"}
"""Operators whose results or whose only purposes are complex numbers."""
REFLECTED: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "__radd__": ("+", operator.add),
    "__rsub__": ("-", operator.sub),
    "__rmul__": ("*", operator.mul),
    "__rdiv__": ("/", operator.truediv),
    "__rmod__": ("%", operator.mod),
    "__rpow__": ("**", operator.pow),
    "__rmatmul__": ("@", operator.matmul),
}
"""Python's operators with the tensor on their right."""
PROPERTIES = ("T", "mT", "mH")


class _Given(NamedTuple):
    """A sample of torch's with other arguments."""

    input: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Unwritable(Exception):
    """A sample that no text says: an argument is a function, a complex number, a device."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of an operator, as a text and as a call of torch."""

    title: str
    """The operator's name, with that of its variant."""
    text: str
    values: Mapping[str, torch.Tensor]
    """By the names of the text's variables."""
    given: Any
    """torch's sample: `input`, `args` and `kwargs`, whose tensors are the values in the same order."""
    run: Callable[..., Any]
    """What is called with it in torch."""
    dtype: str
    chosen: int | None = None
    """Which of several results is meant."""

    def call(self, function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
        """What a function gives for the sample with other values in place of its tensors."""
        left = iter(values.values())

        def put(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                return next(left)
            if isinstance(value, list | tuple) and not isinstance(value, torch.Size):
                return type(value)(map(put, value))
            return value

        arguments = [put(each) for each in (self.given.input, *self.given.args)]
        found = function(*arguments, **{name: put(value) for name, value in self.given.kwargs.items()})
        return found if self.chosen is None else found[self.chosen]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a sample."""

    kind: str
    """`refused` by gradcalc, `random`, `crash`, `torch` where torch refuses it too, or a verdict."""
    detail: str = ""
    wrong: tuple[str, ...] = ()
    """Each way in which gradcalc's numbers are not torch's."""
    report: Report | None = None
    upstream: torch.Tensor | None = None
    moved: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """The direction along which it was differentiated before."""

    @property
    def found(self) -> Mapping[str, Gradient]:
        """The finding on each variable."""
        return {} if self.report is None else _findings(self.report)

    @property
    def answered(self) -> bool:
        """Whether gradcalc did what torch does."""
        return self.kind not in {"refused", "crash", "torch", "random"}

    @property
    def error(self) -> float | None:
        """The largest error of a component in units in the last place, where it is known."""
        found = [each for gradient in self.found.values() for each in flat(gradient.ulps) if each is not None]
        return max(found, default=None)


@cache
def operators() -> list[Any]:
    """The operators that torch differentiates; without internal, sparse, masked, FFT and complex ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db

    return [each for each in op_db if each.supports_autograd and torch.float64 in each.dtypes and _is_public(each.name)]


def _is_public(name: str) -> bool:
    internal = name.startswith(INTERNAL) or (name.startswith("_") and not name.startswith("__"))
    return not internal and name not in COMPLEX and not name.endswith("_backward")


def title(each: Any) -> str:
    """An operator's name, with that of its variant."""
    return f"{each.name} {each.variant_test_name}".rstrip()


def samples(each: Any, dtype: str, count: int, seed: int) -> Iterator[Sample]:
    """The calls of an operator's first samples, as a function and as a method, as far as a text can say them."""
    with quiet(), seeded(seed):
        given = list(islice(each.sample_inputs("cpu", getattr(torch, dtype)), count))
    for place, one in enumerate(given):
        for write in (_function, _method):
            try:
                sample = write(each, one, dtype)
            except Unwritable:
                continue
            if sample is not None:
                yield _with_one_result(sample, place)


@contextmanager
def quiet() -> Iterator[None]:
    """Without torch's warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _with_one_result(sample: Sample, place: int) -> Sample:
    """The sample; of one that gives several tensors, one of them that autograd knows, each in its turn."""
    try:
        found = _run(sample, _leaves(sample))
    except Exception:  # torch's refusals are looked at later
        return sample
    if isinstance(found, torch.Tensor):
        return sample
    known = [index for index, each in enumerate(found) if isinstance(each, torch.Tensor) and each.requires_grad]
    chosen = known[place % len(known)] if known else 0
    return replace(sample, text=f"{sample.text}[{chosen}]", chosen=chosen)


def _run(sample: Sample, leaves: Mapping[str, torch.Tensor]) -> Any:
    with fresh_state(getattr(torch, sample.dtype)), seeded(SEED), quiet():
        return sample.call(sample.run, leaves)


def _leaves(sample: Sample) -> dict[str, torch.Tensor]:
    """New leaves with the values, which require a gradient if they can.

    They have the strides of new tensors, as gradcalc's have: by those of a dimension of size 1 torch chooses in which
    order it multiplies matrices.
    """
    new = {name: torch.empty(each.shape, dtype=each.dtype).copy_(each) for name, each in sample.values.items()}
    return {name: each.requires_grad_(each.is_floating_point()) for name, each in new.items()}


# Texts.


class _Writer:
    """Writes arguments down; tensors become variables, whose numbers are in the dtype, as all of gradcalc's are."""

    def __init__(self, dtype: str) -> None:
        self._dtype = getattr(torch, dtype)
        self.values: dict[str, torch.Tensor] = {}

    def write(self, value: Any) -> str:
        """The text of one argument."""
        if isinstance(value, list | tuple):
            items = ", ".join(map(self.place, value))
            return f"[{items}]" if isinstance(value, list) else f"({items}{',' if len(value) == 1 else ''})"
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, slice):
            bounds = [value.start, value.stop, *([] if value.step is None else [value.step])]
            return ":".join("" if each is None else self.write(each) for each in bounds)
        return _scalar(value)

    def _tensor(self, value: torch.Tensor) -> str:
        if value.is_complex() or value.layout != torch.strided:
            raise Unwritable
        name = f"x{len(self.values)}"
        held = value.detach().to(self._dtype) if value.is_floating_point() else value
        self.values[name] = held.contiguous().clone()
        return name

    def place(self, value: Any) -> str:
        """The text of a place: a mask is a condition."""
        mask = isinstance(value, torch.Tensor) and value.dtype == torch.bool
        return f"{self.write(value)} != 0" if mask else self.write(value)

    def arguments(self, given: Sequence[Any], keywords: Mapping[str, Any]) -> str:
        """The text of all arguments."""
        return ", ".join([*map(self.write, given), *(f"{name}={self.write(each)}" for name, each in keywords.items())])

    def sample(self, each: Any, text: str, given: Any, dtype: str, run: Callable[..., Any]) -> Sample:
        """The sample with this text."""
        return Sample(title(each), text, self.values, given, run, dtype)


def _scalar(value: Any) -> str:
    if isinstance(value, bool | None) or (isinstance(value, int | float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, torch.dtype):
        return str(value)
    if value is Ellipsis:
        return "..."
    raise Unwritable


def _function(each: Any, given: Any, dtype: str) -> Sample | None:
    """The sample as a call of a function; None if it is none."""
    writer, name = _Writer(dtype), each.name
    if name in PROPERTIES:
        return writer.sample(each, f"{writer.write(given.input)}.{name}", given, dtype, each.op)
    if name in REFLECTED:
        sign, run = REFLECTED[name]
        first, second = writer.write(given.input), writer.write(given.args[0])
        return writer.sample(each, f"{second} {sign} {first}", given, dtype, lambda x, y: run(y, x))
    if name == "__getitem__":
        (index,) = given.args
        items = index if isinstance(index, tuple) else (index,)
        text = f"{writer.write(given.input)}[{', '.join(map(writer.place, items))}]"
        return writer.sample(each, text, given, dtype, each.op)
    if title(each) == "linalg.pinv singular":
        factors = " @ ".join(map(writer.write, (given.input, *given.args)))
        return writer.sample(each, f"torch.linalg.pinv({factors}.mT)", given, dtype, each.op)
    if name in OTHER_ORDER:
        return writer.sample(each, *_reordered(writer, name, given), dtype, OTHER_ORDER[name])
    if name == "where":
        (condition, other), one = given.args, given.input
        text = f"torch.where({', '.join(map(writer.write, (condition, one, other)))})"
        return writer.sample(each, text, _Given(condition, (one, other), {}), dtype, torch.where)
    if not _is_function(name):
        return None
    text = f"torch.{name}({writer.arguments((given.input, *given.args), given.kwargs)})"
    return writer.sample(each, text, given, dtype, each.op)


OTHER_ORDER: dict[str, Callable[..., Any]] = {
    "nn.functional.embedding": torch.nn.functional.embedding,
    "nn.functional.embedding_bag": torch.nn.functional.embedding_bag,
    "polygamma": torch.polygamma,
    "special.polygamma": torch.special.polygamma,
    "einsum": torch.einsum,
}
"""Functions whose first two arguments torch's samples exchange."""


def _reordered(writer: _Writer, name: str, given: Any) -> tuple[str, _Given]:
    first, *others = given.args
    text = f"torch.{name}({writer.arguments((first, given.input, *others), given.kwargs)})"
    return text, _Given(first, (given.input, *others), given.kwargs)


def _is_function(name: str) -> bool:
    where: Any = torch
    for part in name.split("."):
        where = getattr(where, part, None)
    return callable(where)


def _method(each: Any, given: Any, dtype: str) -> Sample | None:
    """The sample as a call of a method; None if it is none."""
    name = each.name.rpartition(".")[2]
    receiver = isinstance(given.input, torch.Tensor) and each.method_variant is not None
    if not receiver or name.startswith("__") or name in PROPERTIES or not callable(getattr(torch.Tensor, name, None)):
        return None
    writer = _Writer(dtype)
    text = f"{writer.write(given.input)}.{name}({writer.arguments(given.args, given.kwargs)})"
    return writer.sample(each, text, given, dtype, each.method_variant)


# Answers.


def answer(sample: Sample, order: int = 1) -> Answer:
    """What gradcalc says of a sample, and what of it is not torch's.

    Of order 2 it is asked for the Hessian times a direction.
    """
    moved = _direction(sample) if order == 2 else {}
    try:
        output, gradients, upstream = _by_torch(sample, moved)
    except Exception as problem:  # whatever torch says is right
        return Answer("torch", f"{type(problem).__name__}: {problem}".partition("\n")[0])
    try:
        if _is_random(sample.text, tuple(sample.values)):
            return Answer("random")
        report = _by_gradcalc(sample, upstream, moved)
    except GradcalcError as error:
        return Answer("refused", f"{error.message}; {error.hint}" if error.hint else error.message)
    except Exception as problem:  # whatever it is, it is a crash
        return Answer("crash", repr(problem).partition("\n")[0])
    found = _findings(report)
    reasons = [each.reason.message for each in found.values() if each.reason is not None]
    verdict = worst(each.verdict for each in found.values()) if moved else report.verdict
    wrong = tuple(_wrong(report, output, gradients))
    for _ in range(RUNS if wrong else 0):
        torch.randint(0, 2, (3,), dtype=torch.int32).clone()  # what then lies in memory that is used again
        wrong = tuple(_wrong(report, *_by_torch(sample, moved)[:2])) and wrong
    return Answer(verdict, " | ".join(reasons), wrong, report, upstream, moved)


def _findings(report: Report) -> Mapping[str, Gradient]:
    return report.hvp or report.gradients


def _direction(sample: Sample) -> dict[str, torch.Tensor]:
    """A random direction, of all variables that are differentiable."""
    with seeded(1):
        return {
            name: torch.rand(value.shape, dtype=torch.float64).mul(2).sub(1).to(value.dtype)
            for name, value in sample.values.items()
            if name in _differentiable(sample)
        }


def _differentiable(sample: Sample) -> tuple[str, ...]:
    """The variables that gradcalc differentiates with respect to; none of a text that it refuses."""
    try:
        program = parse(sample.text, given=tuple(sample.values))
    except GradcalcError:
        return ()
    indices = index_variables(program, NEVER)
    real = {name for name, value in sample.values.items() if value.is_floating_point() and value.numel()}
    return tuple(name for name in program.variables if name in real - indices.keys())


def _is_random(text: str, values: Collection[str]) -> bool:
    """Whether a text draws random numbers, which no expression does."""
    steps = parse(text, given=values).steps
    return any(isinstance(step, Call) and row(step.function).random for step in steps)


def _by_torch(sample: Sample, moved: Mapping[str, torch.Tensor]) -> tuple[Any, dict[str, Any], torch.Tensor | None]:
    """The value, the gradients of it or of its derivative along a direction, and the upstream gradient."""
    leaves = _leaves(sample)
    output = _run(sample, leaves)
    if not output.requires_grad:
        return plain(output), {}, None
    with seeded(0), quiet():
        weights = torch.rand(output.shape, dtype=torch.float64).mul(2).sub(1)
        upstream = weights.to(getattr(torch, sample.dtype)).to(output.dtype)  # numbers that gradcalc holds
        if moved:
            asked = {name: leaves[name] for name in moved}
            derivative = _derivative(output, upstream, asked, moved)
            if derivative.requires_grad:
                torch.autograd.backward(derivative)
        else:
            output.backward(upstream)
    found = {name: plain(leaf.grad) for name, leaf in leaves.items() if leaf.grad is not None}
    return plain(output.detach()), found, upstream


def _derivative(
    output: torch.Tensor, upstream: torch.Tensor, leaves: Mapping[str, torch.Tensor], moved: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """The derivative of the output along a direction."""
    slopes = torch.autograd.grad(output, tuple(leaves.values()), upstream, create_graph=True, materialize_grads=True)
    return sum(((slope * v).sum() for slope, v in zip(slopes, moved.values(), strict=True)), torch.zeros(()))


def _by_gradcalc(sample: Sample, upstream: torch.Tensor | None, moved: Mapping[str, torch.Tensor]) -> Report:
    program = parse(sample.text, given=tuple(sample.values))
    wrt = _differentiable(sample) if upstream is not None else ()
    at = {name: _as_value(value) for name, value in sample.values.items()}
    backward = Backward() if upstream is None else Backward(_as_value(upstream))
    options = Options(dtype=sample.dtype, symbolic=False, seed=SEED, max_operations=MAX_OPERATIONS)
    beyond = Beyond(hvp=tuple((name, _as_value(each)) for name, each in moved.items() if name in wrt))
    with seeded(SEED), quiet():
        return compute(Problem(program, at, wrt, options, backward, beyond=beyond))


def _as_value(value: torch.Tensor) -> Program:
    """The numbers of a tensor as a value."""
    components = tuple(value.double().flatten().tolist())
    return Program("[...]", (Tensor(components, tuple(value.shape), Span(0, 5)),), 0, None, {}, ())


def _wrong(report: Report, output: Any, gradients: Mapping[str, Any]) -> Iterator[str]:
    if not _same(report.value, output):
        yield f"value {_short(report.value)} and not {_short(output)}"
    for name, each in _findings(report).items():
        truth = gradients.get(name)
        if each.verdict == "unverified" and None in flat(each.autograd):  # the time was up before torch had it
            continue
        if not _same(each.autograd, truth) and not (truth is None and not any(flat(each.autograd))):
            yield f"gradient of {name} {_short(each.autograd)} and not {_short(truth)}"


def _same(ours: Any, theirs: Any) -> bool:
    """The same shape and bit by bit the same numbers; one NaN is like another, and True is 1."""
    if (ours is None) != (theirs is None) or shape(ours) != shape(theirs):
        return False
    pairs = zip(flat(ours), flat(theirs), strict=True)
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


def _short(value: Any) -> str:
    return f"{shape(value)} {str(value)[:60]}"
