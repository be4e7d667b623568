"""Run a program as Python would, in this process: the same `__main__`, arguments, streams, errors and exit status."""

import importlib.abc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from autogradcli.programs.target import PythonProgram

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""Where gradcalc's own files are."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended."""

    status: int
    """What Python's exit status would have been."""
    error: BaseException | None = None
    """What nobody caught."""
    line: int | None = None
    """The line of the program that it came from."""
    file: str | None = None
    columns: tuple[int, int] | None = None
    """Where in that line the expression stands, in bytes of UTF-8."""
    interrupted: bool = False
    child: bool = False
    """Whether this is a process that the program forked off: nobody reports there."""


AfterImport = tuple[str, Callable[[Any], Any]]
"""The name of a module, and what is called with it as soon as the program has imported it."""


def run(program: PythonProgram, acts: Sequence[AfterImport]) -> Ending:
    """How the program ended, once it has."""
    process, others = os.getpid(), set(threading.enumerate())
    with _as_python(program), ExitStack() as imports:
        for name, act in acts:
            imports.enter_context(_after_import(name, act))
        try:
            exec(program.code, program.module.__dict__)  # noqa: S102 - the user's own file, as `python` runs it
            ending = Ending(0)
        except SystemExit as leaving:
            ending = Ending(_status(leaving), leaving)
        except BaseException as error:
            ending = Ending(0) if type(error).__name__ == "Stopped" else _failed(program, error)
        _wait_for_threads(others)
        _flush()
    return Ending(ending.status, child=True) if os.getpid() != process else ending


@contextmanager
def _as_python(program: PythonProgram) -> Iterator[None]:
    """`sys` and the signal of Ctrl-C as Python sets them for a program; afterwards as they were, but for `__main__`.

    It stays until the process ends: pickle and `spawn` look for it.
    """
    before = sys.argv, sys.path[:], _interrupt(signal.default_int_handler)
    sys.argv = [program.argument, *program.target.arguments]
    if not sys.flags.safe_path:
        sys.path[0:1] = [program.path]
    sys.modules["__main__"] = program.module
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
        _interrupt(before[2])


def _interrupt(handler: Any) -> Any:
    """Set what Ctrl-C does, and give back what it did."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGINT, handler) if handler is not None else None


@contextmanager
def _after_import(name: str, act: Callable[[Any], Any]) -> Iterator[None]:
    """Call `act` as soon as the module has been loaded by whoever imports it first; at once if it is there."""
    if name in sys.modules:
        act(sys.modules[name])
        yield
        return
    finder = _Finder(name, act)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.meta_path.remove(finder)


class _Finder(importlib.abc.MetaPathFinder):
    """Lets the other finders find the module, and is told when it has been executed."""

    def __init__(self, name: str, act: Callable[[Any], Any]) -> None:
        self._name, self._act = name, act

    def find_spec(self, fullname: str, *_: Any) -> Any:
        """The spec that the others find, with a loader that calls `act` at its end; None for any other module."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec: Any = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute, act = spec.loader.exec_module, self._act

            def executed(module: Any) -> None:
                execute(module)
                act(module)

            spec.loader.exec_module = executed
        return spec


def _status(leaving: SystemExit) -> int:
    """What Python makes of the argument of `sys.exit`."""
    code = leaving.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - as Python does
    return 1


def _failed(program: PythonProgram, error: BaseException) -> Ending:
    """The ending by an error that nobody caught; it is shown as Python shows it, with the user's frames alone."""
    shown: set[int] = set()
    _strip(error, program, shown)
    sys.excepthook(type(error), error, error.__traceback__)
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "site-packages" not in each.filename]
    last = frames[-1] if frames else None
    interrupted = isinstance(error, KeyboardInterrupt)
    line, file = (None, None) if last is None else (last.lineno, last.filename)
    if isinstance(error, SyntaxError) and line is None:
        line, file = error.lineno, error.filename
    return Ending(130 if interrupted else 1, error, line, file, _columns(last), interrupted)


def _columns(frame: traceback.FrameSummary | None) -> tuple[int, int] | None:
    """Where the expression that failed begins and ends in its line; None if it has several, or that is not known."""
    if frame is None or frame.colno is None or frame.end_colno is None or frame.end_lineno != frame.lineno:
        return None
    return frame.colno, frame.end_colno


def show_syntax_error(error: SyntaxError) -> None:
    """Show an error of the compiler as Python does, which has run nothing yet."""
    sys.excepthook(type(error), error.with_traceback(None), None)


def _strip(error: BaseException | None, program: PythonProgram, seen: set[int]) -> None:
    """Take the frames that are not the user's out of the traceback of an error, and of those behind it."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    error.__traceback__ = _stripped(error.__traceback__, program)
    _strip(error.__cause__, program, seen)
    _strip(error.__context__, program, seen)
    for each in getattr(error, "exceptions", ()):
        _strip(each, program, seen)


def _stripped(whole: TracebackType | None, program: PythonProgram) -> TracebackType | None:
    """A traceback without gradcalc's frames, and without those that torch adds to call it.

    torch's Python functions hand themselves over (`handle_torch_function`), and are then called once more.
    """
    frames: list[TracebackType] = []
    each = whole
    while each is not None:
        name = each.tb_frame.f_code.co_filename
        if name.startswith(OURS):
            while frames and frames[-1].tb_frame.f_code.co_name in HANDING_OVER:
                frames.pop()
                if frames and "handle_torch_function" in frames[-1].tb_frame.f_code.co_names:
                    frames.pop()
            if not any(frame.tb_frame.f_code is program.code for frame in frames):
                frames.clear()
        elif not name.startswith("<frozen importlib"):
            frames.append(each)
        each = each.tb_next
    result: TracebackType | None = None
    for each in reversed(frames):
        result = TracebackType(result, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return result


HANDING_OVER = frozenset({"handle_torch_function"})
"""torch's functions that stand between a call and gradcalc."""


def _wait_for_threads(others: set[threading.Thread]) -> None:
    """Wait for the program's threads, as Python does at its end; not for idle ones of a pool."""
    # Only programs with threads have imported it.
    from concurrent.futures import thread as pools

    pooled = set(getattr(pools, "_threads_queues", ()))
    for each in set(threading.enumerate()) - others:
        if not each.daemon and each not in pooled:
            each.join()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
