"""No false alarm: random expressions through gradcalc, every finding judged by mpmath at 600 digits or more.

Run from the top of the checkout: python -m scripts.campaigns.false_alarms --count 100000 --class wild
"""

import argparse
import multiprocessing
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from types import FrameType

from autogradcli.language.dtypes import DTYPES
from tests.generate import DEPTH, FAMILIES, Case, case
from tests.oracles.findings import Outcome, outcomes

PATIENCE = 30
"""Seconds for one case."""
EXAMPLES = 12
"""How many cases of each kind are listed."""


class Slow(BaseException):
    """A case takes too long; no handler of errors catches it."""


SILENT = ("unverified", "refused", "too slow")
"""Verdicts that say nothing."""
NOT_IN_TORCH = "GC509"
"""The code of a derivative that torch cannot give."""
Key = tuple[str, ...]
"""Verdict, code, and what is violated if something is."""
Finding = tuple[Case, list[Outcome]]


def main() -> int:
    """Exit status 1 if a finding does not hold."""
    options = arguments().parse_args()
    return judged(campaign(options), options)


def judged(findings: Iterable[Finding], options: argparse.Namespace) -> int:
    """Count and show what became of all cases; 1 if something is not true."""
    start = time.perf_counter()
    table = Table()
    for chosen, found in findings:
        for outcome in found:
            table.add(chosen, outcome)
    table.show(options.examples)
    seconds = time.perf_counter() - start
    print(f"{options.count} cases, {table.violations} violations; {options.count / seconds:.0f} cases per second")
    return int(table.violations > 0)


class Table:
    """Counts of verdicts, and the shortest cases of all that is worth reading."""

    def __init__(self) -> None:
        self.violations = 0
        self._counts = Counter[Key]()
        self._examples: dict[Key, list[tuple[Case, str]]] = defaultdict(list)

    def add(self, chosen: Case, outcome: Outcome) -> None:
        """Count an outcome."""
        told = outcome.verdict not in SILENT
        key = outcome.verdict, "beyond mpmath" if outcome.beyond and told else outcome.code
        self._counts[key] += 1
        self._examples[key].append((chosen, f"d/d{outcome.name}"))
        for violation in outcome.violations:
            self.violations += 1
            kind = *key, f"VIOLATION of {violation.partition(':')[0]}"
            self._counts[kind] += 1
            self._examples[kind].append((chosen, f"d/d{outcome.name} {violation}"))
        for examples in self._examples.values():
            examples.sort(key=lambda example: len(example[0].text))
            del examples[EXAMPLES:]

    def _show_silent(self) -> None:
        """How many answers say nothing; what torch has no number for is counted apart."""
        outcomes = {key: count for key, count in self._counts.items() if len(key) == 2}
        silent = Counter({code: count for (verdict, code), count in outcomes.items() if verdict == "unverified"})
        lacking = silent.pop(NOT_IN_TORCH, 0)
        every = sum(outcomes.values()) or 1
        reasons = ", ".join(f"{count} {code}" for code, count in silent.most_common())
        print(f"unverified: {silent.total()} of {every} ({silent.total() / every:.2%}): {reasons or 'none'}")
        if lacking:
            print(f"beside them unverified, as torch has no double backward: {lacking} ({lacking / every:.2%})")

    def show(self, everything: bool) -> None:
        """Print the counts, then examples: of violations and of verdicts that say nothing, or of all."""
        for key, count in self._counts.most_common():
            print(f"{count:>8}  {' '.join(key)}")
        self._show_silent()
        for key, examples in self._examples.items():
            if everything or len(key) == 3 or key[0] in SILENT:
                print(f"-- {' '.join(key)}")
                for chosen, text in examples:
                    print(f"{command(chosen)}\n    {text}")


def arguments(description: str | None = __doc__) -> argparse.ArgumentParser:
    """The options that campaigns over random expressions share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--class", dest="family", choices=FAMILIES, default="wild")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float64")
    parser.add_argument("--depth", type=int, default=DEPTH)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--examples", action="store_true", help="list examples of every verdict")
    return parser


def campaign(options: argparse.Namespace) -> Iterator[Finding]:
    """Every case with what became of it."""
    work = partial(examined, family=options.family, dtype=options.dtype, seed=options.seed, depth=options.depth)
    yield from shared_out(work, options)


def shared_out(work: Callable[[int], Finding], options: argparse.Namespace) -> Iterator[Finding]:
    """What `work` makes of every case's number, by as many workers as are asked for."""
    numbers = range(options.first, options.first + options.count)
    if options.workers == 1:
        yield from map(work, numbers)
        return
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        yield from pool.imap_unordered(work, numbers, chunksize=50)


def examined(number: int, family: str, dtype: str, seed: str, depth: int) -> Finding:
    """The case of that number and its outcomes."""
    return in_time(case(family, dtype, Random(f"{seed}/{family}/{dtype}/{number}"), depth), outcomes)


def in_time(chosen: Case, judge: Callable[[Case], list[Outcome]]) -> Finding:
    """The case and its outcomes; too slow a case is one outcome."""
    try:
        with patience():
            return chosen, judge(chosen)
    except Slow:
        return chosen, [Outcome("", "too slow", "-", beyond=True)]


@contextmanager
def patience() -> Iterator[None]:
    """A context that ends in Slow after `PATIENCE`."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


def _give_up(_: int, __: FrameType | None) -> None:
    raise Slow


def command(each: Case) -> str:
    """The case as a call of gradcalc."""
    at = " ".join(f"--{name}={value!r}" for name, value in each.at.items())
    return f"gradcalc eval '{each.text}' {at} --dtype {each.dtype}"


if __name__ == "__main__":
    sys.exit(main())
