"""The type of a row of the table of functions.

A row says all that gradcalc knows of one function, in text: formulas are in gradcalc's own language, names of other
libraries are looked up by the engine that uses them. Each engine takes its native function if the row names one, and
the row's definition otherwise.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: str
    """`tensor` (may be differentiated), `number` (a constant for torch), `boolean`, or `option` (one fixed text)."""
    default: Fraction | str | None = None
    """The value if it is not given; None if it must be given."""
    keyword_only: bool = False
    allowed: str | None = None
    """For an option: the only text that selects this row."""
    variadic: bool = False
    """Takes any number of operands; such a parameter is the last."""


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table."""

    name: str
    """The canonical name: torch's where torch has the function. Unique."""
    signature: str
    """`x, y` for tensors, `alpha: number = 1` for constants, `c: boolean`, `approximate: "tanh"` for options."""
    doc: str
    """One line: what it gives back."""
    aliases: tuple[str, ...] = ()
    """Other names that mean this row. Rows may share one; the first whose signature fits a call is taken."""
    torch: str = ""
    """The callable below `torch` (`special.erfcx`), an `operator.…`, or empty: torch runs the definition."""
    sympy: str = ""
    """The SymPy function, an `operator.…`, or empty: SymPy gets the definition."""
    arb: str = ""
    """The Arb method for the value, an `operator.…`, or empty: balls run the definition."""
    definition: str = ""
    """What it means, as an expression in its parameters; empty where every engine has it natively."""
    partials: tuple[str, ...] = ()
    """∂/∂ each tensor and number parameter in order. An elementary row has them; a defined one is expanded."""
    domain: str = ""
    """Where it is defined and differentiable inside the reals, as a condition; empty: everywhere but on kinks."""
    kinks: str = ""
    """Where it is continuous but not differentiable, as a condition."""
    jumps: str = ""
    """Where it is not continuous, as a condition."""
    steps: bool = False
    """Piecewise constant: its derivative is 0 wherever it has one."""
    tensor: bool = False
    """Takes its operands as wholes, not component by component: its meaning is in `tensors.py`."""
    returns: str = "number"
    """`number` or `boolean`."""
    note: str = ""
    """What surprises people: a branch, a convention, a namesake elsewhere."""

    @property
    def elementary(self) -> bool:
        """Whether the exact engine takes it as one operation."""
        return bool(self.partials)

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of the parameters that are steps of a program: all but the options."""
        return tuple(parameter.name for parameter in self.parameters if parameter.kind != "option")

    def parameters_of(self, operands: Sequence[object]) -> list[Parameter]:
        """The parameter that each operand belongs to."""
        single = [parameter for parameter in self.parameters if parameter.kind != "option"]
        return single + single[-1:] * (len(operands) - len(single))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The signature, parsed."""
        return parse_signature(self.signature)


@cache
def parse_signature(signature: str) -> tuple[Parameter, ...]:
    """The parameters that a row's signature text declares."""
    function = ast.parse(f"def f({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    positional = arguments.args
    padding: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults = padding + list(arguments.defaults) + list(arguments.kw_defaults)
    single = tuple(
        _parameter(argument, default, index >= len(positional))
        for index, (argument, default) in enumerate(zip(positional + arguments.kwonlyargs, defaults, strict=True))
    )
    return (*single, Parameter(arguments.vararg.arg, "tensor", variadic=True)) if arguments.vararg else single


def _parameter(argument: ast.arg, default: ast.expr | None, keyword_only: bool) -> Parameter:
    annotation = argument.annotation
    if isinstance(annotation, ast.Constant):
        given = str(annotation.value) if default is not None else None
        return Parameter(argument.arg, "option", given, keyword_only, str(annotation.value))
    kind = ast.unparse(annotation) if annotation is not None else "tensor"
    value = None if default is None else Fraction(ast.unparse(default).replace(" ", ""))
    return Parameter(argument.arg, kind, value, keyword_only)
