"""Random texts, evaluations, files and command lines: none takes too long, too much memory, or ends in a defect.

Run from the top of the checkout: python -m scripts.campaigns.fuzz [--seed N] [--count N] [KIND]...
The kinds are parser, evaluations, files and commands. Exit status 1 if there is a fault.
"""

import argparse
import sys
import time

from tests.fuzzed import KINDS, fuzz


def main() -> int:
    """Run them, and print each fault with what caused it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--count", type=int, default=200_000)
    options.add_argument("kinds", nargs="*", default=KINDS, choices=[*KINDS, []])
    asked = options.parse_args()
    faults = 0
    for kind in asked.kinds or KINDS:
        start = time.monotonic()
        found = 0
        for fault in fuzz(kind, asked.count, asked.seed):
            found += 1
            print(f"{kind}: {fault.what}\n    {fault.content}", flush=True)
        faults += found
        print(f"{kind}: {asked.count} inputs, seed {asked.seed}, {found} faults, {time.monotonic() - start:.0f} s")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
