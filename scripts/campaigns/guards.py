"""Guards with corners, jumps and removable points behind them: random expressions, judged by limits in mpmath.

Run from the top of the checkout: python -m scripts.campaigns.guards --count 20000 --seed 1
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from functools import partial
from multiprocessing import get_context
from random import Random

from tests.oracles.guard_cases import Case, Outcome, case, outcomes

EXAMPLES = 10
"""How many cases of each kind are listed."""
MOST_UNVERIFIED = 0.02
"""The share of `unverified` that is too much."""


def main() -> int:
    """Exit status 1 if a verdict is wrong, or too many say nothing."""
    options = arguments()
    start = time.perf_counter()
    counts = Counter[tuple[str, str]]()
    examples: dict[str, list[str]] = defaultdict(list)
    wrong = 0
    with get_context("spawn").Pool(options.workers) as pool:
        numbers = range(options.first, options.first + options.count)
        for done, (call, found) in enumerate(
            pool.imap_unordered(partial(examined, seed=options.seed), numbers, chunksize=20), 1
        ):
            if done % 1000 == 0:
                print(f"{done} cases, {wrong} wrong", file=sys.stderr, flush=True)
            for each in found:
                counts[each.verdict, each.code] += 1
                wrong += each.violation is not None
                if each.violation:
                    print(f"WRONG  {call}: {each.violation}", file=sys.stderr, flush=True)
                if each.violation or each.verdict == "unverified":
                    kind = "WRONG" if each.violation else f"unverified {each.code}"
                    examples[kind].append(f"{call}\n    d/d{each.name} {each.violation or ''}")
    show(counts, examples)
    silent = sum(count for (verdict, _), count in counts.items() if verdict == "unverified") / max(1, counts.total())
    seconds = time.perf_counter() - start
    print(f"{options.count} cases, {counts.total()} gradients, {wrong} wrong, {silent:.2%} unverified; {seconds:.0f} s")
    return int(wrong > 0 or silent > MOST_UNVERIFIED)


def show(counts: Counter[tuple[str, str]], examples: dict[str, list[str]]) -> None:
    """Print the counts, and the shortest examples of what is wrong and of what says nothing."""
    for (verdict, code), count in counts.most_common():
        print(f"{count:>8}  {verdict} {code}")
    for kind, listed in examples.items():
        print(f"-- {kind}")
        for each in sorted(listed, key=len)[:EXAMPLES]:
            print(each)


def examined(number: int, seed: str) -> tuple[str, list[Outcome]]:
    """The case of that number, as a call of gradcalc, and its outcomes."""
    chosen = case(Random(f"{seed}/{number}"))
    return command(chosen), outcomes(chosen)


def command(each: Case) -> str:
    """The case as a call of gradcalc."""
    return f"gradcalc eval '{each.text}' " + " ".join(f"--{name}='{value}'" for name, value in each.at.items())


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
