"""SymPy's engine without a process around it."""

from collections.abc import Mapping, Sequence

from autogradcli.engines.results import Array
from autogradcli.engines.sympy.differentiate import Differentiation
from autogradcli.engines.sympy.messages import Differentiate, EvaluatedNumber, Tensors
from autogradcli.language.parser import parse
from autogradcli.language.shapes import Shape

HARD = "*".join(f"(x + {number})" for number in range(1500))
"""A product of n factors has a derivative of n terms with n factors each: ten seconds' work and more."""


class Asked:
    """A text in SymPy's hands."""

    def __init__(
        self,
        text: str,
        *given: str,
        style: str = "text",
        wrt: Sequence[str] | None = None,
        upstream: Sequence[float] | None = None,
        **shapes: Shape,
    ) -> None:
        program = parse(text, given)
        asked = program.variables if wrt is None else tuple(wrt)
        weights = None if upstream is None else tuple(upstream)
        tensors = Tensors(tuple(shapes.items()), weights)
        self.work = Differentiation(Differentiate(1, program, asked, style, 10.0, tensors))

    def formula(self, name: str) -> tuple[Array, Array]:
        """The derivative, and why there is none."""
        found = self.work.formula(name)
        return found.texts, found.reasons

    def pattern(self, name: str) -> str | None:
        """The formula with letters for indices."""
        return self.work.formula(name).pattern

    def value(self, at: Mapping[str, Array]) -> EvaluatedNumber:
        """The value at a point."""
        return self.work.value(self.work.point(at))

    def slope(self, name: str, at: Mapping[str, Array]) -> Array:
        """The derivative at a point."""
        self.work.formula(name)
        return self.work.slope(name, self.work.point(at))
