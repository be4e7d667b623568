"""No miss: wrong partial derivatives planted in torch's backward, row by row, and how many gradcalc finds.

Run from the top of the checkout: python -m scripts.campaigns.planted_faults --count 100
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from autogradcli.language.dtypes import DTYPES
from tests.faults import Trial, fallible, trials

Counts = Counter[str]
COLUMNS = ("trials", "plain", "found", "mismatch", "imprecise", "missed", "misblamed")


def main() -> int:
    """Exit status 1 if a fault that rounding cannot explain is missed, or another step is blamed for it."""
    options = arguments()
    total: Counts = Counter()
    print(f"{'row':<14}" + "".join(f"{column:>11}" for column in COLUMNS))
    for row in fallible():
        if options.rows and row.name not in options.rows:
            continue
        counts: Counts = Counter()
        for trial in trials(row, options.count, options.seed, options.dtype):
            counts.update(marks(trial))
            if trial.plain and not trial.found:
                print(describe(trial), flush=True)
        total.update(counts)
        print(line(row.name, counts), flush=True)
    print(line("all", total))
    return int(total["missed"] + total["misblamed"] > 0)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="names of rows; all of them if none is given")
    parser.add_argument("--count", type=int, default=20, help="expressions for each fault")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float64")
    return parser.parse_args()


def marks(trial: Trial) -> Iterator[str]:
    """The columns in which a trial counts."""
    yield "trials"
    if trial.plain:
        yield "plain"
        if trial.found:
            yield from ("found", trial.verdict)
        else:
            yield "misblamed" if trial.verdict in ("mismatch", "imprecise") else "missed"


def describe(trial: Trial) -> str:
    """A fault that was not found, with all that is needed to see it again."""
    fault = trial.fault
    return (
        f"    {fault.kind}, operand {fault.place} of {fault.row.name}: {trial.case.text} at {trial.case.at}, "
        f"d/d{trial.name} moved by {trial.moved:.3g} where rounding explains {trial.excuse:.3g}: "
        f"{trial.verdict}, step {trial.blamed} blamed for {trial.step}"
    )


def line(name: str, counts: Counts) -> str:
    """A line of the table."""
    return f"{name:<14}" + "".join(f"{counts[column]:>11}" for column in COLUMNS)


if __name__ == "__main__":
    sys.exit(main())
