"""The pytest plugin: collects case files, and gives tests a warm `assert_gradient`.

pytest loads this module whenever it runs, so nothing heavy is imported before a case is.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from autogradcli.api.watching import Watching
    from autogradcli.checks.outcome import Outcome
    from autogradcli.checks.run import CaseOrOutcome
    from autogradcli.checks.work import CaseWork

SUFFIXES = (".grad.toml", ".grad.json", ".grad.jsonl")
"""How the names of case files end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the ini file."""
    parser.addini("gradcalc_strict", "Whether anything but verified fails a case of gradcalc.", "bool", False)
    parser.addini("gradcalc_symbolic", "Whether gradcalc asks SymPy as well.", "bool", True)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "CaseFile | None":
    """A case file as a collector."""
    return CaseFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIXES) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the engines, if any were started."""
    work = config.stash.get(_WORK, None)
    if work is not None:
        work.close()


_WORK: "pytest.StashKey[CaseWork]" = pytest.StashKey()


def _work(config: pytest.Config) -> "CaseWork":
    """The engines of this session, started when they are first needed."""
    from autogradcli.checks.judge import LENIENT, STRICT
    from autogradcli.checks.work import CaseWork
    from autogradcli.compute.problem import Options
    from autogradcli.problems.cases.build import build_case

    if _WORK not in config.stash:
        symbolic, strict = config.getini("gradcalc_symbolic"), config.getini("gradcalc_strict")
        build = partial(build_case, options=Options(symbolic=symbolic))
        config.stash[_WORK] = CaseWork(build, STRICT if strict else LENIENT, symbolic)
    return config.stash[_WORK]


class CaseFile(pytest.File):
    """A case file."""

    def collect(self) -> "Iterator[CaseItem]":
        """An item for each case; names that are given twice are numbered."""
        from autogradcli.errors import visible
        from autogradcli.problems.cases.read import read_cases

        seen: dict[str, int] = {}
        for entry in read_cases(str(self.path)):
            name = visible(entry.place.name) or "file"
            seen[name] = seen.get(name, 0) + 1
            number = f" ({seen[name]})" if seen[name] > 1 else ""
            yield CaseItem.from_parent(self, name=f"{name}{number}", entry=entry)


class CaseFailed(Exception):
    """A case that does not hold, or makes no sense."""

    def __init__(self, outcome: "Outcome") -> None:
        super().__init__(outcome.place.name)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Crash:
    """What pytest's last lines say of a failure."""

    message: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong with a case, as pytest shows it."""

    text: str
    reprcrash: Crash

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Write the lines."""
        writer.line(self.text)


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, entry: "CaseOrOutcome", **arguments: Any) -> None:
        super().__init__(**arguments)
        self._entry = entry

    def runtest(self) -> None:
        """Raises CaseFailed if the case does not pass."""
        work = _work(self.config)
        outcome = work.finish(work.begin(self._entry))
        if outcome.status != "passed":
            raise CaseFailed(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The rules that do not hold, with their lines; not a traceback of gradcalc's."""
        if not isinstance(excinfo.value, CaseFailed):
            return super().repr_failure(excinfo, style)
        from autogradcli.render.checks.lines import details, problems

        outcome = excinfo.value.outcome
        where = os.path.relpath(self.path, self.config.invocation_params.dir)
        found = list(problems(outcome))
        text = "\n".join([*(f"{where}:{line}: {said}" for line, said in found), *details(outcome)])
        return Said(text, Crash(found[0][1]))

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, the line counted from 0, and the name of the case."""
        return self.path, self._entry.place.line - 1, self.name


@pytest.fixture(scope="session")
def assert_gradient() -> Callable[..., None]:
    """`autogradcli.assert_gradient`."""
    from autogradcli import assert_gradient

    return assert_gradient


@pytest.fixture
def right_gradients() -> "Iterator[Watching]":
    """A test in which no gradient is wrong: every backward in it is verified, and what is wrong fails it."""
    from autogradcli import watch

    with watch() as seen:
        yield seen
    seen.assert_right()
