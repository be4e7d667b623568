"""The rows of the table, in families, in reading order.

A family is a module that holds rows and nothing else. Formulas are in gradcalc's own language and hold for every real
number inside the row's domain. A row whose definition would cancel where the function itself does not is elementary:
its value and its partials count as one rounding each.
"""

from autogradcli.language.function import Function
from autogradcli.language.functions.activations import ACTIVATIONS
from autogradcli.language.functions.arithmetic import ARITHMETIC
from autogradcli.language.functions.classes import CLASSES
from autogradcli.language.functions.comparison import COMPARISON
from autogradcli.language.functions.constructors import CONSTRUCTORS
from autogradcli.language.functions.exponential import EXPONENTIAL
from autogradcli.language.functions.gammas import GAMMAS
from autogradcli.language.functions.hyperbolic import HYPERBOLIC
from autogradcli.language.functions.layers import LAYERS
from autogradcli.language.functions.losses import LOSSES
from autogradcli.language.functions.matrices import MATRICES
from autogradcli.language.functions.norms import NORMS
from autogradcli.language.functions.pieces import PARTS
from autogradcli.language.functions.powers import POWERS
from autogradcli.language.functions.products import PRODUCTS
from autogradcli.language.functions.reductions import REDUCTIONS
from autogradcli.language.functions.resizing import RESIZING
from autogradcli.language.functions.rounding import ROUNDING
from autogradcli.language.functions.scattering import SCATTERING
from autogradcli.language.functions.shaping import SHAPING
from autogradcli.language.functions.special import SPECIAL
from autogradcli.language.functions.trigonometric import TRIGONOMETRIC
from autogradcli.language.functions.undifferentiable import UNDIFFERENTIABLE

__all__ = ["FAMILIES", "UNDIFFERENTIABLE"]

FAMILIES: dict[str, tuple[Function, ...]] = {
    "arithmetic": ARITHMETIC,
    "comparison": COMPARISON,
    "powers": POWERS,
    "exponential": EXPONENTIAL,
    "trigonometric": TRIGONOMETRIC,
    "hyperbolic": HYPERBOLIC,
    "gammas": GAMMAS,
    "special": SPECIAL,
    "activations": ACTIVATIONS,
    "rounding": ROUNDING,
    "constructors": CONSTRUCTORS,
    "shaping": SHAPING,
    "pieces": PARTS,
    "classes": CLASSES,
    "scattering": SCATTERING,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "norms": NORMS,
    "matrices": MATRICES,
    "layers": LAYERS,
    "resizing": RESIZING,
    "losses": LOSSES,
}
"""Every row, by family."""
