"""The type of a row of the table of functions.

A row says all that gradcalc knows of one function, in text: formulas are in gradcalc's own language, names of other
libraries are looked up by the engine that uses them. Each engine takes its native function if the row names one, and
the row's definition otherwise.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from autogradcli.functions.handles import Body

LISTS = frozenset({"sequence", "pair", "subscripts"})
"""Kinds of parameters that take a list of operands."""
OPERANDS = frozenset({"tensor", "number", "boolean", "mask", "indices", "places", "classes", "fixed"}) | LISTS
"""Kinds of parameters whose arguments are steps of a program; those of all others are fixed by the text."""

PLACE = "places"
"""In a subscript: what stands there is a value, the next of the operands of that kind."""
FIELD = "field"
"""The option of a call that chooses one of the row's fields."""
OWN_NAME = "(its own)"
"""The torch of a row that does not say it: torch's name is the row's."""
REQUIRED = object()
"""The default of a parameter that must be given."""


class NoDefinition(Exception):
    """A function has no definition in scalar operations, so that only torch can compute it."""

    def __init__(self, function: str) -> None:
        super().__init__(f"{function} has no definition in scalar operations")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """In a definition: what the call gives for the option of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function.

    What becomes a step of the program is of one of these kinds: `tensor` (may be differentiated), `number` (a constant
    for torch), `boolean`, `mask` (a tensor or a condition), `indices` (a tensor of whole numbers, which is not
    differentiated), `places` (the same, or a condition), `classes` (indices, or as many probabilities as there are
    scores), `fixed` (a tensor that torch does not differentiate), `sequence` (a list of tensors), `pair` (a list of
    two), `subscripts` (a list of places).
    What the text fixes is of one of these: `option` (this one text), `text` (any, or one of its choices), `flag` (True
    or False), `int`, `ints` (one or several), `nested` (the same in lists of any depth), `integers` (the same without a
    decimal point), `shape` (sizes, also given as arguments of their own), `real` (an exact number), `order` (of a norm:
    a number, `inf` or a text), `index` (of a subscript).
    """

    name: str
    kind: str
    default: Any = REQUIRED
    """The value if it is not given, for a tensor None; REQUIRED if it must be given."""
    keyword_only: bool = False
    choices: tuple[str, ...] = ()
    """For a text: those that it can be; for an option the one that selects this row."""
    variadic: bool = False
    """Takes any number of operands; such a parameter is the last."""

    @property
    def operand(self) -> bool:
        """Whether its argument is a step of the program."""
        return self.kind in OPERANDS

    def count(self, many: int) -> int:
        """How many operands it takes, where a list of any length has so many."""
        if self.kind == "pair":
            return 2
        return many if self.variadic or self.kind in LISTS else 1


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
    torch: str = OWN_NAME
    """The callable below `torch` (`special.erfcx`), or an `operator.…`; empty: torch runs the definition."""
    sympy: str = ""
    """The SymPy function, an `operator.…`, or empty: SymPy gets the definition."""
    arb: str = ""
    """The Arb method for the value, an `operator.…`, or empty: balls run the definition."""
    definition: str = ""
    """What it means, as an expression in its parameters; empty where every engine has it natively."""
    partials: tuple[str, ...] = ()
    """∂/∂ each tensor and number parameter in order. An elementary row has them; a defined one is expanded."""
    opaque: tuple[str, ...] = ()
    """The parameters with respect to which its derivative is not known: their partials are written as 0."""
    domain: str = ""
    """Where it is defined and differentiable inside the reals, as a condition; empty: everywhere but on kinks."""
    kinks: str = ""
    """Where it is continuous but not differentiable, as a condition."""
    jumps: str = ""
    """Where it is not continuous, as a condition."""
    steps: bool = False
    """Piecewise constant: its derivative is 0 wherever it has one."""
    tensor: bool = False
    """Takes its operands as wholes, not component by component: by its definition or its body."""
    fused: bool = False
    """torch computes it and its backward in one piece, by a formula of its own that loses digits which others keep."""
    by_channel: bool = False
    """The last operand may have a component for each channel, which is the second dimension of the first operand."""
    returns: str = "number"
    """`number`, `boolean`, or `fields` if one of its fields must be chosen."""
    fields: tuple[str, ...] = ()
    """What it gives back beside each other, `values` and `indices`; a call chooses one, the first if it does not."""
    fields_if: str = ""
    """The flag that must be True for it to have these fields; empty: it always has."""
    properties: tuple[str, ...] = ()
    """Attributes of a tensor that mean this row: `T`."""
    random: bool = False
    """Its numbers come from torch's generator, so it can be a value and not a part of an expression."""
    draws: bool = False
    """Its numbers depend on torch's generator unless an option says no; it starts from the problem's seed."""
    differentiates: bool = False
    """It is a derivative of its first operand, with respect to the second."""
    without_backward: str = ""
    """`always` if torch has this function but no backward of it, `of a number` if that is so of a number alone."""
    note: str = ""
    """What surprises people: a branch, a convention, a namesake elsewhere."""
    body: Body | None = None
    """What a row of tensors means, in Python, where that needs shapes or loops: see `handles`."""

    def __post_init__(self) -> None:
        if self.torch == OWN_NAME:
            object.__setattr__(self, "torch", self.name)
        if not self.name:
            raise ValueError("a row needs a name")
        if self.absent and not (self.arb and self.partials):
            what = "a function of torch, a definition or a body, or else arb and partials"
            raise ValueError(f"the row {self.name} needs {what}")
        if self.body and (self.definition or not self.tensor):
            raise ValueError(f"the row {self.name} has a body: it has no definition, and is tensor=True")
        if isinstance(self.partials, str):  # type: ignore[unreachable]  # in text that nothing has checked
            raise ValueError(f'the partials of the row {self.name} are a tuple: ("{self.partials}",)')

    @property
    def absent(self) -> bool:
        """Whether torch does not have it, nor anything to write it with."""
        return not (self.torch or self.definition or self.body)

    @property
    def elementary(self) -> bool:
        """Whether the exact engine takes it as one operation."""
        return bool(self.partials)

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of the parameters that are steps of a program."""
        return tuple(parameter.name for parameter in self.parameters if parameter.operand)

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The names of the parameters that partial derivatives are given for."""
        return tuple(each.name for each in self.parameters if each.kind in ("tensor", "number"))

    @property
    def constructs(self) -> bool:
        """Whether it makes a tensor of nothing but what the text fixes, so that torch must be told the dtype."""
        return self.tensor and all(each.kind == "number" for each in self.parameters if each.operand)

    def parameters_of(self, operands: Sequence[object], options: Mapping[str, object]) -> list[Parameter]:
        """The parameter that each operand belongs to; one whose option says None was left out."""
        present = [each for each in self.parameters if each.operand and each.name not in options]
        pairs = sum(each.kind == "pair" for each in present)
        many = len(operands) - (len(present) - 1 + pairs)
        return [parameter for parameter in present for _ in range(parameter.count(many))]

    def arguments(self, operands: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every parameter by name: a list for several operands, the default for an option not given.

        Of a row with fields also the `field` that is chosen.
        """
        values = {each.name: options.get(each.name, each.default) for each in self.parameters}
        several = {each.name for each in self.parameters if each.variadic or each.kind in LISTS}
        values |= {name: [] for name in several}
        for parameter, operand in zip(self.parameters_of(operands, options), operands, strict=True):
            if parameter.name in several:
                values[parameter.name].append(operand)
            else:
                values[parameter.name] = operand
        return values | ({FIELD: options.get(FIELD, self.fields[0])} if self.fields else {})

    @property
    def chooses(self) -> bool:
        """Whether it takes one of its operands by a condition."""
        return self.returns == "number" and any(each.kind in ("boolean", "mask") for each in self.parameters)

    @property
    def takes_steps(self) -> bool:
        """Whether each of its parameters is one step of a program, given by its place."""
        return _takes_steps(self.signature)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The signature, parsed."""
        return parse_signature(self.signature)


@cache
def _takes_steps(signature: str) -> bool:
    return all(
        each.operand and not each.keyword_only and not each.variadic and each.kind not in LISTS
        for each in parse_signature(signature)
    )


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
    if not arguments.vararg:
        return single
    annotation = arguments.vararg.annotation
    kind = "tensor" if annotation is None else ast.unparse(annotation)
    return (*single, Parameter(arguments.vararg.arg, kind, variadic=True))


def _parameter(argument: ast.arg, default: ast.expr | None, keyword_only: bool) -> Parameter:
    kind: str
    choices: tuple[str, ...] = ()
    match argument.annotation:
        case None:
            kind = "tensor"
        case ast.Constant(value=str(only)):
            kind, choices = "option", (only,)
        case ast.Tuple(elts=elements):
            kind, choices = "text", tuple(ast.literal_eval(element) for element in elements)
        case annotation:
            kind = ast.unparse(annotation)
    value = REQUIRED if default is None else _default(kind, default)
    return Parameter(argument.arg, kind, value, keyword_only, choices)


def _default(kind: str, default: ast.expr) -> object:
    if isinstance(default, ast.Constant) and (default.value is None or kind not in {"number", "real", "tensor"}):
        return default.value
    text = ast.unparse(default).replace(" ", "")
    return Fraction(text) if kind in {"number", "real", "tensor"} else ast.literal_eval(text)
