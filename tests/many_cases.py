"""Case files of any size with cases of every kind, each with the outcome that it must have."""

import json
from random import Random
from typing import Any

KINDS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"expression": "A*x**2 + B", "value": "A*x*x + B", "grad": {"x": "2*A*x"}}, "passed"),
    ({"expression": "sin(A*x)*exp(-x/B)"}, "passed"),
    ({"expression": "tanh(A*x + B)", "claim": {"x": "A*(1 - tanh(A*x + B)**2)"}}, "passed"),
    ({"expression": "abs(x - x)*A", "verdict": ["verified", "kink"]}, "passed"),
    ({"expression": "log(-A - x**2)", "verdict": "undefined"}, "passed"),
    ({"expression": "sum(w*w)*A", "at": {"w": [1, 2, 3]}, "grad": {"w": "2*A*w"}}, "passed"),
    ({"expression": "A*x**2 + B", "grad": {"x": "2*A*x + 1"}}, "failed"),
    ({"expression": "A*x", "value": "A*x + B"}, "failed"),
    ({"expression": "A*x**3", "claim": {"x": "3*A*x*abs(x) + x/10**9"}}, "failed"),
    ({"expression": "log(-A - x**2)"}, "failed"),
    ({"expression": "A*x", "verdict": "kink"}, "failed"),
    ({"expression": "A*x + ("}, "error"),
    ({"expression": "A*x + z"}, "error"),
    ({"expression": "A*x", "grad": {"y": 1}}, "error"),
)
"""Cases with letters for numbers, and what comes of them."""


def many_cases(count: int, seed: int = 0) -> tuple[str, list[str]]:
    """The text of a file of JSON Lines, and the status of each of its cases."""
    random = Random(seed)
    lines, statuses = [], []
    for number in range(count):
        case, status = random.choice(KINDS)
        a, b = random.randint(1, 9), random.randint(1, 9)
        text = json.dumps({"name": f"case {number}", "at": {"x": round(random.uniform(0.1, 2), 3)}, **case})
        lines.append(text.replace("A", str(a)).replace("B", str(b)) + "\n")
        statuses.append(status)
    return "".join(lines), statuses
