"""What all second derivatives cost in a warm session: of Rosenbrock's function, and of a small network's loss."""

import json
import time
from collections.abc import Iterator, Mapping
from random import Random

from measure import Figure, figure

ROSENBROCK = "sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)"
LOSS = "mean((tanh(x @ u.T + b) @ v + c - y)**2)"
EXAMPLES = 4
"""Examples that the loss is the mean of."""


def hessians(quick: bool) -> Iterator[Figure]:
    """Seconds from the problem to the report."""
    chance = Random(1)

    def numbers(count: int) -> list[float]:
        return [chance.uniform(-1, 1) for _ in range(count)]

    network = {
        "u": [numbers(3) for _ in range(5)],
        "b": numbers(5),
        "v": numbers(5),
        "c": 0.5,
        "x": [numbers(3) for _ in range(EXAMPLES)],
        "y": numbers(EXAMPLES),
    }
    rounds = 2 if quick else 5
    yield from _timed("Rosenbrock's function of 10 variables", ROSENBROCK, {"x": numbers(10)}, "x", rounds)
    yield from _timed("a 3-5-1 network's loss, 26 parameters", LOSS, network, "u,b,v,c", rounds)


def _timed(name: str, text: str, at: Mapping[str, object], wrt: str, rounds: int) -> Iterator[Figure]:
    from autogradcli.compute.compute import Session
    from autogradcli.compute.problem import Options, Problem
    from autogradcli.problems.jsonlines import read_problem

    line = json.dumps({"expression": text, "at": at, "wrt": wrt.split(","), "hessian": True}).encode()
    for symbolic in (False, True):
        problem, seconds = read_problem(line, Options(symbolic=symbolic)), []
        assert isinstance(problem, Problem)
        with Session(symbolic) as session:
            for turn in range(-1, rounds):
                start = time.perf_counter()
                report = session.start(problem).report()
                if turn >= 0:
                    seconds.append(time.perf_counter() - start)
        if report.verdict not in ("verified", "imprecise"):
            raise RuntimeError(f"{name}: {report.verdict}")
        yield figure(f"{name}, {'with' if symbolic else 'no'} formulas", seconds, "s", "<= 2")
