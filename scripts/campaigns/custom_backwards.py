"""No miss and no false alarm: custom Functions and modules whose backward is wrong in a known way, or right.

Run from the top of the checkout: python -m scripts.campaigns.custom_backwards --functions 200 --modules 50
"""

import argparse
import sys
from collections import Counter

from autogradcli.programs.ledger import Ledger
from tests.backwards import Planted, faulty, right
from tests.programs import DEMANDS, ledger_of_text


def main() -> int:
    """Exit status 1 if more than a hundredth of the faults is not found at its line, or a right one is called wrong."""
    options = arguments()
    total: Counter[str] = Counter()
    for module, count in ((False, options.functions), (True, options.modules)):
        for each in faulty(count, options.seed, module):
            marked(each, total, found(each))
        for each in right(count, options.seed, module):
            marked(each, total, left_alone(each))
    print(dict(total))
    faults = total["fault found"] + total["fault missed"]
    return int(total["right missed"] > 0 or total["fault missed"] > faults / 100)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=50, help="Functions with a fault, and as many without")
    parser.add_argument("--modules", type=int, default=12, help="modules, likewise")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def marked(each: Planted, total: Counter[str], seen: tuple[bool, str]) -> None:
    """Count a program, and show it if it was judged wrongly."""
    good, said = seen
    side = "right" if each.kind == "right" else "fault"
    total[f"{side} {'found' if good else 'missed'}"] += 1
    if not good:
        print(f"--- {each.kind}, {each.dtype}: {said}\n{each.text}", flush=True)


def found(each: Planted) -> tuple[bool, str]:
    """Whether the fault is found, and its line; and what was said."""
    made = ledger_of_text(each.text, DEMANDS)
    blamed = {custom.line for custom in made.customs if custom.verdict == "mismatch"}
    return bool(blamed & {each.line, each.line - 1}), said(made)


def left_alone(each: Planted) -> tuple[bool, str]:
    """Whether nothing is said to be wrong."""
    made = ledger_of_text(each.text, DEMANDS)
    return made.failure is None and made.verdict in {"verified", "imprecise"}, said(made)


def said(made: Ledger) -> str:
    """What a ledger says, in a line."""
    reasons = [reason.message for custom in made.customs for reason in custom.reasons]
    reasons += [entry.reason.message for each in made.passes for entry in each.entries if entry.reason is not None]
    return f"{made.verdict} {made.failure and made.failure.message} {list(dict.fromkeys(reasons))[:3]}"


if __name__ == "__main__":
    sys.exit(main())
