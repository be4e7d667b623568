"""Where the first number that is not finite is born: training loops in which it happens at a known line.

Run from the top of the checkout: python -m scripts.campaigns.births --count 60
"""

import argparse
import sys
from collections import Counter

from autogradcli.programs.session import Wanted
from tests.births import Birth, births
from tests.programs import DEMANDS, ledger_of_text


def main() -> int:
    """Exit status 1 if one birth is told at another line or another operation."""
    options = arguments()
    total: Counter[str] = Counter()
    for each in births(options.count, options.seed):
        for passes in ("some", "none"):
            right, said = told(each, passes)
            total["right" if right else "wrong"] += 1
            if not right:
                print(f"--- {each.kind}, passes {passes}: {said}\n{each.text}", flush=True)
    print(dict(total))
    return int(total["wrong"] > 0)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="programs")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def told(each: Birth, passes: str) -> tuple[bool, str]:
    """Whether the birth is told rightly, and what was told."""
    made = ledger_of_text(each.text, DEMANDS, Wanted(passes=passes))
    born = made.first_nonfinite
    if born is None:
        return False, f"nothing; {made.verdict}, {made.failure}"
    right = (born.line, born.code) == (each.line, each.code) and born.direction in each.directions
    return right, f"line {born.line}, {born.code}, {born.direction} {born.went_in}"


if __name__ == "__main__":
    sys.exit(main())
