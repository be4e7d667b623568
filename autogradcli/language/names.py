"""What names mean: constants, modules, the names of a text itself, and what to say of the rest."""

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from autogradcli.functions import table
from autogradcli.functions.function import Function
from autogradcli.functions.undifferentiable import UNDIFFERENTIABLE
from autogradcli.language.tree import Tree

CONSTANTS = frozenset({"pi", "π", "tau", "inf", "nan", "e"})
"""The constants, until they are given a value."""
MODULE_CONSTANTS = {
    **{name: name for name in CONSTANTS},
    "π": "pi",
    "E": "e",
    "oo": "inf",
    "Infinity": "inf",
    "NaN": "nan",
    "NAN": "nan",
}
"""What the constants of modules mean."""

MODULES = frozenset(
    {
        *(
            "torch",
            "torch.nn.functional",
            "nn.functional",
            "functional",
            "F",
            "torch.special",
            "torch.autograd",
            "torch.linalg",
            "np.linalg",
            "numpy.linalg",
        ),
        *(
            "special",
            "linalg",
            "np",
            "numpy",
            "jnp",
            "jax.numpy",
            "math",
            "sympy",
            "sp",
            "scipy.special",
            "torch.Tensor",
        ),
    }
)
"""What may stand before a point and the name of a function or a constant."""

ATTRIBUTES = {
    "grad": ("the gradient is what gradcalc prints", "leave .grad away"),
    "data": ("a number has no attribute data", "leave .data away"),
    "item": ("a value is a number already", "leave .item() away"),
    "detach": ("no part of an expression can be detached", "give its value as a variable, and leave it out of --wrt"),
    "backward": ("gradcalc calls backward itself", "leave .backward() away"),
    **{name: ("gradcalc computes on the CPU", f"leave .{name}() away") for name in ("cuda", "cpu")},
    **{name: ("a value is a number already", f"leave .{name}() away") for name in ("numpy", "tolist")},
    "requires_grad_": ("gradcalc sets requires_grad itself", "leave .requires_grad_() away"),
}
"""Attributes and methods of tensors that have no meaning here, and what to do instead."""

FORMATS = frozenset({"float64", "double", "float32", "float", "float16", "half", "bfloat16", "int64", "long", "int32"})
"""What torch calls formats of numbers."""

FUNCTIONS = {
    "float": ("a number need not be converted", "type the number alone"),
    "Rational": ("numbers are exact as they are written", "type a/b"),
    "Piecewise": ("pieces are written as in Python", "type a if condition else b"),
    "Symbol": ("names are variables as they are", "type the name alone"),
    "grad": ("gradcalc itself differentiates", "type the formula alone"),
    "argmax": ("a place has no derivative", "type max(x, dim=0).indices"),
    "argmin": ("a place has no derivative", "type min(x, dim=0).indices"),
    "integrate": ("gradcalc differentiates, and does not integrate", "type the formula alone"),
    "limit": ("gradcalc differentiates, and takes no limits", "type the formula alone"),
    "lim": ("gradcalc differentiates, and takes no limits", "type the formula alone"),
    "derivative": ("gradcalc itself differentiates", "type the formula alone"),
    "Derivative": ("gradcalc itself differentiates", "type the formula alone"),
    "print": ("gradcalc itself prints the result", "type the formula alone"),
}
"""Functions of other libraries that have no meaning here, and what to do instead."""

FOREIGN = {
    "tg": "tan",
    "ctg": "cot",
    "cotg": "cot",
    "cosec": "csc",
    "sh": "sinh",
    "ch": "cosh",
    "th": "tanh",
    "arctg": "atan",
    "arcctg": "acot",
    "sen": "sin",
    "lb": "log2",
    "lg": "log10",
    **dict.fromkeys(("nCr", "nchoosek", "choose"), "binomial"),
    **dict.fromkeys(("IF", "If", "ifelse", "iif", "cond"), "where"),
    "sqr": "square",
    "ceiling": "ceil",
}
"""Names of functions in other countries' textbooks, and in other tools."""

