"""Calls that only move numbers about, add them up or multiply them by constants: held against their own forward.

With L the linear part of such a call and u what reached it, its backward has to send the L* u for which (L* u, d) is
(u, L d) for every d. One random d looks at all components at once, without torch's backward; where it does not hold,
halves of d lead to a component that is wrong.
"""

from collections.abc import Iterator

import torch

from autogradcli.engines.torch.record.calls import mapped
from autogradcli.engines.torch.record.comparison import Off, StepComparison
from autogradcli.engines.torch.record.kinds import words
from autogradcli.engines.torch.record.replay import quiet, state_of
from autogradcli.engines.torch.record.steps import RecordedStep, parts, run_step, widened

STRUCTURAL = frozenset(
    {
        "clone",
        "contiguous",
        "to",
        "float",
        "double",
        "half",
        "bfloat16",
        "type_as",
        "view_as",
        "reshape_as",
        "expand_as",
    }
    | {"split", "chunk", "unbind", "tensor_split", "embedding", "pad", "unfold", "scatter", "scatter_add", "index_add"}
    | {"index_put", "index_copy", "masked_scatter", "masked_select", "as_strided", "diff", "tile", "rot90", "detach"}
    | {"dropout", "dropout1d", "dropout2d", "dropout3d", "copy_", "zero_", "fill_", "repeat_interleave", "unsqueeze_"}
    | {"split_with_sizes", "pixel_shuffle", "pixel_unshuffle", "meshgrid", "broadcast_tensors", "squeeze_", "t_"}
    | words("_pack_padded_sequence _pad_packed_sequence real imag conj conj_physical resolve_conj resolve_neg H mH")
    | words("complex view_as_real view_as_complex fft_fftshift fft_ifftshift fft_hfft fft_ihfft")
    | {f"fft_{kind}fft{places}" for kind in ("", "i", "r", "ir") for places in ("", "2", "n")}
)
"""Calls that move numbers or multiply them by constants: float64 shows all that there is to show."""
LINEAR = (STRUCTURAL - words("detach dropout dropout1d dropout2d dropout3d")) | words(
    "as_strided_scatter getitem __getitem__ __setitem__ select narrow cat stack hstack vstack dstack concat "
    "index_select gather reshape view flatten unflatten permute transpose t T mT movedim swapaxes squeeze "
    "unsqueeze expand repeat roll flip fliplr flipud tril triu diag diagonal diag_embed trace take take_along_dim "
    "cumsum mean avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d interpolate fold "
    "unfold_blocks select_scatter slice_scatter diagonal_scatter index_fill masked_fill neg "
)
"""Calls that are linear in all their tensors together, but for a constant."""
EXACT = 1e-9
"""What rounding in float64 may do to a sum, relatively to the sizes of its terms."""


def moved_wrongly(step: RecordedStep, compared: StepComparison) -> Off | None:
    """A component that the backward of a linear step sends wrongly, also in float64; None if there is none."""
    if step.name not in LINEAR or step.mask is not None or (step.name == "embedding" and _has_own_rules(step)):
        return None
    if any(each is not None and not bool(each.isfinite().all()) for each in step.upstreams):
        return None
    try:
        return next(_wrong(step, compared), None)
    except (RuntimeError, TypeError, ValueError, LookupError):  # shapes and layouts that float64 has no call for
        return None


def _has_own_rules(step: RecordedStep) -> bool:
    """Whether an embedding sends what is no derivative, as it says: nothing to padding, or scaled gradients."""
    options = [step.keywords.get(each) for each in ("padding_idx", "max_norm", "scale_grad_by_freq")]
    return len(step.arguments) > 2 or any(each is not None and each is not False for each in options)


def _wrong(step: RecordedStep, compared: StepComparison) -> Iterator[Off]:
    chance = torch.Generator().manual_seed(0)
    for place, truth in enumerate(compared.truth):
        if truth is None:
            continue
        moving = _OneOperand(step, place, truth)
        signs = (torch.randint(0, 2, parts(truth).shape, generator=chance) * 2 - 1).double()
        if not moving.holds(signs):
            yield moving.component(signs, compared.sent[place])


class _OneOperand:
    """A step whose operand `place` alone is not 0. A direction is real: complex numbers have two components."""

    def __init__(self, step: RecordedStep, place: int, sent: torch.Tensor) -> None:
        self._step, self._operand, self._sent = step, step.wanted[place], parts(sent).double()
        self._place, self._is_complex = place, sent.is_complex()
        self._constant = self._outputs(torch.zeros_like(self._sent))

    def _outputs(self, direction: torch.Tensor) -> list[torch.Tensor]:
        places = iter(range(10**9))
        operand = torch.view_as_complex(direction.contiguous()) if self._is_complex else direction

        def stand_in(each: object) -> object:
            if not isinstance(each, torch.Tensor):
                return each
            place = next(places)
            if place == self._operand:
                return torch.empty_like(each, dtype=operand.dtype).copy_(operand)
            if each.is_floating_point() or each.is_complex():
                return torch.zeros_like(widened(each, double=True))
            return each.clone()

        step = self._step
        arguments, keywords = mapped(step.arguments, stand_in), mapped(step.keywords, stand_in)
        with quiet(), torch.random.fork_rng(devices=[]), state_of(step.call, double=True), torch.no_grad():
            return list(run_step(step, arguments, keywords, double=True, pure=False))

    def _meeting(self, direction: torch.Tensor) -> tuple[float, float]:
        """What reached the step times what a direction is moved to, and the sizes of the terms."""
        total = size = 0.0
        for out, constant, upstream in zip(
            self._outputs(direction), self._constant, self._step.upstreams, strict=False
        ):
            if upstream is not None:
                terms = parts(upstream).double() * parts(out - constant).double()
                total, size = total + float(terms.sum()), size + float(terms.abs().sum())
        return total, size

    def holds(self, direction: torch.Tensor) -> bool:
        """Whether what is sent meets a direction as what reached the step meets where that is moved to."""
        total, size = self._meeting(direction)
        terms = self._sent * direction
        return abs(total - float(terms.sum())) <= EXACT * (size + float(terms.abs().sum()))

    def component(self, direction: torch.Tensor, sent: torch.Tensor | None) -> Off:
        """A component for which it does not hold, where it does not hold for a direction."""
        start, end = 0, direction.numel()
        while end - start > 1:
            middle = (start + end) // 2
            start, end = (middle, end) if self.holds(_part(direction, start, middle)) else (start, middle)
        unit = _part(torch.ones_like(direction), start, end)
        true, _ = self._meeting(unit)
        index = tuple(int(each) for each in torch.unravel_index(torch.tensor(start), unit.shape)) if unit.ndim else ()
        number = 0.0 if sent is None else float(parts(sent)[index])
        shown = index[:-1] if self._is_complex else index
        return Off(self._place, shown, number, true, float("inf"), float("inf"))


def _part(direction: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """A direction with all but some components 0."""
    found = torch.zeros(direction.numel(), dtype=torch.float64)
    found[start:end] = direction.flatten()[start:end]
    return found.reshape(direction.shape)
