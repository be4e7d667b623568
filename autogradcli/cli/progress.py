"""How far a batch has come, for the person at the terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import BinaryIO, TextIO

from autogradcli.cli.inputs import total_size

Advance = Callable[[int], None]
"""To be called with the size in bytes of each line that is done."""


@contextmanager
def open_progress(inputs: Sequence[BinaryIO], results: TextIO | None) -> Iterator[Advance]:
    """A bar on standard error, if that is a terminal and the results do not go to one as well."""
    if sys.stderr is not None and sys.stderr.isatty() and not (results is not None and results.isatty()):
        with _open_bar(total_size(inputs)) as advance:
            yield advance
    else:
        yield _nobody_sees


def _nobody_sees(size: int) -> None:
    """Nothing."""


PATIENCE = 1.0
"""Seconds of work that need no bar."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if that is a terminal, once the work takes longer than a second."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _, __: None
        return
    start, shown = monotonic(), False

    def advance(done: int, whole: int) -> None:
        nonlocal shown
        if shown or monotonic() - start > PATIENCE:
            shown = True
            sys.stderr.write(f"\r{done:,} of {whole:,} {what}")
            sys.stderr.flush()

    yield advance
    if shown:
        sys.stderr.write("\r\x1b[K")


@contextmanager
def _open_bar(total: int | None) -> Iterator[Advance]:
    # Only where progress is shown.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.fields[lines]} lines"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task("", total=total, lines=0)
    lines = 0

    def advance(size: int) -> None:
        nonlocal lines
        lines += 1
        bar.update(task, advance=size, lines=lines)

    with bar:
        yield advance
