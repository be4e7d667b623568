"""Reports made by hand, for tests of how they are drawn."""

from autogradcli.compute.report import Ball, Gradient, Node, Reason, ReceivedInput, Report, Symbolic


def gradient(
    autograd: float,
    formula: str | None,
    digits: str | None,
    exact: Ball | None = None,
    ulps: float | None = None,
    verdict: str = "verified",
    reason: Reason | None = None,
) -> Gradient:
    """A gradient with SymPy's opinion; without digits, SymPy has none."""
    status = "unavailable" if digits is None else "agrees"
    why = "SymPy was not asked" if digits is None else None
    value = None if digits is None else float(digits)
    return Gradient(autograd, Symbolic(formula, value, digits, status, why), exact, ulps, verdict, reason)


def node(
    number: int,
    name: str,
    expression: str | None,
    value: float | None,
    slope: float,
    *inputs: int,
    leaf: str | None = None,
) -> Node:
    """A node of the graph."""
    return Node(number, name, expression, None, value, slope, inputs, flows=(), variable=leaf)


def report(
    expression: str,
    point: dict[str, float],
    value: float,
    gradients: dict[str, Gradient],
    nodes: tuple[Node, ...] = (),
    dtype: str = "float64",
    output: str | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    """A report whose verdict is that of its worst gradient, the last one."""
    return Report(
        id=None,
        expression=expression,
        output=output,
        variables={name: ReceivedInput(number, (), dtype, name in gradients) for name, number in point.items()},
        value=value,
        exact_value=None,
        value_ulps=None,
        gradients=gradients,
        verdict=list(gradients.values())[-1].verdict if gradients else "verified",
        nodes=nodes,
        notes=notes,
    )


QUADRATIC = report(
    "x**2 + 3*x",
    {"x": 2.0},
    10.0,
    {"x": gradient(7.0, "2*x + 3", "7.00000000000000000000000000000", Ball("7", "0"), 0.0)},
    (
        node(0, "AddBackward0", "x**2 + 3*x", 10.0, 1.0, 1, 3),
        node(1, "PowBackward0", "x**2", 4.0, 1.0, 2),
        node(2, "AccumulateGrad", "x", 2.0, 7.0, leaf="x"),
        node(3, "MulBackward0", "3*x", 6.0, 1.0, 2),
    ),
)
"""The report of `gradcalc eval "x**2 + 3*x" --x 2`."""
