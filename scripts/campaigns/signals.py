"""Signals at random moments over eval, batch and check: nothing is lost, nothing is left.

Run from the top of the checkout: python -m scripts.campaigns.signals --count 1000 [OPTION of batch and check]...
With --cluster the runs are on a Dask cluster of its own, and signals go to its workers and scheduler as well. Exit
status 1 if there is a fault.
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.signalled import cluster_faults, faults


def main() -> int:
    """Run them, and print what went wrong."""
    options = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--cluster", action="store_true")
    asked, others = options.parse_known_args()
    found = 0
    with tempfile.TemporaryDirectory() as name:
        told = cluster_faults if asked.cluster else partial(faults, extra=tuple(others))
        for fault in told(asked.count, asked.seed, Path(name)):
            found += 1
            print(fault, flush=True)
    print(f"{asked.count} signals, seed {asked.seed}, {found} faults")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
