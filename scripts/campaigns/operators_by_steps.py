"""torch's own database of operators as passes that are proven step by step: alarms and misses.

Run from the top of the checkout: python -m scripts.campaigns.operators_by_steps --samples 3
"""

import argparse
import sys
from collections import Counter

from tests.operators import operators, title
from tests.operators_by_steps import passes


def main() -> int:
    """Exit status 1 if there is an alarm where float64 agrees, or none where central differences do not."""
    options = arguments()
    verdicts, faults = Counter[str](), 0
    for each in operators():
        if options.only in title(each):
            for found in passes(each, options.samples, options.seed, options.operations):
                verdicts[found.verdict] += 1
                faults += found.fault is not None
                if found.fault is not None or found.verdict == "mismatch":
                    print(f"{'FAULT ' if found.fault else ''}{found.text}: {found.fault or found.verdict}", flush=True)
    print(f"{verdicts.total()} passes: {dict(verdicts)}; {faults} faults")
    return int(faults > 0)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=3, help="samples of each operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", type=int, default=1, help="up to so many a pass is proven as a whole")
    parser.add_argument("--only", default="", help="operators with this in their names")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
