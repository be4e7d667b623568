"""Random tensor expressions through gradcalc, every finding judged by mpmath.

Run from the top of the checkout: python -m scripts.campaigns.tensors --count 10000 --class ties
"""

import argparse
import signal
import sys
import time
from collections import Counter, defaultdict
from functools import partial
from multiprocessing import get_context
from random import Random
from types import FrameType

from autogradcli.language.dtypes import DTYPES
from tests.oracles.tensor_findings import VALUES, Case, Outcome, case, outcome

PATIENCE = 60
"""Seconds for one case."""
EXAMPLES = 8
"""How many cases of each kind are listed."""


class Slow(BaseException):
    """A case takes too long; no handler of errors catches it."""


def main() -> int:
    """Exit status 1 if a finding does not hold."""
    options = arguments()
    start = time.perf_counter()
    counts = Counter[tuple[str, str]]()
    examples: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    violations = 0
    work = partial(examined, family=options.family, dtype=options.dtype, seed=options.seed, depth=options.depth)
    with get_context("spawn").Pool(options.workers) as pool:
        for text, found in pool.imap_unordered(work, range(options.first, options.first + options.count), chunksize=20):
            kinds = [(found.verdict, found.code), *((each.partition(":")[0], found.code) for each in found.violations)]
            violations += bool(found.violations)
            for kind in kinds:
                counts[kind] += 1
                examples[kind].append((text, "; ".join(found.violations) or found.detail))
                examples[kind].sort(key=lambda example: len(example[0]))
                del examples[kind][EXAMPLES:]
    for kind, count in counts.most_common():
        print(f"{count:>8}  {' '.join(kind)}")
    for kind, listed in examples.items():
        if kind[0] in options.show.split(",") or kind[0] in ("miss", "alarm", "ball", "crash", "too slow"):
            print(f"-- {' '.join(kind)}")
            for text, detail in listed:
                print(f"{text}\n    {detail}")
    print(f"{options.count} cases, {violations} with violations; {time.perf_counter() - start:.0f} s")
    return int(violations > 0)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--class", dest="family", choices=tuple(VALUES), default="tame")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float64")
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", default="", help="verdicts of which examples are listed, as mismatch,imprecise")
    return parser.parse_args()


def examined(number: int, family: str, dtype: str, seed: str, depth: int) -> tuple[str, Outcome]:
    """The case of that number and what became of it; too slow an answer is a violation, no case is none."""
    chosen: Case | None = None
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE)
    try:
        chosen = case(family, dtype, Random(f"{seed}/{family}/{dtype}/{number}"), depth)
        found = outcome(chosen)
    except Slow:
        found = Outcome("too slow", "-", () if chosen is None else ("slow: no answer in time",))
    finally:
        signal.alarm(0)
    return f"case {number}" if chosen is None else chosen.command, found


def _give_up(_: int, __: FrameType | None) -> None:
    raise Slow


if __name__ == "__main__":
    sys.exit(main())
