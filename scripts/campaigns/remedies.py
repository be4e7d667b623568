"""Every remedy helps: expressions that fail, and what gradcalc says to write instead, run by torch beside mpmath.

Run from the top of the checkout: python -m scripts.campaigns.remedies --count 5000 --seed 1
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random

from scripts.campaigns.false_alarms import Slow, patience
from tests.failing import NOT_JUDGED, Failing, Printed, failing, printed, wanting

Outcome = tuple[Failing, bool, list[Printed]]
"""An expression, whether anything is wrong with it, and the remedies printed."""


def main() -> int:
    """Exit status 1 if a remedy does not help."""
    options = arguments()
    start, wrong, cured, remedies, bad, unjudged = time.perf_counter(), 0, 0, 0, 0, 0
    without = Counter[str]()
    for case, fails, found in campaign(options):
        wrong += fails
        cured += bool(found)
        remedies += len(found)
        if fails and not found:
            without[f"{case.text}   at {case.at} in {case.dtype}"] += 1
        for each in found:
            if each.faults:
                silent = all(fault.startswith(NOT_JUDGED) for fault in each.faults)
                unjudged, bad = unjudged + silent, bad + (not silent)
                print(f"{case.text} at {case.at} in {case.dtype}, {each.name} ({each.code})")
                print(f"    instead: {each.rewritten}", *each.faults, sep="\n    ", flush=True)
        if cured >= options.count or time.perf_counter() - start > options.seconds:
            break
    if options.without:
        print(*sorted(without), sep="\n")
    print(
        f"seed {options.seed}: {wrong} failing expressions, {cured} with a remedy, {remedies} remedies, {bad} bad,"
        f" {unjudged} not judged; {time.perf_counter() - start:.0f} s"
    )
    return int(bad > 0)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="expressions with a remedy")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seconds", type=float, default=7200.0, help="time after which it ends")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", action="store_true", help="list what fails and gets no remedy")
    return parser.parse_args()


def campaign(options: argparse.Namespace) -> Iterator[Outcome]:
    """Expressions without end."""
    work = partial(examined, seed=options.seed)
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        yield from pool.imap(work, range(100 * options.count), chunksize=10)


def examined(number: int, seed: str) -> Outcome:
    """The expression of that number and what came of it."""
    case = failing(Random(f"{seed}/{number}"))
    try:
        with patience():
            found = list(printed(case))
    except (Exception, Slow) as problem:  # names what cannot be judged
        found = [Printed(case, "?", "?", "?", (f"{NOT_JUDGED}: {problem!r}",))]
    return case, bool(found) or wanting(case), found


if __name__ == "__main__":
    sys.exit(main())
