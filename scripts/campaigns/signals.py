"""Signals at random moments over eval, batch and check: nothing is lost, nothing is left.

Run from the top of the checkout: python -m scripts.campaigns.signals [COUNT] [SEED] [OPTION of batch and check]...
Exit status 1 if there is a fault.
"""

import sys
import tempfile
from pathlib import Path

from tests.signalled import faults


def main(count: int, seed: int, options: tuple[str, ...]) -> int:
    """Run them, and print what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        found = 0
        for fault in faults(count, seed, Path(folder), options):
            found += 1
            print(fault, flush=True)
    print(f"{count} signals, seed {seed}, {found} faults")
    return int(bool(found))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    count, seed = (*numbers, *(1000, 0)[len(numbers) :])
    sys.exit(main(count, seed, tuple(sys.argv[3:])))
