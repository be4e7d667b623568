"""Claims: wrong ones are never proved, nor said to hold where the point is in the text; true ones are never refused.

Run from the top of the checkout: python -m scripts.campaigns.claims --count 2000
"""

import argparse
import sys
import time
from collections import Counter

from autogradcli.checks.claims import ClaimText, ClaimVerdict, PendingClaim
from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.language.parser import parse
from tests.oracles.claims_in_pieces import Piecewise, piecewise

PATIENCE = 60.0
"""Seconds for a claim if SymPy is not asked."""


def main() -> int:
    """Exit status 1 if something is said that is not so."""
    options = arguments()
    start = time.perf_counter()
    print(f"seed {options.seed}")
    counts = Counter[tuple[str, str, str]]()
    violations = 0
    with Session(symbolic=options.timeout > 0) as session:
        for number in range(options.first, options.first + options.count):
            for true in (False, True):
                made = piecewise(options.seed, number, true)
                verdict = said(session, made, options.timeout)
                counts[made.kind, "true" if true else "wrong", verdict.status] += 1
                if is_wrong(made, verdict) or (not true and is_proved_by_sympy(session, made, options.timeout)):
                    violations += 1
                    print(
                        f"VIOLATION {number} {made.kind}: {verdict.status} {verdict.message}\n    {command(made)}",
                        flush=True,
                    )
    for key, count in sorted(counts.items()):
        print(f"{count:>7}  {' '.join(key)}")
    print(f"{2 * options.count} claims, {violations} violations; {time.perf_counter() - start:.0f} s")
    return int(violations > 0)


def said(session: Session, made: Piecewise, timeout: float) -> ClaimVerdict:
    """What gradcalc says of a claim; SymPy has the time in seconds, and is not asked if there is none."""
    program = parse(made.expression)
    at = {name: parse(repr(value)) for name, value in zip("xy", made.at, strict=True)}
    problem = Problem(program, at, ("x",), Options(symbolic=timeout > 0, timeout=timeout or PATIENCE))
    pending = session.start(problem)
    pending.evaluate()
    claim = PendingClaim(session, problem, ClaimText("x", parse(made.claim)), [pending])
    pending.report()
    return claim.verdict()


def is_proved_by_sympy(session: Session, made: Piecewise, timeout: float) -> bool:
    """What SymPy alone would say, which in gradcalc is asked only where balls find nothing wrong."""
    if session.symbolic is None:
        return False
    ticket = session.symbolic.prove(parse(made.expression), "x", parse(made.claim), timeout)
    return session.symbolic.settled(ticket)


def is_wrong(made: Piecewise, verdict: ClaimVerdict) -> bool:
    """Whether a wrong claim is proved, or passes though its point is in the text; or a true one is refused."""
    if made.true:
        return not verdict.passes
    return verdict.status == "proved" or (made.in_text and verdict.passes)


def command(made: Piecewise) -> str:
    """The claim as a call of gradcalc."""
    x, y = made.at
    return f"gradcalc eval '{made.expression}' --x={x} --y={y} --claim 'x={made.claim}'"


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first claim")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds that SymPy has for a claim; 0 for no SymPy")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
