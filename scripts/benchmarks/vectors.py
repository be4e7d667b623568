"""What a thousand points of a formula cost in torch, beside one point of it."""

import json
from collections.abc import Iterator, Sequence

from measure import Figure, figure

POINTS = 1_000
SPREAD = 1e-6
"""Relative distance from one point to the next."""


def vectors(lines: Sequence[str], rounds: int) -> Iterator[Figure]:
    """The torch engine's seconds on vectors of points, over its seconds on one point; and what is verified of them."""
    from autogradcli.compute.compute import Session
    from autogradcli.compute.problem import Options, Problem
    from autogradcli.problems.jsonlines import read_problem

    settings = Options(symbolic=False)
    pairs = [[read_problem(json.dumps(each).encode(), settings) for each in _both(json.loads(line))] for line in lines]
    ratios: list[float] = []
    verified = components = 0
    with Session(symbolic=False) as session:
        for turn in range(-1, rounds):
            times = [0.0, 0.0]
            for pair in pairs:
                for place, problem in enumerate(pair):
                    assert isinstance(problem, Problem)
                    report = session.start(problem).report()
                    times[place] += report.seconds["torch"]
                    if turn < 0 and place:
                        verified += sum(each.counts.get("verified", 0) for each in report.gradients.values())
                        components += sum(sum(each.counts.values()) for each in report.gradients.values())
            if turn >= 0:
                ratios.append(times[1] / times[0])
    yield figure(f"torch on {POINTS:,} points / on one", ratios, "", "<= 2")
    yield figure("components verified", [verified / components], "")


def _both(case: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """A case at its point, and at many points around it."""
    at = case["at"]
    assert isinstance(at, dict)
    many = {name: [x * (1 + SPREAD * k) for k in range(POINTS)] for name, x in at.items()}
    return case, case | {"at": many, "upstream": "ones_like(out)"}
