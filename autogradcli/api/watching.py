"""Watching in Python: what a `with autogradcli.watch() as seen` block computes and sends backward is verified."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any

from autogradcli.api.wording import worded
from autogradcli.compute.problem import Options
from autogradcli.programs.demands import Demands
from autogradcli.programs.ledger import Ledger
from autogradcli.programs.runner import Ending
from autogradcli.programs.session import Seen, verified
from autogradcli.programs.texts import Texts
from autogradcli.render.programs.text import draw_text
from autogradcli.render.terminal import FILE


class Watching:
    """What is seen of the code in a `with` block, and what the engines say of its gradients."""

    def __init__(self, passes: str, demands: Demands, main: str) -> None:
        """`main` is the file of which lines are named by their number alone."""
        self._passes, self._demands, self._main = passes, demands, main
        self._stack = ExitStack()
        self._watch: Any = None

    def __enter__(self) -> "Watching":
        # torch is imported with it.
        from autogradcli.engines.torch.record.watch import Watch

        self._watch = Watch(self._passes)
        self._stack.enter_context(self._watch.watching())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger; the gradients are verified when it is asked for first."""
        self._stack.close()
        return verified("watch", Seen(Ending(0), Texts(main=self._main), self._watch), self._demands)

    @property
    def verdict(self) -> str:
        """The worst over all gradients."""
        return self.ledger.verdict

    def assert_right(self) -> None:
        """Raises AssertionError with what is wrong if a gradient is wrong, not defined, or no gradient was seen."""
        __tracebackhide__ = True
        if not self.ledger.passes:
            raise AssertionError("no backward pass was seen: the loss and its backward() belong into the with block")
        if self.verdict in {"mismatch", "undefined"}:
            raise AssertionError("\n".join([*_wrong(self.ledger), *self.ledger.notes]))

    def __str__(self) -> str:
        """The report of the ledger, as `gradcalc run` writes it, in Python's words."""
        return worded(draw_text(self.ledger, FILE)).replace("gradcalc run ", "gradcalc ", 1)


def _wrong(ledger: Ledger) -> Iterator[str]:
    """A line for each gradient that is not as it should be, and for each backward of the program's own."""
    for each in ledger.passes:
        for entry in each.entries:
            if entry.verdict in {"mismatch", "undefined"}:
                reason = "" if entry.reason is None else f": {entry.reason.message} ({entry.reason.code})"
                yield f"{each.where or f'line {each.line}'}, {entry.name}: {entry.verdict}{reason}"
    for custom in ledger.customs:
        if custom.verdict == "mismatch":
            yield from (f"{reason.message} ({reason.code})" for reason in custom.reasons)


def watch(
    *,
    passes: str | int = "some",
    surrogate: str | Sequence[str] = (),
    reference: Mapping[Any, Callable[..., Any]] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    symbolic: bool = False,
    timeout: float = 10.0,
) -> Watching:
    """A context that watches torch; afterwards its `verdict`, `ledger` and `assert_right` tell of the gradients in it.

    `passes` says which are verified: `first`, `all`, a number, or of each line the 1st, 2nd, 4th …, the last
    and all that are not finite.
    `surrogate` names functions whose backward differs from the derivative on purpose. `reference` gives, for a class
    whose forward autograd does not follow, a function of torch's operations that has its derivative.
    """
    options = Options("float64", rtol, atol, symbolic=symbolic, timeout=timeout)
    names = (surrogate,) if isinstance(surrogate, str) else tuple(surrogate)
    demands = Demands(options, surrogates=names, references=dict(reference or {}))
    return Watching(str(passes), demands, sys._getframe(1).f_code.co_filename)
