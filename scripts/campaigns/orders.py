"""Derivatives of higher order: random expressions, every other one with a corner, a step or a guard at its point.

Every number is judged by differences in mpmath at 500 digits. Run from the top of the checkout:
python -m scripts.campaigns.orders --order 2 --count 5000
"""

import sys
from functools import partial

import torch._dynamo  # noqa: F401  some of torch's second derivatives load it

import autogradcli.engines.torch.engine  # noqa: F401  no case waits for torch, nor ends while it is loaded
from scripts.campaigns.false_alarms import Finding, arguments, in_time, judged, shared_out
from tests.oracles.orders import cornered, outcomes


def main() -> int:
    """Exit status 1 if a finding does not hold."""
    parser = arguments(__doc__)
    parser.add_argument("--order", type=int, default=2)
    parser.set_defaults(count=5000, depth=4)
    options = parser.parse_args()
    print(f"seed {options.seed}, order {options.order}")
    work = partial(examined, order=options.order, seed=options.seed, family=options.family, depth=options.depth)
    return judged(shared_out(work, options), options)


def examined(number: int, order: int, seed: str, family: str, depth: int) -> Finding:
    """The case of that number and its outcomes."""
    return in_time(cornered(number, seed, family, depth), partial(outcomes, order=order))


if __name__ == "__main__":
    sys.exit(main())