CLOSE = 0.74
"""How like a name must be to one that is meant, as `difflib` measures it."""
SHORT = 4
"""Letters of a name that differs from what is meant by one letter at most in length: foo is not floor."""
METHODS = "Tensor"
"""The module of methods."""


@dataclass(slots=True)
class Names:
    """The names of one text."""

    given: Collection[str]
    """Those that have values, so that `e` can be one of them."""
    assigned: dict[str, int] = field(default_factory=dict)
    """Those that a statement has given to its value, with the node that is the value."""
    variables: dict[str, int] = field(default_factory=dict)
    """The variables so far, each with its node."""

    def is_constant(self, name: str) -> bool:
        """Whether a name that is not assigned is a constant here."""
        return name in CONSTANTS and name not in self.given

    def is_variable(self, name: str) -> bool:
        """Whether a name that is called is better read as a variable than as a function misspelt."""
        known = name in self.given or name in self.assigned or name in self.variables
        return known or name in CONSTANTS or len(name) == 1

    def in_module(self, tree: Tree, attribute: ast.Attribute) -> bool:
        """Whether a dotted name is one of a module's, as `torch.special.erf` is, and not one of a value's."""
        path = tree.path(attribute.value)
        return ".".join(path) in MODULES and path[0] not in self.given and path[0] not in self.assigned

    def receiver(self, tree: Tree, call: ast.Call) -> ast.expr | None:
        """The expression whose method is called; None for a function."""
        if not isinstance(call.func, ast.Attribute) or self.in_module(tree, call.func):
            return None
        return call.func.value

    def rows(self, tree: Tree, call: ast.Call) -> Sequence[Function]:
        """The rows that a call can mean, in the order in which they are tried.

        First those of its module, as linalg.norm is another than norm; or those of methods, as x.max(0) is torch's
        maximum along a dimension and max(x, 0) the larger of two numbers.
        """
        name = tree.called(call).text
        if not isinstance(call.func, ast.Attribute):
            return table.candidates(name)
        module = tree.path(call.func.value)[-1] if self.in_module(tree, call.func) else METHODS
        return tuple(dict.fromkeys((*table.candidates(f"{module}.{name}"), *table.candidates(name))))


def unknown_attribute(name: str, written: str) -> tuple[str, str | None]:
    """A message and a hint for an attribute that no number has."""
    if name in ATTRIBUTES:
        return ATTRIBUTES[name]
    hint = f"type {written}()" if table.is_function(name) or table.is_function(f"{METHODS}.{name}") else None
    return f"a number has no attribute {name}", hint


def unknown_constant(name: str, written: str) -> tuple[str, str | None]:
    """A message and a hint for a name in a module that is no constant."""
    if table.is_function(name):
        return f"{name} is a function", f"type {written}(...)"
    if name in FORMATS:
        return "the format of all numbers is chosen by --dtype", f"leave {written} away"
    return f"there is no constant {written}", None


def unknown_method(name: str) -> tuple[str, str | None]:
    """A message and a hint for the call of a method that no number has."""
    return ATTRIBUTES.get(name) or unknown_function(name)


def unknown_function(name: str) -> tuple[str, str | None]:
    """A message and a hint for the call of a function that is not in the table."""
    if name in UNDIFFERENTIABLE:
        return f"torch cannot differentiate {name}", UNDIFFERENTIABLE[name].removesuffix(".")
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    plain = FOREIGN.get(name, name.lower())
    if plain != name and table.is_function(plain):
        return f"there is no function {name}", f"did you mean {plain}?"
    known = (each for each in table.names() if len(name) > SHORT or abs(len(each) - len(name)) < 2)
    near = get_close_matches(name, known, 3, CLOSE)
    if not near:
        return f"there is no function {name}", None
    *others, last = near
    nearest = f"{', '.join(others)} or {last}" if others else last
    return f"there is no function {name}", f"did you mean {nearest}?"
