"""What the rigorous opinion costs: the Arb engine beside torch's own forward and backward, on the same formulas."""

import json
import time
from collections.abc import Callable, Iterator, Sequence

from measure import Figure, figure


def rigour(lines: Sequence[str], rounds: int) -> Iterator[Figure]:
    """Milliseconds for each formula: torch on compiled code, Arb on prepared tapes; both to numbers one can read."""
    import torch

    from autogradcli.engines.arb.enclose import enclose
    from autogradcli.engines.arb.error_bounds import measure_gradients, measure_values
    from autogradcli.engines.arb.plan import plan
    from autogradcli.language.dtypes import DTYPES
    from autogradcli.language.parser import parse
    from plain_loop import NAMES, of_numbers_too

    functions = {name: of_numbers_too(getattr(torch, name)) for name in NAMES}  # type: ignore[no-untyped-call]
    functions |= {"pi": torch.pi, "ln": functions["log"]}
    cases = [json.loads(line) for line in lines]
    code = [compile(case["expression"].strip(), "formula", "eval") for case in cases]
    tapes = [plan(parse(case["expression"], given=case["at"]), case["wrt"], case["at"]) for case in cases]
    results: list[tuple[float, list[float]]] = []

    def by_torch() -> None:
        results.clear()
        for case, formula in zip(cases, code, strict=True):
            leaves = {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in case["at"].items()}
            value = eval(formula, functions, leaves)  # noqa: S307
            value.backward()
            results.append((value.item(), [leaves[name].grad.item() for name in case["wrt"]]))  # type: ignore[union-attr]

    def by_arb() -> None:
        for case, tape, (value, gradients) in zip(cases, tapes, results, strict=True):
            proof = enclose(tape, case["at"], DTYPES["float64"])
            measure_values(proof, [value])
            for name, number in zip(case["wrt"], gradients, strict=True):
                measure_gradients(proof, name, [number])

    times = _in_turns({"torch": by_torch, "arb": by_arb}, rounds, len(cases))
    yield figure(f"torch, forward and backward, {len(cases)} formulas", times["torch"], "ms")
    yield figure("Arb, value and gradient", times["arb"], "ms")
    ratios = [ours / theirs for ours, theirs in zip(times["arb"], times["torch"], strict=True)]
    yield figure("Arb / torch", ratios, "", "<= 1")


def _in_turns(contenders: dict[str, Callable[[], None]], rounds: int, count: int) -> dict[str, list[float]]:
    """For each contender its milliseconds a formula in each round, after one round that only warms up."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(-1, rounds):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            if turn >= 0:
                times[name].append(1000 * (time.perf_counter() - start) / count)
    return times
